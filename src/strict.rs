//! Rewrites JSON so that every parser and every database accepts it.
//!
//! RFC 8259 allows texts that common readers reject: unpaired surrogate escapes, U+0000 (Postgres),
//! numbers beyond a double (Python's fast parsers, many databases), and unlimited nesting (nearly
//! all). This module rewrites those and leaves every other byte unchanged. It also makes names
//! unique that differ only in case, which many databases treat as equal.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use serde::de::DeserializeOwned;

/// Maximum nesting depth of a record; deeper values become null.
///
/// `serde_json` reads 127 levels, and a line adds a few levels around the record.
pub(crate) const MAX_DEPTH: usize = 100;
/// Length in characters up to which a number without an exponent always fits a double.
pub(crate) const LONG_NUMBER: usize = 300;

/// A text in strict JSON, with the repairs that were needed.
#[derive(Debug, PartialEq, Eq)]
pub struct Repaired {
    pub text: String,
    pub repairs: Vec<Repair>,
}

/// A change to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The field names that lead to the value, at most two; empty for the text itself.
    pub path: Vec<String>,
    pub kind: RepairKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairKind {
    /// Characters were removed (U+0000) or replaced by U+FFFD (unpaired surrogates).
    Replaced,
    /// The value, or a part of it, became null, because no strict parser accepts it.
    Nulled,
}

/// Rewrites a JSON text so that strict parsers accept it. Returns `None` if nothing needs to
/// change.
///
/// A text that is not JSON is still not JSON afterwards.
pub fn repair(text: &str) -> Option<Repaired> {
    let scan = Scanner::new(text, Mode::Strict).scan();
    (scan.copied > 0).then_some(Repaired { text: scan.out, repairs: scan.repairs })
}

/// Returns the body in strict JSON.
pub fn strict(body: &Bytes) -> Bytes {
    let repaired = str::from_utf8(body).ok().and_then(repair);
    repaired.map_or_else(|| body.clone(), |repaired| repaired.text.into())
}

/// Parses a JSON text, and parses it again in strict JSON if that fails.
///
/// # Errors
/// Returns the error of the first attempt.
pub fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|error| {
        let repaired = repair(text).and_then(|repaired| serde_json::from_str(&repaired.text).ok());
        repaired.ok_or(error)
    })
}

/// Decodes a body, and decodes it again in the closest acceptable JSON if that fails.
///
/// The second attempt only rewrites what is not JSON at all, into JSON that preserves the defect (a
/// raw U+0000 becomes its escape), so that it is reported with the individual record. If that fails
/// too, the whole body is made strict.
///
/// # Errors
/// Returns the error of the first attempt.
pub fn decode<T, E>(body: &Bytes, decode: impl Fn(&Bytes) -> Result<T, E>) -> Result<T, E> {
    let first = match decode(body) {
        Ok(decoded) => return Ok(decoded),
        Err(error) => error,
    };
    let bytes = encoded_surrogates_escaped(body);
    let Ok(text) = str::from_utf8(bytes.as_deref().unwrap_or(body)) else { return Err(first) };
    let escaped = Scanner::new(text, Mode::Escape).scan();
    let escaped = if escaped.copied > 0 { &escaped.out } else { text };
    if let Ok(decoded) = decode(&Bytes::copy_from_slice(escaped.as_bytes())) {
        return Ok(decoded);
    }
    let Some(repaired) = repair(escaped) else { return Err(first) };
    decode(&repaired.text.into()).map_err(|_| first)
}

/// Rewrites surrogates encoded as three-byte sequences, which is not valid UTF-8, as escapes.
/// Returns `None` if the body is valid UTF-8.
fn encoded_surrogates_escaped(body: &[u8]) -> Option<Vec<u8>> {
    let error = str::from_utf8(body).err()?;
    let (mut out, mut rest) =
        body.split_at_checked(error.valid_up_to()).map(|(a, b)| (a.to_vec(), b))?;
    while let [first, tail @ ..] = rest {
        if let [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, tail @ ..] = rest {
            let unit = 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F);
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    Some(out)
}

/// Returns `true` if `rest`, which starts at a backslash, is an escape that strict readers reject,
/// and the length of the escape in bytes; both halves of a surrogate pair count as one.
pub(crate) fn escape(rest: &[u8]) -> (bool, usize) {
    match unit(rest) {
        None => (false, 2),
        Some(0xD800..=0xDBFF) => match rest.get(6..).and_then(unit) {
            Some(0xDC00..=0xDFFF) => (false, 12),
            _ => (true, 6),
        },
        Some(0 | 0xDC00..=0xDFFF) => (true, 6),
        Some(_) => (false, 6),
    }
}

/// Returns the UTF-16 code unit of a `\u` escape.
fn unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Rewrites only what is not JSON, as JSON of the same meaning.
    Escape,
    /// Rewrites everything that strict readers reject.
    Strict,
}

/// Scans a text in one pass, token by token. Unchanged runs are copied as a whole.
struct Scanner<'text> {
    text: &'text str,
    mode: Mode,
    at: usize,
    /// Everything before this offset is already in `out`.
    copied: usize,
    out: String,
    repairs: Vec<Repair>,
    /// The enclosing objects (`true`) and arrays (`false`).
    around: Vec<bool>,
    /// `true` if a string here is a field name.
    is_name: bool,
    /// The field names that lead here, at most two.
    path: Vec<String>,
}

impl<'text> Scanner<'text> {
    fn new(text: &'text str, mode: Mode) -> Self {
        Self {
            text,
            mode,
            at: 0,
            copied: 0,
            out: String::new(),
            repairs: Vec::new(),
            around: Vec::new(),
            is_name: false,
            path: Vec::new(),
        }
    }

    fn scan(mut self) -> Self {
        while let Some(byte) = self.byte() {
            match byte {
                b'{' | b'[' if self.around.len() == MAX_DEPTH && self.mode == Mode::Strict => {
                    let begin = self.at;
                    self.skip_nested();
                    self.replace(begin..self.at, "null", Some(RepairKind::Nulled));
                }
                b'{' | b'[' => {
                    self.around.push(byte == b'{');
                    self.is_name = byte == b'{';
                    self.at += 1;
                }
                b'}' | b']' => {
                    self.around.pop();
                    self.path.truncate(self.around.len());
                    self.is_name = false;
                    self.at += 1;
                }
                b',' => {
                    self.is_name = self.around.last() == Some(&true);
                    self.at += 1;
                }
                b'"' => self.string(),
                b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => self.word(),
                _ => self.at += 1,
            }
        }
        if self.copied > 0 {
            let rest = self.text.get(self.copied..).unwrap_or_default();
            self.out.push_str(rest);
        }
        self
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Replaces a part of the text, and records a repair if `kind` is given.
    fn replace(&mut self, part: Range<usize>, by: &str, kind: Option<RepairKind>) {
        self.out.push_str(self.text.get(self.copied..part.start).unwrap_or_default());
        self.out.push_str(by);
        self.copied = part.end;
        let Some(kind) = kind else { return };
        let repair = Repair { path: self.path.clone(), kind };
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    /// Advances past a string.
    fn string(&mut self) {
        let is_name = std::mem::take(&mut self.is_name);
        let depth = self.around.len();
        if is_name && (1..=2).contains(&depth) {
            // Repairs within a name are reported under the repaired name.
            self.path.truncate(depth - 1);
            if self.path.len() == depth - 1 {
                self.path.push(self.name_here());
            }
        }
        self.at += 1;
        while let Some(byte) = self.byte() {
            let begin = self.at;
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => {
                    let rest = self.text.as_bytes().get(begin..).unwrap_or_default();
                    let (is_odd, length) = escape(rest);
                    self.at += length;
                    if is_odd && self.mode == Mode::Strict {
                        let by = if unit(rest) == Some(0) { "" } else { "\\ufffd" };
                        self.replace(begin..self.at, by, Some(RepairKind::Replaced));
                    }
                }
                0 if self.mode == Mode::Strict => {
                    self.at += 1;
                    self.replace(begin..self.at, "", Some(RepairKind::Replaced));
                }
                0..0x20 => {
                    self.at += 1;
                    self.replace(begin..self.at, &format!("\\u{byte:04x}"), None);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Returns the field name that starts here, in strict JSON.
    fn name_here(&self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut end = 1;
        while let Some(byte) = rest.as_bytes().get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let inner = Scanner {
            is_name: false,
            ..Scanner::new(rest.get(..=end).unwrap_or_default(), Mode::Strict)
        }
        .scan();
        let name = if inner.copied > 0 { &inner.out } else { inner.text };
        serde_json::from_str(name).unwrap_or_default()
    }

    /// Advances past a number or a literal.
    fn word(&mut self) {
        let begin = self.at;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        while self.byte().is_some_and(is_part) {
            self.at += 1;
        }
        let word = self.text.get(begin..self.at).unwrap_or_default();
        match (self.mode, word) {
            (Mode::Escape, "NaN" | "Infinity" | "-Infinity") => {
                // Valid JSON; the number is nulled when its record is processed.
                self.replace(begin..self.at, "1e999", None);
            }
            (Mode::Strict, "NaN" | "Infinity" | "-Infinity") => {
                self.replace(begin..self.at, "null", Some(RepairKind::Nulled));
            }
            (Mode::Strict, number) if is_beyond_a_double(number) => {
                self.replace(begin..self.at, "null", Some(RepairKind::Nulled));
            }
            (Mode::Escape | Mode::Strict, _) => {}
        }
    }

    /// Advances past an object or an array of any depth.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.at += 1;
                    while let Some(byte) = self.byte() {
                        match byte {
                            b'"' => break,
                            b'\\' => self.at += 2,
                            _ => self.at += 1,
                        }
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// Returns `true` if the number exceeds the range of a double.
fn is_beyond_a_double(number: &str) -> bool {
    (number.len() > LONG_NUMBER || number.contains(['e', 'E']))
        && number.parse().is_ok_and(f64::is_infinite)
}

/// Returns the name as case-insensitive databases see it.
pub fn folded(name: &str) -> String {
    // Upper case first: some letters share only one of the two forms, such as `ſ` and `s`.
    name.to_uppercase().to_lowercase()
}

/// Returns the names in the given order, made unique without regard to case.
///
/// Among names that differ only in case, the lowercase one is kept. Each other one gets a suffix
/// that depends on that name alone: `Foo` becomes `Foo_` and eight hexadecimal digits next to any
/// other spelling of `foo`.
pub fn disambiguated(names: &[&str]) -> Vec<String> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    for name in names {
        *taken.entry(folded(name)).or_default() += 1;
    }
    let is_taken = |name: &str| taken.contains_key(&folded(name));
    let apart = names.iter().map(|&name| {
        let is_alone = taken.get(&folded(name)).is_none_or(|&count| count < 2);
        if is_alone || folded(name) == name {
            return name.to_owned();
        }
        let mut apart = suffixed(name);
        while is_taken(&apart) {
            apart = suffixed(&apart);
        }
        apart
    });
    apart.collect()
}

/// Appends a suffix derived from the name's bytes (FNV-1a, 32 bits), stable across runs and
/// versions.
pub fn suffixed(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{name}_{hash:08x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Repairs a text. Returns it with the repairs as `kind:path`.
    fn repaired(text: &str) -> Option<(String, String)> {
        let Repaired { text, repairs } = repair(text)?;
        let said = repairs.iter().map(|Repair { path, kind }| {
            let kind = if *kind == RepairKind::Nulled { "nulled" } else { "replaced" };
            format!("{kind}:{}", path.join("."))
        });
        Some((text, said.collect::<Vec<_>>().join(" ")))
    }

    #[test]
    fn what_strict_readers_refuse_is_rewritten_and_nothing_else() {
        for (text, expected, repairs) in [
            (r#"{"a":"x\u0000y"}"#, r#"{"a":"xy"}"#, "replaced:a"),
            ("{\"a\":\"x\0y\"}", r#"{"a":"xy"}"#, "replaced:a"),
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#, "replaced:a"),
            (r#"{"a":"\uDE00!"}"#, r#"{"a":"\ufffd!"}"#, "replaced:a"),
            (r#"{"a":"\ude00\ud83d"}"#, r#"{"a":"\ufffd\ufffd"}"#, "replaced:a"),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, r#"{"a":"\ufffd\ud83d\ude00"}"#, "replaced:a"),
            (r#"{"a":"\ud83d\u0000"}"#, r#"{"a":"\ufffd"}"#, "replaced:a"),
            (r#"{"a\u0000b":1,"c":2}"#, r#"{"ab":1,"c":2}"#, "replaced:ab"),
            (r#"{"\ud800":"\ud800"}"#, r#"{"\ufffd":"\ufffd"}"#, "replaced:\u{fffd}"),
            (
                r#"{"p":{"a":"\u0000","b":{"c":"\u0000"}},"q":["\u0000"]}"#,
                r#"{"p":{"a":"","b":{"c":""}},"q":[""]}"#,
                "replaced:p.a replaced:p.b replaced:q",
            ),
            (r#"{"a":1e400,"b":[-1E+999]}"#, r#"{"a":null,"b":[null]}"#, "nulled:a nulled:b"),
            (r#"{"a":NaN,"b":-Infinity}"#, r#"{"a":null,"b":null}"#, "nulled:a nulled:b"),
            ("{\"a\":\"\u{1}\\n\n\"}", r#"{"a":"\u0001\n\u000a"}"#, ""),
            (r#""\u0000""#, r#""""#, "replaced:"),
        ] {
            assert_eq!(repaired(text), Some((expected.into(), repairs.into())), "{text}");
        }
        let digits = "9".repeat(400);
        assert_eq!(repair(&digits).map(|repaired| repaired.text).as_deref(), Some("null"));
    }

    #[test]
    fn what_strict_readers_accept_stays() {
        for text in [
            r#"{"a":"\ud83d\ude00","b":"\\u0000","c":"\\\\ud800","d":1e308,"e":1e-400}"#,
            " [ true , null, 12345678901234567890123456789012345678901234567890 ] ",
            "{\"a\":\"\u{fffd}\u{2028}\"}",
            "{} trailing",
            "",
        ] {
            assert_eq!(repair(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_ends_where_serde_json_still_reads() {
        for depth in [1, MAX_DEPTH, MAX_DEPTH + 1, 127, 128, 5_000, 200_000] {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                let inner = if open == "[" { "" } else { "1" };
                let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                let repaired = repair(&text);
                assert_eq!(repaired.is_some(), depth > MAX_DEPTH, "{depth}");
                let text = repaired.map_or(text, |repaired| repaired.text);
                assert!(serde_json::from_str::<Value>(&text).is_ok(), "{depth}");
            }
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_read_if_it_can_be_made_some() {
        let read = |body: &'static [u8]| {
            decode(&Bytes::from_static(body), |body| serde_json::from_slice::<Value>(body)).ok()
        };
        for (body, expected) in [
            (&br#"{"a":"b"}"#[..], Some(r#"{"a":"b"}"#)),
            (b"{\"a\":\"b\0\t\"}", Some(r#"{"a":"b\u0000\t"}"#)),
            (br#"{"a":"\ud800"}"#, Some(r#"{"a":"\ufffd"}"#)),
            (b"{\"a\":\"\xED\xA0\xBD\"}", Some(r#"{"a":"\ufffd"}"#)),
            (b"{\"a\":\"\xED\xA0\xBD\xED\xB8\x80\"}", Some(r#"{"a":"\ud83d\ude00"}"#)),
            (b"{\"a\":1e400,\"b\":NaN}", Some(r#"{"a":1e400,"b":1e999}"#)),
            (b"{\"a\":\"\xE9\"}", None),
            (br#"{"a":"b""#, None),
            (b"<html>", None),
            (b"", None),
        ] {
            let expected = expected.map(|text| serde_json::from_str::<Value>(text).unwrap());
            assert_eq!(read(body), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn names_that_differ_by_case_only_get_a_suffix_of_their_own() {
        for (names, expected) in [
            (&["foo", "bar"][..], &["foo", "bar"][..]),
            (&["Foo", "Bar"], &["Foo", "Bar"]),
            (&["Foo", "foo"], &["Foo_0c7e1677", "foo"]),
            (&["foo", "Foo"], &["foo", "Foo_0c7e1677"]),
            (&["FOO", "foo", "Foo"], &["FOO_eccd95f7", "foo", "Foo_0c7e1677"]),
            (&["FOO", "Foo"], &["FOO_eccd95f7", "Foo_0c7e1677"]),
            (&["É", "é"], &["É_3e9e1b21", "é"]),
            (&["foo", "Foo", "foo_0C7E1677"], &["foo", "Foo_0c7e1677_66507134", "foo_0C7E1677"]),
        ] {
            assert_eq!(disambiguated(names), expected, "{names:?}");
        }
    }

    proptest! {
        #[test]
        fn names_are_disambiguated_whatever_they_are(
            names in proptest::collection::hash_set("[aAbBsSſßéÉ_]{0,4}", 0..12)
        ) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let apart = disambiguated(&names);
            let folds: std::collections::HashSet<_> = apart.iter().map(|name| folded(name)).collect();
            prop_assert_eq!(folds.len(), names.len(), "{:?}", apart);
        }

        /// No input panics, and JSON stays JSON.
        #[test]
        fn any_text_can_be_repaired(text in "[{}\\[\\],:\"\\\\uUdD08eE19+.NaN \u{0}\u{1}é-]{0,40}") {
            let was_json = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            let Some(repaired) = repair(&text) else { return Ok(()) };
            prop_assert_eq!(repair(&repaired.text), None, "once is enough");
            if was_json {
                let read = serde_json::from_str::<Value>(&repaired.text);
                prop_assert!(read.is_ok(), "{} {:?}", repaired.text, read);
            }
        }
    }
}
