#![doc = include_str!("../README.md")]

mod signal;

pub use signal::terminated;

use std::{
    fmt::Display,
    future::Future,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

/// The tasks of one service and the two tokens that end them. Clones share them.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    abort: CancellationToken,
    drain: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// A lifecycle with no tasks yet.
    pub fn new() -> Self {
        let abort = CancellationToken::new();
        let drain = abort.child_token();
        Self {
            abort,
            drain,
            tasks: TaskTracker::new(),
            failed: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Cancelled when the service should finish what it does and stop.
    pub fn drain(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Cancelled when there is no more time to finish.
    pub fn abort(&self) -> CancellationToken {
        self.abort.clone()
    }

    /// Asks the service to drain.
    pub fn begin_drain(&self) {
        self.drain.cancel();
    }

    /// Runs a task that lives as long as the service: when it panics or fails, or ends before the
    /// drain, the service drains and [`Lifecycle::run`] reports a failure.
    pub fn supervise<E: Display>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let fall = Fall {
            lifecycle: self.clone(),
            name,
            landed: false,
        };
        let abort = self.abort.clone();
        self.tasks.spawn(async move {
            let mut fall = fall;
            tokio::select! {
                outcome = task => match outcome {
                    Ok(()) if fall.lifecycle.drain.is_cancelled() => fall.landed = true,
                    Ok(()) => error!(task = name, "a task ended although nobody asked it to"),
                    Err(error) => error!(task = name, %error, "a task failed"),
                },
                () = abort.cancelled() => fall.landed = true,
            }
        });
    }

    /// Runs a short task (a connection, a request) that is waited for but whose end means nothing.
    pub fn track(&self, task: impl Future<Output = ()> + Send + 'static) {
        let abort = self.abort.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = abort.cancelled() => {}
            }
        });
    }

    /// Waits for `stop` or for a failed task, drains for at most `grace`, then aborts what is left.
    /// True if everything ended in time and no task failed.
    pub async fn run(&self, stop: impl Future<Output = ()>, grace: Duration) -> bool {
        tokio::select! {
            () = stop => info!("stopping"),
            () = self.drain.cancelled() => {}
        }
        self.drain.cancel();
        self.tasks.close();
        let in_time = tokio::time::timeout(grace, self.tasks.wait()).await.is_ok();
        if !in_time {
            warn!(
                grace_seconds = grace.as_secs(),
                tasks = self.tasks.len(),
                "the grace period is over"
            );
        }
        self.abort.cancel();
        self.tasks.wait().await;
        in_time && !self.failed.load(Ordering::Acquire)
    }

    /// [`Lifecycle::run`] until SIGTERM or SIGINT (a second one aborts), as a process's exit code.
    pub async fn run_until_signal(&self, grace: Duration) -> ExitCode {
        let abort = self.abort.clone();
        let stop = async move {
            terminated().await;
            tokio::spawn(async move {
                terminated().await;
                abort.cancel();
            });
        };
        if self.run(stop, grace).await {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Drains the service when it is dropped before the task landed: by a failure, an early end or a panic.
struct Fall {
    lifecycle: Lifecycle,
    name: &'static str,
    landed: bool,
}

impl Drop for Fall {
    fn drop(&mut self) {
        if !self.landed {
            if std::thread::panicking() {
                error!(task = self.name, "a task panicked");
            }
            self.lifecycle.failed.store(true, Ordering::Release);
            self.lifecycle.drain.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending};

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_task_that_follows_the_drain_ends_well() {
        let lifecycle = Lifecycle::new();
        let drain = lifecycle.drain();
        lifecycle.supervise("good", async move {
            drain.cancelled().await;
            Ok::<_, Infallible>(())
        });
        assert!(lifecycle.run(async {}, GRACE).await);
    }

    #[tokio::test]
    async fn a_task_that_panics_drains_the_others_and_fails_the_run() {
        let lifecycle = Lifecycle::new();
        let drain = lifecycle.drain();
        lifecycle.supervise("good", async move {
            drain.cancelled().await;
            Ok::<_, Infallible>(())
        });
        lifecycle.supervise("bad", async move {
            assert!(GRACE.is_zero(), "this task panics");
            Ok::<_, Infallible>(())
        });
        assert!(!lifecycle.run(pending(), GRACE).await);
    }

    #[tokio::test]
    async fn a_task_that_fails_or_ends_early_fails_the_run() {
        for outcome in [Ok(()), Err("broken")] {
            let lifecycle = Lifecycle::new();
            lifecycle.supervise("short", async move { outcome });
            assert!(!lifecycle.run(pending(), GRACE).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_aborted_after_the_grace_period() {
        let lifecycle = Lifecycle::new();
        lifecycle.track(pending());
        assert!(!lifecycle.run(async {}, GRACE).await);
    }
}
