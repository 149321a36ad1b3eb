//! Recordings of calls and meetings.

use super::super::spec::{CursorField, ReadStrategy, Schema, StreamSpec};
use super::super::transform::recordings;
use super::{MODIFIED, PLAIN};
use crate::cursor::CursorFormat;

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "call_recordings",
        strategy: ReadStrategy::Recordings {
            object: "calls",
            modified: MODIFIED,
            urls: recordings::CALL_URLS,
        },
        primary_key: &["call_id"],
        schema: Schema::Static(include_str!("../../../schemas/call_recordings.json")),
        transform: Some(recordings::call),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-calls-v3/guide",
        ..RECORDING
    },
    StreamSpec {
        name: "meeting_recordings",
        strategy: ReadStrategy::Recordings {
            object: "meetings",
            modified: MODIFIED,
            urls: recordings::MEETING_URLS,
        },
        primary_key: &["meeting_id"],
        schema: Schema::Static(include_str!("../../../schemas/meeting_recordings.json")),
        transform: Some(recordings::meeting),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide",
        ..RECORDING
    },
];

/// Base definition of both recording streams.
const RECORDING: StreamSpec<'static> = StreamSpec {
    strategy: ReadStrategy::Recordings { object: "", modified: MODIFIED, urls: &[] },
    primary_key: &[],
    cursor: Some(CursorField { name: MODIFIED, source_defined: false, format: CursorFormat::Iso }),
    scopes: &["crm.objects.contacts.read"],
    ..PLAIN
};
