//! Percent-encoding and key-value pairs.

/// Returns the decoded pairs of a query or a form body in their original order.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent(key, true), percent(value, true))
        })
        .collect()
}

/// Decodes percent-encoding; in queries a plus stands for a space. Invalid escapes are left
/// unchanged.
pub(crate) fn percent(text: &str, plus_is_blank: bool) -> String {
    if !text.bytes().any(|byte| byte == b'%' || (plus_is_blank && byte == b'+')) {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = rest;
        match byte {
            b'%' => match rest {
                [high, low, after @ ..] => {
                    if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                        out.push(high << 4 | low);
                        bytes = after;
                    } else {
                        out.push(byte);
                    }
                }
                _ => out.push(byte),
            },
            b'+' if plus_is_blank => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        for (text, expected) in [
            ("", vec![]),
            ("a=1&b=2", vec![("a", "1"), ("b", "2")]),
            ("a=x%2Cy&a=z", vec![("a", "x,y"), ("a", "z")]),
            ("flag&empty=", vec![("flag", ""), ("empty", "")]),
            ("q=one+two%20three%2B", vec![("q", "one two three+")]),
            ("q=100%&r=%zz&s=%4", vec![("q", "100%"), ("r", "%zz"), ("s", "%4")]),
            ("n=%C3%BC", vec![("n", "ü")]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            assert_eq!(pairs(text), expected, "{text}");
        }
        assert_eq!(percent("/a+b%2Fc", false), "/a+b/c");
    }
}
