//! `cargo xtask check`: what holds for the repository as a whole, so that no
//! single test can see it.

mod arrows;
mod contract;
mod document;
mod emulator;
mod named_tests;
mod one_place;
mod sealed;
mod supply;
mod terraform;
mod tracked;

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::process::Command;

use crate::app;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::{Session, cargo};
use crate::tally::Tally;
use crate::united;

const STAGE: &str = "check";

/// What the lints see; whoever asks for the same compiles nothing a second time.
const LINTED: [&str; 3] = ["clippy", "--workspace", "--all-targets"];

/// Everything that holds for the repository as a whole.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CheckOptions {
    /// Renew what is generated and kept: the API's document, the typed client
    #[arg(long)]
    pub write: bool,
}

/// Runs every check, whatever the ones before found.
pub async fn check(
    session: &mut Session,
    repository: &Repository,
    options: CheckOptions,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let format = cargo_finds(session, repository, &["fmt", "--all", "--check"]).await?;
    tell(&mut tally, "formatting", &format);
    let lints = if building_lints() {
        vec!["test", "--no-run", "--workspace", "--all-targets"]
    } else {
        [LINTED.as_slice(), &["--", "-D", "warnings"]].concat()
    };
    let lints = cargo_finds(session, repository, &lints).await?;
    tell(&mut tally, "lints", &lints);
    let lints = emulator_lints(session, repository).await?;
    tell(&mut tally, "lints of the emulator", &lints);
    let carried = emulator::findings(repository)?;
    tell(&mut tally, "product without an emulator", &carried);
    let apart = united::findings(repository)?;
    tell(&mut tally, "crates that are compiled once", &apart);

    let metadata = repository.metadata()?;
    tell(&mut tally, "arrows", &arrows::findings(&metadata.packages));
    let functions = app::functions::read(&repository.root.join("functions"))?;
    tell(
        &mut tally,
        "poison queues",
        &contract::poison_findings(&functions),
    );
    let tracked = tracked::findings(&repository.root)?;
    tell(&mut tally, "tracked files", &tracked);
    let named = named_tests::findings(repository, &metadata)?;
    tell(&mut tally, "named tests", &named);
    let supply = supply::findings(repository)?;
    tell(&mut tally, "what others made", &supply);
    let one_place = one_place::findings(&repository.root)?;
    tell(&mut tally, "what has one place", &one_place);
    // Of the workspace, so that nothing is compiled for it alone.
    let sealed = sealed::findings(session, repository).await?;
    tell(&mut tally, "one path to a tool", &sealed);
    let terraform = terraform::examine(session, repository).await?;
    for (name, findings) in &terraform.checks {
        tell(&mut tally, name, findings);
    }

    let told = match contract::ask_handler(session, repository, &metadata).await {
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) => {
            let finding = vec![format!("the handler does not tell its contract: {failure}")];
            tell(&mut tally, "functions and routes", &finding);
            tell(&mut tally, "settings", &finding);
            tell(&mut tally, "names in Terraform", &finding);
            tell(&mut tally, "API document", &finding);
            return Ok(tally);
        }
        Ok(told) => told,
    };
    let routes = contract::route_findings(&functions, &told.triggers);
    tell(&mut tally, "functions and routes", &routes);
    let mut settings = setting_findings(&repository.root, &told.settings)?;
    settings.extend(contract::connection_findings(&functions, &told.connection));
    tell(&mut tally, "settings", &settings);
    let terraform = terraform::name_findings(repository, &terraform, &functions, &told)?;
    tell(&mut tally, "names in Terraform", &terraform);
    let document = document::document_findings(&repository.root, told.openapi, options.write)?;
    tell(&mut tally, "API document", &document);
    let client = match document::client_findings(session, repository, options.write).await {
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) => vec![failure.to_string()],
        Ok(findings) => findings,
    };
    tell(&mut tally, "typed client", &client);
    Ok(tally)
}

fn tell(tally: &mut Tally, name: &str, findings: &[String]) {
    if findings.is_empty() {
        println!("check {name} ... ok");
        tally.passed += 1;
        return;
    }
    println!("check {name} ... FAILED");
    for finding in findings {
        println!("    {finding}");
    }
    tally.failed += 1;
}

async fn cargo_finds(
    session: &mut Session,
    repository: &Repository,
    arguments: &[&str],
) -> Result<Vec<String>, Failure> {
    let mut command = cargo();
    command.args(arguments).current_dir(&repository.root);
    run(session, arguments[0], command).await
}

/// Whether every build lints as well (`.ci/run`): then what is built anyway need not be
/// checked apart, which takes the dependencies a second time.
fn building_lints() -> bool {
    let wrapper = std::env::var_os("RUSTC_WORKSPACE_WRAPPER").map(PathBuf::from);
    let is_clippy = wrapper.is_some_and(|path| path.file_stem() == Some("clippy-driver".as_ref()));
    let arguments = std::env::var("CLIPPY_ARGS").unwrap_or_default();
    is_clippy && arguments.contains("-Dwarnings")
}

/// The workspace's lints do not see it, because nothing turns it on there.
async fn emulator_lints(
    session: &mut Session,
    repository: &Repository,
) -> Result<Vec<String>, Failure> {
    let mut command = cargo();
    let targets = ["--lib", "--bin", crate::emulator::PACKAGE];
    if building_lints() {
        command.args(["test", "--no-run"]).args(targets);
        crate::emulator::select(&mut command);
    } else {
        command.arg("clippy").args(targets);
        crate::emulator::select(&mut command);
        // With the tests inside.
        command.args(["--profile", "test", "--", "-D", "warnings"]);
    }
    command.current_dir(&repository.root);
    run(session, "lints", command).await
}

/// The findings themselves are cargo's own output.
async fn run(session: &mut Session, name: &str, command: Command) -> Result<Vec<String>, Failure> {
    let status = session.run(STAGE, command).await?;
    Ok(if status.success() {
        Vec::new()
    } else {
        vec![format!("cargo {name} found something; see above")]
    })
}

fn setting_findings(root: &Path, known: &[String]) -> Result<Vec<String>, Failure> {
    let example = app::json(&root.join("local.settings.example.json"))?;
    let readme = root.join("README.md");
    let readme = std::fs::read_to_string(&readme).map_err(Failure::file("read", &readme))?;
    Ok(contract::setting_findings(known, &example, &readme))
}
