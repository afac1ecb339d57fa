use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The whole system on this machine.
#[derive(Debug, Clone, Args)]
pub struct DevOptions {
    /// Without the portal
    #[arg(long)]
    pub no_portal: bool,
    /// Run the dist/app, the programs and the portal that stand
    #[arg(long)]
    pub no_build: bool,
    /// Where state is kept
    #[arg(long, value_enum, default_value_t = Storage::Embedded)]
    pub storage: Storage,
    /// Build optimised
    #[arg(long)]
    pub release: bool,
    /// Port of the API on 127.0.0.1; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 7071)]
    pub api_port: u16,
    /// Port of the portal on 127.0.0.1; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 4280)]
    pub portal_port: u16,
    /// Folder of this instance's state [default: .azimuth in the repository]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Model to use where nobody has chosen one
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Storage {
    /// Files on this machine
    Embedded,
    /// Queues on Azurite
    Azurite,
    /// Queues on Azurite, the store on Microsoft's Cosmos DB emulator (gone at the end)
    Azure,
}
