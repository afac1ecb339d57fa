//! What a yes covers when it is given for the conversation, on the wire.

use azimuth_domain::approval_grant::ApprovalScope;
use azimuth_domain::limits::GRANT_TTL_MS;
use azimuth_domain::redact::redact;
use azimuth_domain::tool::ToolRef;
use azimuth_domain::turn::ToolCall;
use serde::Serialize;
use utoipa::ToSchema;

/// What a yes covers when it is given for the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RememberView {
    /// The calls that need no other yes then.
    #[serde(flatten)]
    pub calls: CoveredCallsView,
    /// For how long at most, hours.
    pub hours: i64,
}

/// Calls that a yes for a conversation covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoveredCallsView {
    /// Which calls need no other yes.
    pub covers: CoversView,
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
    /// What the approved call works on.
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

impl CoveredCallsView {
    /// Those of a tool, as far as a scope and a target say.
    pub fn of(tool: &ToolRef, scope: &ApprovalScope, target: Option<&str>) -> Self {
        Self {
            covers: if scope.same_call {
                CoversView::SameCall
            } else {
                CoversView::SamePlace
            },
            server: tool.server.clone(),
            tool: tool.name.clone(),
            subscription: scope.subscription.clone(),
            resource_group: scope.resource_group.clone(),
            resource_id: scope.resource_id.clone(),
            target: target.map(|text| redact(text).into_owned()),
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
            calls: CoveredCallsView::of(&call.tool, scope, call.target.as_deref()),
            hours: GRANT_TTL_MS / (60 * 60 * 1000),
        })
    }
}
