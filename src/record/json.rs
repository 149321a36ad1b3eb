//! A way through JSON that was checked before, as a page is when it is opened.
//!
//! What is left to find is where names and values begin and end, and that takes a fraction of the
//! time of checking them once more. A wrong escape or number goes unnoticed here; where the outline
//! of an object is missing, every step ends in `None`. On its way it notices what strict parsers would
//! refuse ([`Place::is_odd`]), as it stops at every escape anyway.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::de::Error as _;

use crate::strict::{self, LONG_NUMBER, MAX_DEPTH};

/// A place in a JSON text.
#[derive(Debug)]
pub(super) struct Place<'text> {
    text: &'text str,
    at: usize,
    is_odd: bool,
}

/// Goes through a whole text by `step`.
///
/// # Errors
/// If it is not laid out like that.
pub(super) fn read<'text, T>(
    text: &'text str,
    step: impl FnOnce(&mut Place<'text>) -> Option<T>,
) -> serde_json::Result<T> {
    let mut place = Place { text, at: 0, is_odd: false };
    let read = step(&mut place).filter(|_| place.next().is_none());
    read.ok_or_else(|| serde_json::Error::custom("fields are not where they should be"))
}

/// The content of a JSON string, as strict parsers read it once it is repaired; `None` if the JSON is
/// something else.
pub(super) fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let repaired = strict::repair(raw);
    let strict = repaired.as_ref().map_or(raw, |repaired| &repaired.text);
    serde_json::from_str(strict).ok().map(Cow::Owned)
}

/// A text as a JSON string, without U+0000.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('\0', "")).to_string()
}

impl<'text> Place<'text> {
    /// Goes behind an object; `field` is called at the name of each field, and has to go behind its
    /// value.
    pub(super) fn object(&mut self, field: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence(b'{', field, b'}')
    }

    /// Goes behind a list; `item` is called at each item, and has to go behind it.
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

    /// Goes behind a name and its colon, if the name is spelled like this, quotes and all.
    pub(super) fn is_name(&mut self, quoted: &str) -> bool {
        let _quote = self.next();
        let is_it = self.rest().is_some_and(|rest| rest.starts_with(quoted.as_bytes()));
        let end = self.at + quoted.len();
        is_it && self.go_behind_colon(end).is_some()
    }

    /// Goes behind a name and its colon.
    pub(super) fn name(&mut self) -> Option<Cow<'text, str>> {
        self.next()?;
        let begin = self.at;
        let end = self.string_end()?;
        self.go_behind_colon(end)?;
        unquote(self.text.get(begin..end)?)
    }

    /// Goes behind a value.
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

    /// Is an object next?
    pub(super) fn is_object(&mut self) -> bool {
        self.next() == Some(b'{')
    }

    /// Is a list next?
    pub(super) fn is_list(&mut self) -> bool {
        self.next() == Some(b'[')
    }

    /// What `step` goes through from here on, and what it makes of that.
    pub(super) fn passed<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(&'text str, T)> {
        let begin = self.at;
        let found = step(self)?;
        Some((self.text.get(begin..self.at)?, found))
    }

    /// Returns `true` if something was passed that strict parsers may refuse.
    pub(super) fn is_odd(&self) -> bool {
        self.is_odd
    }

    fn rest(&self) -> Option<&'text [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    /// The next byte that is no layout; this place is moved to it.
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

    /// The place behind the object or array that begins here.
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

    /// The place behind the number that goes on here.
    fn number_end(&mut self) -> usize {
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        let number = rest.get(..length).unwrap_or_default();
        self.is_odd |= length > LONG_NUMBER || memchr2(b'e', b'E', number).is_some();
        self.at + length
    }

    /// The place behind the string that begins here.
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
