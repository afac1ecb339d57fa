//! Process groups that we made, and what is left of them.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper,
    waitpid,
};
use tokio::process::Child;

/// How often leftovers are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A group led by a child that was started as its leader.
#[derive(Debug, Clone, Copy)]
pub struct Group(Pid);

/// A process that was left to us by the end of its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub pid: i32,
    pub name: String,
}

impl Group {
    /// `None` when the child has been waited for already.
    pub fn led_by(child: &Child) -> Option<Self> {
        let id = i32::try_from(child.id()?).ok()?;
        Pid::from_raw(id).map(Self)
    }

    pub fn terminate(self) {
        // Fails only when the group is empty.
        let _gone = kill_process_group(self.0, Signal::TERM);
    }

    pub fn kill(self) {
        let _gone = kill_process_group(self.0, Signal::KILL);
    }
}

/// From now on, whoever loses its parent among our descendants becomes our
/// child, so that [`sweep`] finds it.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Collects what orphans leave behind when they end. `children` are those that
/// are waited for elsewhere, whose status must not be taken away.
pub fn reap_orphans(children: &[u32]) {
    for (pid, state, _) in children_of_ours() {
        let is_waited_for = u32::try_from(pid).is_ok_and(|pid| children.contains(&pid));
        if state == 'Z' && !is_waited_for {
            reap(pid);
        }
    }
}

/// Waits until no orphan is left, at most `grace`; kills the rest by its id.
/// Returns those that had to be killed.
///
/// To be called when every child that was started here has been waited for:
/// what is then a child of this process can only be an orphan.
pub async fn sweep(grace: Duration) -> Vec<Leftover> {
    let deadline = Instant::now() + grace;
    loop {
        let left = living_children();
        if left.is_empty() {
            return Vec::new();
        }
        if Instant::now() >= deadline {
            for leftover in &left {
                if let Some(pid) = Pid::from_raw(leftover.pid) {
                    let _gone = kill_process(pid, Signal::KILL);
                    let _reaped = waitpid(Some(pid), WaitOptions::empty());
                }
            }
            return left;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Children that still run; the dead among them are reaped.
fn living_children() -> Vec<Leftover> {
    let mut living = Vec::new();
    for (pid, state, name) in children_of_ours() {
        if state == 'Z' {
            reap(pid);
        } else {
            living.push(Leftover { pid, name });
        }
    }
    living
}

fn reap(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        // Somebody else may have been faster.
        let _reaped = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

/// Id, state and name of every process whose parent is this one.
fn children_of_ours() -> Vec<(i32, char, String)> {
    let own = getpid().as_raw_nonzero().get();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // A process may end between the listing and the reading.
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (name, state, parent) = name_state_parent(&stat)?;
            (parent == own).then_some((pid, state, name))
        })
        .collect()
}

/// Of `/proc/PID/stat`; the name may hold blanks and brackets.
fn name_state_parent(stat: &str) -> Option<(String, char, i32)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let mut fields = after.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some((name.to_owned(), state, parent))
}

/// Whether a process with this id and name runs.
pub fn runs(pid: i64, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm"))
        // The kernel keeps fifteen bytes of a name.
        .is_ok_and(|known| known.trim_end() == name.get(..15).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_shift_the_fields() {
        assert_eq!(
            name_state_parent("12 (a) Z (b) S 7 12"),
            Some(("a) Z (b".into(), 'S', 7))
        );
        assert_eq!(name_state_parent(""), None);
        assert_eq!(name_state_parent("12 (a) S"), None);
    }

    #[test]
    fn this_test_runs_under_its_own_name() {
        let pid = i64::from(std::process::id());
        let name = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        assert!(runs(pid, name.trim_end()));
        assert!(!runs(pid, "another"));
    }
}
