//! Conversion of HubSpot's property values to the types of their columns.

use super::datetime::{
    push_date, push_datetime, push_sent_date, push_sent_datetime, push_usual_as_sent,
    push_usual_date, push_usual_datetime,
};
use super::json::unquote;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    Datetime,
    /// A valid date in HubSpot's own format.
    SentDate,
    /// A valid instant in HubSpot's own format.
    SentDatetime,
}

/// Outcome of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coerced {
    /// The value was appended.
    Written,
    /// There is no value; nothing was appended.
    Null,
    /// The value does not fit the column; nothing was appended.
    Unfit,
}

/// Appends a property's value as JSON of the column's type.
///
/// `raw` is the JSON value as HubSpot sent it: text or null. Empty text is null in every column
/// except text columns, because HubSpot sends it for a property that was cleared.
pub fn coerce(kind: Kind, raw: &str, out: &mut Vec<u8>) -> Coerced {
    if raw == "null" {
        return Coerced::Null;
    }
    if kind == Kind::Text {
        push_text(raw, out);
        return Coerced::Written;
    }
    if matches!(kind, Kind::SentDate | Kind::SentDatetime) && !raw.starts_with('"') {
        // Most likely an epoch.
        out.extend_from_slice(raw.as_bytes());
        return Coerced::Written;
    }
    // Values in the common format contain no escapes, so there is nothing to unescape.
    let content = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if content.is_some_and(|text| push_as_usual(kind, text, out)) {
        return Coerced::Written;
    }
    let unquoted = unquote(raw);
    push_any(kind, unquoted.as_deref().unwrap_or(raw), out)
}

/// Appends a value in any format.
fn push_any(kind: Kind, text: &str, out: &mut Vec<u8>) -> Coerced {
    if text.is_empty() {
        return Coerced::Null;
    }
    let fits = match kind {
        Kind::Text => {
            push_string(text, out);
            true
        }
        Kind::Integer => push_integer(text, out),
        Kind::Number => push_number(text, out),
        Kind::Boolean => push_boolean(text, out),
        Kind::Date => push_date(text, out),
        Kind::Datetime => push_datetime(text, out),
        Kind::SentDate => push_sent_date(text, out),
        Kind::SentDatetime => push_sent_datetime(text, out),
    };
    if fits { Coerced::Written } else { Coerced::Unfit }
}

/// Fast path: appends a value in the format that HubSpot uses for nearly all values of this type.
/// Returns `false`, with nothing appended, if the value has another format or does not fit.
fn push_as_usual(kind: Kind, text: &str, out: &mut Vec<u8>) -> bool {
    let stays = match kind {
        Kind::Text => false,
        Kind::Integer => is_plain_number(text) && !text.contains('.'),
        Kind::Number => is_plain_number(text),
        Kind::Boolean => matches!(text, "true" | "false"),
        Kind::Date | Kind::SentDate => return push_usual_date(text, out),
        Kind::Datetime => return push_usual_datetime(text, out),
        Kind::SentDatetime => return push_usual_as_sent(text, out),
    };
    if stays {
        out.extend_from_slice(text.as_bytes());
    }
    stays
}

/// Returns `true` if the text is a non-negative JSON number without an exponent, with few enough
/// digits to fit into 64 bits.
fn is_plain_number(text: &str) -> bool {
    let (mut points, mut digits) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => points += 1,
            _ => return false,
        }
    }
    let begins_well = match text.as_bytes() {
        [b'0', second, ..] => *second == b'.',
        [first, ..] => *first != b'.',
        [] => false,
    };
    begins_well && points <= 1 && digits <= 18 && !text.ends_with('.')
}

/// Appends text as it was sent, escapes included. A bare number, boolean or object, which no
/// property has had so far, becomes text.
fn push_text(raw: &str, out: &mut Vec<u8>) {
    if raw.starts_with('"') {
        out.extend_from_slice(raw.as_bytes());
    } else {
        push_string(raw, out);
    }
}

fn push_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("text serializes into memory");
}

/// Appends a 64-bit integer. A fraction of zeros is dropped: `12.0` becomes `12`.
fn push_integer(text: &str, out: &mut Vec<u8>) -> bool {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    is_integer && whole.replace(',', "").parse::<i64>().is_ok() && push_number(whole, out)
}

/// Appends a number with all of its digits. Returns `false` if it does not fit into a double.
fn push_number(text: &str, out: &mut Vec<u8>) -> bool {
    let text = text.trim();
    let plain;
    let text = if text.contains(',') {
        plain = text.replace(',', "");
        &plain
    } else {
        text
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return false;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // JSON does not allow leading zeros.
        let significant = digits.trim_start_matches('0');
        let significant = if significant.is_empty() { "0" } else { significant };
        let fits = significant.len() < 309 || significant.parse().is_ok_and(f64::is_finite);
        if fits {
            let sign = if significant == "0" { "" } else { sign };
            out.extend_from_slice(sign.as_bytes());
            out.extend_from_slice(significant.as_bytes());
        }
        return fits;
    }
    let Some(number) = digits.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return false;
    };
    out.extend_from_slice(sign.as_bytes());
    if is_json_number(digits) {
        out.extend_from_slice(digits.as_bytes());
    } else {
        out.extend_from_slice(number.to_string().as_bytes());
    }
    true
}

/// Returns `true` if an unsigned text that parses as a float is also a valid JSON number.
fn is_json_number(digits: &str) -> bool {
    let (integer, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let integer_fits = integer == "0" || !integer.is_empty() && !integer.starts_with('0');
    let fraction_fits = match rest.strip_prefix('.') {
        Some(fraction) => fraction.starts_with(|first: char| first.is_ascii_digit()),
        None => true,
    };
    integer_fits && fraction_fits
}

fn push_boolean(text: &str, out: &mut Vec<u8>) -> bool {
    const TRUE: [&str; 6] = ["true", "1", "yes", "y", "t", "on"];
    const FALSE: [&str; 6] = ["false", "0", "no", "n", "f", "off"];
    let among = |words: [&str; 6]| words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()));
    let value: &[u8] = match (among(TRUE), among(FALSE)) {
        (true, _) => b"true",
        (_, true) => b"false",
        (false, false) => return false,
    };
    out.extend_from_slice(value);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coerced(kind: Kind, raw: &str) -> (Coerced, String) {
        let mut out = Vec::new();
        (coerce(kind, raw, &mut out), String::from_utf8(out).unwrap())
    }

    #[test]
    fn coerces_each_property_type() {
        use Kind::{Boolean, Date, Datetime, Integer, Number, Text};
        for (kind, raw, expected) in [
            (Integer, r#""5120""#, "5120"),
            (Integer, r#""1762070400000""#, "1762070400000"),
            (Integer, r#""-7""#, "-7"),
            (Integer, "12.0", "12"),
            (Number, r#""12""#, "12"),
            (Number, r#""12.5""#, "12.5"),
            (Number, r#""1.10""#, "1.10"),
            (Number, r#""1,234""#, "1234"),
            (Number, r#""1,234.5""#, "1234.5"),
            (Number, r#""-5""#, "-5"),
            (Number, r#""1e3""#, "1e3"),
            (Number, r#""1E+3""#, "1E+3"),
            (Number, r#"".5""#, "0.5"),
            (Number, r#""5.""#, "5"),
            (Number, r#""00.5""#, "0.5"),
            (Number, r#""-0""#, "0"),
            (Number, r#""0012""#, "12"),
            (Number, r#"" 12 ""#, "12"),
            (Number, r#""12345678901234567""#, "12345678901234567"),
            (Number, r#""9223372036854775807""#, "9223372036854775807"),
            (Number, r#""9223372036854775808""#, "9223372036854775808"),
            (Number, r#""-12345678901234567890""#, "-12345678901234567890"),
            (Number, "99999999999999999999", "99999999999999999999"),
            (Number, r#""00099999999999999999999""#, "99999999999999999999"),
            (Number, r#""99999999999999999999.5""#, "99999999999999999999.5"),
            (Number, r#""1e20""#, "1e20"),
            (Number, r#""1E5""#, "1E5"),
            (Number, "-0", "0"),
            (Number, "12", "12"),
            (Boolean, r#""true""#, "true"),
            (Boolean, r#""FALSE""#, "false"),
            (Boolean, r#""yes""#, "true"),
            (Boolean, r#""off""#, "false"),
            (Boolean, "true", "true"),
            (Date, r#""2024-01-05T10:00:00Z""#, r#""2024-01-05""#),
            (Datetime, r#""2024-03-01T12:00:00Z""#, r#""2024-03-01T12:00:00+00:00""#),
            (Text, r#""a\"b\u2028""#, r#""a\"b\u2028""#),
            (Text, r#""""#, r#""""#),
            (Text, "12", r#""12""#),
            (Text, r#"{"a":"b"}"#, r#""{\"a\":\"b\"}""#),
        ] {
            assert_eq!(coerced(kind, raw), (Coerced::Written, expected.into()), "{kind:?} {raw}");
            let json: serde_json::Result<serde_json::Value> = serde_json::from_str(expected);
            assert!(json.is_ok(), "{expected} is no JSON");
        }
    }

    #[test]
    fn what_does_not_fit_is_said_to() {
        use Kind::{Boolean, Date, Datetime, Integer, Number};
        for (kind, raw) in [
            (Integer, r#""12.5""#),
            (Integer, r#""1e3""#),
            (Integer, r#""many""#),
            (Number, r#""abc""#),
            (Number, r#""  ""#),
            (Number, r#""1;2;3""#),
            (Number, r#""NaN""#),
            (Number, r#""inf""#),
            (Number, r#""1e999""#),
            (Number, r#""--1""#),
            (Number, r#"".""#),
            (Integer, r#""9223372036854775808""#),
            (Integer, "-9223372036854775809"),
            (Integer, "99999999999999999999.0"),
            (Boolean, r#""maybe""#),
            (Date, r#""20240105""#),
            (Datetime, r#""junk""#),
        ] {
            assert_eq!(coerced(kind, raw), (Coerced::Unfit, String::new()), "{kind:?} {raw}");
        }
    }

    #[test]
    fn nothing_is_null() {
        for kind in [Kind::Number, Kind::Boolean, Kind::Date, Kind::Datetime] {
            assert_eq!(coerced(kind, r#""""#).0, Coerced::Null, "{kind:?}");
            assert_eq!(coerced(kind, "null").0, Coerced::Null, "{kind:?}");
        }
        assert_eq!(coerced(Kind::Text, "null").0, Coerced::Null);
    }
    proptest! {
        /// The fast path produces the same output as the general one.
        #[test]
        fn the_usual_way_is_only_quicker(
            text in "[-+]?[0-9]{0,3}[.,]?[0-9]{0,20}|[0-9]{1,2}[.]?[0-9]?|true|false|True|on|\
                     [0-2][0-9]{3}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.][0-9]{1,4})?Z?)?"
        ) {
            for kind in [Kind::Integer, Kind::Number, Kind::Boolean, Kind::Date, Kind::Datetime] {
                let (mut usual, mut any) = (Vec::new(), Vec::new());
                if push_as_usual(kind, &text, &mut usual) {
                    prop_assert_eq!(push_any(kind, &text, &mut any), Coerced::Written);
                    prop_assert_eq!(&usual, &any, "{:?} {}", kind, text);
                }
            }
        }
    }
}
