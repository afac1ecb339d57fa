//! One call on one process.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::tool::ToolRef;
use azimuth_ports::tools::{CallOutput, CallRequest, ToolError};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotificationParam, ClientRequest, JsonObject,
    RequestId, ServerResult,
};
use rmcp::service::{PeerRequestOptions, RoleClient, ServiceError};
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::child::Child;
use crate::client::Consent;
use crate::limits::PoolLimits;
use crate::output;
use crate::shown::shown;
use crate::stream::StreamEnd;

/// Longest wait for a cancel notification to be written.
const WRITE_CANCEL: Duration = Duration::from_millis(500);

/// How a call ended, and whether its process may be used again.
pub(crate) struct Ended {
    pub(crate) result: Result<CallOutput, ToolError>,
    /// False when the call may still be going on in the process.
    pub(crate) reusable: bool,
    /// Whether the server had forgotten the session, so that a read may be tried again.
    pub(crate) lost: bool,
}

impl Ended {
    fn not_started(text: String) -> Self {
        Self {
            result: Err(ToolError::NotStarted(text)),
            reusable: true,
            lost: false,
        }
    }

    fn unclear(text: String) -> Self {
        Self {
            result: Err(ToolError::Unclear(text)),
            reusable: false,
            lost: false,
        }
    }
}

/// The arguments as MCP wants them; the error is for people.
pub(crate) fn arguments(request: &CallRequest) -> Result<JsonObject, String> {
    match &request.arguments {
        Value::Object(map) => Ok(map.clone()),
        Value::Null => Ok(JsonObject::new()),
        _ => Err("The arguments of a tool call must be an object.".to_owned()),
    }
}

/// Sends the call and waits for its answer, at most until `deadline`. With `consent`
/// the caller holds the child's gate alone.
///
/// After a deadline or a cancel the server is told, but MCP has no answer by which
/// it could say that it stopped; so the process must not be used again.
pub(crate) async fn run(
    child: &Child,
    request: &CallRequest,
    arguments: JsonObject,
    deadline: Instant,
    cancel: &CancellationToken,
    consent: Option<Consent>,
    limits: &PoolLimits,
) -> Ended {
    let tool = &request.tool;
    if cancel.is_cancelled() {
        return Ended::not_started(format!("{tool} was cancelled before it ran."));
    }
    let params = CallToolRequestParams::new(tool.name.clone()).with_arguments(arguments);
    let message = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let sending = child
        .peer
        .send_cancellable_request(message, PeerRequestOptions::no_options());
    let Ok(handle) = sending.await else {
        return Ended::not_started(format!(
            "The tool server {} ended before the call.",
            tool.server
        ));
    };
    let id = handle.id.clone();
    let answer = tokio::select! {
        answer = handle.await_response() => answer,
        () = tokio::time::sleep_until(deadline) => {
            drop(consent);
            tell_cancelled(child, id, "the deadline has passed").await;
            return Ended::unclear(format!(
                "{tool} did not answer within {} s and was ended; it may have had an effect.",
                request.deadline.as_secs_f32(),
            ));
        }
        () = cancel.cancelled() => {
            drop(consent);
            tell_cancelled(child, id, "nobody waits for the call").await;
            return Ended::unclear(format!("{tool} was cancelled while it ran."));
        }
    };
    match told(answer, tool, limits.max_result_bytes) {
        Ok(ended) => ended,
        Err(ServiceError::TransportSend(error)) if child.is_elsewhere() => {
            Ended::not_started(format!(
                "The tool server {} was not reached: {}",
                tool.server,
                shown(&error.error.to_string()),
            ))
        }
        // The newline that makes the request whole was not written, so the server
        // cannot have read it.
        Err(ServiceError::TransportSend(_)) => {
            let end = child.epitaph().await;
            Ended {
                result: Err(ToolError::NotStarted(format!(
                    "The tool server {} ended before the call{end}.",
                    tool.server
                ))),
                reusable: false,
                lost: false,
            }
        }
        Err(_) if child.stream.end() == Some(StreamEnd::LineTooLong) => {
            let _epitaph = child.epitaph().await;
            Ended::unclear(format!(
                "{tool} wrote a line above {} MiB; the process was ended and the outcome is \
                 unknown.",
                limits.max_line_bytes / (1024 * 1024),
            ))
        }
        Err(_) => Ended {
            lost: child.is_lost(),
            ..Ended::unclear(format!(
                "The tool server {} ended while {} ran{}; the outcome is unknown.",
                tool.server,
                tool.name,
                child.epitaph().await,
            ))
        },
    }
}

/// What the server's answer tells; the error is that there is none.
pub(crate) fn told(
    answer: Result<ServerResult, ServiceError>,
    tool: &ToolRef,
    max_result_bytes: usize,
) -> Result<Ended, ServiceError> {
    match answer {
        Ok(ServerResult::CallToolResult(result)) => Ok(Ended {
            result: Ok(output::of_result(result, tool, max_result_bytes)),
            reusable: true,
            lost: false,
        }),
        Ok(_) => Ok(Ended::unclear(format!(
            "{tool} answered with something that is no tool result."
        ))),
        Err(ServiceError::McpError(error)) => Ok(Ended {
            result: Err(output::of_error(&error, tool)),
            reusable: true,
            lost: false,
        }),
        Err(error) => Err(error),
    }
}

async fn tell_cancelled(child: &Child, id: RequestId, reason: &str) {
    let params = CancelledNotificationParam::new(Some(id), Some(reason.to_owned()));
    // The process is ended next, whether or not it can still read.
    let _told = timeout(WRITE_CANCEL, child.peer.notify_cancelled(params)).await;
}

/// Whether the process answers a ping in time.
pub(crate) async fn answers_ping(child: &Arc<Child>, within: Duration) -> bool {
    let ping = ClientRequest::PingRequest(rmcp::model::PingRequest::default());
    let asking = async {
        let handle: rmcp::service::RequestHandle<RoleClient> = child
            .peer
            .send_cancellable_request(ping, PeerRequestOptions::no_options())
            .await?;
        handle.await_response().await
    };
    // An error answer is an answer.
    matches!(
        timeout(within, asking).await,
        Ok(Ok(_) | Err(ServiceError::McpError(_)))
    )
}
