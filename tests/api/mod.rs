//! The API as its callers meet it: every operation, every error.

mod account;
mod added_servers;
mod audit_reading;
mod azure;
mod bodies;
mod conversations;
mod idempotency;
mod json_suite;
mod limits;
mod lists;
mod models;
mod my_data;
mod naughty;
mod operations;
mod outages;
mod people;
pub mod policies;
mod problems;
mod races;
mod server_health;
mod sessions;
mod tenants;
mod tokens;
mod tool_pins;

pub use account::set_record;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
pub use policies::replace as replace_policies;
pub use tool_pins::settle as settle_tool;

/// A product whose model does what the first word says, and alice in it.
async fn clerk() -> (TestApp, Person) {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let alice = app.person("alice").await;
    (app, alice)
}
