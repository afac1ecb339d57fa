//! What a yes covers when it is given for the conversation, on the wire.

use azimuth_domain::approval_grant::ApprovalScope;
use azimuth_domain::limits::GRANT_TTL_MS;
use azimuth_domain::turn::ToolCall;
use serde::Serialize;
use utoipa::ToSchema;

/// What a yes covers when it is given for the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RememberView {
    /// Which calls.
    pub covers: CoversView,
    /// For how long at most, hours.
    pub hours: i64,
    /// The tool server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// Id of the subscription, where it can be told.
    pub subscription: Option<String>,
    /// The resource group, where it can be told.
    pub resource_group: Option<String>,
    /// Id of the resource, where it can be told.
    pub resource_id: Option<String>,
    /// What the call works on, as the approval shows it.
    pub target: Option<String>,
}

/// Which later calls need no other yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoversView {
    /// The same tool with the same arguments.
    SameCall,
    /// The same tool at the same place; once the model has read what a tool returned,
    /// with the same arguments too.
    SamePlace,
}

impl From<&ApprovalScope> for CoversView {
    fn from(scope: &ApprovalScope) -> Self {
        if scope.same_call {
            Self::SameCall
        } else {
            Self::SamePlace
        }
    }
}

impl RememberView {
    /// What a yes to the call covers, if it can be given for more than this call.
    pub(super) fn of(call: &ToolCall) -> Option<Self> {
        let scope = call
            .remember
            .as_ref()
            .filter(|_| call.may_be_remembered())?;
        Some(Self {
            covers: scope.into(),
            hours: GRANT_TTL_MS / (60 * 60 * 1000),
            server: call.tool.server.clone(),
            tool: call.tool.name.clone(),
            subscription: scope.subscription.clone(),
            resource_group: scope.resource_group.clone(),
            resource_id: scope.resource_id.clone(),
            target: call.target.clone(),
        })
    }
}
