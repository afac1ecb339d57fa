//! How the handler is started. Sources: `HttpWorkerDescription`,
//! `HttpWorkerOptionsSetup`, `DefaultWorkerProcessFactory`, `HttpWorkerProcess`.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::invocation::guid;
use crate::settings::{Environment, ScriptRoot};

/// The command line, folder and environment of the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerCommand {
    pub executable: PathBuf,
    pub arguments: Vec<String>,
    pub directory: PathBuf,
    pub environment: Environment,
}

impl HandlerCommand {
    /// `target_group`: the scale group of this instance, if it has only one.
    pub fn new(root: &ScriptRoot, port: u16, target_group: Option<&str>) -> Self {
        let worker_id = guid();
        let mut environment = root
            .environment
            .clone()
            .with("FUNCTIONS_HTTPWORKER_PORT", port.to_string())
            .with("FUNCTIONS_HTTPWORKER_ID", &worker_id)
            .with("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", &worker_id)
            .with("FUNCTIONS_APP_ROOT_PATH", root.path.to_string_lossy());
        if let Some(group) = target_group {
            environment = environment.with("FUNCTIONS_TARGET_GROUP", group);
        }
        let description = &root.host.custom_handler;

        // An unset variable stays in the path but vanishes from the arguments.
        let executable = expand(&environment, &description.executable, |name| {
            format!("%{name}%")
        });
        // Relative to the script root, not to the working directory; a name that
        // is no file there is looked up on PATH.
        let in_root = root.path.join(&executable);
        let executable = if in_root.is_file() {
            in_root
        } else {
            PathBuf::from(executable)
        };
        let directory = description
            .working_directory
            .as_ref()
            .map_or_else(|| root.path.clone(), |directory| root.path.join(directory));

        let mut line = String::new();
        for argument in &description.arguments {
            line.push(' ');
            line.push_str(argument);
        }
        if let Some(path) = &description.worker_path {
            line.push_str(" \"");
            line.push_str(path);
            line.push('"');
        }
        for argument in &description.worker_arguments {
            line.push(' ');
            line.push_str(argument);
        }
        let line = expand(&environment, &line, |_| String::new());
        Self {
            executable,
            arguments: split_arguments(&line),
            directory,
            environment,
        }
    }

    /// Starts the process in the host's process group, so that a Ctrl-C in a
    /// terminal reaches it too, as it does with `func`.
    pub fn spawn(&self) -> io::Result<Child> {
        Command::new(&self.executable)
            .args(&self.arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.environment.iter())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

fn expand(environment: &Environment, text: &str, missing: impl Fn(&str) -> String) -> String {
    environment
        .expand(text, |name| {
            Ok::<_, std::convert::Infallible>(missing(name))
        })
        .unwrap_or_else(|never| match never {})
}

/// Splits the one argument string as .NET does on Unix: at blanks outside double
/// quotes, `\"` being a quote. So an argument with a blank in it is two.
fn split_arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'"') => {
                characters.next();
                current.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                current.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => arguments.extend(current.take()),
            other => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_joined_and_split_again() {
        assert_eq!(split_arguments(" --name a b"), ["--name", "a", "b"]);
        assert_eq!(split_arguments(" \"a b\"  c"), ["a b", "c"]);
        assert_eq!(split_arguments(r#" \"a b\" """#), ["\"a", "b\"", ""]);
        assert_eq!(split_arguments("  "), Vec::<String>::new());
    }
}
