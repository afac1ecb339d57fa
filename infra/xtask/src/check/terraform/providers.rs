//! The stand-in providers, which run while Terraform asks them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::failure::Failure;
use crate::processes::Group;
use crate::session::{spawn, stop};

const PROGRAM: &str = "providers.py";
const SCHEMAS: [&str; 2] = ["schemas/azurerm.json", "schemas/azuread.json"];

/// From the start to the line that says where they listen.
const START_MAX: Duration = Duration::from_secs(30);

/// A running process, which ends with this value: by its id, or because its
/// standard input ends.
#[derive(Debug)]
pub struct Providers {
    child: Child,
    group: Option<Group>,
    _input: Option<ChildStdin>,
    reattach: String,
}

impl Providers {
    /// `folder` holds the program and the schemas.
    pub async fn start(python: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(python);
        command
            // Leaves no compiled files in the folder.
            .arg("-B")
            .arg(PROGRAM)
            .args(SCHEMAS)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = spawn(&mut command)?;
        let group = Group::led_by(&child);
        let input = child.stdin.take();
        let mut first = String::new();
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            let read = output.read_line(&mut first);
            // Too late and unreadable are told below: there is no line.
            let _told = tokio::time::timeout(START_MAX, read).await;
        }
        let reattach = first.trim().to_owned();
        if reattach.is_empty() {
            stop(&mut child, group).await;
            return Err(Failure::refused(
                "the stand-in providers of Terraform do not start",
                "Their own words may be above; they are infra/terraform/check/providers.py.",
            ));
        }
        Ok(Self {
            child,
            group,
            _input: input,
            reattach,
        })
    }

    /// The value of `TF_REATTACH_PROVIDERS`.
    pub fn reattach(&self) -> String {
        self.reattach.clone()
    }

    pub async fn stop(mut self) {
        stop(&mut self.child, self.group).await;
    }
}
