//! The envelope that HubSpot puts around records.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::Undecodable;

/// One answer, parsed only as deep as paging needs: the records stay slices of the body.
#[derive(Debug)]
pub struct Page {
    body: Bytes,
    records: Vec<Range<usize>>,
    /// What asks for the next page; only its absence ends a scan, never a short page.
    pub next: Option<Link>,
    /// How many records a search matches in all.
    pub total: Option<u64>,
}

/// HubSpot's page token, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// The token as it stands in a query.
    pub(super) fn encoded(&self) -> impl std::fmt::Display {
        percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC)
    }

    /// The record id that the token stands for, where it is one: an inclusive lower bound.
    pub fn as_id(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

#[derive(Deserialize)]
struct Envelope<'body> {
    #[serde(borrow)]
    results: Vec<&'body RawValue>,
    #[serde(borrow, default)]
    paging: Option<Paging<'body>>,
    #[serde(default)]
    total: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Paging<'body> {
    #[serde(borrow, default)]
    next: Option<Next<'body>>,
}

#[derive(Deserialize)]
struct Next<'body> {
    #[serde(borrow)]
    after: Token<'body>,
}

/// A token is text in every answer seen so far; a number is read as its digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Token<'body> {
    Text(#[serde(borrow)] Cow<'body, str>),
    Number(u64),
}

impl Paging<'_> {
    pub(super) fn into_link(self) -> Option<Link> {
        self.next.map(|next| match next.after {
            Token::Text(text) => Link(text.into_owned()),
            Token::Number(number) => Link(number.to_string()),
        })
    }
}

impl Page {
    /// Reads a page of `results`.
    pub fn decode(body: &Bytes) -> Result<Self, Undecodable> {
        let text = text(body)?;
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        let start = text.as_ptr() as usize;
        let records = envelope
            .results
            .iter()
            .map(|raw| {
                let from = raw.get().as_ptr() as usize - start;
                from..from + raw.get().len()
            })
            .collect();
        let (next, total) = (envelope.paging.and_then(Paging::into_link), envelope.total);
        Ok(Self { body: body.clone(), records, next, total })
    }

    /// Takes the whole body as the only record.
    pub fn single(body: &Bytes) -> Result<Self, Undecodable> {
        let text = text(body)?;
        let record: &RawValue = serde_json::from_str(text)?;
        let from = record.get().as_ptr() as usize - text.as_ptr() as usize;
        let records = std::iter::once(from..from + record.get().len()).collect();
        Ok(Self { body: body.clone(), records, next: None, total: None })
    }

    /// The records as JSON text.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &str> {
        // Decoding has checked both; an impossible failure would show up as an unreadable record.
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        self.records.iter().map(move |range| text.get(range.clone()).unwrap_or_default())
    }

    /// Size of the answer in bytes.
    pub fn size(&self) -> usize {
        self.body.len()
    }
}

fn text(body: &Bytes) -> Result<&str, Undecodable> {
    std::str::from_utf8(body).map_err(|error| Undecodable::Garbled(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &'static str) -> Result<Page, Undecodable> {
        Page::decode(&Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn records_are_slices_of_the_body() {
        let page = decode(r#" {"total":23,"results":[{"id":"1","x":"\u00e9"} , {"id":"2"}],"paging":{"next":{"after":"3","link":"l"}}}"#).unwrap();
        assert_eq!(
            page.records().collect::<Vec<_>>(),
            [r#"{"id":"1","x":"\u00e9"}"#, r#"{"id":"2"}"#]
        );
        assert_eq!((page.next, page.total), (Some(Link::new("3")), Some(23)));
    }

    #[test]
    fn the_last_page_has_no_link() {
        for body in [
            r#"{"results":[]}"#,
            r#"{"results":[],"paging":null}"#,
            r#"{"results":[],"paging":{"prev":{"before":"1"}}}"#,
        ] {
            assert_eq!(decode(body).unwrap().next, None, "{body}");
        }
        let number = decode(r#"{"results":[],"paging":{"next":{"after":7}}}"#).unwrap();
        assert_eq!(number.next.and_then(|link| link.as_id()), Some(7));
    }

    #[test]
    fn damage_is_told_from_a_changed_shape() {
        for (body, garbled) in [
            (r#"{"results":[{"id":"1"}"#, true),
            ("<html>", true),
            ("", true),
            (r#"{"items":[]}"#, false),
            (r#"{"results":7}"#, false),
        ] {
            let error = decode(body).unwrap_err();
            assert_eq!(matches!(error, Undecodable::Garbled(_)), garbled, "{body}: {error:?}");
        }
        let latin = Page::decode(&Bytes::from_static(b"{\"results\":[\"\xe9\"]}"));
        assert!(matches!(latin, Err(Undecodable::Garbled(_))));
    }

    #[test]
    fn a_single_record_is_the_body() {
        let page = Page::single(&Bytes::from_static(b" {\"portalId\":1}\n")).unwrap();
        assert_eq!(page.records().collect::<Vec<_>>(), [r#"{"portalId":1}"#]);
    }
}
