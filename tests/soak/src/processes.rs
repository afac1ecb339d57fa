//! The processes below one of ours, and signals to them.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    /// At most fifteen bytes, as the kernel keeps it.
    pub name: String,
}

/// Every process of this machine.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // It may end between the listing and the reading.
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (before, after) = stat.rsplit_once(')')?;
            let (_, name) = before.split_once('(')?;
            let parent = after.split_ascii_whitespace().nth(1)?.parse().ok()?;
            Some(Process {
                pid,
                parent,
                name: name.to_owned(),
            })
        })
        .collect()
}

/// What is below `root`, children first.
pub fn below(root: u32, all: &[Process]) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for process in all.iter().filter(|process| process.parent == parent) {
            if !found.contains(process) {
                parents.push(process.pid);
                found.push(process.clone());
            }
        }
    }
    found
}

/// The tool servers below a handler: each is the only child of a wrapper of the
/// handler's own name.
pub fn tool_servers(handler: u32, all: &[Process]) -> Vec<Process> {
    let mut servers = below(handler, all);
    servers.retain(|process| process.parent != handler);
    servers
}

/// Whether it was there to take the signal.
pub fn signal(pid: u32, signal: Signal) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .is_some_and(|pid| kill_process(pid, signal).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32) -> Process {
        Process {
            pid,
            parent,
            name: String::new(),
        }
    }

    #[test]
    fn a_tree_has_everybody_below_and_nobody_beside() {
        let all =
            [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 1), (7, 6)].map(|(a, b)| process(a, b));
        let mut pids: Vec<u32> = below(2, &all).iter().map(|p| p.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [3, 4, 5]);
        let servers: Vec<u32> = tool_servers(2, &all).iter().map(|p| p.pid).collect();
        assert_eq!(servers, [5], "not its wrapper");
    }

    #[test]
    fn this_test_is_a_process() {
        let own = std::process::id();
        assert!(all().iter().any(|process| process.pid == own));
    }
}
