//! What the refusals of ports and engine are to a caller: decided last, in one
//! place.

use azimuth_domain::approval_grant::GrantRefused;
use azimuth_domain::quota::Quota;
use azimuth_ports::audit::AuditError;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::TokenError;

use crate::models::ModelRefused;
use crate::problem::{Code, Problem};
use crate::quota::UsedUp;
use crate::tenant_documents::DocumentUnavailable;
use azimuth_domain::secret::TakeError;

use crate::turn::{AcceptError, CancelError, DecideError, RevokeError, SignInError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::BadCursor => Code::CursorInvalid,
            StoreError::ConversationChanged | StoreError::TurnChanged | StoreError::EventExists => {
                Code::WriteConflict
            }
            StoreError::Unavailable(_) => Code::StoreUnavailable,
            StoreError::Unreadable(_) => Code::Internal,
        };
        Self::new(code).context(error)
    }
}

impl From<DocumentUnavailable> for Problem {
    fn from(error: DocumentUnavailable) -> Self {
        Self::new(Code::StoreUnavailable).context(error)
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        let code = match &error {
            AuditError::BadCursor => Code::CursorInvalid,
            AuditError::Unavailable(_) | AuditError::Contended => Code::AuditUnavailable,
        };
        Self::new(code).context(error)
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match &error {
            TokenError::GrantGone(_) => Code::AzureSignInNeeded,
            TokenError::Unavailable(_) => Code::AzureUnavailable,
            TokenError::NotOffered => Code::AzureNotOffered,
            TokenError::Audience(_) => Code::Internal,
        };
        Self::new(code).context(error)
    }
}

impl From<UsedUp> for Problem {
    fn from(used_up: UsedUp) -> Self {
        let code = match used_up.quota {
            Quota::RequestsPerMinute => Code::TooManyRequests,
            Quota::TurnsPerMinute | Quota::TurnsPerDay => Code::TurnQuota,
            Quota::TokensPerDay => Code::TokenQuota,
            Quota::ToolCallsPerDay
            | Quota::DestructiveCallsPerHour
            | Quota::DestructiveCallsPerDay => Code::ToolCallQuota,
        };
        Self::new(code)
            .quota(used_up.quota.as_str())
            .retry_after(used_up.retry_after_s())
            .detail(used_up.to_string())
    }
}

impl From<ModelRefused> for Problem {
    fn from(refused: ModelRefused) -> Self {
        Self::new(match refused {
            ModelRefused::Unknown(_) => Code::ModelUnknown,
            ModelRefused::NotOffered => Code::ModelNotOffered,
        })
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::ConversationNotFound | AcceptError::ToolUnknown => {
                Self::new(Code::NotFound)
            }
            AcceptError::ParentNotFound => {
                Self::new(Code::ParentNotFound).pointer("/parent_message_id")
            }
            AcceptError::TurnRunning(turn) => Self::new(Code::TurnRunning).turn(turn),
            AcceptError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            AcceptError::TooManyTurns => Self::new(Code::TooManyTurns).quota("running_turns"),
            AcceptError::UsedUp(used_up) => used_up.into(),
            AcceptError::Model(refused) => Self::from(refused).pointer("/model"),
            AcceptError::ArgumentsInvalid { pointer, detail } => Self::new(Code::ArgumentsInvalid)
                .pointer(format!("/arguments{pointer}"))
                .detail(detail),
            AcceptError::ArgumentsTooLarge => {
                Self::new(Code::ArgumentsTooLarge).pointer("/arguments")
            }
            AcceptError::Secrets(TakeError::TooMany(_)) => Self::new(Code::TooManySecrets),
            AcceptError::Secrets(TakeError::TooLarge) => Self::new(Code::SecretTooLarge),
            AcceptError::Unrecorded(error) => error.into(),
            AcceptError::Unavailable(context) => Self::new(Code::Unavailable).context(context),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::new(Code::NotFound),
            CancelError::Ended => Self::new(Code::TurnEnded),
            CancelError::Unavailable(context) => Self::new(Code::Unavailable).context(context),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::NotFound => Self::new(Code::NotFound),
            DecideError::NotPermitted(context) => Self::new(Code::NotPermitted)
                .detail("Somebody else must decide about this call.")
                .permission("approvals.decide")
                .without_record()
                .context(context),
            DecideError::Expired => Self::new(Code::ApprovalExpired),
            DecideError::AlreadyDecided => Self::new(Code::ApprovalDecided),
            DecideError::Drifted => Self::new(Code::ApprovalDrifted),
            DecideError::Cancelled => Self::new(Code::ApprovalCancelled),
            DecideError::SignInNeeded => Self::new(Code::AzureSignInNeeded),
            DecideError::Stopped => Self::new(Code::KillSwitchOn),
            DecideError::DigestMismatch => Self::new(Code::DigestMismatch).pointer("/digest"),
            DecideError::NotToRemember | DecideError::NoRoom(GrantRefused::TooLarge) => {
                Self::new(Code::NotToRemember).pointer("/remember")
            }
            DecideError::NoRoom(GrantRefused::TooMany) => {
                Self::new(Code::TooManyGrants).pointer("/remember")
            }
            DecideError::Unrecorded(error) => error.into(),
            DecideError::Unavailable(context) => Self::new(Code::Unavailable).context(context),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => Self::new(Code::NotFound),
            RevokeError::Unrecorded(error) => error.into(),
            RevokeError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::GrantRefused(context) => {
                Self::new(Code::AzureGrantRefused).context(context)
            }
            SignInError::NotOffered => Self::new(Code::AzureNotOffered),
            SignInError::Unavailable(context) => Self::new(Code::AzureUnavailable).context(context),
        }
    }
}
