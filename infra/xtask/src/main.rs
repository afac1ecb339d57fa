//! `cargo xtask`: what people and CI run in this repository.

mod app;
mod azure_mcp;
mod azurite;
mod bench;
mod check;
mod deny;
mod dev;
mod emulator;
mod failure;
mod fuzz;
mod gallery;
mod http_request;
mod installed;
mod mutants;
mod portal;
mod processes;
mod python;
mod repository;
mod schemathesis;
mod session;
mod soak;
mod tally;
mod test;
mod token;
mod united;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use app::AppOptions;
use bench::BenchOptions;
use check::CheckOptions;
use dev::DevOptions;
use failure::Failure;
use fuzz::FuzzOptions;
use mutants::MutantsOptions;
use repository::Repository;
use schemathesis::SchemathesisOptions;
use session::Session;
use soak::SoakOptions;
use test::TestOptions;

/// As a shell reports Ctrl-C.
const EXIT_INTERRUPTED: u8 = 130;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "What people and CI run in this repository"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole system on this machine
    Dev(DevOptions),
    /// Everything that CI runs, or one group of it
    Test(TestOptions),
    /// Formatting, lints, arrows, functions and routes, settings, tracked files,
    /// Terraform, API document, typed client
    Check(CheckOptions),
    /// The benchmarks, each row beside its yardstick
    Bench(BenchOptions),
    /// The long runs: every state, crash point and seed, and real processes struck
    Soak(SoakOptions),
    /// Made-up requests against the API's document, as each of the sandbox's people
    Schemathesis(SchemathesisOptions),
    /// Licences, sources and versions of crates, by cargo-deny
    Deny,
    /// Bytes for whatever reads those of others, under libFuzzer
    Fuzz(FuzzOptions),
    /// Small changes to what decides, which the tests have to notice
    Mutants(MutantsOptions),
    /// dist/app for `func start --script-root dist/app`, and a deployable zip
    App(AppOptions),
    /// Pictures of every page of the portal, in both languages and themes
    PortalGallery {
        /// Where they are put [default: portal-gallery in cargo's target folder]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// An access token of a sandbox user, alone on stdout
    Token {
        /// alice, bob, carol, dave or eve
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Folder of the running instance [default: .azimuth in the repository]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let repository = Repository::find();
    match run(arguments.command, &repository).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => ExitCode::from(EXIT_INTERRUPTED),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, repository: &Repository) -> Result<(), Failure> {
    // Before anything is started, so that no signal can leave it behind.
    let mut session = Session::begin().map_err(Failure::file(
        "watch signals of",
        std::path::Path::new("this process"),
    ))?;
    match command {
        Command::Dev(options) => dev::dev(&mut session, repository, &options).await,
        Command::Test(options) => test::test(&mut session, repository, &options).await,
        Command::Check(options) => {
            let tally = check::check(&mut session, repository, options).await?;
            println!("{tally}");
            if tally.is_good() {
                Ok(())
            } else {
                Err(Failure::Told("what is found above must be mended"))
            }
        }
        Command::Bench(options) => bench::bench(&mut session, repository, &options).await,
        Command::Soak(options) => soak::soak(&mut session, repository, &options).await,
        Command::Schemathesis(options) => {
            schemathesis::schemathesis(&mut session, repository, &options).await
        }
        Command::Deny => deny::deny(&mut session, repository).await,
        Command::Fuzz(options) => fuzz::fuzz(&mut session, repository, &options).await,
        Command::Mutants(options) => mutants::mutants(&mut session, repository, &options).await,
        Command::App(options) => app::app(&mut session, repository, &options).await,
        Command::PortalGallery { out } => {
            gallery::gallery(&mut session, repository, out.as_deref()).await
        }
        Command::Token { user, data } => token::token(repository, &user, data.as_deref()).await,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn dev(arguments: &[&str]) -> Result<DevOptions, String> {
        let line = ["cargo xtask", "dev"].iter().chain(arguments);
        match Arguments::try_parse_from(line).map(|parsed| parsed.command) {
            Ok(Command::Dev(options)) => Ok(options),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn nothing_else_need_be_typed() {
        let options = dev(&[]).unwrap();
        assert_eq!((options.api_port, options.portal_port), (7071, 4280));
        assert!(!options.no_build && !options.no_portal && !options.release);
    }

    #[test]
    fn every_option_is_read() {
        let options = dev(&[
            "--no-portal",
            "--no-build",
            "--release",
            "--storage",
            "embedded",
            "--api-port",
            "1",
            "--portal-port",
            "65535",
            "--data",
            "d",
            "--model",
            "m",
        ])
        .unwrap();
        assert!(options.no_build && options.no_portal && options.release);
        assert_eq!((options.api_port, options.portal_port), (1, 65535));
        assert_eq!(options.data, Some(PathBuf::from("d")));
        assert_eq!(options.model.as_deref(), Some("m"));
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        for storage in ["embedded", "azurite", "azure"] {
            assert!(dev(&["--storage", storage]).is_ok(), "{storage}");
        }
        for wrong in [
            ["--storage", "paper"],
            ["--api-port", "65536"],
            ["--nonsense", "1"],
        ] {
            assert!(dev(&wrong).unwrap_err().contains(wrong[0]), "{wrong:?}");
        }
    }
}
