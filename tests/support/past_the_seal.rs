//! Calls of tools past the audit. This must not compile: `cargo xtask check` turns the
//! feature on that it has, and reads the compiler's errors.

use azimuth_app::tools::SealedServers;
use azimuth_ports::tools::{CallOutput, CallRequest, ToolError};

/// By the method that only `app/tools` may use.
pub async fn past_the_audit(
    servers: &SealedServers,
    request: CallRequest,
) -> Result<CallOutput, ToolError> {
    servers.call(request).await
}

/// By what is inside.
pub async fn past_the_seal(
    servers: &SealedServers,
    request: CallRequest,
) -> Result<CallOutput, ToolError> {
    servers.inside.call(request).await
}
