//! `cargo xtask dev`: sandbox Azure, Functions-host stand-in, handler, the real
//! Azure MCP Server and the portal on this machine, until somebody ends it.

mod announcement;
mod azurite;
mod description;
mod emulators;
mod environment;
mod options;
mod portal;
mod ports;
mod private;
mod readiness;
mod sandbox;
mod service;
mod stage;

use std::env;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

pub use description::DevDescription;
use emulators::Emulators;
pub use options::DevOptions;
use options::Storage;

use crate::app;
use crate::azure_mcp;
use crate::azurite as azurite_package;
use crate::emulator;
use crate::failure::Failure;
use crate::portal as portal_build;
use crate::processes::adopt_orphans;
use crate::repository::Repository;
use crate::session::Session;
use portal::{Portal, WEB};
use stage::Stage;

const HOST: &str = "azimuth-host";
const SANDBOX: &str = "azimuth-sandbox";

pub async fn dev(
    session: &mut Session,
    repository: &Repository,
    options: &DevOptions,
) -> Result<(), Failure> {
    let data = repository.data(options.data.as_deref())?;
    match options.data {
        None => private::own_folder(&data),
        Some(_) => private::make_folder(&data),
    }
    .map_err(Failure::file("create", &data))?;
    let _lock = lock(&data)?;
    ports::wait_until_free(session, "--api-port", options.api_port).await?;
    adopt_orphans().map_err(Failure::file("watch the children of", Path::new("dev")))?;

    let portal = if options.no_portal {
        None
    } else {
        let dist = portal_build::dist(repository);
        Some(Portal::prepare(session, options.portal_port, dist, &data).await?)
    };
    let programs = build(session, repository, options).await?;
    let azure_mcp = match env::var_os("AZIMUTH_MCP_SERVERS") {
        Some(own) if !own.is_empty() => {
            session.say(
                "tools",
                format_args!("servers of {} (AZIMUTH_MCP_SERVERS)", own.display()),
            );
            None
        }
        _ => Some(azure_mcp::provide(session, repository).await?),
    };

    let emulators = provide_emulators(session, repository, options.storage).await?;

    let mut stage = Stage {
        repository,
        options,
        logs: data.join("logs"),
        data,
        programs,
        azure_mcp,
        emulators,
        portal,
        web: None,
        running: Vec::new(),
    };
    let ended = stage.play(session).await;
    // A second interruption must not leave anything behind; it is not listened to.
    session.say("stop", "ending everything");
    stage.strike().await;
    session.say("stop", "done");
    match ended {
        Err(Failure::Interrupted) => Ok(()),
        other => other,
    }
}

/// What `--storage` asks for, installed and built.
async fn provide_emulators(
    session: &mut Session,
    repository: &Repository,
    storage: Storage,
) -> Result<Emulators, Failure> {
    let mut emulators = Emulators::default();
    if storage != Storage::Embedded {
        emulators.azurite = Some(azurite_package::provide(session, repository).await?);
    }
    if storage == Storage::Azure {
        emulator::build(session, repository).await?;
        let programs = repository.metadata()?.programs(false);
        emulators.cosmos = Some(programs.join(emulator::PACKAGE));
    }
    Ok(emulators)
}

/// One instance for each folder. The lock ends with this process, whatever
/// becomes of it.
fn lock(data: &Path) -> Result<File, Failure> {
    let path = data.join("dev.lock");
    let file = File::create(&path).map_err(Failure::file("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::refused(
            format!(
                "`cargo xtask dev` runs already with --data {}",
                data.display()
            ),
            "End it, or give this one another folder (and other ports): --data DIR --api-port PORT",
        )),
        Err(TryLockError::Error(error)) => Err(Failure::file("lock", &path)(error)),
    }
}

/// Returns the folder of the programs.
async fn build(
    session: &mut Session,
    repository: &Repository,
    options: &DevOptions,
) -> Result<PathBuf, Failure> {
    let programs = repository.metadata()?.programs(options.release);
    if options.no_build {
        let mut needed = vec![
            repository.app().join("handler"),
            programs.join(HOST),
            programs.join(SANDBOX),
        ];
        if !options.no_portal {
            let page = portal_build::dist(repository).join("index.html");
            needed.extend([programs.join(WEB), page]);
        }
        let missing = needed.into_iter().find(|file| !file.is_file());
        return match missing {
            None => Ok(programs),
            Some(program) => Err(Failure::refused(
                format!("--no-build: {} is not there", program.display()),
                "Leave --no-build out once.",
            )),
        };
    }
    app::build(session, repository, &app::PROGRAM_PACKAGES, options.release).await?;
    app::assemble(session, repository, &programs.join("handler"), None)?;
    if !options.no_portal {
        portal_build::build(session, repository).await?;
    }
    Ok(programs)
}
