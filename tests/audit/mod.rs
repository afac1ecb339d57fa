//! The audit: nothing without a record, and no record that can be bent.

mod attempts;
mod chains;
mod denials;
mod digests;
mod exports;
mod purge;
mod readers;
mod records;
mod refusals;
mod retries;

use std::sync::Arc;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;

/// A product whose model does what the first word says, and alice in it.
async fn clerk() -> (Arc<TestApp>, Person) {
    let app = TestApp::start(AppShape {
        quotas: false,
        ..AppShape::with(Script::clerk())
    })
    .await;
    let alice = app.person("alice").await;
    (Arc::new(app), alice)
}
