//! Cancellation of all requests.

use tokio::sync::watch;

/// Cancellation token: ends all requests, permanently and from any thread.
#[derive(Debug, Clone, Default)]
pub struct CancellationToken(watch::Sender<bool>);

impl CancellationToken {
    /// Cancels all current and future requests.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Completes once a stop has been requested.
    pub(super) async fn requested(&self) {
        let mut requests = self.0.subscribe();
        // `self` holds a sender, so the wait does not fail.
        let _infallible = requests.wait_for(|is_requested| *is_requested).await.map(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stop_reaches_those_who_wait_and_those_who_come_later() {
        let stop = CancellationToken::default();
        let copy = stop.clone();
        let (waited, ()) = tokio::join!(
            tokio::time::timeout(std::time::Duration::from_secs(1), stop.requested()),
            async { copy.request() }
        );
        assert!(waited.is_ok());
        stop.requested().await;
    }
}
