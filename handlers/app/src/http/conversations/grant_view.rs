//! An approval for the rest of a conversation, on the wire.

use azimuth_domain::approval_grant::ApprovalGrant;
use azimuth_domain::conversation::Conversation;
use azimuth_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::approvals::CoveredCallsView;
use crate::http::moment::Moment;

/// What the owner agreed to for the rest of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrantView {
    /// Id, inside the conversation.
    pub id: String,
    /// The calls that need no other yes.
    #[serde(flatten)]
    pub calls: CoveredCallsView,
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
            calls: CoveredCallsView::of(&grant.tool, &grant.scope, grant.target.as_deref()),
            given_at: grant.at.into(),
            expires_at: grant.expires_at.into(),
        }
    }
}
