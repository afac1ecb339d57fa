//! The binary behind the Functions: reads its configuration, wires the adapters,
//! serves. `handler standalone`, `handler audit …`, `handler policy …` and `handler
//! confine …` are its other faces.

mod audit_command;
mod background;
mod config;
mod keys;
mod policy_command;
mod serve;
mod standalone;
mod start;
mod stores;
mod tool_secrets;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Azimuth: many people operate Azure by chat, each as themselves.
///
/// Without a command it is the custom handler of an Azure Functions app and
/// listens where `FUNCTIONS_CUSTOMHANDLER_PORT` says.
#[derive(Parser)]
#[command(name = "handler", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Face>,
}

#[derive(Subcommand)]
enum Face {
    /// Serve without a Functions host: HTTP, queues and timer in this process. For
    /// containers. SIGTERM takes nothing new, and finishes or hands back what runs.
    Standalone(standalone::Options),
    /// Check or export the audit, offline.
    Audit {
        #[command(subcommand)]
        what: AuditFace,
    },
    /// Check policies, offline.
    Policy {
        #[command(subcommand)]
        what: PolicyFace,
    },
    /// Run a command that must not outlive this process's parent (used by the
    /// handler itself for tool servers), inside of walls that the kernel holds up
    /// where it can.
    Confine {
        /// `[--dir OWN [--hide DIR] [--read PATH]… [--write PATH]…] [--proxy-port N
        /// [--broker-port N]] -- COMMAND [ARGUMENT]…`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
    /// Print what the handler serves, as JSON, for `cargo xtask check`.
    Contract,
}

#[derive(Subcommand)]
enum AuditFace {
    /// Walk every chain and every digest; exit code 1 names what does not hold.
    Verify(audit_command::Verify),
    /// Write every record, the digests and the public key as NDJSON.
    Export {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(Subcommand)]
enum PolicyFace {
    /// Hold every `*.cedar` of a folder against the schema and run the cases of its
    /// `*.test.json`; exit code 1 names what does not hold.
    Check {
        /// The folder.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        None => serve::run(),
        Some(Face::Standalone(options)) => options.run(),
        Some(Face::Confine { command }) => azimuth_mcp::confine::run(command),
        Some(Face::Contract) => {
            println!("{}", serve::contract());
            ExitCode::SUCCESS
        }
        Some(Face::Policy {
            what: PolicyFace::Check { folder },
        }) => policy_command::check(&folder),
        Some(Face::Audit {
            what: AuditFace::Verify(verify),
        }) => verify.run(),
        Some(Face::Audit {
            what: AuditFace::Export { data },
        }) => audit_command::export(&data),
    }
}
