//! In-order commit of pieces that finish in any order.

use std::collections::BTreeMap;

/// Tracks pieces in progress, numbered from 0 in commit order.
#[derive(Debug)]
pub struct CommitTracker<T> {
    /// Checkpoints of finished pieces that wait for earlier pieces to finish.
    finished: BTreeMap<usize, T>,
    /// First piece that is not finished.
    next: usize,
}

impl<T> Default for CommitTracker<T> {
    fn default() -> Self {
        Self { finished: BTreeMap::new(), next: 0 }
    }
}

impl<T> CommitTracker<T> {
    /// Marks a piece as finished; `covered` becomes valid once all earlier pieces are finished.
    /// Returns the latest checkpoint that has become valid, or `None` if none has.
    pub fn finish(&mut self, piece: usize, covered: T) -> Option<T> {
        self.finished.insert(piece, covered);
        let mut latest = None;
        while let Some(covered) = self.finished.remove(&self.next) {
            self.next += 1;
            latest = Some(covered);
        }
        latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pieces_without_a_gap_before_them_are_finished() {
        let mut done = CommitTracker::default();
        for (piece, expected) in [(2, None), (0, Some("a")), (1, Some("c")), (3, Some("d"))] {
            assert_eq!(done.finish(piece, ["a", "b", "c", "d"][piece]), expected, "{piece}");
        }
    }
}
