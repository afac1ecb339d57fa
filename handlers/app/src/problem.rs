//! The one shape of every error that leaves the API: an RFC 9457 problem
//! document with a stable code.
//!
//! **Invariant:** what a caller reads and what our log reads are two fields. The
//! second ([`Context`]) has no `Display`, no `Serialize` and an empty `Debug`; only
//! the edge of the HTTP layer takes it out, to log it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use azimuth_domain::redact::redact;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::refusal::{TokenCode, TokenRefused};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $title:literal;)+) => {
        /// Stable codes of problems that are not about the bearer token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* #[doc = $title] $name,)+
            /// The bearer token was refused.
            Token(TokenCode),
        }

        impl Code {
            /// Every code that is not about the bearer token.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as in the document.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                    Self::Token(code) => code.as_str(),
                }
            }

            /// The HTTP status that it always comes with.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self {
                    $(Self::$name => $status,)+
                    Self::Token(TokenCode::IssuerUnavailable) => 503,
                    Self::Token(TokenCode::ScopeMissing | TokenCode::AppOnly) => 403,
                    Self::Token(_) => 401,
                };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// A short sentence, the same at every occurrence.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                    Self::Token(code) => code.sentence(),
                }
            }
        }
    };
}

codes! {
    JsonMalformed = 400 "json_malformed" "The body is not JSON.";
    JsonTooDeep = 400 "json_too_deep" "The body nests deeper than 64 levels.";
    BodyUnreadable = 400 "body_unreadable" "The body could not be read.";
    QueryInvalid = 400 "query_invalid" "A query parameter is not valid.";
    CursorInvalid = 400 "cursor_invalid" "The cursor is not one that this list gave.";
    HeaderInvalid = 400 "header_invalid" "A request header is not valid.";
    IdempotencyKeyMissing = 400 "idempotency_key_missing" "This request needs an Idempotency-Key header.";
    IdempotencyKeyInvalid = 400 "idempotency_key_invalid" "An idempotency key has 1 to 200 visible ASCII characters.";
    SessionRevoked = 401 "session_revoked" "This session was ended: sign in again.";
    UserDisabled = 403 "user_disabled" "This account is switched off.";
    UserPending = 403 "user_pending" "This account has not been admitted yet.";
    NotPermitted = 403 "not_permitted" "The caller does not hold the permission for this.";
    ModelNotOffered = 403 "model_not_offered" "The organization does not offer this model to the caller.";
    AzureGrantRefused = 403 "azure_grant_refused" "Azure does not accept the sign-in for this person.";
    RouteNotFound = 404 "route_not_found" "There is no such route.";
    NotFound = 404 "not_found" "There is no such thing, or it is not yours.";
    MethodNotAllowed = 405 "method_not_allowed" "The route does not take this method.";
    TurnRunning = 409 "turn_running" "The conversation's last turn has not ended.";
    TurnEnded = 409 "turn_ended" "The turn has ended.";
    ApprovalExpired = 409 "approval_expired" "The approval has expired.";
    ApprovalDecided = 409 "approval_decided" "The approval has been decided.";
    ApprovalDrifted = 409 "approval_drifted" "What the call would do has changed. Look at the new preview and decide again.";
    ApprovalCancelled = 409 "approval_cancelled" "The approval was cancelled.";
    TooManyGrants = 409 "too_many_grants" "A conversation holds at most 32 approvals that are remembered: take one back, or approve this call only.";
    KillSwitchOn = 409 "kill_switch_on" "An administrator has stopped calls like this one with the kill switch.";
    DigestMismatch = 409 "digest_mismatch" "The call is not the one that was shown.";
    AzureSignInNeeded = 409 "azure_sign_in_needed" "The person must sign in to Azure again.";
    AzureNotOffered = 409 "azure_not_offered" "The sign-in of this person gives no access to Azure.";
    AdministratorNeeded = 409 "administrator_needed" "Somebody must be left who administers.";
    RevocationsFull = 409 "revocations_full" "Too many sessions were ended one by one: sign out everywhere instead.";
    ToolNotAsSeen = 409 "tool_not_as_seen" "The tool is not offered as it was seen.";
    ToolPinsFull = 409 "tool_pins_full" "The accepted tools take more room than there is: take some back.";
    ServerNameTaken = 409 "server_name_taken" "Every tenant has a tool server of this name.";
    TooManyServers = 409 "too_many_servers" "A tenant adds at most 16 tool servers.";
    WriteConflict = 409 "write_conflict" "Somebody else changed this at the same time.";
    EventsExpired = 410 "events_expired" "The events asked for are no longer kept.";
    SecretGone = 410 "secret_gone" "The secret was shown once, or nobody asked for it within five minutes.";
    IfMatchStale = 412 "if_match_stale" "It changed since it was read.";
    BodyTooLarge = 413 "body_too_large" "The body is larger than 256 KiB.";
    ArgumentsTooLarge = 413 "arguments_too_large" "The arguments are larger than 32 KiB.";
    MediaTypeUnsupported = 415 "media_type_unsupported" "The body must be application/json.";
    RangeInvalid = 416 "range_invalid" "The range lies outside of the result.";
    FieldMissing = 422 "field_missing" "A field is missing.";
    FieldUnknown = 422 "field_unknown" "The body has a field that is not known here.";
    FieldInvalid = 422 "field_invalid" "A field has a value that is not allowed.";
    NotToRemember = 422 "not_to_remember" "A yes to this call can be given for this call only.";
    TextEmpty = 422 "text_empty" "The text is empty.";
    TextTooLong = 422 "text_too_long" "The text is longer than 32768 bytes.";
    TitleTooLong = 422 "title_too_long" "The title is longer than 120 characters.";
    TooManySecrets = 422 "too_many_secrets" "At most 16 secrets fit into a message or the arguments of a call.";
    SecretTooLarge = 422 "secret_too_large" "A secret is larger than 25 KiB.";
    ModelUnknown = 422 "model_unknown" "There is no such model.";
    ModelDefaultRestricted = 422 "model_default_restricted" "The model that answers when nobody chose must be offered to everybody.";
    ParentNotFound = 422 "parent_not_found" "The parent message is not in this conversation.";
    ArgumentsInvalid = 422 "arguments_invalid" "The arguments do not fit the tool.";
    PoliciesInvalid = 422 "policies_invalid" "The policies cannot be used.";
    IdempotencyKeyReused = 422 "idempotency_key_reused" "The idempotency key came with another request before.";
    IfMatchMissing = 428 "if_match_missing" "A change needs an If-Match header.";
    TooManyTurns = 429 "too_many_turns" "Too many turns run at the same time.";
    TooManyRequests = 429 "too_many_requests" "Too many requests came within a minute.";
    TurnQuota = 429 "turn_quota" "A quota of turns is used up.";
    TokenQuota = 429 "token_quota" "The quota of tokens is used up for today.";
    ToolCallQuota = 429 "tool_call_quota" "A quota of tool calls is used up.";
    Internal = 500 "internal" "Something went wrong here.";
    StoreUnavailable = 503 "store_unavailable" "The store does not answer.";
    Unavailable = 503 "unavailable" "Something that this needs does not answer; try again.";
    AuditUnavailable = 503 "audit_unavailable" "The audit does not take a record, so nothing was done.";
    AzureUnavailable = 503 "azure_unavailable" "Azure does not answer.";
    DeadlineExceeded = 503 "deadline_exceeded" "The request took too long.";
}

/// What our log should know and no caller may.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Context(Option<String>);

impl Context {
    /// The text, for the one place that logs it.
    pub(crate) fn take(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Context(…)")
    }
}

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    extra: Box<Extra>,
}

/// The members that only some problems have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Extra {
    pointer: Option<String>,
    parameter: Option<Cow<'static, str>>,
    permission: Option<&'static str>,
    quota: Option<&'static str>,
    turn_id: Option<String>,
    retry_after_s: Option<u32>,
    headers: HeaderMap,
    context: Context,
    without_record: bool,
}

/// A pointer as it is, unless a name in it holds a secret.
fn clean(pointer: &str) -> String {
    let plain = pointer.replace("~1", "/").replace("~0", "~");
    match redact(&plain) {
        Cow::Borrowed(_) => pointer.to_owned(),
        Cow::Owned(clean) => clean,
    }
}

/// Result of a handler.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem whose detail is the code's own sentence.
    pub fn new(code: Code) -> Self {
        let retry_after_s = match code.status() {
            StatusCode::SERVICE_UNAVAILABLE => Some(2),
            StatusCode::TOO_MANY_REQUESTS => Some(5),
            _ => None,
        };
        Self {
            code,
            detail: Cow::Borrowed(code.title()),
            extra: Box::new(Extra {
                retry_after_s,
                ..Extra::default()
            }),
        }
    }

    /// Says more; `detail` is for the caller's eyes.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Names the place in the body, as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.extra.pointer = Some(pointer.into());
        self
    }

    /// Names the query parameter or header.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.extra.parameter = Some(name.into());
        self
    }

    /// Names the permission that is missing.
    #[must_use]
    pub fn permission(mut self, name: &'static str) -> Self {
        self.extra.permission = Some(name);
        self
    }

    /// Names the quota that is used up.
    #[must_use]
    pub fn quota(mut self, name: &'static str) -> Self {
        self.extra.quota = Some(name);
        self
    }

    /// Names the turn that stands in the way.
    #[must_use]
    pub fn turn(mut self, id: impl fmt::Display) -> Self {
        self.extra.turn_id = Some(id.to_string());
        self
    }

    /// Says after how many seconds it may be tried again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.extra.retry_after_s = Some(seconds);
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.extra.headers.insert(name, value);
        self
    }

    /// What our log should know; never sent.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.extra.context = Context(Some(context.to_string()));
        self
    }

    /// Says that the audit wants no record of it: it has one, or nobody is refused.
    #[must_use]
    pub fn without_record(mut self) -> Self {
        self.extra.without_record = true;
        self
    }

    /// Whether the audit wants no record of it.
    pub(crate) fn is_without_record(&self) -> bool {
        self.extra.without_record
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The text for our log.
    pub(crate) fn log_context(&self) -> Option<&str> {
        self.extra.context.take()
    }

    /// The document.
    pub fn document(&self, request_id: &str) -> ProblemDocument {
        let status = self.code.status();
        ProblemDocument {
            kind: format!("urn:azimuth:problem:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: status.as_u16(),
            detail: redact(&self.detail).into_owned(),
            code: self.code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            pointer: self.extra.pointer.as_deref().map(clean),
            parameter: self.extra.parameter.as_deref().map(str::to_owned),
            permission: self.extra.permission.map(str::to_owned),
            quota: self.extra.quota.map(str::to_owned),
            turn_id: self.extra.turn_id.clone(),
        }
    }

    /// The whole response for the request `request_id`.
    pub(crate) fn respond(&self, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.document(request_id)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.extend(self.extra.headers.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.extra.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<TokenRefused> for Problem {
    fn from(refused: TokenRefused) -> Self {
        let problem = Self::new(Code::Token(refused.code)).context(refused.context());
        match refused.code {
            TokenCode::ScopeMissing => problem.permission("access_as_user"),
            _ => problem,
        }
    }
}

/// A problem waits in the response's extensions for the edge, which knows the
/// request's id and writes the document.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An RFC 9457 problem document (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `urn:azimuth:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short sentence, the same at every occurrence of the code.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// Stable, machine-readable.
    pub code: String,
    /// Names the request in our log.
    pub request_id: String,
    /// Where in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Which permission is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// Which quota is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
    /// Which turn stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_snake_case_and_errors() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let name = code.as_str();
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{name}"
            );
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn the_context_reaches_no_caller() {
        let problem = Problem::new(Code::StoreUnavailable).context("SELECT secret FROM /var/db");
        let sent = serde_json::to_string(&problem.document("r1")).unwrap();
        assert!(!sent.contains("secret"));
        assert!(!format!("{problem:?}").contains("secret"));
        assert_eq!(problem.log_context(), Some("SELECT secret FROM /var/db"));
    }

    #[test]
    fn busy_answers_say_when_to_try_again() {
        for code in [
            Code::TooManyTurns,
            Code::StoreUnavailable,
            Code::DeadlineExceeded,
        ] {
            assert!(
                Problem::new(code)
                    .respond("r")
                    .headers()
                    .contains_key(header::RETRY_AFTER)
            );
        }
        let response = Problem::from(TokenRefused::new(TokenCode::Missing, "")).respond("r");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
