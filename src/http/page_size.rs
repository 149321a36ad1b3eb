//! Adaptive page size, lowered while pages fail.

use std::cell::Cell;

/// Page size of one list, shared by all requests for its pages.
///
/// A page can fail because of its size: it takes too long to produce (500, 502, 504) or exceeds the
/// maximum body size. The size is then halved, down to one record, and doubled again as pages
/// arrive.
#[derive(Debug)]
pub struct PageSize {
    most: usize,
    now: Cell<usize>,
}

impl PageSize {
    /// Creates a page size that starts at `most` and never exceeds it.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, now: Cell::new(most) }
    }

    /// Returns the size to request next.
    pub fn now(&self) -> usize {
        self.now.get()
    }

    /// Records that a page of this size failed. Returns the size to try instead, or `None` if the
    /// page had a single record.
    pub(super) fn halve(&self, size: usize) -> Option<usize> {
        let half = size / 2;
        self.now.set(self.now.get().min(half.max(1)));
        (half > 0).then_some(half)
    }

    /// Records that a page requested with this size has arrived.
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
