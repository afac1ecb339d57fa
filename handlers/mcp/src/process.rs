//! Process groups: ending one and weighing one.

use std::fs;
use std::io;

use rustix::process::{Pid, Signal, kill_process_group};

/// Processes of one server that are looked at one by one.
const MAX_WEIGHED: usize = 32;

/// A process group that is killed when this is dropped, so that no tool process
/// is left behind whatever happens to the task that owns it.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Pid,
}

impl Group {
    /// The group led by the process `id`; `None` when `id` is no process id.
    pub(crate) fn led_by(id: Option<u32>) -> Option<Self> {
        let leader = Pid::from_raw(i32::try_from(id?).ok()?)?;
        Some(Self { leader })
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    pub(crate) fn leader(&self) -> Pid {
        self.leader
    }

    fn signal(&self, signal: Signal) {
        // Fails only when the group is already empty.
        let _gone = kill_process_group(self.leader, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory of all processes of the group, bytes, from `/proc` (the
/// kernel's `proc_pid_stat(5)`: field 5 is the group, field 24 the pages).
pub(crate) fn group_memory_bytes(leader: Pid) -> io::Result<u64> {
    let mut pages = 0;
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let is_process = entry
            .file_name()
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_digit);
        if !is_process {
            continue;
        }
        // A process may end between the listing and the reading.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if let Some((group, resident)) = group_and_pages(&stat)
            && group == leader.as_raw_nonzero().get()
        {
            pages += resident;
        }
    }
    Ok(pages * rustix::param::page_size() as u64)
}

/// Resident memory of the leader and of what descends from the main threads of it
/// and its children, bytes: a few reads, where the whole group takes one for every
/// process of the machine. Whoever was started by another thread, or whose parent
/// is gone, is not in it.
pub(crate) fn main_line_memory_bytes(leader: Pid) -> u64 {
    let mut pages = 0;
    let mut waiting = vec![leader.as_raw_nonzero().get()];
    for _ in 0..MAX_WEIGHED {
        let Some(pid) = waiting.pop() else { break };
        // Whoever ended meanwhile weighs nothing.
        let sizes = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let resident = sizes.split_ascii_whitespace().nth(1);
        pages += resident.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        waiting.extend(
            children
                .unwrap_or_default()
                .split_ascii_whitespace()
                .filter_map(|child| child.parse::<i32>().ok()),
        );
    }
    pages * rustix::param::page_size() as u64
}

/// Of a line of `stat`; the name of the program may hold spaces and brackets.
fn group_and_pages(stat: &str) -> Option<(i32, u64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    // Counted from field 3, the first after the name.
    Some((fields.get(2)?.parse().ok()?, fields.get(21)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_hostile_program_name_does_not_shift_the_fields() {
        let line = "7 (a) R 1 (b) S 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1000 321 0";
        assert_eq!(group_and_pages(line), Some((42, 321)));
        assert_eq!(group_and_pages(""), None);
        assert_eq!(group_and_pages("7 (a) S 1"), None);
    }

    #[test]
    fn our_own_group_weighs_something() {
        let bytes = group_memory_bytes(rustix::process::getpgrp()).unwrap();
        assert!(bytes > 100_000, "{bytes}");
        let bytes = main_line_memory_bytes(rustix::process::getpid());
        assert!(bytes > 100_000, "{bytes}");
    }
}
