//! The end of all requests, from outside.

use tokio::sync::watch;

/// Says, from any thread and for good, that nothing is to be asked for any more.
#[derive(Debug, Clone, Default)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Ends all requests under way, and all that would follow.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the end is asked for.
    pub(super) async fn requested(&self) {
        let mut requests = self.0.subscribe();
        // This holds a sender, so waiting does not fail.
        let _infallible = requests.wait_for(|is_requested| *is_requested).await.map(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stop_reaches_those_who_wait_and_those_who_come_later() {
        let stop = Stop::default();
        let copy = stop.clone();
        let (waited, ()) = tokio::join!(
            tokio::time::timeout(std::time::Duration::from_secs(1), stop.requested()),
            async { copy.request() }
        );
        assert!(waited.is_ok());
        stop.requested().await;
    }
}
