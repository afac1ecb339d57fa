//! `host.json`. Defaults are the host's own; sources in
//! `reference/functions-host.md` §1, §2 and §6.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::section::{Section, SettingsError};

/// What `host.json` decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostJson {
    /// `None`: unbounded (`"-1"`). Default 30 min, as locally and on Flex.
    pub function_timeout: Option<Duration>,
    /// `extensions.http.routePrefix`, without slashes around it.
    pub route_prefix: String,
    pub queues: QueueSettings,
    pub custom_handler: CustomHandler,
    /// `enableProxyingHttpRequest`: the only form of HTTP that is emulated.
    pub proxies_http: bool,
    /// An allow list of function names.
    pub functions: Option<Vec<String>>,
}

/// `extensions.queues`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Messages per look at the queue.
    pub batch_size: usize,
    /// The next look is taken when at most so many messages are in progress.
    pub new_batch_threshold: usize,
    pub max_polling_interval: Duration,
    /// For how long a message stays hidden after its invocation failed.
    pub visibility_timeout: Duration,
    pub max_dequeue_count: u32,
    pub message_encoding: MessageEncoding,
}

/// How a message's text stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEncoding {
    None,
    Base64,
}

/// `customHandler`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomHandler {
    pub executable: String,
    pub worker_path: Option<String>,
    pub working_directory: Option<String>,
    pub arguments: Vec<String>,
    pub worker_arguments: Vec<String>,
    pub initialization_timeout: Duration,
    /// A fixed port; usually the host picks a free one.
    pub port: Option<u16>,
}

impl HostJson {
    pub fn read(root: &Path) -> Result<Self, SettingsError> {
        let mut settings = Section::read(&root.join("host.json"))?;
        match settings.required_text("version")?.as_str() {
            "2.0" => {}
            other => return Err(settings.error("version", format!("{other:?} is not \"2.0\""))),
        }
        if settings.take("configurationProfile").is_some() {
            return Err(settings.error(
                "configurationProfile",
                "profiles cannot be combined with function.json files",
            ));
        }
        let function_timeout = read_function_timeout(&mut settings)?;
        let mut extensions = settings.section("extensions")?;
        let mut http = extensions.section("http")?;
        let route_prefix = http.text("routePrefix")?.unwrap_or_else(|| "api".into());
        http.finish()?;
        let queues = QueueSettings::read(extensions.section("queues")?)?;
        extensions.finish()?;
        let mut handler = settings.section("customHandler")?;
        let proxies_http = handler
            .flag("enableProxyingHttpRequest")?
            .unwrap_or_default();
        let custom_handler = CustomHandler::read(handler)?;
        let functions = settings.texts("functions")?;
        // The bundle holds the queue and timer triggers, which are built in here.
        settings.without_effect(&["$schema", "extensionBundle", "logging", "healthMonitor"]);
        settings.finish()?;
        Ok(Self {
            function_timeout,
            route_prefix: route_prefix.trim_matches('/').to_owned(),
            queues,
            custom_handler,
            proxies_http,
            functions,
        })
    }
}

fn read_function_timeout(settings: &mut Section) -> Result<Option<Duration>, SettingsError> {
    match settings.take("functionTimeout") {
        None => Ok(Some(Duration::from_mins(30))),
        Some(serde_json::Value::String(text)) if text == "-1" => Ok(None),
        Some(serde_json::Value::String(text)) => match super::timespan::parse(&text) {
            Some(timeout) if !timeout.is_zero() => Ok(Some(timeout)),
            _ => Err(settings.error(
                "functionTimeout",
                format!("{text:?} is neither a time span hh:mm:ss nor \"-1\""),
            )),
        },
        Some(_) => Err(settings.error("functionTimeout", "must be a string")),
    }
}

impl QueueSettings {
    fn read(mut settings: Section) -> Result<Self, SettingsError> {
        let batch_size = settings.number("batchSize", 1, 32)?.unwrap_or(16) as usize;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let new_batch_threshold = settings
            .number("newBatchThreshold", 0, 10_000)?
            .map_or(batch_size / 2 * cores, |threshold| threshold as usize);
        // In Development the host replaces the default of one minute by two seconds.
        let max_polling_interval = settings
            .duration("maxPollingInterval")?
            .filter(|interval| *interval != Duration::from_mins(1))
            .unwrap_or(Duration::from_secs(2));
        if max_polling_interval < Duration::from_millis(100) {
            return Err(settings.error("maxPollingInterval", "is below 00:00:00.100"));
        }
        let visibility_timeout = settings.duration("visibilityTimeout")?.unwrap_or_default();
        let max_dequeue_count = settings
            .number("maxDequeueCount", 1, u32::MAX)?
            .unwrap_or(5);
        let message_encoding = match settings.text("messageEncoding")? {
            None => MessageEncoding::Base64,
            Some(text) if text.eq_ignore_ascii_case("base64") => MessageEncoding::Base64,
            Some(text) if text.eq_ignore_ascii_case("none") => MessageEncoding::None,
            Some(other) => {
                return Err(settings.error(
                    "messageEncoding",
                    format!("{other:?} is neither \"base64\" nor \"none\""),
                ));
            }
        };
        settings.finish()?;
        Ok(Self {
            batch_size,
            new_batch_threshold,
            max_polling_interval,
            visibility_timeout,
            max_dequeue_count,
            message_encoding,
        })
    }
}

impl CustomHandler {
    fn read(mut settings: Section) -> Result<Self, SettingsError> {
        if settings.flag("enableForwardingHttpRequest")? == Some(true) {
            return Err(settings.error(
                "enableForwardingHttpRequest",
                "forwarding is not emulated; use enableProxyingHttpRequest",
            ));
        }
        if settings
            .text("type")?
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("http"))
        {
            return Err(settings.error("type", "must be \"http\""));
        }
        let initialization_timeout = settings
            .duration("initializationTimeout")?
            .unwrap_or(Duration::from_secs(30));
        let port = settings
            .number("port", 1, 65_535)?
            .and_then(|port| u16::try_from(port).ok());
        let mut description = settings.section("description")?;
        let handler = Self {
            executable: description.required_text("defaultExecutablePath")?,
            worker_path: description.text("defaultWorkerPath")?,
            working_directory: description
                .text("workingDirectory")?
                .filter(|directory| !directory.is_empty()),
            arguments: description.texts("arguments")?.unwrap_or_default(),
            worker_arguments: description.texts("workerArguments")?.unwrap_or_default(),
            initialization_timeout,
            port,
        };
        description.finish()?;
        settings.finish()?;
        Ok(handler)
    }
}
