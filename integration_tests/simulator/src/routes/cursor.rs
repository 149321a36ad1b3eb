//! Page tokens: a plain id, an id in base64, or an arbitrary text in base64.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes an id as an opaque token.
pub(crate) fn opaque(id: u64) -> String {
    seal(&id.to_string())
}

/// Returns the id of a token in either form.
pub(crate) fn read(token: &str) -> Option<u64> {
    if token.bytes().all(|byte| byte.is_ascii_digit()) {
        return token.parse().ok();
    }
    unseal(token)?.parse().ok()
}

/// Encodes a text in base64.
pub(crate) fn seal(text: &str) -> String {
    let mut token = String::new();
    for group in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            let digit = ALPHABET.get(digit).copied().unwrap_or_default();
            token.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    token
}

/// Decodes a text encoded by [`seal`].
pub(crate) fn unseal(token: &str) -> Option<String> {
    let mut text = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in token.trim_end_matches('=').bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 6 | u32::try_from(digit).ok()?) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            text.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back() {
        assert_eq!(opaque(100), "MTAw");
        for id in [0, 7, 42, 100, 1_234, 100_000_000_000_000_007, u64::MAX] {
            assert_eq!(read(&opaque(id)), Some(id), "{id}");
            assert_eq!(read(&id.to_string()), Some(id), "{id}");
            assert!(opaque(id).parse::<u64>().is_err(), "{id}");
        }
        for text in ["", "1790000000123:7", "-5:0"] {
            assert_eq!(unseal(&seal(text)).as_deref(), Some(text));
        }
        for token in ["x", "MTA*", "bm8="] {
            assert_eq!(read(token), None, "{token}");
        }
    }
}
