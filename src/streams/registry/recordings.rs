//! Recordings of calls and meetings.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{Conversions, ObjectType, ReadStrategy, Recordings};
use super::super::transform::recordings;

const CURSOR: Option<CursorField> = Some(CursorField::iso("hs_lastmodifieddate").replaceable());

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "call_recordings",
        strategy: ReadStrategy::Recordings(Recordings {
            object: ObjectType::named("calls"),
            urls: recordings::CALL_URLS,
            conversions: Conversions::NONE.transform(recordings::call),
        }),
        primary_key: &["call_id"],
        cursor: CURSOR,
        schema: Schema::Static(include_str!("../../../schemas/call_recordings.json")),
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-calls-v3/guide",
    },
    StreamSpec {
        name: "meeting_recordings",
        strategy: ReadStrategy::Recordings(Recordings {
            object: ObjectType::named("meetings"),
            urls: recordings::MEETING_URLS,
            conversions: Conversions::NONE.transform(recordings::meeting),
        }),
        primary_key: &["meeting_id"],
        cursor: CURSOR,
        schema: Schema::Static(include_str!("../../../schemas/meeting_recordings.json")),
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide",
    },
];
