//! Recent growth rate of a counter.

use std::collections::VecDeque;
use std::time::Duration;

/// Time span over which the rate is measured.
const SPAN: Duration = Duration::from_secs(10);
/// Minimum interval between stored values; a rate that changed more often would be unreadable.
const STEP: Duration = Duration::from_secs(1);

/// Values of the last seconds, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rate {
    values: VecDeque<(Duration, u64)>,
}

impl Rate {
    /// Records the value of the counter at a point in time.
    pub(super) fn take(&mut self, at: Duration, number: u64) {
        if self.values.back().is_some_and(|(last, _)| at.saturating_sub(*last) < STEP) {
            return;
        }
        while self.values.front().is_some_and(|(first, _)| at.saturating_sub(*first) > SPAN) {
            self.values.pop_front();
        }
        self.values.push_back((at, number));
    }

    /// Returns the growth per second, or `None` if there are too few values.
    pub(super) fn a_second(&self) -> Option<f64> {
        let ((began, from), (ended, to)) = (self.values.front()?, self.values.back()?);
        let seconds = ended.saturating_sub(*began).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
        let grown = to.saturating_sub(*from) as f64;
        (seconds > 0.0).then(|| grown / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::default();
        assert_eq!(rate.a_second(), None);
        for (ms, number, expected) in [
            (0, 0, None),
            (900, 5_000, None),
            (1_000, 100, Some(100.0)),
            (1_200, 9_999, Some(100.0)),
            (2_000, 300, Some(150.0)),
            (12_000, 1_300, Some(100.0)),
            (22_000, 1_300, Some(0.0)),
            (60_000, 1_300, None),
        ] {
            rate.take(Duration::from_millis(ms), number);
            assert_eq!(rate.a_second(), expected, "after {ms} ms");
        }
    }
}
