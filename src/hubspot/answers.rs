//! Every reader of an answer, for those that try them with bytes no service would send.

use bytes::Bytes;

use super::associations::{self, inline_associations};
use super::page::{Page, PagingKind, Shape};
use super::{account, event_definitions, object_library, properties, schemas};
use crate::http::Undecodable;

/// Reads an answer and forgets it.
pub type Reader = fn(&Bytes) -> Result<(), Undecodable>;

/// Every reader of a success but that of tokens, by what it reads.
pub const ANSWERS: &[(&str, Reader)] = &[
    ("account", |body| account::decode(body).map(drop)),
    ("daily usage", |body| account::decode_usage(body).map(drop)),
    ("associations", |body| associations::read_each(body)),
    ("inline associations", |body| {
        let text = str::from_utf8(body).unwrap_or_default();
        inline_associations(text).map(drop).map_err(Undecodable::from)
    }),
    ("event definitions", |body| event_definitions::decode(body).map(drop)),
    ("object library", |body| object_library::decode(body).map(drop)),
    ("properties", |body| properties::decode(body).map(drop)),
    ("custom objects", |body| schemas::decode(body).map(drop)),
];

/// The names of the lists in all layouts of a page; empty where the page itself is the list.
const LISTS: &[&str] =
    &["", "campaigns", "events", "lists", "results", "subscriptionDefinitions", "timeline"];

/// What a body holds, read as each layout of a page.
pub fn pages(body: &Bytes) -> Vec<Page> {
    let kinds = [PagingKind::None, PagingKind::Link, PagingKind::Offset];
    let layouts = LISTS.iter().flat_map(|&records| kinds.map(|paging| Shape { records, paging }));
    let lists = layouts.filter_map(|shape| Page::decode_as(shape, body).ok());
    lists.chain(Page::single(body)).collect()
}
