//! Refusals in the form of Entra's token endpoint.
//!
//! Codes and their OAuth names are those of
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::clock::{Clock, rfc3339};
use crate::random;

/// A refusal: OAuth error name, AADSTS number, text for people, HTTP status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntraError {
    pub error: &'static str,
    pub code: u32,
    pub text: String,
    pub status: StatusCode,
}

/// What of a client assertion a federated credential must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FederatedBy {
    Issuer,
    Audience,
    Subject,
}

impl EntraError {
    fn new(error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self {
            error,
            code,
            text: text.into(),
            status: StatusCode::BAD_REQUEST,
        }
    }

    pub fn unknown_tenant(tenant: &str) -> Self {
        let text =
            format!("Tenant '{tenant}' not found. Check that you have the correct tenant id.");
        Self::new("invalid_tenant", 90002, text)
    }

    pub fn missing(parameter: &str) -> Self {
        let text = format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new("invalid_request", 900_144, text)
    }

    pub fn unsupported_grant(grant: &str) -> Self {
        let text = format!("The app requested an unsupported grant type '{grant}'.");
        Self::new("unsupported_grant_type", 70003, text)
    }

    pub fn unknown_client(client: &str) -> Self {
        let text =
            format!("Application with identifier '{client}' was not found in the directory.");
        Self::new("unauthorized_client", 700_016, text)
    }

    pub fn bad_client_secret() -> Self {
        let mut error = Self::new(
            "invalid_client",
            7_000_215,
            "Invalid client secret provided.",
        );
        error.status = StatusCode::UNAUTHORIZED;
        error
    }

    pub fn no_client_secret() -> Self {
        let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        let mut error = Self::new("invalid_client", 7_000_218, text);
        error.status = StatusCode::UNAUTHORIZED;
        error
    }

    pub fn client_assertion_signature() -> Self {
        Self::unproved(700_027, "Client assertion failed signature validation.")
    }

    pub fn client_assertion_expired() -> Self {
        Self::unproved(
            700_024,
            "Client assertion is not within its valid time range.",
        )
    }

    /// No federated credential of the application names this issuer, audience or subject.
    pub fn not_federated(what: FederatedBy) -> Self {
        let (code, name) = match what {
            FederatedBy::Issuer => (700_211, "issuer"),
            FederatedBy::Audience => (700_212, "audience"),
            FederatedBy::Subject => (700_213, "subject"),
        };
        let text = format!(
            "No matching federated identity record found for presented assertion {name}. Please \
             check your federated identity credential Subject, Audience and Issuer against the \
             presented assertion."
        );
        Self::unproved(code, text)
    }

    fn unproved(code: u32, text: impl Into<String>) -> Self {
        let mut error = Self::new("invalid_client", code, text);
        error.status = StatusCode::UNAUTHORIZED;
        error
    }

    pub fn bad_code() -> Self {
        let text = "OAuth2 Authorization code was already redeemed, has expired or is not known. Please retry with a new valid code.";
        Self::new("invalid_grant", 70008, text)
    }

    pub fn bad_verifier() -> Self {
        let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
        Self::new("invalid_grant", 501_481, text)
    }

    pub fn redirect_mismatch() -> Self {
        let text = "The redirect URI specified in the request does not match the one of the authorization request.";
        Self::new("invalid_grant", 500_112, text)
    }

    pub fn bad_refresh_token() -> Self {
        let text = "The refresh token is unknown, has expired or was issued to another client.";
        Self::new("invalid_grant", 700_082, text)
    }

    pub fn revoked() -> Self {
        let text =
            "The provided grant has expired due to it being revoked, a fresh auth token is needed.";
        Self::new("invalid_grant", 50173, text)
    }

    pub fn interaction_required() -> Self {
        let text = "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.";
        Self::new("interaction_required", 50076, text)
    }

    pub fn assertion_signature() -> Self {
        Self::new(
            "invalid_grant",
            50013,
            "Assertion failed signature validation.",
        )
    }

    pub fn assertion_audience() -> Self {
        let text = "Assertion audience does not match the Client app presenting the assertion.";
        Self::new("invalid_grant", 500_131, text)
    }

    pub fn assertion_expired() -> Self {
        let text = "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion.";
        Self::new("invalid_grant", 500_133, text)
    }

    pub fn assertion_without_scope() -> Self {
        let text = "Assertion does not carry the delegated permission 'access_as_user'.";
        Self::new("invalid_grant", 65001, text)
    }

    pub fn wrong_tenant() -> Self {
        let text = "The user account does not exist in the tenant of this request.";
        Self::new("invalid_grant", 50034, text)
    }

    pub fn unknown_resource(resource: &str) -> Self {
        let text =
            format!("The resource principal named '{resource}' was not found in the tenant.");
        Self::new("invalid_resource", 500_011, text)
    }

    pub fn bad_scope(scope: &str) -> Self {
        let text =
            format!("The provided value for the input parameter 'scope' is not valid: '{scope}'.");
        Self::new("invalid_scope", 70011, text)
    }

    pub fn server(text: &str) -> Self {
        let mut error = Self::new("server_error", 90033, text);
        error.status = StatusCode::SERVICE_UNAVAILABLE;
        error
    }
}

impl From<std::io::Error> for EntraError {
    fn from(_: std::io::Error) -> Self {
        Self::server("The directory's store is not writable.")
    }
}

impl From<crate::keys::KeyError> for EntraError {
    fn from(_: crate::keys::KeyError) -> Self {
        Self::server("The signing key cannot be used.")
    }
}

impl IntoResponse for EntraError {
    fn into_response(self) -> Response {
        let trace = random::guid();
        let correlation = random::guid();
        let at = rfc3339(Clock::System.now_ms());
        let at = format!("{} {}Z", &at[..10], &at[11..19]);
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            self.code, self.text
        );
        let mut body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.code],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if self.error == "interaction_required" {
            body["suberror"] = "basic_action".into();
            body["claims"] =
                r#"{"access_token":{"polids":{"essential":true,"values":["sandbox"]}}}"#.into();
        }
        (self.status, Json(body)).into_response()
    }
}
