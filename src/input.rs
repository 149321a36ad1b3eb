//! Text of the input files: configuration, configured catalog and state.

use serde_json::Value;

/// Decodes the bytes of a file: UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it.
///
/// # Errors
/// If the bytes are not text: a clause, to follow the name of the file.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = rest.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
        pairs.map(unit).collect::<Vec<_>>()
    };
    let text = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => String::from_utf16(&units(rest, u16::from_le_bytes)).ok(),
        [0xFE, 0xFF, rest @ ..] => String::from_utf16(&units(rest, u16::from_be_bytes)).ok(),
        _ => String::from_utf8(bytes).ok(),
    };
    text.ok_or_else(|| "is not a text file in UTF-8".to_owned())
}

/// Removes the byte order mark with which some editors begin a file.
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Parses a JSON text, which may begin with a byte order mark.
///
/// # Errors
/// If the text is not exactly one JSON value: a clause such as `is empty`, to follow the name of
/// the file. It contains nothing of the text.
pub fn parse_json(text: &str) -> Result<Value, String> {
    let text = without_bom(text);
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("is not JSON ({})", describe(&error)))
}

/// Describes a syntax error and its position.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let words = match message {
        "expected value" | "expected ident" => "a value is missing or misspelled",
        "key must be a string" => "a key is not in double quotes",
        "trailing comma" => "a comma stands before a closing bracket",
        "trailing characters" => "more text follows its end",
        "invalid escape" => "a backslash is not written as `\\\\`",
        "recursion limit exceeded" => "it is nested too deeply",
        _ if message.starts_with("EOF while parsing") => "it ends too early",
        _ if message.starts_with("control character") => "a line break or tab is inside quotes",
        other => other,
    };
    format!("{words}, at line {} column {}", error.line(), error.column())
}

/// Names the type of a JSON value, with an article.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_utf_16_is_decoded() {
        for (bytes, expected) in [
            (b"{}".to_vec(), Some("{}")),
            (b"\xFF\xFE{\0}\0".to_vec(), Some("{}")),
            (b"\xFE\xFF\0{\0}".to_vec(), Some("{}")),
            (b"\xEF\xBB\xBF{}".to_vec(), Some("\u{feff}{}")),
            (b"\x1F\x8B\x08".to_vec(), None),
            (b"\xFF\xFE\0\xD8".to_vec(), None),
        ] {
            assert_eq!(decode(bytes.clone()).ok().as_deref(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(parse_json("\u{feff}[7]"), Ok(serde_json::json!([7])));
        assert_eq!(parse_json("\u{feff} \n"), Err("is empty".to_owned()));
        assert_eq!(without_bom("{}"), "{}");
    }

    #[test]
    fn syntax_errors_are_described_without_the_text() {
        for (text, expected) in [
            ("", "is empty"),
            ("{", "is not JSON (it ends too early, at line 1 column 1)"),
            (
                "streams: canary",
                "is not JSON (a value is missing or misspelled, at line 1 column 1)",
            ),
            (
                "{\n  'canary': 1}",
                "is not JSON (a key is not in double quotes, at line 2 column 3)",
            ),
            (
                "{\"a\":1,}",
                "is not JSON (a comma stands before a closing bracket, at line 1 column 8)",
            ),
            ("{} canary", "is not JSON (more text follows its end, at line 1 column 4)"),
            (
                "[\"C:\\canary\"]",
                "is not JSON (a backslash is not written as `\\\\`, at line 1 column 6)",
            ),
            ("[\"a\n\"]", "is not JSON (a line break or tab is inside quotes, at line 2 column 0)"),
            ("{\"a\" 1}", "is not JSON (expected `:`, at line 1 column 6)"),
        ] {
            assert_eq!(parse_json(text), Err(expected.to_owned()), "{text}");
        }
        let deep = "[".repeat(500);
        assert!(parse_json(&deep).is_err_and(|problem| problem.contains("nested too deeply")));
    }
}
