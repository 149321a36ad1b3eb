//! Removes secrets from responses before they are kept or shown.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::secret::Secret;

/// Replacement text for a secret.
const REDACTED: &str = "[redacted]";
/// Minimum length of a fragment of base64 text; shorter ones also occur in ordinary words.
const MIN_FRAGMENT_LENGTH: usize = 8;

/// The secrets of a connection. They are found in any case, percent-encoded, in JSON escapes, and
/// in base64.
#[derive(Default)]
pub(super) struct Redactor {
    /// Secrets and their percent-encoded forms, in lower case.
    plain: RefCell<BTreeSet<String>>,
    /// Base64 fragments of the secrets, in lower case. A match is extended over all surrounding base64
    /// text, which may hold more of the secret.
    base64: RefCell<BTreeSet<String>>,
}

impl Redactor {
    /// Adds a secret to redact.
    pub(super) fn add(&self, secret: &Secret<String>) {
        let secret = secret.expose().trim();
        if secret.is_empty() {
            return;
        }
        let form = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        // Most encoders leave these two characters unescaped.
        let encoded = form.replace("%2D", "-").replace("%5F", "_");
        let plain = [secret.to_owned(), form, encoded].map(|text| text.to_ascii_lowercase());
        self.plain.borrow_mut().extend(plain);
        let fragments = fragments(secret.as_bytes()).map(|text| text.to_ascii_lowercase());
        self.base64.borrow_mut().extend(fragments);
    }

    /// Returns the body without secrets.
    pub(super) fn redact(&self, body: Bytes) -> Bytes {
        let body = unescaped(body);
        let Some(text) = self.redacted(&String::from_utf8_lossy(&body)) else { return body };
        text.into()
    }

    /// Returns the text without secrets.
    pub(super) fn redact_text(&self, text: String) -> String {
        self.redacted(&text).unwrap_or(text)
    }

    /// Returns the redacted text, or `None` if it contains no secret.
    fn redacted(&self, text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<Range<usize>> = Vec::new();
        for secret in &*self.plain.borrow() {
            let positions = memchr::memmem::find_iter(lower.as_bytes(), secret.as_bytes());
            found.extend(positions.map(|at| at..at + secret.len()));
        }
        for fragment in &*self.base64.borrow() {
            let positions = memchr::memmem::find_iter(lower.as_bytes(), fragment.as_bytes());
            found.extend(positions.map(|at| widened(lower.as_bytes(), at..at + fragment.len())));
        }
        if found.is_empty() {
            return None;
        }
        found.sort_unstable_by_key(|range| range.start);
        let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
        for Range { start, end } in found {
            if start >= from {
                kept.push_str(text.get(from..start).unwrap_or_default());
                kept.push_str(REDACTED);
            }
            from = from.max(end);
        }
        kept.push_str(text.get(from..).unwrap_or_default());
        Some(kept)
    }
}

/// Rewrites a JSON body without escapes that could hide a secret. Other bodies are returned
/// unchanged.
fn unescaped(body: Bytes) -> Bytes {
    if memchr::memchr(b'\\', &body).is_none() {
        return body;
    }
    let value = serde_json::from_slice::<serde_json::Value>(&body);
    value.map_or(body, |value| value.to_string().into())
}

/// Extends a range over all surrounding base64 characters.
fn widened(text: &[u8], Range { start, end }: Range<usize>) -> Range<usize> {
    let is_base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
    };
    let before = text.get(..start).unwrap_or_default().iter().rev();
    let after = text.get(end..).unwrap_or_default().iter();
    let before = before.take_while(|byte| is_base64(byte)).count();
    start - before..end + after.take_while(|byte| is_base64(byte)).count()
}

/// Returns the parts of the base64 encoding that depend on the secret alone, for each of the three
/// byte alignments and both alphabets.
fn fragments(secret: &[u8]) -> impl Iterator<Item = String> {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let positions =
        [STANDARD, URL_SAFE].into_iter().flat_map(|alphabet| (0..3).map(move |at| (alphabet, at)));
    let fragments = positions.map(move |(alphabet, at)| {
        let bits = |position: usize| {
            let bytes =
                |position: usize| u16::from(secret.get(position).copied().unwrap_or_default());
            let pair = bytes(position / 8) << 8 | bytes(position / 8 + 1);
            usize::from(pair >> (10 - position % 8) & 0x3F)
        };
        // Offset of the first base64 digit that depends on the secret alone, after `at` other
        // bytes.
        let first = (6 - at * 8 % 6) % 6;
        let positions =
            (first..).step_by(6).take_while(|position| position + 6 <= secret.len() * 8);
        let digits =
            positions.filter_map(|position| alphabet.get(bits(position)).copied().map(char::from));
        digits.collect::<String>()
    });
    fragments.filter(|fragment| fragment.len() >= MIN_FRAGMENT_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_every_encoding() {
        let redactor = Redactor::default();
        redactor.add(&Secret::new("pat-na1-Canary.9".to_owned()));
        for (case, body, expected) in [
            ("as it is", r#"{"message":"pat-na1-Canary.9!"}"#, r#"{"message":"[redacted]!"}"#),
            ("twice", "pat-na1-Canary.9 pat-na1-Canary.9", "[redacted] [redacted]"),
            ("upper case", "PAT-NA1-CANARY.9", "[redacted]"),
            ("lower case", "(pat-na1-canary.9)", "([redacted])"),
            ("percent-encoded", "a=pat%2Dna1%2DCanary%2E9&b", "a=[redacted]&b"),
            ("percent-encoded in part", "pat-na1-Canary%2e9", "[redacted]"),
            ("escaped", r#"{"m":"\u0070at-na1-Canary.9"}"#, r#"{"m":"[redacted]"}"#),
            // Output of `base64`, with the secret at byte offsets 0, 1, 2 and 7.
            ("base64", "x cGF0LW5hMS1DYW5hcnkuOQ== y", "x [redacted] y"),
            ("behind one byte", "OnBhdC1uYTEtQ2FuYXJ5Ljk=", "[redacted]"),
            ("behind two bytes", "YTpwYXQtbmExLUNhbmFyeS45", "[redacted]"),
            ("an authorization", "QmVhcmVyIHBhdC1uYTEtQ2FuYXJ5Ljk=.", "[redacted]."),
            ("none", r#"{"message":"pat-na1-\u0041"}"#, r#"{"message":"pat-na1-A"}"#),
            ("no JSON", r"\ pat-na1-Canary.9 \", r"\ [redacted] \"),
        ] {
            let found = redactor.redact(Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(String::from_utf8_lossy(&found), expected, "{case}");
        }
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        let redactor = Redactor::default();
        redactor.add(&Secret::new("  ".to_owned()));
        assert_eq!(redactor.redact_text("as it is".to_owned()), "as it is");
    }
}
