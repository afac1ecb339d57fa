//! What takes long is run in shares, every day another. `AZIMUTH_CRASH_OFFSET=7` chooses
//! one, `AZIMUTH_CRASH_ALL=1` takes all.

use std::time::{Duration, SystemTime};

/// Shares.
pub const STRIDE: usize = 40;
const DAY: Duration = Duration::from_hours(24);

/// Whether every share is to run.
pub fn are_all_asked_for() -> bool {
    std::env::var_os("AZIMUTH_CRASH_ALL").is_some()
}

/// The number of the share, from a variable or today's.
pub fn offset() -> usize {
    let Ok(text) = std::env::var("AZIMUTH_CRASH_OFFSET") else {
        return today() % STRIDE;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("AZIMUTH_CRASH_OFFSET={text}"))
}

fn today() -> usize {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    usize::try_from(since.unwrap().as_secs() / DAY.as_secs()).unwrap()
}
