//! Fast traversal of JSON that has already been validated, as each page is when it is opened.
//!
//! Only the boundaries of names and values remain to be found, which takes a fraction of the time
//! of a second validation. Wrong escapes and numbers go undetected; if the structure is broken,
//! every step returns `None`. The traversal also detects JSON that strict parsers would reject
//! ([`JsonCursor::is_odd`]), because it stops at every escape anyway.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::de::Error as _;

use crate::strict::{self, LONG_NUMBER, MAX_DEPTH};

/// Position in a JSON text.
#[derive(Debug)]
pub(super) struct JsonCursor<'text> {
    text: &'text str,
    at: usize,
    is_odd: bool,
}

/// Traverses a whole text with `step`.
///
/// # Errors
/// If the text does not have the expected structure.
pub(super) fn read<'text, T>(
    text: &'text str,
    step: impl FnOnce(&mut JsonCursor<'text>) -> Option<T>,
) -> serde_json::Result<T> {
    let mut place = JsonCursor { text, at: 0, is_odd: false };
    let read = step(&mut place).filter(|_| place.next().is_none());
    read.ok_or_else(|| serde_json::Error::custom("fields are not where they should be"))
}

/// Returns the content of a JSON string as strict parsers read it after repair, or `None` if the
/// JSON is not a string.
pub(super) fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let repaired = strict::repair(raw);
    let strict = repaired.as_ref().map_or(raw, |repaired| &repaired.text);
    serde_json::from_str(strict).ok().map(Cow::Owned)
}

/// Returns a text as a JSON string, without U+0000.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('\0', "")).to_string()
}

impl<'text> JsonCursor<'text> {
    /// Moves past an object. `field` is called at the name of each field and must move past its
    /// value.
    pub(super) fn object(&mut self, field: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'{', field, b'}')
    }

    /// Moves past a list. `item` is called at each item and must move past it.
    pub(super) fn list(&mut self, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'[', item, b']')
    }

    fn sequence(
        &mut self,
        begin: u8,
        mut part: impl FnMut(&mut Self) -> Option<()>,
        end: u8,
    ) -> Option<()> {
        self.expect(begin)?;
        if self.next()? != end {
            part(self)?;
            while self.next()? == b',' {
                self.at += 1;
                part(self)?;
            }
        }
        self.expect(end)
    }

    /// Moves past a name and its colon and returns `true` if the name equals `quoted`, quotes
    /// included.
    pub(super) fn is_name(&mut self, quoted: &str) -> bool {
        let _quote = self.next();
        let is_it = self.rest().is_some_and(|rest| rest.starts_with(quoted.as_bytes()));
        let end = self.at + quoted.len();
        is_it && self.go_behind_colon(end).is_some()
    }

    /// Moves past a name and its colon and returns the name.
    pub(super) fn name(&mut self) -> Option<Cow<'text, str>> {
        self.next()?;
        let begin = self.at;
        let end = self.string_end()?;
        self.go_behind_colon(end)?;
        unquote(self.text.get(begin..end)?)
    }

    /// Moves past a value and returns its text.
    pub(super) fn value(&mut self) -> Option<&'text str> {
        let kind = self.next()?;
        let begin = self.at;
        self.at = match kind {
            b'"' => self.string_end()?,
            b'{' | b'[' => self.nested_end()?,
            b'n' | b't' => begin + 4,
            b'f' => begin + 5,
            _ => {
                let end = self.number_end();
                if end == begin {
                    return None;
                }
                end
            }
        };
        self.text.get(begin..self.at)
    }

    /// Returns `true` if the next value is an object.
    pub(super) fn is_object(&mut self) -> bool {
        self.next() == Some(b'{')
    }

    /// Returns `true` if the next value is a list.
    pub(super) fn is_list(&mut self) -> bool {
        self.next() == Some(b'[')
    }

    /// Runs `step` and returns the text that it moved past, with its result.
    pub(super) fn passed<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(&'text str, T)> {
        let begin = self.at;
        let found = step(self)?;
        Some((self.text.get(begin..self.at)?, found))
    }

    /// Returns `true` if JSON that strict parsers may reject was found so far.
    pub(super) fn is_odd(&self) -> bool {
        self.is_odd
    }

    fn rest(&self) -> Option<&'text [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    /// Moves to the next byte that is not whitespace and returns it.
    fn next(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn go_behind_colon(&mut self, end: usize) -> Option<()> {
        self.at = end;
        self.expect(b':')
    }

    /// Returns the offset past the object or array that starts here.
    fn nested_end(&mut self) -> Option<usize> {
        let mut depth = 0_usize;
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b'"' => {
                    self.at = self.string_end()?;
                    continue;
                }
                b'0'..=b'9' => {
                    self.at = self.number_end();
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.is_odd |= depth > MAX_DEPTH - 2;
                }
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(self.at);
            }
        }
    }

    /// Returns the offset past the number whose remaining characters start here.
    fn number_end(&mut self) -> usize {
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        let number = rest.get(..length).unwrap_or_default();
        self.is_odd |= length > LONG_NUMBER || memchr2(b'e', b'E', number).is_some();
        self.at + length
    }

    /// Returns the offset past the string that starts here.
    fn string_end(&mut self) -> Option<usize> {
        let text = self.text.as_bytes();
        let mut at = self.at + 1;
        loop {
            at += memchr2(b'"', b'\\', text.get(at..)?)?;
            if *text.get(at)? == b'"' {
                return Some(at + 1);
            }
            if text.get(at + 1) != Some(&b'u') {
                at += 2;
                continue;
            }
            let (is_odd, length) = strict::escape(text.get(at..)?);
            self.is_odd |= is_odd;
            at += length;
        }
    }
}
