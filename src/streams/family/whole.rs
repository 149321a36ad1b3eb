//! What streams that are always read whole have in common: what is new is decided by us.

use serde_json::{Map, Value};

use super::{Receipt, unreadable};
use crate::cursor::{complete, no_cursor};
use crate::error::Error;
use crate::hubspot::Page;
use crate::record::{Encoder, Record, conform};
use crate::streams::context::{Context, Planned};
use crate::time::{self, Millis};

/// Fields with the same value in many records.
pub(super) type Constants<'a> = &'a [(&'a str, &'a str)];

/// A stream being read whole.
pub(super) struct Whole<'a> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    encoder: Encoder<'a>,
    /// Records whose cursor is older are dropped.
    from: Millis,
    /// No more than this is claimed in the end.
    until: Millis,
    /// What values are cast to, if they are.
    schema: Option<Value>,
    records: u64,
}

impl<'a> Whole<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a Planned<'a>) -> Self {
        let position = stream.saved.position.filter(|_| !stream.everything);
        let schema = || serde_json::from_str(stream.row.static_fields()).ok();
        Self {
            context,
            stream,
            encoder: Encoder::new(&context.name, &stream.columns),
            from: position.max(context.start_date).unwrap_or(Millis::MIN),
            until: Millis::MAX,
            schema: stream.row.casts.then(schema).flatten(),
            records: 0,
        }
    }

    pub(super) fn encoder(&mut self) -> &mut Encoder<'a> {
        &mut self.encoder
    }

    /// Where the records wanted begin, inclusive.
    pub(super) fn from(&self) -> Millis {
        self.from
    }

    /// When a record was last changed, by its cursor.
    pub(super) fn changed(&self, record: &Record<'_>) -> Option<Millis> {
        let cursor = self.stream.row.cursor?;
        let fill = self.stream.row.defaults.iter().find(|fill| fill.field == cursor.name);
        record.instant(cursor.name).or_else(|| record.instant(fill.and_then(|fill| fill.or)?))
    }

    /// Is a record new enough? One without a cursor value always is.
    pub(super) fn wants(&self, record: &Record<'_>) -> bool {
        self.changed(record).is_none_or(|moment| moment >= self.from)
    }

    /// Sends the wanted records of a page, each with fields that are the same in all of them.
    ///
    /// What is wanted is decided on the record as HubSpot sent it, before it gets its shape.
    pub(super) async fn send(
        &mut self,
        page: &Page,
        constants: Constants<'_>,
    ) -> Result<(), Error> {
        let (mut lines, mut count) = (Vec::new(), 0);
        for text in page.records() {
            if self.wants(&self.parse(text)?) {
                count += self.push(text, constants, &mut lines)?;
            }
        }
        self.send_lines(lines, count).await
    }

    /// Appends a record, and says how many that were: one, or none.
    pub(super) fn push(
        &mut self,
        text: &str,
        constants: Constants<'_>,
        lines: &mut Vec<u8>,
    ) -> Result<u64, Error> {
        if self.stream.row.reshape.is_none() && self.schema.is_none() && constants.is_empty() {
            return self.encode(text, lines);
        }
        let mut fields = self.fields(text)?;
        fields.extend(constants.iter().map(|&(field, value)| (field.into(), value.into())));
        self.push_fields(fields, lines)
    }

    /// Appends a record whose fields have been put together by the caller.
    pub(super) fn push_fields(
        &mut self,
        mut fields: Map<String, Value>,
        lines: &mut Vec<u8>,
    ) -> Result<u64, Error> {
        if let Some(reshape) = self.stream.row.reshape {
            reshape(&mut fields);
        }
        let mut record = Value::Object(fields);
        if let Some(schema) = &self.schema {
            conform(&mut record, schema);
        }
        self.encode(&record.to_string(), lines)
    }

    fn encode(&mut self, text: &str, lines: &mut Vec<u8>) -> Result<u64, Error> {
        let written = Record::parse(text)
            .and_then(|record| self.encoder.push(&record, &[], time::now_ms(), lines));
        written.map(u64::from).map_err(|error| unreadable(&self.context.name, error))
    }

    /// Splits a record into its fields.
    pub(super) fn parse<'page>(&self, text: &'page str) -> Result<Record<'page>, Error> {
        Record::parse(text).map_err(|error| unreadable(&self.context.name, error))
    }

    /// The fields of a record, to be changed.
    pub(super) fn fields(&self, text: &str) -> Result<Map<String, Value>, Error> {
        serde_json::from_str(text).map_err(|error| unreadable(&self.context.name, error))
    }

    pub(super) async fn send_lines(&mut self, lines: Vec<u8>, count: u64) -> Result<(), Error> {
        self.records += count;
        self.context.send(lines, count, None).await
    }

    /// Claims nothing changed at the moment of this record or later, because something of it has
    /// not been written.
    pub(super) fn hold_back_before(&mut self, record: &Record<'_>) {
        if let Some(moment) = self.changed(record) {
            self.until = self.until.min(moment);
        }
    }

    /// Sends the last state: everything that changed before this sync began has been written.
    pub(super) async fn finish(self) -> Result<Receipt, Error> {
        let upper = self.context.bounds().upper().min(self.until);
        let position = self.stream.saved.position.filter(|_| !self.stream.everything);
        let state = match self.stream.row.cursor {
            Some(cursor) => complete(
                cursor.name,
                cursor.format,
                position.map_or(upper, |position| position.max(upper)),
            ),
            None => no_cursor(),
        };
        self.context.send(Vec::new(), 0, Some(state)).await?;
        Ok(Receipt { records: self.records, nulled: self.encoder.nulled() })
    }
}
