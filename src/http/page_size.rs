//! The number of records that a page is asked for with, lowered while pages fail.

use std::cell::Cell;

/// Page size of one list, shared by all requests for its pages.
///
/// A service may be unable to give a page because of its size: it takes too long to make (500, 502,
/// 504), or it is larger than any answer that is read. Half the size is tried then, down to one
/// record, and pages that arrive let it grow back.
#[derive(Debug)]
pub struct PageSize {
    most: usize,
    now: Cell<usize>,
}

impl PageSize {
    /// `most` is the size to begin with, and never exceeded.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, now: Cell::new(most) }
    }

    /// The size to ask for next.
    pub fn now(&self) -> usize {
        self.now.get()
    }

    /// A page of this size cannot be had: returns the size to try instead, `None` if it was one
    /// record already.
    pub(super) fn halve(&self, size: usize) -> Option<usize> {
        let half = size / 2;
        self.now.set(self.now.get().min(half.max(1)));
        (half > 0).then_some(half)
    }

    /// A page that was asked for with this size has arrived.
    pub(super) fn arrived(&self, size: usize) {
        let grown = size.saturating_mul(2).min(self.most);
        self.now.set(self.now.get().max(grown));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shrinks_to_one_record_and_grows_back() {
        let size = PageSize::new(100);
        let mut tried = vec![size.now()];
        while let Some(half) = size.halve(*tried.last().unwrap()) {
            tried.push(half);
        }
        assert_eq!(tried, [100, 50, 25, 12, 6, 3, 1]);
        let mut grown = Vec::new();
        for _ in 0..8 {
            size.arrived(size.now());
            grown.push(size.now());
        }
        assert_eq!(grown, [2, 4, 8, 16, 32, 64, 100, 100]);
    }

    #[test]
    fn a_large_page_that_arrives_restores_the_size_at_once() {
        let size = PageSize::new(100);
        assert_eq!(size.halve(100), Some(50));
        size.arrived(100);
        assert_eq!(size.now(), 100);
    }
}
