//! From pages to records on their way out, for families that read several pages at a time.

use std::cell::{Cell, RefCell};

use serde_json::Value;

use super::{Receipt, unreadable};
use crate::error::Error;
use crate::hubspot::Page;
use crate::protocol::StreamState;
use crate::record::{Encoder, Record};
use crate::streams::context::{Context, Planned};
use crate::streams::spec::StreamSpec;
use crate::time;

/// Encodes and sends the records of one stream, from whichever request they come.
pub(super) struct Emitter<'a> {
    context: &'a Context<'a>,
    row: &'a StreamSpec<'a>,
    encoder: RefCell<Encoder<'a>>,
    records: Cell<u64>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a Planned<'a>) -> Self {
        Self {
            context,
            row: &stream.row,
            encoder: RefCell::new(Encoder::new(&context.name, &stream.columns)),
            records: Cell::new(0),
        }
    }

    /// Sends the wanted records of a page, each with a constant field if there is one; returns
    /// how many.
    pub(super) async fn send(
        &self,
        page: &Page,
        constant: Option<(&str, &str)>,
        wants: impl Fn(&Record<'_>) -> bool,
    ) -> Result<u64, Error> {
        let (lines, count) = self
            .encode(page, constant, wants)
            .map_err(|error| unreadable(&self.context.name, error))?;
        if count > 0 {
            self.records.set(self.records.get() + count);
            self.context.send(lines, count, None).await?;
        }
        Ok(count)
    }

    /// Claims what a state says of everything sent so far.
    pub(super) async fn claim(&self, state: StreamState) -> Result<(), Error> {
        self.context.send(Vec::new(), 0, Some(state)).await
    }

    pub(super) fn receipt(&self) -> Receipt {
        Receipt { records: self.records.get(), nulled: self.encoder.borrow().nulled() }
    }

    fn encode(
        &self,
        page: &Page,
        constant: Option<(&str, &str)>,
        wants: impl Fn(&Record<'_>) -> bool,
    ) -> serde_json::Result<(Vec<u8>, u64)> {
        let emitted_at_ms = time::now_ms();
        let mut encoder = self.encoder.borrow_mut();
        let (mut lines, mut count) = (Vec::with_capacity(2 * page.size()), 0);
        for text in page.records() {
            let reshaped = reshaped(self.row, text, constant)?;
            let record = Record::parse(reshaped.as_deref().unwrap_or(text))?;
            if wants(&record) {
                count += u64::from(encoder.push(&record, &[], emitted_at_ms, &mut lines)?);
            }
        }
        Ok((lines, count))
    }
}

/// A record in the shape of its stream, with a constant field if there is one; `None` if it has
/// that shape already.
pub(super) fn reshaped(
    row: &StreamSpec<'_>,
    text: &str,
    constant: Option<(&str, &str)>,
) -> serde_json::Result<Option<String>> {
    if row.reshape.is_none() && constant.is_none() {
        return Ok(None);
    }
    let mut fields = serde_json::from_str(text)?;
    if let Some((field, value)) = constant {
        let _absent = serde_json::Map::insert(&mut fields, field.to_owned(), Value::from(value));
    }
    if let Some(reshape) = row.reshape {
        reshape(&mut fields);
    }
    serde_json::to_string(&fields).map(Some)
}
