//! Property history: older versions of property values.

use crate::portal::definition::{Definition, Origin, Role};
use crate::portal::hash::{mix, mix2};
use crate::portal::text::{push_iso, push_string, push_u64};
use crate::portal::value;
use crate::portal::view::View;

const SOURCES: &[&str] = &["CRM_UI", "IMPORT", "FORM", "INTEGRATION", "AUTOMATION_PLATFORM"];

/// Appends the versions of one property as a JSON array, newest first, at most `kept` of them.
pub(crate) fn push_history(
    out: &mut Vec<u8>,
    view: &View<'_>,
    definition: &Definition,
    property: usize,
    kept: usize,
) {
    out.push(b'[');
    let mut written = 0;
    let edits = view.edits.iter().rev().filter(|edit| edit.property == property);
    for edit in edits.take(kept) {
        let text = edit.value.as_deref().unwrap_or_default();
        push_version(out, written, edit.at_ms, 0, |out| push_string(out, text));
        written += 1;
    }
    for age in 0..initial_versions(view, definition).min(kept - written) {
        let hash = mix(view.key ^ definition.salt);
        // Two versions can share an instant, so an instant does not identify a version.
        let step = if age % 4 == 3 { age - 1 } else { age };
        let at_ms = initial_instant(view, hash, step);
        push_version(out, written, at_ms, hash >> 7, |out| {
            if age == 0 {
                let unedited = View { edits: &[], ..*view };
                unedited.push_json(out, definition, property);
            } else {
                value::push_json(out, definition.kind, mix2(hash, age as u64) | 0xFF);
            }
        });
        written += 1;
    }
    out.push(b']');
}

/// Appends the history of a restless property as of now: two versions that are new at every read.
pub(crate) fn push_restless_history(out: &mut Vec<u8>, reading: u64, now_ms: i64) {
    out.push(b'[');
    for (written, age) in [0, 1].into_iter().enumerate() {
        push_version(out, written, now_ms - age * 60_000, 5, |out| {
            out.push(b'"');
            push_u64(out, reading.saturating_sub(written as u64));
            out.push(b'"');
        });
    }
    out.push(b']');
}

/// Returns the number of versions before any change: mostly one or two, occasionally very many.
fn initial_versions(view: &View<'_>, definition: &Definition) -> usize {
    let hash = mix2(view.key, definition.salt);
    match definition.role {
        _ if definition.calculated || definition.origin == Origin::Late => 0,
        Role::Id | Role::Created | Role::Email => 1,
        Role::MergedIds | Role::MergedVids | Role::Modified | Role::Restless => 0,
        Role::Plain => {
            let unedited = View { edits: &[], ..*view };
            match hash % 64 {
                0 => 60,
                few if unedited.text(definition, usize::MAX).is_some() => {
                    usize::try_from(few % 4).unwrap_or_default() + 1
                }
                _ => 0,
            }
        }
    }
}

/// Returns the instant of an initial version, never before the creation date. Changes do not affect
/// it.
fn initial_instant(view: &View<'_>, hash: u64, age: usize) -> i64 {
    let newest = view.first_modified_ms.min(view.created_ms + 60_000 * 60 * 24 * 300);
    let step = 1 + i64::try_from(hash % 86_400_000).unwrap_or_default();
    let at_ms = newest - step * i64::try_from(age).unwrap_or_default();
    at_ms.max(view.created_ms)
}

fn push_version(
    out: &mut Vec<u8>,
    written: usize,
    at_ms: i64,
    random: u64,
    value: impl FnOnce(&mut Vec<u8>),
) {
    if written > 0 {
        out.push(b',');
    }
    out.extend_from_slice(b"{\"value\":");
    value(out);
    out.extend_from_slice(b",\"timestamp\":\"");
    push_iso(out, at_ms);
    out.extend_from_slice(b"\",\"sourceType\":\"");
    let place = usize::try_from(random).unwrap_or_default() % SOURCES.len();
    out.extend_from_slice(SOURCES.get(place).copied().unwrap_or_default().as_bytes());
    out.push(b'"');
    if random % 5 == 2 {
        out.extend_from_slice(b",\"sourceLabel\":\"Imported \xe2\x80\x93 \\\"all\\\"\"");
    }
    if random & 1 == 0 {
        out.extend_from_slice(b",\"sourceId\":\"userId:771\",\"updatedByUserId\":");
        push_u64(out, 771);
    }
    out.push(b'}');
}
