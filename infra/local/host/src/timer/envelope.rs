use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::invocation::{Sys, offset_time};

/// What the schedule monitor knows of a timer.
///
/// The real host keeps this in blob storage; here it lives as long as the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimerStatus {
    /// The last run of this host.
    pub last: Option<OffsetDateTime>,
    pub next: Option<OffsetDateTime>,
}

/// The body of a timer invocation.
///
/// Sure (host source): the trigger value is an object, so it is not quoted, and
/// `Metadata` holds `sys` only, because `TimerTrigger` ends in "trigger". Guess,
/// from the `TimerInfo` type of the timer extension and Azure/azure-functions-host#7391:
/// the property names, `AdjustForDST`, a never-run timer's
/// `Last` of `0001-01-01T00:00:00` **without offset**, and a null status where
/// there is no monitor.
pub fn timer_envelope(
    binding: &str,
    status: Option<TimerStatus>,
    is_past_due: bool,
    sys: &Sys,
) -> Value {
    let shown = |time: Option<OffsetDateTime>| {
        time.map_or_else(|| "0001-01-01T00:00:00".to_owned(), offset_time)
    };
    let status = status.map(|status| {
        json!({
            "Last": shown(status.last),
            "LastUpdated": shown(status.last),
            "Next": shown(status.next),
        })
    });
    json!({
        "Data": {
            binding: {
                "Schedule": {"AdjustForDST": true},
                "ScheduleStatus": status,
                "IsPastDue": is_past_due,
            },
        },
        "Metadata": {"sys": sys.to_json()},
    })
}
