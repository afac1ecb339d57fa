//! Child processes of a test, none of which outlives it: the same test program,
//! started again with a part in the environment.

use std::io::{BufRead, BufReader, Write};
use std::process::{self, ChildStdout, Command, Stdio};

const PART: &str = "AZIMUTH_TEST_PART";
const PLACE: &str = "AZIMUTH_TEST_PLACE";
/// Marks what a child says; the test harness prints beside it.
const MARK: &str = "@@";
const READY: &str = "ready";

/// What this process is to do, and where the storage is; `None` when it is no child.
#[expect(
    clippy::disallowed_methods,
    reason = "a child learns its part from the test that started it"
)]
pub fn part() -> Option<(String, String)> {
    Some((std::env::var(PART).ok()?, std::env::var(PLACE).ok()?))
}

/// Tells the parent.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{MARK}{line}");
    said.unwrap_or_else(|error| panic!("the parent is gone: {error}"));
}

/// Lets children begin together.
pub fn wait_for_start() {
    say(READY);
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.unwrap_or_else(|error| panic!("the parent is gone: {error}"));
}

/// One of them.
pub struct Child {
    process: process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts this test program again for its test `entry` alone, in which
    /// [`part`] tells what is given here.
    pub fn start(entry: &str, part: &str, place: &str) -> Self {
        let program = std::env::current_exe();
        let program = program.unwrap_or_else(|error| panic!("this program: {error}"));
        let started = Command::new(program)
            .args([entry, "--exact", "--nocapture"])
            .env(PART, part)
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = started.unwrap_or_else(|error| panic!("a child: {error}"));
        let output = process.stdout.take();
        let output = output.unwrap_or_else(|| unreachable!("it is piped"));
        Self {
            process,
            output: BufReader::new(output),
        }
    }

    /// Two children at once; what each said.
    pub fn race(entry: &str, part: &str, place: &str) -> [Vec<String>; 2] {
        let mut children = [(); 2].map(|()| Self::start(entry, part, place));
        for child in &mut children {
            assert_eq!(child.lines(1), [READY]);
        }
        for child in &mut children {
            let told = child
                .process
                .stdin
                .take()
                .map(|mut to| to.write_all(b"go\n"));
            assert!(matches!(told, Some(Ok(()))), "{told:?}");
        }
        children.map(|mut child| {
            let said = child.lines(usize::MAX);
            assert!(child.succeeds(), "a child failed after {said:?}");
            said
        })
    }

    /// What the child says next: so many lines, or all up to its end.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        let mut line = String::new();
        while said.len() < count {
            let read = self.output.read_line(&mut line);
            if read.unwrap_or_else(|error| panic!("a child: {error}")) == 0 {
                break;
            }
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
        let killed = self.process.kill().and_then(|()| self.process.wait());
        assert!(killed.is_ok(), "{killed:?}");
        self.lines(usize::MAX)
    }

    /// Waits for its end.
    pub fn succeeds(&mut self) -> bool {
        self.process.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// The name of a test of the module that `module_path!` names.
pub fn test_of(module: &str, test: &str) -> String {
    match module.split_once("::") {
        Some((_, inner)) => format!("{inner}::{test}"),
        None => test.to_owned(),
    }
}
