//! Answers and refusals in the forms of Resource Manager and Key Vault.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::caller::Service;
use crate::directory::Principal;

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    /// `{"value": [...]}`: every list of the sandbox fits on one page.
    pub fn list(items: Vec<Value>) -> Self {
        Self::ok(Value::Object(Map::from_iter([(
            "value".to_owned(),
            Value::Array(items),
        )])))
    }

    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            body: None,
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A refusal: status, Azure's error code, text for people.
#[derive(Debug, PartialEq, Eq)]
pub struct AzureError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub challenge: Option<String>,
}

impl AzureError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            challenge: None,
        }
    }

    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub fn unauthorized(code: &'static str, message: impl Into<String>, challenge: String) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, code, message);
        error.challenge = Some(challenge);
        error
    }

    /// What ARM says to somebody who may not do `action` at `scope`.
    pub fn authorization_failed(caller: &Principal, action: &str, scope: &str) -> Self {
        let message = format!(
            "The client '{}' with object id '{}' does not have authorization to perform action \
             '{action}' over scope '{scope}' or the scope is invalid. If access was recently \
             granted, please refresh your credentials.",
            caller.upn, caller.oid
        );
        Self::new(StatusCode::FORBIDDEN, "AuthorizationFailed", message)
    }

    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestContentTooLarge",
            "The request is too large.",
        )
    }

    /// The answer of a fault that a test ordered.
    pub fn ordered(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(
            status,
            "SandboxFault",
            "A fault ordered at the sandbox's control port.",
        )
    }

    pub fn into_reply(self, service: Service) -> Reply {
        let mut error = json!({"code": self.code, "message": self.message});
        if service == Service::KeyVault && self.status == StatusCode::FORBIDDEN {
            error["code"] = "Forbidden".into();
            error["innererror"] = json!({"code": self.code});
        }
        let mut reply = Reply::ok(json!({"error": error}));
        reply.status = self.status;
        match self.challenge {
            Some(challenge) => reply.with("www-authenticate", challenge),
            None => reply,
        }
    }
}

impl From<std::io::Error> for AzureError {
    fn from(_: std::io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "The store is not writable.",
        )
    }
}
