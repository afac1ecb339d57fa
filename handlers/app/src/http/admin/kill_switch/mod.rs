//! The kill switch of a tenant: read, and turned.

pub mod get_kill_switch;
pub mod put_kill_switch;

use azimuth_domain::kill_switch::{KillScope, KillSwitch};
use azimuth_ports::config::ConfigHead;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stored_setting::StoredBy;

/// What a kill switch stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KillScopeView {
    /// Every tool call.
    All,
    /// Calls that change or destroy something.
    Changes,
}

impl From<KillScope> for KillScopeView {
    fn from(scope: KillScope) -> Self {
        match scope {
            KillScope::All => Self::All,
            KillScope::Changes => Self::Changes,
        }
    }
}

impl From<KillScopeView> for KillScope {
    fn from(scope: KillScopeView) -> Self {
        match scope {
            KillScopeView::All => Self::All,
            KillScopeView::Changes => Self::Changes,
        }
    }
}

/// A kill switch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KillSwitchView {
    /// Whether it is on.
    pub on: bool,
    /// What it stops while it is on.
    pub scope: KillScopeView,
    /// Who turned it last, when and why; null when nobody ever did.
    pub stored: Option<StoredBy>,
}

impl KillSwitchView {
    fn of(switch: KillSwitch, head: Option<&ConfigHead>) -> Self {
        Self {
            on: switch.on,
            scope: switch.scope.into(),
            stored: head.map(StoredBy::from),
        }
    }
}
