//! Adaptive page size, lowered while pages fail.

use std::cell::Cell;

/// Page size of one list, shared by all requests for its pages.
///
/// A page can fail because of its size: it takes too long to produce (500, 502, 504) or exceeds the
/// maximum body size. The size is then halved, down to one record, and doubled again as pages
/// arrive.
#[derive(Debug)]
pub struct PageSize {
    max: usize,
    current: Cell<usize>,
}

impl PageSize {
    /// Creates a page size that starts at `max` and never exceeds it.
    pub fn new(max: usize) -> Self {
        let max = max.max(1);
        Self { max, current: Cell::new(max) }
    }

    /// Returns the size to request next.
    pub fn current(&self) -> usize {
        self.current.get()
    }

    /// Records that a page of this size failed. Returns the size to try instead, or `None` if the
    /// page had a single record.
    pub(super) fn halve(&self, size: usize) -> Option<usize> {
        let half = size / 2;
        self.current.set(self.current.get().min(half.max(1)));
        (half > 0).then_some(half)
    }

    /// Records that a page requested with this size has arrived. The next one may be twice as large.
    pub(super) fn grow_after(&self, size: usize) {
        let grown = size.saturating_mul(2).min(self.max);
        self.current.set(self.current.get().max(grown));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shrinks_to_one_record_and_grows_back() {
        let size = PageSize::new(100);
        let mut tried = vec![size.current()];
        while let Some(half) = size.halve(*tried.last().unwrap()) {
            tried.push(half);
        }
        assert_eq!(tried, [100, 50, 25, 12, 6, 3, 1]);
        let mut grown = Vec::new();
        for _ in 0..8 {
            size.grow_after(size.current());
            grown.push(size.current());
        }
        assert_eq!(grown, [2, 4, 8, 16, 32, 64, 100, 100]);
    }

    #[test]
    fn a_large_page_that_arrives_restores_the_size_at_once() {
        let size = PageSize::new(100);
        assert_eq!(size.halve(100), Some(50));
        size.grow_after(100);
        assert_eq!(size.current(), 100);
    }
}
