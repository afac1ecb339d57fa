//! The vocabulary of decisions. Who decides is `app/policy`.

use serde::{Deserialize, Serialize};

/// Who must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalBy {
    /// The person who asked.
    Asker,
    /// Somebody else who holds the approver role.
    AnotherApprover,
}

/// What policy says of one tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// It may run.
    Allow,
    /// It may not; the reason is for the user's eyes.
    Deny {
        /// Stable reason code with a sentence, see [`DenyReason`].
        reason: DenyReason,
    },
    /// It may run once a person has agreed to exactly this call.
    RequireApproval {
        /// Whose agreement.
        by: ApprovalBy,
    },
}

/// How much a turn may do without a person. Only policies make use of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It only looks.
    ReadOnly,
    /// Changes wait for a person.
    #[default]
    Review,
    /// Changes run by themselves where policy says so.
    Autonomous,
}

impl Mode {
    /// Whether it is the one that holds where none is named.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The name used in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Review => "review",
            Self::Autonomous => "autonomous",
        }
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyReason {
    /// No policy allows it (default deny).
    NotPermitted,
    /// The tool is unknown or changed.
    ToolDisabled,
    /// An administrator switched the tool off.
    ToolSwitchedOff,
    /// It would reveal or carry a secret value.
    SecretNotAvailable,
    /// The `tenant` argument names another tenant than the asker's.
    ForeignTenant,
    /// The turn is to look only, and the call changes something.
    ReadOnlyMode,
    /// A person said no.
    ByApprover,
    /// Nobody answered in time.
    ApprovalExpired,
    /// What runs is not what was approved.
    ApprovalMismatch,
    /// What was shown is no longer what would happen.
    Drift,
    /// The person, or the tenant, has used up a quota for today.
    QuotaUsedUp,
    /// So much was destroyed in the last hour that nothing more may be.
    BudgetUsedUp,
    /// An administrator has stopped calls like this one.
    KillSwitch,
    /// What stood for a person's yes when the call was asked for no longer does.
    StandingApprovalGone,
    /// The person signed in with an identity provider that gives no access to Azure.
    NoAzureIdentity,
}

impl DenyReason {
    /// The stable code, as in events and the audit.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotPermitted => "not_permitted",
            Self::ToolDisabled => "tool_disabled",
            Self::ToolSwitchedOff => "tool_switched_off",
            Self::SecretNotAvailable => "secret_not_available",
            Self::ForeignTenant => "foreign_tenant",
            Self::ReadOnlyMode => "read_only_mode",
            Self::ByApprover => "by_approver",
            Self::ApprovalExpired => "approval_expired",
            Self::ApprovalMismatch => "approval_mismatch",
            Self::Drift => "drift",
            Self::QuotaUsedUp => "quota_used_up",
            Self::BudgetUsedUp => "budget_used_up",
            Self::KillSwitch => "kill_switch",
            Self::StandingApprovalGone => "standing_approval_gone",
            Self::NoAzureIdentity => "no_azure_identity",
        }
    }

    /// One sentence in English, for models, the audit and problem documents.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotPermitted => "No policy permits this call for this person.",
            Self::ToolDisabled => "This tool is not enabled here.",
            Self::ToolSwitchedOff => "An administrator has switched this tool off.",
            Self::SecretNotAvailable => {
                "Calls that reveal or carry a secret value are forbidden here; listing names works."
            }
            Self::ForeignTenant => "The call names another tenant than the asker's own.",
            Self::ReadOnlyMode => {
                "This turn may only look; ask again without the mode read_only to change something."
            }
            Self::ByApprover => "A person refused this call.",
            Self::ApprovalExpired => "Nobody approved this call in time.",
            Self::ApprovalMismatch => "The call is not the one that was approved.",
            Self::Drift => "What the call would do changed after it was approved.",
            Self::QuotaUsedUp => {
                "The quota of tool calls is used up for today; it is fresh at midnight UTC."
            }
            Self::BudgetUsedUp => {
                "As many destructive calls ran in the last hour as may run in one; try again later."
            }
            Self::KillSwitch => {
                "An administrator has stopped calls like this one with the kill switch."
            }
            Self::StandingApprovalGone => {
                "The approval that the call was to run by was taken back or is over; ask again."
            }
            Self::NoAzureIdentity => {
                "The sign-in of this person gives no access to Azure, and this tool acts for the person there."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mode_is_called_as_in_json_and_review_is_the_one_that_holds() {
        for (mode, is_default) in [
            (Mode::ReadOnly, false),
            (Mode::Review, true),
            (Mode::Autonomous, false),
        ] {
            assert_eq!(json!(mode), mode.as_str());
            assert_eq!(mode.is_default(), is_default, "{mode:?}");
        }
    }

    #[test]
    fn a_reason_is_called_as_in_json_and_has_a_sentence_of_its_own() {
        let reasons = [
            DenyReason::NotPermitted,
            DenyReason::ToolDisabled,
            DenyReason::ToolSwitchedOff,
            DenyReason::SecretNotAvailable,
            DenyReason::ForeignTenant,
            DenyReason::ReadOnlyMode,
            DenyReason::ByApprover,
            DenyReason::ApprovalExpired,
            DenyReason::ApprovalMismatch,
            DenyReason::Drift,
            DenyReason::QuotaUsedUp,
            DenyReason::BudgetUsedUp,
            DenyReason::KillSwitch,
            DenyReason::StandingApprovalGone,
            DenyReason::NoAzureIdentity,
        ];
        let mut sentences: Vec<&str> = Vec::new();
        for reason in reasons {
            assert_eq!(json!(reason), reason.code());
            let sentence = reason.sentence();
            assert!(
                sentence.ends_with('.') && sentence.contains(' '),
                "{sentence}"
            );
            assert!(!sentences.contains(&sentence), "{sentence}");
            sentences.push(sentence);
        }
    }
}
