//! Formatting of JSON and HubSpot's text formats into a byte buffer.

use crate::portal::time::Moment;

/// Appends `value` as decimal digits.
pub(crate) fn push_u64(out: &mut Vec<u8>, value: u64) {
    let mut digits = [b'0'; 20];
    let mut rest = value;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - used..).unwrap_or_default());
}

/// Appends `value` padded with zeros to `width` digits (at most 8).
pub(crate) fn push_padded(out: &mut Vec<u8>, value: u32, width: usize) {
    let mut digits = [b'0'; 8];
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    out.extend_from_slice(digits.get(8 - width.min(8)..).unwrap_or_default());
}

/// Appends an instant in ISO 8601, without a fraction if the milliseconds are zero.
pub(crate) fn push_iso(out: &mut Vec<u8>, ms: i64) {
    let moment = Moment::of(ms);
    push_date(out, &moment);
    out.push(b'T');
    push_padded(out, moment.hour, 2);
    out.push(b':');
    push_padded(out, moment.minute, 2);
    out.push(b':');
    push_padded(out, moment.second, 2);
    if moment.millisecond != 0 {
        out.push(b'.');
        push_padded(out, moment.millisecond, 3);
    }
    out.push(b'Z');
}

/// Appends the day of an instant as `YYYY-MM-DD`.
pub(crate) fn push_date(out: &mut Vec<u8>, moment: &Moment) {
    push_padded(out, moment.year, 4);
    out.push(b'-');
    push_padded(out, moment.month, 2);
    out.push(b'-');
    push_padded(out, moment.day, 2);
}

/// Appends `text` as a JSON string with its quotes.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text, false);
    out.push(b'"');
}

/// Appends `text` with JSON escapes; with `ascii`, every non-ASCII character becomes `\uXXXX`.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str, ascii: bool) {
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            control if (control as u32) < 0x20 => push_unit(out, control as u32),
            other if ascii && !other.is_ascii() => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    push_unit(out, u32::from(*unit));
                }
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn push_unit(out: &mut Vec<u8>, unit: u32) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit((unit >> shift) & 0xF, 16).unwrap_or('0');
        out.extend_from_slice(digit.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Formats an instant like HubSpot: ISO 8601, without a fraction if the milliseconds are zero.
pub fn iso(ms: i64) -> String {
    let mut out = Vec::with_capacity(24);
    push_iso(&mut out, ms);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_lose_a_zero_fraction() {
        for (case, ms, expected) in [
            ("the epoch", 0, "1970-01-01T00:00:00Z"),
            ("milliseconds", 1_762_070_400_123, "2025-11-02T08:00:00.123Z"),
            ("small milliseconds", 1_762_070_400_004, "2025-11-02T08:00:00.004Z"),
            ("a leap day", 1_709_164_799_000, "2024-02-28T23:59:59Z"),
            ("the next second", 1_709_164_800_000, "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(iso(ms), expected, "{case}");
        }
    }

    #[test]
    fn escaped_text_reads_back() {
        for text in ["plain", "a\"b\\c\n\r\t\u{1}", "Zoë \u{2028} 😀"] {
            for ascii in [false, true] {
                let mut out = vec![b'"'];
                push_escaped(&mut out, text, ascii);
                out.push(b'"');
                let back: String = serde_json::from_slice(&out).expect("a JSON string");
                assert_eq!(back, text);
                assert!(!ascii || out.is_ascii());
            }
        }
    }

    #[test]
    fn digits_match_the_standard_library() {
        for value in [0, 7, 10, 9_007_199_254_740_993, u64::MAX] {
            let mut out = Vec::new();
            push_u64(&mut out, value);
            assert_eq!(String::from_utf8(out).expect("digits"), value.to_string());
        }
    }
}
