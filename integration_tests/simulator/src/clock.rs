//! Simulated clock: starts at any instant, runs at any speed, can be advanced, never goes back.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::sync::lock;

/// Start and speed of the simulated clock.
#[derive(Debug, Clone, Copy)]
pub struct ClockConfig {
    /// The first instant in milliseconds since the epoch; `None` for the system time.
    pub start_ms: Option<i64>,
    /// Simulated seconds per real second. At zero the clock advances only through
    /// [`Clock::advance`].
    pub speed: f64,
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self { start_ms: None, speed: 1.0 }
    }
}

/// The clock of one simulator.
#[derive(Debug)]
pub struct Clock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Simulated microseconds at `since`.
    base_us: i64,
    since: Instant,
    speed: f64,
}

impl State {
    fn now_us(&self) -> i64 {
        let elapsed = self.since.elapsed();
        let passed_us = if self.speed.to_bits() == 1.0_f64.to_bits() {
            i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
        } else {
            i64::try_from(elapsed.mul_f64(self.speed).as_micros()).unwrap_or(i64::MAX)
        };
        self.base_us.saturating_add(passed_us)
    }

    /// Makes the current instant the new base, so that a new speed does not affect time already
    /// elapsed.
    fn rebase(&mut self) {
        self.base_us = self.now_us();
        self.since = Instant::now();
    }
}

impl Clock {
    /// A clock that starts now.
    pub fn new(config: ClockConfig) -> Self {
        let start_ms = config.start_ms.unwrap_or_else(machine_now_ms);
        Self {
            state: Mutex::new(State {
                base_us: start_ms.saturating_mul(1_000),
                since: Instant::now(),
                speed: config.speed.max(0.0),
            }),
        }
    }

    /// The simulated instant, milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        lock(&self.state).now_us().div_euclid(1_000)
    }

    /// Advances the clock by `by`.
    pub fn advance(&self, by: Duration) {
        let mut state = lock(&self.state);
        let by_us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        state.base_us = state.base_us.saturating_add(by_us);
    }

    /// Changes the speed from now on.
    pub fn set_speed(&self, speed: f64) {
        let mut state = lock(&self.state);
        state.rebase();
        state.speed = speed.max(0.0);
    }

    /// Returns the real time that a simulated duration takes at the current speed, or zero if the
    /// clock is stopped.
    pub fn real(&self, simulated: Duration) -> Duration {
        let speed = lock(&self.state).speed;
        if speed > 0.0 { simulated.div_f64(speed) } else { Duration::ZERO }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
fn machine_now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(start_ms: i64) -> Clock {
        Clock::new(ClockConfig { start_ms: Some(start_ms), speed: 0.0 })
    }

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let clock = standing(1_000);
        assert_eq!(clock.now_ms(), 1_000);
        clock.advance(Duration::from_millis(250));
        assert_eq!(clock.now_ms(), 1_250);
    }

    #[test]
    fn a_change_of_pace_does_not_move_the_instant() {
        let clock = Clock::new(ClockConfig { start_ms: Some(0), speed: 1_000_000.0 });
        let before = clock.now_ms();
        clock.set_speed(0.0);
        let stopped = clock.now_ms();
        assert!(stopped >= before);
        assert_eq!(clock.now_ms(), stopped);
    }

    #[test]
    fn real_time_shrinks_with_the_pace() {
        for (speed, simulated_ms, real_ms) in [(1.0, 40, 40), (20.0, 40, 2), (0.0, 40, 0)] {
            let clock = Clock::new(ClockConfig { start_ms: Some(0), speed });
            let real = clock.real(Duration::from_millis(simulated_ms));
            assert_eq!(real, Duration::from_millis(real_ms), "speed {speed}");
        }
    }
}
