//! The response envelope around records.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::batch::BatchNotes;
use super::tolerant::text_or_digits;
use crate::http::{DecodeError, reported_error};

/// A page of records, parsed only as far as needed for pagination: records are slices of the body.
#[derive(Debug)]
pub struct Page {
    body: ByteString,
    records: Vec<Range<usize>>,
    /// Token for the next page. A scan ends only when it is absent, never on a short page.
    pub next: Option<PageToken>,
    /// Total number of records that a search matches.
    pub total: Option<u64>,
}

/// HubSpot's page token, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken(String);

impl PageToken {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the token, percent-encoded for a query.
    pub(super) fn encoded(&self) -> impl std::fmt::Display {
        percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC)
    }

    /// Returns the token as a number, if it is one.
    pub fn as_number(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

/// Page layout of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLayout {
    /// Field that holds the records; empty if the body itself is the list.
    pub records: &'static str,
    pub paging: PagingKind,
}

/// Location of the token for the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagingKind {
    /// There is only one page.
    None,
    /// `paging.next.after`, absent on the last page.
    PageToken,
    /// `offset`, while `hasMore` is true.
    Offset,
}

impl PageLayout {
    /// Layout of nearly all endpoints of v3 and later.
    pub const RESULTS: Self = Self { records: "results", paging: PagingKind::PageToken };
}

/// The parts of a response needed for pagination.
#[derive(Default)]
struct Envelope<'body> {
    records: Option<Vec<&'body RawValue>>,
    paging: Option<Paging<'body>>,
    total: Option<u64>,
    has_more: bool,
    offset: Option<TokenValue<'body>>,
    notes: Map<String, Value>,
}

/// Status fields of the response to a batch read.
const NOTES: [&str; 3] = ["status", "numErrors", "errors"];

/// Deserializes an envelope of a given layout.
struct Opener(PageLayout);

impl<'de> DeserializeSeed<'de> for Opener {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.records.is_empty() {
            let records = Some(Vec::deserialize(deserializer)?);
            return Ok(Envelope { records, ..Envelope::default() });
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Opener {
    type Value = Envelope<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with `{}`", self.0.records)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let field = self.0.records;
        let mut envelope = Envelope::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                name if name == field => envelope.records = map.next_value()?,
                "paging" => envelope.paging = map.next_value()?,
                "total" => {
                    let total: &RawValue = map.next_value()?;
                    envelope.total = total.get().trim_matches('"').parse().ok();
                }
                "hasMore" => envelope.has_more = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "offset" => envelope.offset = map.next_value()?,
                name if NOTES.contains(&name) => {
                    envelope.notes.insert(name.to_owned(), map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

#[derive(Deserialize)]
pub(super) struct Paging<'body> {
    #[serde(borrow, default)]
    next: Option<NextLink<'body>>,
}

#[derive(Deserialize)]
struct NextLink<'body> {
    #[serde(borrow, default)]
    after: Option<TokenValue<'body>>,
}

/// A page token: text in every answer seen so far; a number is read as its digits.
#[derive(Deserialize)]
struct TokenValue<'body>(#[serde(borrow, deserialize_with = "text_or_digits")] Cow<'body, str>);

impl Paging<'_> {
    pub(super) fn into_link(self) -> Option<PageToken> {
        let page_token = self.next?.after?.into_link();
        (!page_token.0.is_empty()).then_some(page_token)
    }
}

impl TokenValue<'_> {
    fn into_link(self) -> PageToken {
        PageToken(self.0.into_owned())
    }
}

impl Page {
    /// Decodes a page with its records in `results`.
    pub fn decode(body: &Bytes) -> Result<Self, DecodeError> {
        Self::decode_as(PageLayout::RESULTS, body)
    }

    /// Decodes the response to a batch read, with its status fields.
    pub(super) fn decode_batch(body: &Bytes) -> Result<(Self, BatchNotes), DecodeError> {
        let (page, notes) = Self::decode_with_notes(PageLayout::RESULTS, body)?;
        Ok((page, serde_json::from_value(Value::Object(notes))?))
    }

    /// Decodes a page of any layout.
    pub fn decode_as(shape: PageLayout, body: &Bytes) -> Result<Self, DecodeError> {
        Self::decode_with_notes(shape, body).map(|(page, _)| page)
    }

    fn decode_with_notes(
        shape: PageLayout,
        body: &Bytes,
    ) -> Result<(Self, Map<String, Value>), DecodeError> {
        let body = text(body)?;
        let mut deserializer = serde_json::Deserializer::from_str(&body);
        let envelope = Opener(shape).deserialize(&mut deserializer)?;
        deserializer.end()?;
        let status = envelope.notes.get("status").and_then(Value::as_str);
        if status.is_some_and(|status| status.eq_ignore_ascii_case("error")) {
            return Err(DecodeError::Incomplete("it says that it is an error".into()));
        }
        if envelope.records.is_none() {
            return Err(DecodeError::Incomplete(format!("it has no `{}`", shape.records)));
        }
        let start = body.as_ptr() as usize;
        let records = envelope
            .records
            .unwrap_or_default()
            .iter()
            .map(|raw| {
                let from = raw.get().as_ptr() as usize - start;
                from..from + raw.get().len()
            })
            .collect();
        let next = match shape.paging {
            PagingKind::PageToken => envelope.paging.and_then(Paging::into_link),
            PagingKind::Offset if envelope.has_more => {
                // HubSpot: treating this as the last page would lose all following ones.
                let offset = envelope.offset.ok_or("`hasMore` is true, and there is no `offset`");
                Some(offset.map_err(|problem| DecodeError::Unexpected(problem.into()))?.into_link())
            }
            PagingKind::Offset | PagingKind::None => None,
        };
        let (total, notes) = (envelope.total, envelope.notes);
        Ok((Self { body, records, next, total }, notes))
    }

    /// Decodes a body that is a single record.
    pub fn single(body: &Bytes) -> Result<Self, DecodeError> {
        let body = text(body)?;
        let record: &RawValue = serde_json::from_str(&body)?;
        if is_error(&body) {
            return Err(DecodeError::Incomplete("it says that it is an error".into()));
        }
        let from = record.get().as_ptr() as usize - body.as_ptr() as usize;
        let records = std::iter::once(from..from + record.get().len()).collect();
        Ok(Self { body, records, next: None, total: None })
    }

    /// Returns the records as JSON text.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &str> {
        // All ranges are within the body; any other would surface as an unreadable record.
        self.records.iter().map(|range| self.body.get(range.clone()).unwrap_or_default())
    }

    /// Keeps the records whose entry in `is_kept` is `true`.
    pub(super) fn keep(&mut self, is_kept: &[bool]) {
        let mut is_kept = is_kept.iter();
        self.records.retain(|_| is_kept.next().copied().unwrap_or_default());
    }

    /// Returns the size of the response body in bytes.
    pub fn size(&self) -> usize {
        self.body.len()
    }
}

/// Returns `true` if the body is an error of HubSpot's and not a record. Records have a `status`
/// too.
fn is_error(body: &str) -> bool {
    memchr::memmem::find(body.as_bytes(), b"\"error\"").is_some()
        && reported_error(body.as_bytes()).is_some()
}

/// Converts the body to text without copying it.
fn text(body: &Bytes) -> Result<ByteString, DecodeError> {
    ByteString::try_from(body.clone()).map_err(|error| DecodeError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &'static str) -> Result<Page, DecodeError> {
        Page::decode(&Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn records_are_slices_of_the_body() {
        let page = decode(r#" {"total":23,"results":[{"id":"1","x":"\u00e9"} , {"id":"2"}],"paging":{"next":{"after":"3","link":"l"}}}"#).unwrap();
        assert_eq!(
            page.records().collect::<Vec<_>>(),
            [r#"{"id":"1","x":"\u00e9"}"#, r#"{"id":"2"}"#]
        );
        assert_eq!((page.next, page.total), (Some(PageToken::new("3")), Some(23)));
    }

    #[test]
    fn the_last_page_has_no_link() {
        for body in [
            r#"{"results":[]}"#,
            r#"{"results":[],"paging":null}"#,
            r#"{"results":[],"paging":{"prev":{"before":"1"}}}"#,
            r#"{"results":[],"paging":{}}"#,
            r#"{"results":[],"paging":{"next":null}}"#,
            r#"{"results":[],"paging":{"next":{}}}"#,
            r#"{"results":[],"paging":{"next":{"after":null,"link":null}}}"#,
            r#"{"results":[],"paging":{"next":{"after":""}},"total":null}"#,
        ] {
            assert_eq!(decode(body).unwrap().next, None, "{body}");
        }
        let total = |body| decode(body).unwrap().total;
        assert_eq!(total(r#"{"results":[],"total":"7"}"#), Some(7));
        assert_eq!(total(r#"{"results":[],"total":{}}"#), None);
        let number = decode(r#"{"results":[],"paging":{"next":{"after":7}}}"#).unwrap();
        assert_eq!(number.next.and_then(|page_token| page_token.as_number()), Some(7));
    }

    #[test]
    fn older_endpoints_lay_pages_out_in_their_own_ways() {
        const OFFSET: PageLayout = PageLayout { records: "lists", paging: PagingKind::Offset };
        const BARE: PageLayout = PageLayout { records: "", paging: PagingKind::None };
        for (shape, body, records, next) in [
            (OFFSET, r#"{"lists":[1,2],"hasMore":true,"offset":20,"total":64}"#, 2, Some("20")),
            (OFFSET, r#"{"offset":"MTA","hasMore":true,"lists":[1]}"#, 1, Some("MTA")),
            (OFFSET, r#"{"lists":[],"hasMore":false,"offset":20}"#, 0, None),
            (OFFSET, r#"{"lists":[],"hasMore":null}"#, 0, None),
            (OFFSET, r#"{"lists":[],"hasMore":false,"offset":null}"#, 0, None),
            (BARE, "[1,2,3]", 3, None),
        ] {
            let page = Page::decode_as(shape, &Bytes::from_static(body.as_bytes())).expect(body);
            assert_eq!(page.records().len(), records, "{body}");
            assert_eq!(page.next.as_ref().map(PageToken::as_str), next, "{body}");
        }
    }

    #[test]
    fn damage_is_told_from_a_changed_shape() {
        for (body, garbled) in [
            (r#"{"results":[{"id":"1"}"#, true),
            ("<html>", true),
            ("", true),
            (r#"{"results":7}"#, false),
        ] {
            let error = decode(body).unwrap_err();
            assert_eq!(matches!(error, DecodeError::Malformed(_)), garbled, "{body}: {error:?}");
        }
        for body in [
            r#"{"items":[]}"#,
            "{}",
            r#"{"results":null}"#,
            r#"{"status":"error","message":"m"}"#,
            r#"{"results":[],"status":"error"}"#,
        ] {
            let error = decode(body).unwrap_err();
            assert!(matches!(error, DecodeError::Incomplete(_)), "{body}: {error:?}");
        }
        assert!(decode(r#"{"results":[],"status":"COMPLETE"}"#).is_ok());
        let latin = Page::decode(&Bytes::from_static(b"{\"results\":[\"\xe9\"]}"));
        assert!(matches!(latin, Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn more_without_an_offset_is_not_the_end() {
        const OFFSET: PageLayout = PageLayout { records: "lists", paging: PagingKind::Offset };
        for body in
            [r#"{"lists":[1],"hasMore":true}"#, r#"{"lists":[1],"hasMore":true,"offset":null}"#]
        {
            let page = Page::decode_as(OFFSET, &Bytes::from_static(body.as_bytes()));
            assert!(matches!(page, Err(DecodeError::Unexpected(_))), "{body}");
        }
    }

    #[test]
    fn a_single_record_is_the_body() {
        let page = Page::single(&Bytes::from_static(b" {\"portalId\":1}\n")).unwrap();
        assert_eq!(page.records().collect::<Vec<_>>(), [r#"{"portalId":1}"#]);
        let single = |body: &'static str| Page::single(&Bytes::from_static(body.as_bytes()));
        assert!(single(r#"{"status":"error","correlationId":"c"}"#).is_err());
        assert!(single(r#"{"id":"7","status":"error"}"#).is_ok(), "a record in a state of error");
    }
}
