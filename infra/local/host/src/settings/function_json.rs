//! `<function>/function.json`.

use std::path::Path;

use http::Method;

use super::environment::Environment;
use super::route::RouteTemplate;
use super::section::{Section, SettingsError};
use crate::timer::Schedule;

/// Of a trigger that names none.
const DEFAULT_CONNECTION: &str = "AzureWebJobsStorage";

/// A function: its folder's name and what triggers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub trigger: Trigger,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    Http(HttpTrigger),
    Queue(QueueTrigger),
    Timer(TimerTrigger),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTrigger {
    pub route: RouteTemplate,
    /// Empty: every method.
    pub methods: Vec<Method>,
    /// Keys are never asked for locally, so the level is only told in the log.
    pub auth_level: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTrigger {
    /// The binding's name, under which the message stands in `Data`.
    pub binding: String,
    pub queue: String,
    /// Name of the setting that tells where the queue is.
    pub connection: String,
    /// `dataType: binary`: the message arrives as base64 instead of quoted text.
    pub binary: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerTrigger {
    pub binding: String,
    pub schedule: Schedule,
    pub run_on_startup: bool,
    /// Whether the schedule's status is kept, and so told to the function.
    pub use_monitor: bool,
}

impl Function {
    /// Reads the function in `folder`. `Ok(None)`: the file disables it.
    pub fn read(
        folder: &Path,
        name: &str,
        route_prefix: &str,
        environment: &Environment,
    ) -> Result<Option<Self>, SettingsError> {
        let mut settings = Section::read(&folder.join("function.json"))?;
        let disabled = settings.flag("disabled")?.unwrap_or_default();
        if !is_function_name(name) {
            return Err(settings.error("(folder name)", format!("{name:?} is not a function name")));
        }
        let mut trigger = None;
        let mut http_outputs = 0;
        for mut binding in settings.sections("bindings")? {
            let kind = binding.required_text("type")?;
            let direction = binding.text("direction")?.unwrap_or_else(|| "in".into());
            let binding_name = binding.required_text("name")?;
            if !is_binding_name(&binding_name) {
                return Err(
                    binding.error("name", format!("{binding_name:?} is not a binding name"))
                );
            }
            let found = match (kind.to_ascii_lowercase().as_str(), direction.as_str()) {
                ("http", "out") => {
                    http_outputs += 1;
                    None
                }
                ("httptrigger", "in") => Some(Trigger::Http(HttpTrigger::read(
                    &mut binding,
                    name,
                    route_prefix,
                )?)),
                ("queuetrigger", "in") => Some(Trigger::Queue(QueueTrigger::read(
                    &mut binding,
                    binding_name,
                    environment,
                )?)),
                ("timertrigger", "in") => Some(Trigger::Timer(TimerTrigger::read(
                    &mut binding,
                    binding_name,
                    environment,
                )?)),
                _ => {
                    return Err(binding.error(
                        "type",
                        format!("{kind:?} with direction {direction:?} is not supported by this stand-in host"),
                    ));
                }
            };
            if found.is_some() && trigger.is_some() {
                return Err(binding.error("type", "a function has exactly one trigger"));
            }
            trigger = trigger.or(found);
            binding.finish()?;
        }
        let Some(trigger) = trigger else {
            return Err(settings.error("bindings", "there is no trigger"));
        };
        let wanted_outputs = usize::from(matches!(trigger, Trigger::Http(_)));
        if http_outputs != wanted_outputs {
            return Err(settings.error(
                "bindings",
                format!("needs exactly {wanted_outputs} binding(s) of type http, direction out"),
            ));
        }
        settings.without_effect(&["$schema"]);
        settings.finish()?;
        let name = name.to_owned();
        Ok((!disabled).then_some(Self { name, trigger }))
    }
}

impl HttpTrigger {
    fn read(
        binding: &mut Section,
        function: &str,
        route_prefix: &str,
    ) -> Result<Self, SettingsError> {
        let route = binding
            .text("route")?
            .filter(|route| !route.trim().is_empty())
            .unwrap_or_else(|| function.to_owned());
        let own = route.trim_matches('/').to_ascii_lowercase();
        if own.starts_with("admin") || own.starts_with("runtime") {
            return Err(binding.error(
                "route",
                format!("{route:?} conflicts with the host's own routes"),
            ));
        }
        let route = RouteTemplate::parse(&format!("{route_prefix}/{}", route.trim_matches('/')))
            .map_err(|problem| binding.error("route", problem.to_string()))?;
        let methods = binding
            .texts("methods")?
            .unwrap_or_default()
            .into_iter()
            .map(|method| {
                Method::from_bytes(method.to_ascii_uppercase().as_bytes())
                    .map_err(|_| binding.error("methods", format!("{method:?} is not a method")))
            })
            .collect::<Result<_, _>>()?;
        let auth_level = binding
            .text("authLevel")?
            .unwrap_or_else(|| "function".into())
            .to_ascii_lowercase();
        if !["anonymous", "function", "admin"].contains(&auth_level.as_str()) {
            return Err(binding.error("authLevel", format!("{auth_level:?} is not a level")));
        }
        Ok(Self {
            route,
            methods,
            auth_level,
        })
    }
}

impl QueueTrigger {
    fn read(
        binding: &mut Section,
        name: String,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let queue = resolve(binding, "queueName", environment)?;
        if !is_queue_name(&queue) {
            return Err(binding.error("queueName", format!("{queue:?} is not a queue name")));
        }
        let connection = binding
            .text("connection")?
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT_CONNECTION.to_owned());
        let binary = match binding.text("dataType")?.as_deref() {
            None | Some("string") => false,
            Some("binary") => true,
            Some(other) => {
                return Err(binding.error("dataType", format!("{other:?} is not supported")));
            }
        };
        Ok(Self {
            binding: name,
            queue,
            connection,
            binary,
        })
    }
}

impl TimerTrigger {
    fn read(
        binding: &mut Section,
        name: String,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let text = resolve(binding, "schedule", environment)?;
        let schedule = Schedule::parse(&text)
            .map_err(|problem| binding.error("schedule", format!("{text:?}: {problem}")))?;
        Ok(Self {
            binding: name,
            schedule,
            run_on_startup: binding.flag("runOnStartup")?.unwrap_or_default(),
            use_monitor: binding.flag("useMonitor")?.unwrap_or(true),
        })
    }
}

/// A required text in which `%NAME%` stands for an application setting.
fn resolve(
    binding: &mut Section,
    name: &str,
    environment: &Environment,
) -> Result<String, SettingsError> {
    let text = binding.required_text(name)?;
    environment.expand(&text, |missing| {
        Err(binding.error(name, format!("the setting %{missing}% is not set")))
    })
}

/// `^[a-z][a-z0-9_\-]{0,127}$`, any case, and not `host`.
fn is_function_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !name.eq_ignore_ascii_case("host")
}

/// `[a-zA-Z][a-zA-Z0-9]{0,127}` or `$return`.
fn is_binding_name(name: &str) -> bool {
    name == "$return"
        || (name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Storage Queues: 3–63 of `[a-z0-9-]`, no dash at an end, no two in a row.
fn is_queue_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}
