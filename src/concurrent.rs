//! Futures that run concurrently on one thread.
//!
//! The connector is single-threaded: see `ARCHITECTURE.md`. Concurrency is a set of futures that
//! are polled together. A future may hold a permit that others wait for, such as capacity of the
//! output queue, so it must be polled until it ends. A loop that awaited something else between two
//! results would stop polling the futures, and could wait forever for a permit that one of them
//! holds. [`run_all`] rules this out: what it calls between two results cannot await.

use std::future::Future;
use std::ops::ControlFlow;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// Runs futures concurrently until all have ended.
///
/// `next` is called before the first and after every result, until it returns `None`; it may return
/// further futures later. `ended` receives each result, in the order in which the futures end. If it
/// returns `Break`, the other futures are dropped.
pub(crate) async fn run_all<F: Future>(
    mut next: impl FnMut() -> Option<F>,
    mut ended: impl FnMut(F::Output) -> ControlFlow<()>,
) {
    let mut running = FuturesUnordered::new();
    loop {
        while let Some(future) = next() {
            running.push(future);
        }
        let Some(result) = running.next().await else { return };
        if ended(result).is_break() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_result_can_start_further_futures_and_all_run_at_once() {
        let (started, results) = (Instant::now(), RefCell::new(Vec::new()));
        let waiting = RefCell::new(vec![1_u64, 3, 2]);
        run_all(
            || {
                let seconds = waiting.borrow_mut().pop()?;
                Some(async move {
                    sleep(Duration::from_secs(seconds)).await;
                    seconds
                })
            },
            |seconds| {
                results.borrow_mut().push((seconds, started.elapsed().as_secs()));
                if seconds == 1 {
                    waiting.borrow_mut().push(4);
                }
                ControlFlow::Continue(())
            },
        )
        .await;
        assert_eq!(*results.borrow(), [(1, 1), (2, 2), (3, 3), (4, 5)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_break_drops_the_others() {
        let (count, ended) = (Cell::new(0), Cell::new(0));
        let next = || {
            count.set(count.get() + 1);
            let seconds = count.get();
            (seconds <= 3).then_some(sleep(Duration::from_secs(seconds)))
        };
        let started = Instant::now();
        let stop = |()| {
            ended.set(ended.get() + 1);
            ControlFlow::Break(())
        };
        run_all(next, stop).await;
        assert_eq!((ended.get(), started.elapsed().as_secs()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn futures_that_wait_for_each_others_permits_all_end() {
        let permits = Semaphore::new(2);
        let (left, ended) = (Cell::new(50), Cell::new(0));
        let next = || {
            left.set(u64::checked_sub(left.get(), 1)?);
            Some(async {
                let _permit = permits.acquire().await.unwrap();
                sleep(Duration::from_secs(1)).await;
            })
        };
        let count = |()| {
            ended.set(ended.get() + 1);
            ControlFlow::Continue(())
        };
        run_all(next, count).await;
        assert_eq!(ended.get(), 50);
    }
}
