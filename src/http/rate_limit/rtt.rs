//! Round-trip time statistics of a bucket.

use std::time::Duration;

/// Number of responses before the minimum latency is trusted.
const SAMPLES: u32 = 20;

/// Minimum and mean latency of the responses.
#[derive(Debug, Default)]
pub(super) struct RttStats {
    shortest: Option<Duration>,
    sum: Duration,
    count: u32,
}

impl RttStats {
    pub(super) fn add(&mut self, latency: Duration) {
        self.shortest = Some(self.shortest.map_or(latency, |known| known.min(latency)));
        self.sum += latency;
        self.count = self.count.saturating_add(1);
    }

    /// Returns a lower bound of the next latency: the minimum, less its distance from the mean. The
    /// more latencies scatter, the less the observed minimum is trusted.
    pub(super) fn certain(&self) -> Duration {
        match self.shortest {
            Some(shortest) if self.count >= SAMPLES => {
                (shortest * 2).saturating_sub(self.sum / self.count)
            }
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_of_a_latency() {
        for (case, latencies_ms, count, expected_ms) in [
            ("steady", [300, 300], 20, 300),
            ("wavering", [300, 400], 20, 250),
            ("wild", [50, 900], 20, 0),
            ("too few", [300, 300], 18, 0),
        ] {
            let mut rtt = RttStats::default();
            for latency in latencies_ms.into_iter().cycle().take(count) {
                rtt.add(Duration::from_millis(latency));
            }
            assert_eq!(rtt.certain(), Duration::from_millis(expected_ms), "{case}");
        }
    }
}
