//! Bounds of the pool. The defaults are those of the product.

use std::time::Duration;

use azimuth_domain::limits::MAX_RESULT_BYTES;

/// Every bound of the pool of tool servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolLimits {
    /// Processes of all servers and users together.
    pub max_processes: usize,
    /// Processes of one server for one user.
    pub max_per_identity: usize,
    /// How long a call may wait for room for the process that it needs; the start
    /// of that process is not counted.
    pub place_timeout: Duration,
    /// A process without a call for this long is ended.
    pub idle_timeout: Duration,
    /// From the start of a process until its tools are known.
    pub start_timeout: Duration,
    /// A process without a call for this long is pinged before it gets one.
    pub ping_after: Duration,
    /// Longest wait for the answer to a ping.
    pub ping_timeout: Duration,
    /// How long a process may take to end once its input is closed, and again
    /// once it got SIGTERM; then it is killed.
    pub stop_grace: Duration,
    /// Resident memory above which a process is ended after its calls.
    pub max_memory_bytes: u64,
    /// Longest line that a process may write; with a longer one it is killed.
    pub max_line_bytes: usize,
    /// Longest result of a call; what is above is cut and marked.
    pub max_result_bytes: usize,
    /// Wait before the second restart in a row; doubled for each further one.
    /// The first restart is at once.
    pub restart_delay: Duration,
    /// Longest wait before a restart.
    pub max_restart_delay: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            max_processes: 8,
            max_per_identity: 1,
            place_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(5),
            start_timeout: Duration::from_mins(1),
            ping_after: Duration::from_secs(15),
            ping_timeout: Duration::from_secs(5),
            stop_grace: Duration::from_secs(2),
            max_memory_bytes: 512 * 1024 * 1024,
            max_line_bytes: 16 * 1024 * 1024,
            max_result_bytes: MAX_RESULT_BYTES,
            restart_delay: Duration::from_secs(1),
            max_restart_delay: Duration::from_mins(1),
        }
    }
}
