//! An approval for the rest of a conversation, on the wire.

use azimuth_domain::approval_grant::ApprovalGrant;
use azimuth_domain::conversation::Conversation;
use azimuth_domain::redact::redact;
use azimuth_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::approvals::CoversView;
use crate::http::moment::Moment;

/// What the owner agreed to for the rest of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrantView {
    /// Id, inside the conversation.
    pub id: String,
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
    /// When it was given.
    pub given_at: Moment,
    /// Until when it counts.
    pub expires_at: Moment,
}

impl GrantView {
    /// Those of a conversation that count at `now`, oldest first.
    pub fn all_of(conversation: &Conversation, now: Timestamp) -> Vec<Self> {
        let living = conversation.grants.iter().filter(|one| one.is_alive(now));
        living.map(Self::from).collect()
    }
}

impl From<&ApprovalGrant> for GrantView {
    fn from(grant: &ApprovalGrant) -> Self {
        Self {
            id: grant.id.as_str().to_owned(),
            covers: (&grant.scope).into(),
            server: grant.tool.server.clone(),
            tool: grant.tool.name.clone(),
            subscription: grant.scope.subscription.clone(),
            resource_group: grant.scope.resource_group.clone(),
            resource_id: grant.scope.resource_id.clone(),
            target: grant.target.as_deref().map(|t| redact(t).into_owned()),
            given_at: grant.at.into(),
            expires_at: grant.expires_at.into(),
        }
    }
}
