//! The program `terraform`, alone with what it is given: no settings of the person
//! who runs it, no state, no network.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use super::events::{self, Told};
use super::{ENVIRONMENT_TESTS, STAGE, Tests, settings_file};
use crate::failure::Failure;
use crate::session::Session;

pub const PROGRAM: &str = "terraform";

/// What an installation adds to the settings of its environment.
const INSTALLATION: &str = "tests/installation.tfvars";

/// Major and minor. From here on a test can give values to a plan.
const OLDEST: (u32, u32) = (1, 11);

const ADVICE: &str = "Install Terraform 1.11 or later and put it on PATH \
    (https://developer.hashicorp.com/terraform/install). Without it nothing of \
    infra/terraform is checked, and that counts as failed.";

/// Settings that would change what is checked, by the beginning of their names:
/// those of Terraform itself, and who one is in Azure.
const FOREIGN: [&str; 2] = ["TF_", "ARM_"];

/// Terraform in one folder, with the stand-in providers.
#[derive(Debug)]
pub struct Terraform {
    folder: PathBuf,
    /// In the place of `.terraform`, so that the folder stays as it is.
    data: PathBuf,
    reattach: String,
}

/// Refuses a machine without Terraform, or with one that is too old.
pub async fn refuse_missing(session: &mut Session, program: &str) -> Result<(), Failure> {
    let mut command = plain(program);
    command.args(["version", "-json"]);
    let (_, output) = read(session, command)
        .await
        .map_err(|failure| match failure {
            Failure::Program { source, .. } => {
                Failure::refused(format!("{program} cannot be started: {source}"), ADVICE)
            }
            other => other,
        })?;
    match version(&output) {
        Some(found) if found >= OLDEST => Ok(()),
        Some((major, minor)) => Err(Failure::refused(
            format!("this is {program} {major}.{minor}"),
            ADVICE,
        )),
        None => Err(Failure::refused(
            format!("{program} does not tell its version"),
            ADVICE,
        )),
    }
}

fn version(output: &str) -> Option<(u32, u32)> {
    #[derive(Deserialize)]
    struct Version {
        terraform_version: String,
    }
    let version: Version = serde_json::from_str(output).ok()?;
    let mut parts = version.terraform_version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

impl Terraform {
    pub fn new(folder: &Path, data: &Path, reattach: String) -> Self {
        Self {
            folder: folder.to_owned(),
            data: data.to_owned(),
            reattach,
        }
    }

    /// Files that are not in the one form.
    pub async fn format(&self, session: &mut Session) -> Result<Vec<String>, Failure> {
        let mut command = self.command();
        command.args(["fmt", "-check", "-recursive", "-no-color"]);
        let (succeeded, output) = read(session, command).await?;
        let files: Vec<&str> = output.lines().collect();
        Ok(match (succeeded, files.as_slice()) {
            (true, _) => Vec::new(),
            (false, []) => vec!["terraform fmt failed; its own words are above".to_owned()],
            (false, files) => files
                .iter()
                .map(|file| format!("{file}: not as `terraform fmt` writes it"))
                .collect(),
        })
    }

    /// Arguments, references and types, against the providers' schemas.
    pub async fn validate(&self, session: &mut Session) -> Result<Vec<String>, Failure> {
        let mut init = self.command();
        init.args(["init", "-backend=false", "-input=false", "-no-color"]);
        let (succeeded, output) = read(session, init).await?;
        if !succeeded {
            eprint!("{output}");
            return Ok(vec![
                "terraform init failed; its own words are above".to_owned(),
            ]);
        }
        let mut validate = self.command();
        validate.args(["validate", "-json"]);
        let (_, output) = read(session, validate).await?;
        events::validated(&output)
    }

    /// Tests of the folder, with the settings of an environment.
    pub async fn test(
        &self,
        session: &mut Session,
        environment: &str,
        tests: Tests,
    ) -> Result<Told, Failure> {
        let mut command = self.command();
        command
            .args(["test", "-json", "-verbose"])
            .args(["-var-file", INSTALLATION, "-var-file"])
            .arg(settings_file(environment));
        if tests == Tests::OfEnvironment {
            command.args(["-filter", ENVIRONMENT_TESTS]);
        }
        let (_, output) = read(session, command).await?;
        events::tested(&output)
    }

    fn command(&self) -> Command {
        let mut command = plain(PROGRAM);
        command
            .current_dir(&self.folder)
            .env("TF_DATA_DIR", &self.data)
            .env("TF_REATTACH_PROVIDERS", &self.reattach);
        command
    }
}

fn plain(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if FOREIGN.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
        .stdin(Stdio::null())
        // Otherwise a file of the person's home counts.
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        // It would ask whether there is a newer one.
        .env("CHECKPOINT_DISABLE", "1");
    command
}

/// Whether it succeeded, and its standard output. What it finds is told by its
/// output; its status alone says little.
async fn read(session: &mut Session, command: Command) -> Result<(bool, String), Failure> {
    let mut output = String::new();
    let take = |line: &str| {
        output.push_str(line);
        output.push('\n');
    };
    let status = session.lines(STAGE, command, None, take).await?;
    Ok((status.is_some_and(|status| status.success()), output))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_is_read() {
        let told = |number: &str| version(&format!("{{\"terraform_version\":\"{number}\"}}"));
        assert_eq!(told("1.11.4"), Some((1, 11)));
        assert_eq!(told("2.0.0-beta1"), Some((2, 0)));
        assert_eq!(told("one"), None);
        assert_eq!(version("no JSON"), None);
    }
}
