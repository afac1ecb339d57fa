use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::handler::Handler;
use crate::log::Log;

/// `functionTimeout` of one invocation. When it passes before the value is
/// dropped, the whole handler is killed and started again, with everything else
/// that it is doing.
#[derive(Debug)]
pub struct Deadline {
    watchdog: Option<AbortHandle>,
    passed: CancellationToken,
}

impl Deadline {
    /// `timeout` `None`: unbounded.
    pub fn start(
        handler: &Arc<Handler>,
        timeout: Option<Duration>,
        function: &str,
        id: &str,
        log: &Log,
    ) -> Self {
        let passed = CancellationToken::new();
        let watchdog = timeout.map(|timeout| {
            let (handler, log, passed) = (Arc::clone(handler), log.clone(), passed.clone());
            let (function, id) = (function.to_owned(), id.to_owned());
            tokio::spawn(async move {
                sleep(timeout).await;
                log.error(
                    "Host.Executor",
                    format_args!(
                        "Timeout value of {timeout:?} was exceeded by function: Functions.{function} (Id={id})"
                    ),
                );
                handler.kill_and_restart();
                passed.cancel();
            })
            .abort_handle()
        });
        Self { watchdog, passed }
    }

    /// Completes once the timeout has passed and the kill is ordered.
    pub async fn passed(&self) {
        self.passed.cancelled().await;
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.abort();
        }
    }
}
