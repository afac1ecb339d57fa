//! npm, with what is pinned and nothing else: no scripts of packages, no
//! network once they are installed.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::azure_mcp::sha256;
use crate::failure::Failure;
use crate::session::Session;

const ADVICE: &str = "Install Node 20.19 or later with npm (https://nodejs.org), or do without: \
    `cargo xtask dev --no-portal`, `cargo xtask test GROUP`.";

/// Installs what `package-lock.json` of the folder pins, unless that stands
/// there already.
pub async fn install(session: &mut Session, stage: &str, folder: &Path) -> Result<(), Failure> {
    let lock = folder.join("package-lock.json");
    let locked = sha256(&lock).map_err(Failure::file("read", &lock))?;
    // Written last, so an installation that was cut off does not count.
    let mark = folder.join("node_modules/.azimuth-lock");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == locked) {
        return Ok(());
    }
    session.say(
        stage,
        format_args!("installing packages of {} (npm ci)", folder.display()),
    );
    let mut command = npm(folder);
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    session
        .succeed(stage, command)
        .await
        .map_err(|failure| told(failure, "ci", "The first run needs the npm registry."))?;
    // A package without dependencies leaves no folder.
    let modules = folder.join("node_modules");
    fs::create_dir_all(&modules).map_err(Failure::file("create", &modules))?;
    fs::write(&mark, locked).map_err(Failure::file("write", &mark))
}

/// Runs a script of the folder's `package.json`; what it prints goes to stderr.
pub async fn run(
    session: &mut Session,
    stage: &str,
    folder: &Path,
    script: &str,
) -> Result<(), Failure> {
    session
        .succeed(stage, script_command(folder, script))
        .await
        .map_err(|failure| {
            told(
                failure,
                &format!("run {script}"),
                "What it says is to be mended. Without the portal: cargo xtask dev --no-portal",
            )
        })
}

/// The command that runs a script.
pub fn script_command(folder: &Path, script: &str) -> Command {
    let mut command = npm(folder);
    command.args(["run", "--silent", script]);
    command
}

fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        // It would ask the registry for a newer npm.
        .env("NO_UPDATE_NOTIFIER", "1");
    plain(&mut npm);
    npm
}

/// Without colours: what is read from the output must be there as it is written.
pub fn plain(command: &mut Command) {
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
}

/// The failure, with what to do.
pub fn told(failure: Failure, what: &str, advice: &str) -> Failure {
    match failure {
        Failure::Program { source, .. } => {
            Failure::refused(format!("npm cannot be started: {source}"), ADVICE)
        }
        Failure::Ended { status, .. } => Failure::refused(
            format!("npm {what} failed ({status}); its own words are above"),
            advice,
        ),
        other => other,
    }
}
