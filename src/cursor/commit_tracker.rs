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
    /// Marks a piece as finished; `claim` becomes valid once all earlier pieces are finished.
    /// Returns the latest checkpoint that has become valid, or `None` if none has.
    pub fn finish(&mut self, piece: usize, claim: T) -> Option<T> {
        self.finished.insert(piece, claim);
        let mut latest = None;
        while let Some(claim) = self.finished.remove(&self.next) {
            self.next += 1;
            latest = Some(claim);
        }
        latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_gap_before_it_is_claimed() {
        let mut done = CommitTracker::default();
        for (piece, expected) in [(2, None), (0, Some("a")), (1, Some("c")), (3, Some("d"))] {
            assert_eq!(done.finish(piece, ["a", "b", "c", "d"][piece]), expected, "{piece}");
        }
    }
}
