//! Why a bearer token was refused: a stable code with a sentence for the caller,
//! and a context for our log that cannot be displayed by accident.

use std::fmt;

/// Stable reason codes of a refused bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenCode {
    /// No bearer token was sent.
    Missing,
    /// It is not a token of the one form that is accepted here.
    Malformed,
    /// It is longer than [`super::verifier::MAX_TOKEN_BYTES`].
    TooLarge,
    /// It has ended.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It was made for another API.
    WrongAudience,
    /// Another issuer made it.
    WrongIssuer,
    /// Its tenant is not served here.
    WrongTenant,
    /// It was given to a client that is not allowed to call.
    WrongClient,
    /// Its signature does not hold.
    BadSignature,
    /// No key of the issuer has its key id.
    KeyUnknown,
    /// It speaks for an application, not for a person.
    AppOnly,
    /// It lacks the permission (`scp`) to call this API.
    ScopeMissing,
    /// The issuer's keys cannot be had; trying again is safe and useful.
    IssuerUnavailable,
}

impl TokenCode {
    /// The code as problem documents carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Malformed => "token_malformed",
            Self::TooLarge => "token_too_large",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::WrongAudience => "token_wrong_audience",
            Self::WrongIssuer => "token_wrong_issuer",
            Self::WrongTenant => "token_wrong_tenant",
            Self::WrongClient => "token_wrong_client",
            Self::BadSignature => "token_bad_signature",
            Self::KeyUnknown => "token_key_unknown",
            Self::AppOnly => "token_app_only",
            Self::ScopeMissing => "token_scope_missing",
            Self::IssuerUnavailable => "issuer_unavailable",
        }
    }

    /// One sentence for the caller.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "Send an access token: Authorization: Bearer <token>.",
            Self::Malformed => "The bearer token is not an access token of the accepted form.",
            Self::TooLarge => "The bearer token is longer than 16 KiB.",
            Self::Expired => "The access token has expired; sign in again.",
            Self::NotYetValid => "The access token is not valid yet.",
            Self::WrongAudience => "The access token was issued for another API.",
            Self::WrongIssuer => "The access token comes from an issuer that is not trusted here.",
            Self::WrongTenant => "The tenant of the access token is not served here.",
            Self::WrongClient => "The application that got the access token may not call this API.",
            Self::BadSignature => "The signature of the access token does not hold.",
            Self::KeyUnknown => {
                "The access token is signed with a key that its issuer does not publish."
            }
            Self::AppOnly => {
                "The access token speaks for an application; only people are served here."
            }
            Self::ScopeMissing => "The access token lacks the permission to call this API.",
            Self::IssuerUnavailable => "The sign-in service does not answer; try again shortly.",
        }
    }

    /// Whether the same token may be accepted later.
    pub fn retry_is_useful(self) -> bool {
        matches!(self, Self::IssuerUnavailable | Self::NotYetValid)
    }
}

/// A refusal. `Display` gives the sentence for the caller; the context is for
/// our log and holds no part of a token but its key id and tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefused {
    /// What the caller is told.
    pub code: TokenCode,
    context: String,
}

impl TokenRefused {
    /// A refusal with what our log should know.
    pub fn new(code: TokenCode, context: impl Into<String>) -> Self {
        Self {
            code,
            context: context.into(),
        }
    }

    /// What our log should know; never for callers.
    pub fn context(&self) -> &str {
        &self.context
    }
}

impl fmt::Display for TokenRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())
    }
}

impl std::error::Error for TokenRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_outage_and_the_time_pass_by_themselves() {
        for (code, passes) in [
            (TokenCode::IssuerUnavailable, true),
            (TokenCode::NotYetValid, true),
            (TokenCode::Expired, false),
            (TokenCode::BadSignature, false),
            (TokenCode::KeyUnknown, false),
            (TokenCode::WrongTenant, false),
        ] {
            assert_eq!(code.retry_is_useful(), passes, "{code:?}");
        }
    }

    #[test]
    fn every_refusal_has_a_code_of_its_own() {
        use TokenCode::{
            AppOnly, BadSignature, Expired, IssuerUnavailable, KeyUnknown, Malformed, Missing,
            NotYetValid, ScopeMissing, TooLarge, WrongAudience, WrongClient, WrongIssuer,
            WrongTenant,
        };
        let codes = [
            (Missing, "token_missing"),
            (Malformed, "token_malformed"),
            (TooLarge, "token_too_large"),
            (Expired, "token_expired"),
            (NotYetValid, "token_not_yet_valid"),
            (WrongAudience, "token_wrong_audience"),
            (WrongIssuer, "token_wrong_issuer"),
            (WrongTenant, "token_wrong_tenant"),
            (WrongClient, "token_wrong_client"),
            (BadSignature, "token_bad_signature"),
            (KeyUnknown, "token_key_unknown"),
            (AppOnly, "token_app_only"),
            (ScopeMissing, "token_scope_missing"),
            (IssuerUnavailable, "issuer_unavailable"),
        ];
        for (code, text) in codes {
            assert_eq!(code.as_str(), text);
        }
    }

    #[test]
    fn a_caller_reads_what_to_do_and_nothing_of_the_context() {
        let refused = TokenRefused::new(TokenCode::Expired, "kid abc");
        assert_eq!(
            refused.to_string(),
            "The access token has expired; sign in again."
        );
        assert_eq!(refused.context(), "kid abc");
    }
}
