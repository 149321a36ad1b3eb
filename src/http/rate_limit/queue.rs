//! Fair queue of the streams that wait for the same quota.

use std::collections::{HashMap, VecDeque};

/// One queue per stream, served round-robin: a stream with many waiting requests gets one permit
/// for each permit of another stream, regardless of arrival order.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    /// Streams with waiting requests, the next one first.
    order: VecDeque<u64>,
    waiting: HashMap<u64, VecDeque<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<T> FairQueue<T> {
    /// Adds a waiter to the queue of a stream.
    pub(super) fn join(&mut self, stream: u64, waiter: T) {
        let queue = self.waiting.entry(stream).or_default();
        if queue.is_empty() {
            self.order.push_back(stream);
        }
        queue.push_back(waiter);
    }

    /// Removes and returns the next waiter for which `is_there` returns `true`. Others are
    /// discarded.
    pub(super) fn next(&mut self, is_there: impl Fn(&T) -> bool) -> Option<T> {
        while let Some(stream) = self.order.pop_front() {
            let queue = self.waiting.get_mut(&stream)?;
            let waiter = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&stream);
            } else {
                self.order.push_back(stream);
            }
            if let Some(waiter) = waiter.filter(&is_there) {
                return Some(waiter);
            }
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_take_turns_and_each_is_served_in_order() {
        let mut queue = FairQueue::default();
        for (stream, waiter) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (3, "c2")] {
            queue.join(stream, waiter);
        }
        let mut served: Vec<_> = std::iter::from_fn(|| queue.next(|_| true)).take(4).collect();
        queue.join(2, "b2");
        served.extend(std::iter::from_fn(|| queue.next(|_| true)));
        assert_eq!(served, ["a1", "b1", "c1", "a2", "c2", "a3", "b2"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn who_has_gone_costs_nobody_a_turn() {
        let mut queue = FairQueue::default();
        for waiter in [0, 0, 0, 7] {
            queue.join(1, waiter);
        }
        queue.join(2, 8);
        assert_eq!(queue.next(|waiter| *waiter > 0), Some(8));
        assert_eq!(queue.next(|waiter| *waiter > 0), Some(7));
        assert_eq!(queue.next(|waiter| *waiter > 0), None);
    }
}
