//! A session and a call without a process, for the fuzzers (`tests/fuzz`).

use azimuth_domain::tool::ToolRef;
use azimuth_ports::tools::{CallOutput, ToolError};
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest, JsonObject};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, PeerRequestOptions};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::call::told;
use crate::child::transport;
use crate::client::Session;
use crate::stream::StreamWatch;

/// Opens a session with who writes `output` and reads `input`, and calls `tool` without
/// arguments. Nothing ends it but the end of `output`.
pub async fn call_over<R, W>(
    output: R,
    input: W,
    tool: &ToolRef,
    max_line_bytes: usize,
    max_result_bytes: usize,
) -> Result<CallOutput, ToolError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let not_started = |error: &dyn std::fmt::Display| ToolError::NotStarted(error.to_string());
    let transport = transport(output, input, max_line_bytes, StreamWatch::default());
    let service = Session::default()
        .serve_with_lifecycle(transport, ClientLifecycleMode::Initialize)
        .await
        .map_err(|error| not_started(&error))?;
    let params = CallToolRequestParams::new(tool.name.clone()).with_arguments(JsonObject::new());
    let message = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let handle = service
        .peer()
        .send_cancellable_request(message, PeerRequestOptions::no_options())
        .await
        .map_err(|error| not_started(&error))?;
    match told(handle.await_response().await, tool, max_result_bytes) {
        Ok(ended) => ended.result,
        Err(error) => Err(ToolError::Unclear(error.to_string())),
    }
}
