//! What the latencies of a bucket say about the next one.

use std::time::Duration;

/// Answers before the shortest latency is believed.
const SAMPLES: u32 = 20;

/// How long answers took.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    shortest: Option<Duration>,
    sum: Duration,
    count: u32,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        self.shortest = Some(self.shortest.map_or(latency, |known| known.min(latency)));
        self.sum += latency;
        self.count = self.count.saturating_add(1);
    }

    /// The part of every latency that is certain: the shortest, less as much as that is below the
    /// mean. The wider latencies scatter, the less is known of the shortest there can be.
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
            let mut latencies = Latencies::default();
            for latency in latencies_ms.into_iter().cycle().take(count) {
                latencies.add(Duration::from_millis(latency));
            }
            assert_eq!(latencies.certain(), Duration::from_millis(expected_ms), "{case}");
        }
    }
}
