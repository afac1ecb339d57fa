//! What the script root says: `host.json`, `<function>/function.json` and
//! `local.settings.json`, read as they lie there.

mod environment;
mod function_json;
mod host_json;
mod local_settings;
mod route;
mod script_root;
mod section;
mod timespan;

pub use environment::Environment;
pub use function_json::{Function, HttpTrigger, QueueTrigger, TimerTrigger, Trigger};
pub use host_json::{CustomHandler, HostJson, MessageEncoding, QueueSettings};
pub use local_settings::LocalSettings;
pub use route::RouteTemplate;
pub use script_root::ScriptRoot;
pub use section::SettingsError;
