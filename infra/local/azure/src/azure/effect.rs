//! The record of a change that was accepted.
//!
//! Invariant: an effect is written in the same journal line as the change it stands for, so that
//! each accepted request counts exactly once, over crashes too. A request that repeats another one
//! and is accepted again counts again: that is how a double delivery shows.

use super::Call;
use crate::clock::rfc3339;
use crate::state::{Change, Effect};

pub fn effect(call: &Call, now_ms: i64, operation: &str, resource_id: &str) -> Change {
    Change::Effect {
        effect: Effect {
            at: rfc3339(now_ms),
            tool_or_operation: operation.to_owned(),
            resource_id: resource_id.to_owned(),
            user: call.caller.name.to_owned(),
            correlation_id: call.correlation_id.clone(),
            tid: call.caller.tenant.to_owned(),
            oid: call.caller.oid.to_owned(),
            token_id: call.token_id.clone(),
            client_request_id: call.client_request_id.clone(),
        },
    }
}
