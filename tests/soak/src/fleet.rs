//! The instances: one host stand-in with its handler for each, in scale groups as on
//! Azure. One that ends is replaced, as the platform does.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use azimuth_stack::failure::{Done, Failure};
use azimuth_stack::programs::Program;
use azimuth_stack::sandbox::address;
use rustix::process::Signal;
use serde_json::Value;

use crate::processes::{self, below};

/// One instance each; `execute-tool` has two, so that one can be lost.
pub const GROUPS: [&str; 7] = [
    "http",
    "function:execute-tool",
    "function:execute-tool",
    "function:advance-turn",
    "function:sweep",
    "function:execute-tool-poison",
    "function:advance-turn-poison",
];
pub const HTTP: usize = 0;
pub const EXECUTORS: [usize; 2] = [1, 2];
pub const ADVANCE: usize = 3;
pub const SWEEP: usize = 4;

/// How often ended instances are looked for, and the pause before the next one.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Starting everything on a busy machine.
const START: Duration = Duration::from_mins(2);
/// Writing there always fails as on a full disk (`ENOSPC`).
const FULL: &str = "/dev/full";

/// A running product. Dropping it ends every process of it.
pub struct Fleet {
    slots: RefCell<Vec<Slot>>,
    programs: PathBuf,
    app: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    replaced: Cell<u32>,
}

struct Slot {
    program: Option<Program>,
    starts: u32,
    /// Nobody replaces it meanwhile.
    held: bool,
    log_is_full: bool,
    /// Pids that were sent SIGSTOP.
    stalled: Vec<u32>,
}

/// Where an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    pub api: SocketAddr,
    pub host: u32,
    pub handler: u32,
}

impl Fleet {
    /// Starts all instances and waits until their handlers answer. `app` is laid out
    /// already; `folder` holds `data` and takes logs.
    pub async fn start(
        programs: &Path,
        app: &Path,
        folder: &Path,
        environment: Vec<(String, String)>,
    ) -> Done<Self> {
        let slots = GROUPS.iter().map(|_| Slot {
            program: None,
            starts: 0,
            held: false,
            log_is_full: false,
            stalled: Vec::new(),
        });
        let fleet = Self {
            slots: RefCell::new(slots.collect()),
            programs: programs.to_owned(),
            app: app.to_owned(),
            folder: folder.to_owned(),
            environment,
            replaced: Cell::new(0),
        };
        for number in 0..GROUPS.len() {
            fleet.launch(number)?;
        }
        let since = Instant::now();
        while let Some(late) = (0..GROUPS.len()).find(|number| fleet.info(*number).is_none()) {
            fleet.must_start(late, since)?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(fleet)
    }

    fn must_start(&self, number: usize, since: Instant) -> Done {
        let mut slots = self.slots.borrow_mut();
        let Some(program) = slots[number].program.as_mut() else {
            return Ok(());
        };
        if let Some(status) = program.ended() {
            return Err(program.failed(format!("ended with {status}")));
        }
        if since.elapsed() > START {
            return Err(program.failed("is not ready".to_owned()));
        }
        Ok(())
    }

    fn info_file(&self, number: usize) -> PathBuf {
        self.folder.join(format!("host-{number}.json"))
    }

    fn launch(&self, number: usize) -> Done {
        let info = self.info_file(number);
        let _of_the_one_before = std::fs::remove_file(&info);
        let mut command = Command::new(self.programs.join("azimuth-host"));
        command
            .arg("--script-root")
            .arg(&self.app)
            .arg("--queue-dir")
            .arg(self.folder.join("data"))
            .args([
                "--port",
                "0",
                "--group",
                GROUPS[number],
                "--until-stdin-eof",
            ])
            .arg("--info-file")
            .arg(&info)
            .envs(self.environment.iter().cloned());
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[number];
        slot.starts += 1;
        let log = if slot.log_is_full {
            PathBuf::from(FULL)
        } else {
            self.folder
                .join(format!("host-{number}-{}.log", slot.starts))
        };
        slot.stalled.clear();
        slot.program = Some(Program::start(GROUPS[number], command, &log)?);
        Ok(())
    }

    /// Replaces instances that have ended, for ever.
    pub async fn tend(&self) -> Failure {
        loop {
            for number in 0..GROUPS.len() {
                let has_ended = {
                    let mut slots = self.slots.borrow_mut();
                    let slot = &mut slots[number];
                    let ended = slot.program.as_mut().is_none_or(|p| p.ended().is_some());
                    ended && !slot.held
                };
                if has_ended {
                    self.replaced.set(self.replaced.get() + 1);
                    if let Err(failure) = self.launch(number) {
                        return failure;
                    }
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How many instances took the place of another.
    pub fn replaced(&self) -> u32 {
        self.replaced.get()
    }

    /// `None` while the instance has no handler that answers.
    pub fn info(&self, number: usize) -> Option<Info> {
        let text = std::fs::read(self.info_file(number)).ok()?;
        let value: Value = serde_json::from_slice(&text).ok()?;
        let pid = |field: &str| u32::try_from(value[field].as_u64()?).ok();
        let info = Info {
            api: address(&value, "api").ok()?,
            host: pid("host_pid")?,
            handler: pid("handler_pid")?,
        };
        let slots = self.slots.borrow();
        let own = slots[number].program.as_ref()?.pid();
        // The file outlives the host that wrote it.
        (own == info.host).then_some(info)
    }

    /// Pid of the host, as long as there is one.
    pub fn host(&self, number: usize) -> Option<u32> {
        let slots = self.slots.borrow();
        slots[number].program.as_ref().map(Program::pid)
    }

    /// SIGKILL to everything of an instance at once. It stays away until
    /// [`Self::give_back`]. The number of processes that were killed.
    pub fn lose(&self, number: usize) -> usize {
        let Some(host) = self.host(number) else {
            return 0;
        };
        self.slots.borrow_mut()[number].held = true;
        let mut pids = vec![host];
        pids.extend(below(host, &processes::all()).iter().map(|p| p.pid));
        pids.into_iter()
            .filter(|pid| processes::signal(*pid, Signal::KILL))
            .count()
    }

    /// The platform may start the instance again; its log is on a full disk or not.
    pub fn give_back(&self, number: usize, log_is_full: bool) {
        let mut slots = self.slots.borrow_mut();
        slots[number].held = false;
        slots[number].log_is_full = log_is_full;
    }

    /// SIGSTOP.
    pub fn stall(&self, number: usize, pids: &[u32]) {
        for pid in pids {
            if processes::signal(*pid, Signal::STOP) {
                self.slots.borrow_mut()[number].stalled.push(*pid);
            }
        }
    }

    /// SIGCONT to whom [`Self::stall`] stopped.
    pub fn go_on(&self, number: usize) {
        let stalled = std::mem::take(&mut self.slots.borrow_mut()[number].stalled);
        for pid in stalled {
            processes::signal(pid, Signal::CONT);
        }
    }

    /// Whether nobody stands still and no instance stays away.
    pub fn is_whole(&self) -> bool {
        let slots = self.slots.borrow();
        slots
            .iter()
            .all(|slot| !slot.held && slot.stalled.is_empty())
    }

    /// The failure with the end of an instance's log.
    pub fn explain(&self, number: usize, failure: &Failure) -> Failure {
        match &self.slots.borrow()[number].program {
            Some(program) => program.failed(failure.to_string()),
            None => Failure::answer(GROUPS[number], failure),
        }
    }
}

impl Drop for Fleet {
    /// All at once: each takes a second.
    fn drop(&mut self) {
        for number in 0..GROUPS.len() {
            self.go_on(number);
        }
        let mut slots = self.slots.borrow_mut();
        for program in slots.iter_mut().filter_map(|slot| slot.program.as_mut()) {
            program.ask_to_end();
        }
        slots.clear();
    }
}
