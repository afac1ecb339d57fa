//! What the host makes of a handler's answer to an invocation.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A handler's whole answer, redirects already followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether the body came with its length (a 204 counts as length 0).
    pub length_known: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The lines of `Logs`.
    Succeeded(Vec<String>),
    Failed(String),
    /// A result of null: the real host never completes the invocation, so that
    /// it ends by `functionTimeout`, which kills the handler.
    NeverCompletes,
}

/// Source: `DefaultHttpWorkerService.ProcessDefaultInvocationRequest`, and the
/// media type rules of `HttpContentExtensions.ReadAsAsync` (`AspNetWebStack`).
pub fn judge(reply: &Reply) -> Verdict {
    if !reply.status.is_success() {
        // The body and any Logs in it are discarded.
        return Verdict::Failed(format!("the handler answered {}", reply.status));
    }
    if reply.body.is_empty() && reply.length_known {
        return Verdict::NeverCompletes;
    }
    let media_type = reply
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or("application/octet-stream")
        .trim();
    if !["application/json", "text/json"]
        .iter()
        .any(|json| media_type.eq_ignore_ascii_case(json))
    {
        return Verdict::Failed(format!(
            "No MediaTypeFormatter is available to read an object from content with media type '{media_type}'"
        ));
    }
    if reply.body.trim_ascii().is_empty() {
        return Verdict::NeverCompletes;
    }
    match serde_json::from_slice(&reply.body) {
        Ok(Value::Null) => Verdict::NeverCompletes,
        Ok(Value::Object(result)) => read_result(result),
        Ok(_) => Verdict::Failed("the handler's JSON is not an object".into()),
        Err(error) => Verdict::Failed(format!("the handler's answer is not JSON: {error}")),
    }
}

/// `{"Outputs":{…},"Logs":[…],"ReturnValue":…}`, all optional, names without
/// regard to case.
fn read_result(result: serde_json::Map<String, Value>) -> Verdict {
    let mut logs = Vec::new();
    for (name, value) in result {
        let named = |known: &str| name.eq_ignore_ascii_case(known);
        match value {
            Value::Null => {}
            Value::Array(lines) if named("Logs") => {
                for line in lines {
                    match line {
                        Value::String(line) => logs.push(line),
                        Value::Number(number) => logs.push(number.to_string()),
                        Value::Bool(flag) => logs.push(flag.to_string()),
                        Value::Null => {}
                        _ => return Verdict::Failed("Logs holds what is no text".into()),
                    }
                }
            }
            _ if named("Logs") => return Verdict::Failed("Logs is not a list".into()),
            Value::Object(_) => {}
            _ if named("Outputs") => return Verdict::Failed("Outputs is not an object".into()),
            _ => {}
        }
    }
    Verdict::Succeeded(logs)
}
