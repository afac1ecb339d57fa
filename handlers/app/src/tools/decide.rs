//! Who may call what, now.

use std::collections::BTreeSet;

use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::policy::Decision;
use azimuth_domain::principal::Role;
use azimuth_domain::tool::ToolSpec;
use azimuth_domain::turn::Asker;
use azimuth_ports::model::{ChatMessage, OfferedTool};
use azimuth_ports::users::Credentials;
use serde_json::Value;

use crate::policy::PolicyInput;
use crate::turn::{ApplyError, Engine, wire_name};

/// How well a tool fits that was called before and is not asked for now.
const CALLED_BEFORE: f32 = 0.1;

impl Engine {
    /// The roles that count now: those of the turn's token, cut down to what the
    /// user record allows. Whoever is not let in, or was signed out everywhere since that
    /// token was issued, has none.
    pub(crate) async fn effective_roles(
        &self,
        asker: &Asker,
    ) -> Result<BTreeSet<Role>, ApplyError> {
        let Some(found) = self.users().user(&asker.user).await? else {
            return Ok(asker.roles.clone());
        };
        // A turn knows no session.
        let with = Credentials {
            roles: &asker.roles,
            issued_at: asker.token_issued_at,
            session: None,
        };
        Ok(found.item.standing(with).roles())
    }

    /// The one decision function, with the arguments of a call.
    pub(crate) fn decide_call(
        &self,
        roles: &BTreeSet<Role>,
        asker: &Asker,
        spec: &ToolSpec,
        arguments: &Value,
    ) -> Decision {
        self.policy().decide(&PolicyInput {
            user: &asker.user,
            roles,
            tool: spec,
            arguments,
        })
    }

    pub(crate) fn policy_version(&self) -> String {
        self.policy().version().to_owned()
    }

    pub(crate) fn acting_identity(&self, server: &str) -> ActingIdentity {
        self.tool_servers().acting_identity(server)
    }

    /// The handful of tools that fit what is being talked about: what the search
    /// finds, then what the conversation has called before. Tools that these
    /// roles may not see are left out.
    pub(crate) fn offer(
        &self,
        messages: &[ChatMessage],
        roles: &BTreeSet<Role>,
        limit: usize,
    ) -> Vec<OfferedTool> {
        let catalogue = self.tool_servers().catalogue();
        let index = self.tool_index(&catalogue);
        let texts: Vec<&str> = messages
            .iter()
            .filter_map(|m| match m {
                ChatMessage::User(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let found = index
            .offer(&texts, limit)
            .into_iter()
            .map(|hit| (hit.index, hit.score));
        let called = messages.iter().rev().filter_map(|m| match m {
            ChatMessage::ToolResult { tool, .. } => {
                let position = catalogue.tools.iter().position(|t| t.tool == *tool)?;
                Some((position, CALLED_BEFORE))
            }
            _ => None,
        });
        let mut offered: Vec<OfferedTool> = Vec::new();
        for (position, score) in found.chain(called) {
            let Some(spec) = catalogue.tools.get(position) else {
                continue;
            };
            let name = wire_name(&spec.tool);
            if offered.len() < limit
                && self.policy().may_see(roles, spec)
                && offered.iter().all(|o| o.name != name)
            {
                offered.push(OfferedTool {
                    name,
                    spec: spec.clone(),
                    score,
                });
            }
        }
        offered
    }
}
