//! Checkpoints of a stream, which may consist of several reads.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::cursor::{SavedState, StateCodec, StreamState};
use crate::protocol::StateBlob;

/// One of the reads that a stream consists of. Each has a state of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The read that every stream has.
    Main,
    /// A further read, by the name it has in the state.
    Named(&'static str),
}

/// Latest state of each read of a stream. Every checkpoint holds all of them.
#[derive(Debug)]
pub struct Checkpoints<'a> {
    codec: StateCodec<'a>,
    main: RefCell<StreamState>,
    sections: RefCell<BTreeMap<String, StreamState>>,
}

impl<'a> Checkpoints<'a> {
    /// Starts with the saved states, which hold until a read records a new one.
    pub fn new(codec: StateCodec<'a>, saved: &SavedState) -> Self {
        let (main, sections) = (saved.main.clone(), saved.sections.clone());
        Self { codec, main: RefCell::new(main), sections: RefCell::new(sections) }
    }

    /// Records the state of one read, and returns the state of the stream to write.
    pub fn record(&self, section: Section, state: StreamState) -> StateBlob {
        match section {
            Section::Main => *self.main.borrow_mut() = state,
            Section::Named(name) => {
                self.sections.borrow_mut().insert(name.to_owned(), state);
            }
        }
        self.codec.encode(&self.main.borrow(), &self.sections.borrow())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cursor::{CursorFormat, IdRange, ReadMode, ScanProgress, StateCursor, StateLayout};
    use crate::record_id::RecordId;
    use crate::time::Millis;

    #[test]
    fn a_checkpoint_of_one_read_keeps_the_state_of_the_other() {
        const NOON: Millis = Millis::new(1_709_294_400_000);
        let cursor = StateCursor { field: "updatedAt", selected: None, format: CursorFormat::Iso };
        let codec = StateCodec { cursor: Some(cursor), layout: StateLayout::Flat };
        let scan = |next: u64| {
            StreamState::Scan(ScanProgress {
                mode: ReadMode::List,
                lower: Millis::EPOCH,
                upper: NOON,
                remaining: vec![IdRange { from: RecordId::new(next), end: None }],
                generation: None,
                reconciled_until: None,
                filter: None,
            })
        };
        let archived = Section::Named("archived");
        let mut blob = None;
        let mut saved = SavedState::default();
        for (section, state) in [
            (archived, scan(7)),
            (Section::Main, scan(9)),
            (archived, scan(8)),
            (Section::Main, StreamState::read_until(NOON)),
            (archived, StreamState::read_until(NOON)),
        ] {
            // Every checkpoint may be the one that the next sync starts from.
            let before = saved.clone();
            blob = Some(Checkpoints::new(codec, &saved).record(section, state.clone()));
            saved = codec.decode(blob.as_ref()).unwrap();
            match section {
                Section::Main => {
                    assert_eq!(saved.main.position(), state.position());
                    assert_eq!(
                        (saved.main.is_scan(), &saved.sections),
                        (state.is_scan(), &before.sections)
                    );
                }
                Section::Named(name) => {
                    assert_eq!((saved.section(name), &saved.main), (&state, &before.main));
                }
            }
        }
        let entry = json!({ "version": 1, "end": "2024-03-01T12:00:00.000000Z",
            "settled": "2024-03-01T11:00:00.000000Z",
            "sections": { "archived": { "end": "2024-03-01T12:00:00.000000Z" } } });
        assert_eq!(blob.unwrap()["source_hubspot"], entry);
    }
}
