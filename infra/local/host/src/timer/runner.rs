use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{TimerStatus, timer_envelope};
use crate::invocation::{Invoker, Sys};
use crate::settings::TimerTrigger;

/// The clock may be set or the machine suspended, so a long wait looks again.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Fires one timer function. Its runs never overlap: the next occurrence is
/// looked for when a run has ended. A failed run is not repeated.
///
/// The real host lets one instance of an app fire a timer (a blob lease); here
/// every host whose group holds the function does.
#[derive(Debug)]
pub struct TimerRunner {
    pub function: String,
    pub trigger: TimerTrigger,
    pub invoker: Arc<Invoker>,
}

impl TimerRunner {
    pub async fn run(self, stop: CancellationToken) {
        let mut status = TimerStatus::default();
        if self.trigger.run_on_startup {
            self.fire(&mut status).await;
        }
        loop {
            let now = OffsetDateTime::now_utc();
            let Some(next) = self.trigger.schedule.next_after(now) else {
                return;
            };
            status.next = Some(next);
            loop {
                let left = next - OffsetDateTime::now_utc();
                let Ok(left) = Duration::try_from(left) else {
                    break;
                };
                if left.is_zero() {
                    break;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(left.min(LONGEST_NAP)) => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.fire(&mut status) => {}
            }
        }
    }

    async fn fire(&self, status: &mut TimerStatus) {
        let now = OffsetDateTime::now_utc();
        status.next = self.trigger.schedule.next_after(now);
        let told = self.trigger.use_monitor.then_some(*status);
        let sys = Sys::new(&self.function);
        let envelope = timer_envelope(&self.trigger.binding, told, false, &sys);
        // The invoker has logged the failure, and nothing is done about one.
        let _ = self.invoker.invoke(&self.function, &envelope).await;
        status.last = Some(now);
    }
}
