//! What may be claimed of pieces that are finished in any order.

use std::collections::BTreeMap;

/// Pieces under way, numbered from 0 in the order in which they may be claimed.
#[derive(Debug)]
pub struct Gapless<T> {
    /// What may be claimed once the pieces before it are finished, too.
    finished: BTreeMap<usize, T>,
    /// The first piece that is not finished.
    next: usize,
}

impl<T> Default for Gapless<T> {
    fn default() -> Self {
        Self { finished: BTreeMap::new(), next: 0 }
    }
}

impl<T> Gapless<T> {
    /// Takes note that a piece is finished, after which `claim` holds if all before it are finished.
    /// Returns the latest claim that holds from now on; `None` if none more does.
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
        let mut done = Gapless::default();
        for (piece, expected) in [(2, None), (0, Some("a")), (1, Some("c")), (3, Some("d"))] {
            assert_eq!(done.finish(piece, ["a", "b", "c", "d"][piece]), expected, "{piece}");
        }
    }
}
