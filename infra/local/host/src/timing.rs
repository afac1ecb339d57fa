use std::time::Duration;

/// Every duration of the host that no file sets, so that tests can run the same
/// rules in milliseconds.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Pause between two readiness requests (`WorkerReadyCheckPollingIntervalMilliseconds`).
    pub readiness_interval: Duration,
    /// How long a killed handler is waited for (`WorkerProcess.Dispose`).
    pub kill_wait: Duration,
    /// Errors of the handler further apart than this forget the earlier ones
    /// (`WorkerRestartErrorIntervalThresholdInMinutes`).
    pub strike_window: Duration,
    /// How often one proxied request is tried (`RetryProxyHandler.MaxRetries`).
    pub proxy_attempts: u32,
    /// Pause after the first failed try; doubled after each further one.
    pub proxy_backoff_first: Duration,
    /// Longest pause between two tries.
    pub proxy_backoff_max: Duration,
    /// A proxied exchange without a byte in either direction for this long is
    /// aborted (`ForwarderRequestConfig.ActivityTimeout`).
    pub activity_timeout: Duration,
    /// For how long a received message is hidden, whatever `host.json` says.
    pub visibility: Duration,
    /// How often a message in progress is hidden anew.
    pub renewal: Duration,
    /// Lower bound of the renewal interval, which halves when the queue fails.
    pub renewal_min: Duration,
    /// Shortest pause between two looks at an empty queue.
    pub polling_min: Duration,
}

impl Default for Timing {
    /// The real host's values.
    fn default() -> Self {
        Self {
            readiness_interval: Duration::from_millis(25),
            kill_wait: Duration::from_secs(1),
            strike_window: Duration::from_mins(30),
            proxy_attempts: 10,
            proxy_backoff_first: Duration::from_millis(50),
            proxy_backoff_max: Duration::from_millis(250),
            activity_timeout: Duration::from_mins(4),
            visibility: Duration::from_mins(10),
            renewal: Duration::from_mins(5),
            renewal_min: Duration::from_mins(1),
            polling_min: Duration::from_millis(100),
        }
    }
}
