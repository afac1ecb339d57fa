//! `dist/app`: what `func start --script-root dist/app`, the host stand-in and
//! Azure run. Functions are found only beside `host.json`, so the folders of
//! `functions/` are laid flat.

mod archive;
pub mod functions;
mod glibc;
mod size;
pub mod tool_server;
mod trial;
mod zig;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

pub use functions::Function;

use crate::azure_mcp;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::{Session, cargo};
use crate::united;

use archive::Effort;
use size::Sizes;

const STAGE: &str = "app";
const HANDLER_PACKAGE: &str = "azimuth-handler";

/// Built with one command, so that a part they share is compiled once.
pub const PROGRAM_PACKAGES: [&str; 4] = [
    HANDLER_PACKAGE,
    "azimuth-host",
    "azimuth-sandbox",
    "azimuth-web",
];

/// Exactly this: only the file of this name keeps its mode when it is deployed.
const HANDLER: &str = "handler";

const EXAMPLE: &str = "local.settings.example.json";
const LOCAL_SETTINGS: &str = "local.settings.json";

/// dist/app for `func start --script-root dist/app`, and a deployable zip
#[derive(Debug, Args)]
pub struct AppOptions {
    /// Build optimised, for the glibc of the oldest image of the Functions host
    #[arg(long)]
    pub release: bool,
    /// Unpack the zip elsewhere, run it under the host stand-in, and tell start and
    /// memory
    #[arg(long = "try")]
    pub is_tried: bool,
}

/// `cargo xtask app`: builds, assembles, packs.
pub async fn app(
    session: &mut Session,
    repository: &Repository,
    options: &AppOptions,
) -> Result<(), Failure> {
    let metadata = repository.metadata()?;
    let handler = if options.release {
        zig::build(session, repository, &metadata, HANDLER_PACKAGE, HANDLER).await?
    } else {
        build(session, repository, &[HANDLER_PACKAGE], false).await?;
        metadata.programs(false).join(HANDLER)
    };
    let server = azure_mcp::pinned(session, repository).await?;
    let app = assemble(session, repository, &handler, Some(&server))?;
    if options.release {
        let starts_on = match glibc::check(&app.join(HANDLER))? {
            Some(version) => format!("glibc {version} or later"),
            None => "every Linux".to_owned(),
        };
        session.say(STAGE, format_args!("the handler starts on {starts_on}"));
    }
    session.say(STAGE, "packing");
    let zip = repository.root.join("dist/azimuth.zip");
    archive::pack(&app, &zip, Effort::Small).map_err(Failure::file("write", &zip))?;
    let sizes = Sizes::of(&zip).map_err(Failure::file("read", &zip))?;
    println!("{sizes}");
    session.say(STAGE, format_args!("{} is ready to deploy", zip.display()));
    if options.is_tried {
        return trial::run(session, repository, &metadata, &zip).await;
    }
    session.say(
        STAGE,
        "run it with: func start --script-root dist/app (settings: dist/app/local.settings.json)",
    );
    Ok(())
}

/// The same of programs that are built already, unpacked into `folder` as it would lie on
/// Azure.
pub fn deployed(
    session: &Session,
    repository: &Repository,
    handler: &Path,
    server: &Path,
    folder: &Path,
) -> Result<(), Failure> {
    let app = assemble(session, repository, handler, Some(server))?;
    let zip = folder.with_extension("zip");
    archive::pack(&app, &zip, Effort::Quick).map_err(Failure::file("write", &zip))?;
    archive::unpack_as_deployed(&zip, folder).map_err(Failure::file("unpack", &zip))?;
    fs::remove_file(&zip).map_err(Failure::file("remove", &zip))
}

/// Builds the programs of packages with one cargo command, those for debugging from the
/// same crates as the tests.
pub async fn build(
    session: &mut Session,
    repository: &Repository,
    packages: &[&str],
    release: bool,
) -> Result<(), Failure> {
    let profile = if release { "optimised" } else { "debug" };
    session.say("build", format_args!("{} ({profile})", packages.join(", ")));
    let mut command = cargo();
    command
        .arg("build")
        .arg("--bins")
        .current_dir(&repository.root);
    for package in packages {
        command.args(["--package", package]);
    }
    if release {
        command.arg("--release");
    } else {
        command.args(["--package", united::PACKAGE]);
    }
    session.succeed("build", command).await
}

/// Puts `dist/app` together anew, in one step: a host that runs from it sees
/// the former one or this one. `server` is the folder of the Azure MCP Server; without
/// it the settings must lead to tool servers elsewhere.
pub fn assemble(
    session: &Session,
    repository: &Repository,
    handler: &Path,
    server: Option<&Path>,
) -> Result<PathBuf, Failure> {
    let root = &repository.root;
    check_host_json(&root.join("host.json"))?;
    let found = functions::read(&root.join("functions"))?;

    let app = repository.app();
    let part = app.with_file_name(format!("app.{}.part", std::process::id()));
    let former = app.with_file_name(format!("app.{}.former", std::process::id()));
    fill(root, &found, handler, &part)?;
    if let Some(server) = server {
        tool_server::lay_in(server, &part)?;
    }
    if app.exists() {
        fs::rename(&app, &former).map_err(Failure::file("replace", &app))?;
    }
    fs::rename(&part, &app).map_err(Failure::file("make", &app))?;
    // What stays behind is only a waste of space.
    let _removed = fs::remove_dir_all(&former);
    session.say(
        STAGE,
        format_args!("{} holds {} functions", app.display(), found.len()),
    );
    Ok(app)
}

fn fill(root: &Path, found: &[Function], handler: &Path, part: &Path) -> Result<(), Failure> {
    let _left_by_a_crash = fs::remove_dir_all(part);
    fs::create_dir_all(part).map_err(Failure::file("create", part))?;
    copy(&root.join("host.json"), &part.join("host.json"), 0o644)?;
    for function in found {
        let folder = part.join(&function.name);
        fs::create_dir(&folder).map_err(Failure::file("create", &folder))?;
        copy(
            &function.folder.join("function.json"),
            &folder.join("function.json"),
            0o644,
        )?;
    }
    copy(handler, &part.join(HANDLER), 0o755)?;
    // One's own settings, kept beside the example and out of git, are taken first.
    let own = root.join(LOCAL_SETTINGS);
    let settings = if own.is_file() {
        own
    } else {
        root.join(EXAMPLE)
    };
    json(&settings)?;
    copy(&settings, &part.join(LOCAL_SETTINGS), 0o600)
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    fs::copy(from, to).map_err(Failure::file("copy", from))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(Failure::file("set", to))
}

/// What the handler relies on; the rest is the host's to judge.
fn check_host_json(file: &Path) -> Result<(), Failure> {
    let host = json(file)?;
    let wrong = |what: &str, must: &str| {
        Err(Failure::refused(
            format!("{}: {what}", file.display()),
            must.to_owned(),
        ))
    };
    let custom = &host["customHandler"];
    if custom["description"]["defaultExecutablePath"] != HANDLER {
        return wrong(
            "customHandler.description.defaultExecutablePath is not \"handler\"",
            "Only the file of exactly that name keeps its mode when it is deployed.",
        );
    }
    if custom["enableProxyingHttpRequest"] != true {
        return wrong(
            "customHandler.enableProxyingHttpRequest is not true",
            "Without it no answer is streamed.",
        );
    }
    if !host["configurationProfile"].is_null() {
        return wrong(
            "configurationProfile is set",
            "A profile cannot be combined with queue triggers.",
        );
    }
    Ok(())
}

pub fn json(file: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(file).map_err(Failure::file("read", file))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::refused(
            format!("{}: {error}", file.display()),
            "It must be JSON without comments.",
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const HOST: &str = r#"{"version":"2.0","customHandler":{"description":
        {"defaultExecutablePath":"handler"},"enableProxyingHttpRequest":true}}"#;

    #[test]
    fn the_folder_has_the_layout_that_func_expects() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let function = root.join("functions/api");
        fs::create_dir_all(&function).unwrap();
        fs::write(root.join("host.json"), HOST).unwrap();
        fs::write(root.join(EXAMPLE), r#"{"Values":{"A":"example"}}"#).unwrap();
        fs::write(
            function.join("function.json"),
            r#"{"bindings":[{"type":"timerTrigger","direction":"in","name":"t"}]}"#,
        )
        .unwrap();
        let handler = root.join("built");
        fs::write(&handler, "program").unwrap();
        let part = root.join("part");

        let found = functions::read(&root.join("functions")).unwrap();
        fill(root, &found, &handler, &part).unwrap();

        let mut names: Vec<String> = fs::read_dir(&part)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["api", "handler", "host.json", "local.settings.json"]
        );
        let mode = part
            .join("handler")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        let settings = || fs::read_to_string(part.join(LOCAL_SETTINGS)).unwrap();
        assert!(settings().contains("example"));

        fs::write(root.join(LOCAL_SETTINGS), r#"{"Values":{"A":"mine"}}"#).unwrap();
        fill(root, &found, &handler, &part).unwrap();
        assert!(settings().contains("mine"));
    }

    #[test]
    fn a_host_json_that_would_break_the_handler_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("host.json");
        let judge = |text: &str| {
            fs::write(&file, text).unwrap();
            check_host_json(&file).map_err(|failure| failure.to_string())
        };
        assert_eq!(judge(HOST), Ok(()));
        for (from, to, told) in [
            ("\"handler\"", "\"./handler\"", "defaultExecutablePath"),
            ("true", "false", "enableProxyingHttpRequest"),
            (
                "\"version\"",
                "\"configurationProfile\":\"x\",\"version\"",
                "configurationProfile",
            ),
            ("{\"version\"", "{// \"version\"", "host.json: "),
        ] {
            assert!(
                judge(&HOST.replacen(from, to, 1))
                    .unwrap_err()
                    .contains(told),
                "{told}"
            );
        }
    }
}
