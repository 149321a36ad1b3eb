//! State of a stream: how far it has been read.
//!
//! The types here are independent of any wire format; [`StateCodec`](super::StateCodec) converts
//! them. A state may only cover records that have been emitted.

use std::collections::{BTreeMap, BTreeSet};

use super::position::{BadState, FIRST, TimeBounds, public_cursor};
use super::ranges::IdRange;
use super::task::ReadMode;
use crate::time::{Millis, write_instant};

/// State of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamState {
    /// Nothing has been read.
    #[default]
    Unread,
    /// Every change before a position has been emitted.
    Complete(Position),
    /// A scan has been interrupted.
    Scan(ScanProgress),
    /// The parents of a substream have been read up to positions of their own.
    Parents(ParentPositions),
    /// A full refresh of a substream without a cursor has been interrupted.
    FinishedParents(FinishedParents),
    /// A stream without a cursor has been read to its end.
    NoCursor,
}

/// Position up to which a stream has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Everything modified before this instant has been emitted.
    pub end: Millis,
    /// Every change before this instant has been searched for again after the worst index lag.
    /// `None` stands for `end` minus the worst lag.
    pub reconciled_until: Option<Millis>,
}

/// Progress of an unfinished scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProgress {
    pub mode: ReadMode,
    pub lower: Millis,
    pub upper: Millis,
    /// Id ranges still to read. Every record outside of them has been emitted.
    pub remaining: Vec<IdRange>,
    /// Airbyte generation that the records were emitted for.
    pub generation: Option<i64>,
    /// Value of [`Position::reconciled_until`] once the scan is finished.
    pub reconciled_until: Option<Millis>,
    /// Fingerprint of the conditions that filter records out; `None` without a filter.
    pub filter: Option<String>,
}

/// Positions by parent id; `None` if the parent has not been read at all.
pub type Partitions = BTreeMap<String, Option<Millis>>;

/// Positions of a substream with a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParentPositions {
    /// Positions of the parents that differ from `others`.
    pub positions: Partitions,
    /// Position of the parents that are not listed; `None` if they have not been read at all.
    pub others: Option<Millis>,
    /// Position of the parents that the last read finished. The cursor that is written for it is
    /// earlier.
    pub end: Option<Millis>,
    /// Value of `end` in the state that a read in progress started from.
    pub previous_end: Option<Millis>,
    /// Generation of the full refresh in progress, if the positions belong to one.
    pub generation: Option<i64>,
}

/// Parents that a full refresh in progress has read to their end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FinishedParents {
    pub ids: BTreeSet<String>,
    pub generation: Option<i64>,
}

/// Everything that the saved state of a stream holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedState {
    /// State of the stream's own read.
    pub main: StreamState,
    /// States of further reads of the same stream, by name.
    pub sections: BTreeMap<String, StreamState>,
    /// Reason for ignoring a part of the state, if one was ignored.
    pub ignored: Option<IgnoredPart>,
}

/// Reason for ignoring a part of a saved state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredPart {
    /// The cursor differs from the one that this connector's key was written with.
    OtherCursor,
    /// The position is later than both clocks.
    Ahead(Millis),
}

impl ScanProgress {
    /// Returns the cursor to write: no later than the start of the window or the
    /// `reconciled_until` instant.
    pub(super) fn cursor(&self) -> Millis {
        public_cursor(self.upper, self.reconciled_until).min(self.start())
    }

    /// Returns the start of the window as written in the state.
    fn start(&self) -> Millis {
        if self.lower == Millis::MIN { FIRST } else { self.lower }
    }

    /// Returns `true` if the progress was written together with this cursor. Earlier versions wrote
    /// the start of the window as the cursor.
    pub(super) fn is_of(&self, cursor: Option<Millis>) -> bool {
        cursor.is_none_or(|cursor| cursor == self.cursor() || cursor == self.start())
    }
}

impl StreamState {
    /// Returns the state of a read up to `end` without changes to search again.
    pub fn read_until(end: Millis) -> Self {
        Self::Complete(Position { end, reconciled_until: None })
    }

    /// Returns the position up to which everything has been emitted, if there is one.
    pub fn position(&self) -> Option<Millis> {
        match self {
            Self::Complete(position) => Some(position.end),
            Self::Parents(parents) => parents.others,
            Self::Unread | Self::Scan(_) | Self::FinishedParents(_) | Self::NoCursor => None,
        }
    }

    /// Returns the instant before which every change has been searched for again, if the state has
    /// one.
    pub fn reconciled_until(&self) -> Option<Millis> {
        if let Self::Complete(position) = self { position.reconciled_until } else { None }
    }

    /// Returns `true` if a scan has been interrupted.
    pub fn is_scan(&self) -> bool {
        matches!(self, Self::Scan(_))
    }

    /// Returns the scan to resume, if one was interrupted. A full refresh resumes only within its
    /// generation; otherwise the destination may have dropped the records read so far.
    pub fn interrupted(
        &self,
        full_refresh: bool,
        generation: Option<i64>,
    ) -> Option<&ScanProgress> {
        let Self::Scan(progress) = self else { return None };
        (!full_refresh || is_same(progress.generation, generation)).then_some(progress)
    }

    /// Adapts the state to a read with this filter. Progress of a scan with another filter is
    /// reduced to the position at which its window started.
    fn under(self, filter: Option<&str>) -> Self {
        match &self {
            Self::Scan(progress) if progress.filter.as_deref() != filter => {
                let &ScanProgress { lower, reconciled_until, .. } = progress;
                if lower == Millis::MIN {
                    Self::Unread
                } else {
                    Self::Complete(Position { end: lower, reconciled_until })
                }
            }
            Self::Unread
            | Self::Complete(_)
            | Self::Scan(_)
            | Self::Parents(_)
            | Self::FinishedParents(_)
            | Self::NoCursor => self,
        }
    }

    /// Returns every instant up to which the state says that something has been read.
    fn ends(&self) -> Vec<Millis> {
        match self {
            Self::Complete(position) => vec![position.end],
            Self::Scan(progress) => vec![progress.upper],
            Self::Parents(parents) => {
                parents.positions.values().copied().flatten().chain(parents.others).collect()
            }
            Self::Unread | Self::FinishedParents(_) | Self::NoCursor => Vec::new(),
        }
    }

    /// Drops positions that are later than both clocks, and returns the last of them.
    fn without_future(&mut self, bounds: &TimeBounds) -> Result<Option<Millis>, BadState> {
        match self {
            Self::Complete(position) if bounds.is_ahead(position.end) => {
                let end = position.end;
                *self = Self::Unread;
                Ok(Some(end))
            }
            Self::Scan(progress) if bounds.is_ahead(progress.upper) => Err(BadState(format!(
                "its `source_hubspot` has a `to` in the future: {}",
                write_instant(progress.upper)
            ))),
            Self::Parents(parents) => {
                let positions =
                    [&mut parents.others].into_iter().chain(parents.positions.values_mut());
                let dropped = positions
                    .filter_map(|position| position.take_if(|position| bounds.is_ahead(*position)));
                Ok(dropped.last())
            }
            Self::Unread
            | Self::Complete(_)
            | Self::Scan(_)
            | Self::FinishedParents(_)
            | Self::NoCursor => Ok(None),
        }
    }
}

impl ParentPositions {
    /// Returns `true` if the positions were read for this generation of a full refresh.
    pub fn is_of(&self, generation: Option<i64>) -> bool {
        is_same(self.generation, generation)
    }
}

impl FinishedParents {
    /// Returns `true` if the parents were read for this generation of a full refresh.
    pub fn is_of(&self, generation: Option<i64>) -> bool {
        is_same(self.generation, generation)
    }
}

impl SavedState {
    /// Returns the state of a further read of the stream.
    pub fn section(&self, name: &str) -> &StreamState {
        self.sections.get(name).unwrap_or(&StreamState::Unread)
    }

    /// Adapts the state to a read with this filter: see [`ScanProgress::filter`].
    #[must_use]
    pub fn under(self, filter: Option<&str>) -> Self {
        let Self { main, sections, ignored } = self;
        let sections = sections.into_iter().map(|(name, state)| (name, state.under(filter)));
        Self { main: main.under(filter), sections: sections.collect(), ignored }
    }

    fn states(&self) -> impl Iterator<Item = &StreamState> {
        [&self.main].into_iter().chain(self.sections.values())
    }

    /// Returns `true` if any instant in the state is later than both clocks.
    pub fn is_ahead_of(&self, bounds: &TimeBounds) -> bool {
        self.states().flat_map(StreamState::ends).any(|moment| bounds.is_ahead(moment))
    }

    /// Drops positions that the clocks of `bounds` show to be wrong.
    ///
    /// A position later than both clocks was written under a wrong clock, so what had been read by
    /// then is unknown and everything is read again.
    ///
    /// # Errors
    /// If a scan in progress ends later than both clocks.
    pub fn by_the_clock(mut self, bounds: &TimeBounds) -> Result<Self, BadState> {
        for state in [&mut self.main].into_iter().chain(self.sections.values_mut()) {
            if let Some(ahead) = state.without_future(bounds)? {
                self.ignored = Some(IgnoredPart::Ahead(ahead));
            }
        }
        Ok(self)
    }
}

impl From<StreamState> for SavedState {
    fn from(main: StreamState) -> Self {
        Self { main, ..Self::default() }
    }
}

/// Returns `true` if both generations are known and equal. A refresh without a generation is never
/// resumed.
fn is_same(saved: Option<i64>, generation: Option<i64>) -> bool {
    generation.is_some() && saved == generation
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record_id::RecordId;

    #[test]
    fn progress_holds_only_for_what_it_left_out() {
        let scan = |lower, filter: Option<&str>| {
            StreamState::Scan(ScanProgress {
                mode: ReadMode::Search,
                lower,
                upper: Millis::new(2_000),
                remaining: vec![IdRange { from: RecordId::new(7), end: None }],
                generation: None,
                reconciled_until: None,
                filter: filter.map(str::to_owned),
            })
        };
        let from = Millis::new(1_000);
        let until = StreamState::read_until;
        for (case, saved, filter, expected) in [
            ("none, none", scan(from, None), None, scan(from, None)),
            ("the same", scan(from, Some("f1")), Some("f1"), scan(from, Some("f1"))),
            ("another", scan(from, Some("f1")), Some("f2"), until(from)),
            ("no longer any", scan(from, Some("f1")), None, until(from)),
            ("a first one", scan(Millis::MIN, None), Some("f1"), StreamState::Unread),
            ("a finished read", until(Millis::EPOCH), Some("f1"), until(Millis::EPOCH)),
        ] {
            let sections = BTreeMap::from([("archived".to_owned(), saved.clone())]);
            let state = SavedState { sections, ..saved.into() }.under(filter);
            assert_eq!(state.section("archived"), &expected, "{case}, as a section");
            assert_eq!(state.main, expected, "{case}");
        }
    }

    #[test]
    fn what_lies_ahead_of_both_clocks_is_not_relied_on() {
        const HOUR: Duration = Duration::from_hours(1);
        const NOW: Millis = Millis::new(1_709_294_400_000);
        let bounds = TimeBounds {
            started: NOW.saturating_sub(HOUR),
            latest: NOW,
            unfinished: Duration::ZERO,
            start_date: None,
            lookback: Duration::ZERO,
            index_lag: Duration::ZERO,
            worst_lag: Duration::ZERO,
        };
        for (case, ahead, kept) in [
            ("behind both", -90, true),
            ("behind one", -30, true),
            ("as far ahead as clocks differ", 5, true),
            ("ahead", 6, false),
        ] {
            let moment = Millis::new(NOW.get() + ahead * 60_000);
            let parents = |others, own| {
                StreamState::Parents(ParentPositions {
                    positions: [("a".into(), own), ("b".into(), Some(Millis::new(5)))].into(),
                    others,
                    ..ParentPositions::default()
                })
            };
            let reconciled_until = Some(moment.saturating_sub(HOUR));
            let complete = StreamState::Complete(Position { end: moment, reconciled_until });
            for (saved, dropped) in [
                (complete.clone(), StreamState::Unread),
                (parents(Some(moment), Some(moment)), parents(None, None)),
                (parents(None, Some(moment)), parents(None, None)),
            ] {
                let section = ("archived".to_owned(), complete.clone());
                let saved = SavedState { sections: [section].into(), ..saved.into() };
                assert_eq!(saved.is_ahead_of(&bounds), !kept, "{case}");
                let reliable = saved.clone().by_the_clock(&bounds).unwrap();
                if kept {
                    assert_eq!(reliable, saved, "{case}");
                } else {
                    assert_eq!(reliable.main, dropped, "{case}");
                    assert_eq!(reliable.section("archived"), &StreamState::Unread, "{case}");
                    assert_eq!(reliable.ignored, Some(IgnoredPart::Ahead(moment)), "{case}");
                }
            }
            let scan = StreamState::Scan(ScanProgress {
                mode: ReadMode::List,
                lower: Millis::EPOCH,
                upper: moment,
                remaining: vec![IdRange::ALL],
                generation: None,
                reconciled_until: None,
                filter: None,
            });
            let judged = SavedState::from(scan).by_the_clock(&bounds).map(|_| ());
            let moment = write_instant(moment);
            let bad = format!("its `source_hubspot` has a `to` in the future: {moment}");
            assert_eq!(judged, if kept { Ok(()) } else { Err(BadState(bad)) }, "{case}");
        }
    }

    #[test]
    fn a_full_refresh_resumes_within_its_generation_only() {
        for (saved, full_refresh, generation, resumes) in [
            (Some(3), true, Some(3), true),
            (Some(3), true, Some(4), false),
            (Some(3), true, None, false),
            (None, true, None, false),
            (None, false, None, true),
            (Some(3), false, Some(4), true),
        ] {
            let scan = StreamState::Scan(ScanProgress {
                mode: ReadMode::List,
                lower: Millis::EPOCH,
                upper: Millis::new(1),
                remaining: vec![IdRange::ALL],
                generation: saved,
                reconciled_until: None,
                filter: None,
            });
            assert_eq!(scan.interrupted(full_refresh, generation).is_some(), resumes);
        }
    }
}
