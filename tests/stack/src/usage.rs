//! What a process uses, from `/proc`.

use std::fs;

use crate::failure::{Done, Failure};

/// CPU seconds of a process so far, its dead threads included.
pub fn cpu_seconds(pid: u32) -> Done<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).map_err(Failure::io(path.clone()))?;
    // The name before the bracket may hold anything.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
    let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
        return Err(Failure::answer(path, "it has no times"));
    };
    let per_second = rustix::param::clock_ticks_per_second();
    Ok((user + system) / f64::from(u32::try_from(per_second).unwrap_or(100)))
}

/// Resident memory of a process in MB (10⁶ bytes).
pub fn resident_mb(pid: u32) -> Done<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).map_err(Failure::io(path.clone()))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.split_ascii_whitespace().next()?.parse::<f64>().ok())
        .map(|kib| kib * 1024.0 / 1e6)
        .ok_or_else(|| Failure::answer(path, "it has no VmRSS"))
}

/// Open files of a process.
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}
