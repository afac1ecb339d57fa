//! Child processes of a test, none of which outlives it.

#![expect(
    clippy::disallowed_methods,
    reason = "a child learns its part from the test that started it"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ChildStdout, Command, Stdio};

const ROLE: &str = "EMBEDDED_TEST_ROLE";
const FOLDER: &str = "EMBEDDED_TEST_FOLDER";
/// Marks what a child says; the test harness prints beside it.
const MARK: &str = "@@";
const READY: &str = "ready";

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Open,
    Receive,
    Append,
    Raise,
    Write,
}

const ROLES: [Role; 5] = [
    Role::Open,
    Role::Receive,
    Role::Append,
    Role::Raise,
    Role::Write,
];

/// The role of this process; `None` when it is no child.
pub fn role() -> Option<(Role, PathBuf)> {
    let name = std::env::var(ROLE).ok()?;
    let role = ROLES.into_iter().find(|role| format!("{role:?}") == name)?;
    Some((role, PathBuf::from(std::env::var_os(FOLDER)?)))
}

/// Tells the parent.
pub fn say(line: &str) {
    println!("{MARK}{line}");
}

/// Lets children begin together.
pub fn wait_for_start() {
    say(READY);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

pub struct Child {
    process: process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub fn start(role: Role, folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["child_entry", "--exact", "--nocapture"])
            .env(ROLE, format!("{role:?}"))
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Two children at once; what each said.
    pub fn race(role: Role, folder: &Path) -> [Vec<String>; 2] {
        let mut children = [(); 2].map(|()| Self::start(role, folder));
        for child in &mut children {
            assert_eq!(child.lines(1), [READY]);
        }
        for child in &mut children {
            child
                .process
                .stdin
                .take()
                .unwrap()
                .write_all(b"go\n")
                .unwrap();
        }
        children.map(|mut child| {
            let said = child.lines(usize::MAX);
            assert!(child.succeeds());
            said
        })
    }

    /// What the child says next: so many lines, or all up to its end.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        let mut line = String::new();
        while said.len() < count && self.output.read_line(&mut line).unwrap() > 0 {
            // A line that a kill cut off says nothing.
            if let Some((_, text)) = line.split_once(MARK)
                && let Some(text) = text.strip_suffix('\n')
            {
                said.push(text.to_owned());
            }
            line.clear();
        }
        said
    }

    /// Ends the child with `SIGKILL`; what it had said until then.
    pub fn kill_and_drain(&mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines(usize::MAX)
    }

    pub fn succeeds(&mut self) -> bool {
        self.process.wait().unwrap().success()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
