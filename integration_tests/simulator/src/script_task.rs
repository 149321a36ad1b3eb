//! Background task that applies the changes of a script.

use std::sync::Arc;
use std::time::Duration;

use crate::script::{Script, draw};
use crate::server_state::ServerState;
use crate::sync::read;

/// Interval, in real time, at which the script checks the clock.
const TICK: Duration = Duration::from_millis(10);
const MINUTE_MS: i64 = 60_000;
/// Maximum number of changes that are caught up after the clock was advanced.
const CATCH_UP: u64 = 10_000;
/// Applies changes until the task is dropped.
pub(crate) async fn run(state: Arc<ServerState>, script: Script) {
    let start_ms = state.clock.now_ms();
    let mut made = 0;
    loop {
        tokio::time::sleep(TICK).await;
        let passed_ms = state.clock.now_ms() - start_ms;
        let due =
            u64::try_from(passed_ms * i64::from(script.per_minute) / MINUTE_MS).unwrap_or_default();
        made = made.max(due.saturating_sub(CATCH_UP));
        while made < due {
            let change = draw(&read(&state.portal), script.seed, made);
            // A change may no longer be applicable; it is then skipped.
            let _ = change.map(|change| state.change(&change));
            made += 1;
        }
    }
}
