//! `GET /v1/tools`: the tools that the caller may use, with what policy says.

use axum::Json;
use axum::extract::State;
use azimuth_domain::policy::{Decision, Mode};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::ToolSpec;
use azimuth_ports::tools::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::http::approvals::ApprovalByView;
use crate::http::caller::Caller;
use crate::http::conversations::list_conversations::search_text;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::ToolState;
use crate::http::turns::EffectView;
use crate::policy::{KnownTags, PolicyInput, PolicySet};
use crate::problem::{Answer, Code, Problem};
use crate::tools::is_always_allowed;

/// Which tools.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ToolListQuery {
    /// Words in English or Korean; the tools that fit best come first.
    pub q: Option<String>,
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// A tool.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ToolView {
    /// The tool server.
    pub server: String,
    /// The tool's name at its server.
    pub tool: String,
    /// The server's text.
    pub description: String,
    /// What a call may do, unless its arguments change that.
    pub effect: EffectView,
    /// Whether arguments or result hold a secret, unless the arguments change that.
    pub secret: bool,
    /// JSON Schema of the arguments.
    #[schema(value_type = Object)]
    pub input_schema: Value,
    /// Whether the server acts under one identity for everybody.
    pub shared_identity: bool,
    /// What policy says of a call without arguments that matter to it.
    pub policy: ToolPolicy,
    /// Whether such a call runs without the yes that policy wants, because the caller
    /// always allows the tool.
    pub always_allowed: bool,
}

/// What policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum ToolPolicy {
    /// It runs at once.
    Allow,
    /// It runs once somebody has agreed.
    RequireApproval {
        /// Who.
        by: ApprovalByView,
    },
    /// It is denied unless the arguments make another call of it.
    Deny {
        /// Stable code.
        reason: String,
    },
}

impl From<Decision> for ToolPolicy {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allow,
            Decision::RequireApproval { by } => Self::RequireApproval { by: by.into() },
            Decision::Deny { reason } => Self::Deny {
                reason: reason.code().to_owned(),
            },
        }
    }
}

/// The tools that the caller may use.
#[utoipa::path(
    get,
    path = "/v1/tools",
    operation_id = "list_tools",
    tag = "tools",
    params(ToolListQuery),
    responses((status = 200, body = PageOf<ToolView>))
)]
pub async fn handle(
    State(state): State<ToolState>,
    caller: Caller,
    Query(query): Query<ToolListQuery>,
) -> Answer<Json<PageOf<ToolView>>> {
    let limit = page::limit(query.limit, 50)?;
    let text = search_text(query.q)?;
    let tenant = &caller.principal.user.tid;
    let catalogue = state.engine.catalogues().of(tenant).await?;
    let offset = offset(page::cursor(query.cursor)?.as_deref(), &catalogue)?;
    let policies = state.policies.of(tenant).await?;
    let visible = policies.visible_tools(&caller.principal.roles, &catalogue);
    let positions = match &text {
        None => visible.to_vec(),
        Some(text) => search(&state, &catalogue, &visible, text),
    };
    let items = positions
        .iter()
        .skip(offset)
        .take(limit)
        .filter_map(|position| catalogue.tools.get(*position))
        .map(|tool| view(&policies, &caller, tool, state.engine.now()))
        .collect();
    let end = offset.saturating_add(limit);
    Ok(Json(PageOf {
        items,
        next_cursor: (end < positions.len()).then(|| cursor(end, &catalogue)),
    }))
}

/// Best first; where no word fits, whatever has the text in its name.
fn search(state: &ToolState, catalogue: &Catalogue, visible: &[usize], text: &str) -> Vec<usize> {
    let index = state.engine.tool_index(catalogue);
    let hits: Vec<usize> = index
        .search(text, catalogue.tools.len())
        .into_iter()
        .map(|hit| hit.index)
        .filter(|position| visible.contains(position))
        .collect();
    if !hits.is_empty() {
        return hits;
    }
    let wanted = text.to_lowercase();
    visible
        .iter()
        .copied()
        .filter(|position| {
            catalogue
                .tools
                .get(*position)
                .is_some_and(|tool| tool.tool.to_string().to_lowercase().contains(&wanted))
        })
        .collect()
}

fn view(policies: &PolicySet, caller: &Caller, tool: &ToolSpec, at: Timestamp) -> ToolView {
    let input = PolicyInput {
        user: &caller.principal.user,
        roles: &caller.principal.roles,
        tool,
        arguments: &json!({}),
        mode: Mode::default(),
        tainted: false,
        tags: KnownTags::Nothing,
        at,
    };
    let decision = policies.decide(&input);
    let always_allowed = &caller.record.item.settings.always_allowed_tools;
    ToolView {
        server: tool.tool.server.clone(),
        tool: tool.tool.name.clone(),
        description: tool.description.clone(),
        effect: tool.effect.into(),
        secret: tool.secret,
        input_schema: tool.input_schema.clone(),
        shared_identity: tool.shared_identity,
        always_allowed: is_always_allowed(policies, always_allowed, &input, &decision),
        policy: decision.into(),
    }
}

fn mark(catalogue: &Catalogue) -> &str {
    catalogue.version.get(..8).unwrap_or(&catalogue.version)
}

fn cursor(offset: usize, catalogue: &Catalogue) -> String {
    format!("{}-{offset}", mark(catalogue))
}

/// A cursor of another catalogue counts other tools.
fn offset(cursor: Option<&str>, catalogue: &Catalogue) -> Answer<usize> {
    let Some(cursor) = cursor else {
        return Ok(0);
    };
    cursor
        .strip_prefix(mark(catalogue))
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Problem::new(Code::CursorInvalid).parameter("cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_catalogue_only() {
        let catalogue = Catalogue {
            version: "0123456789".to_owned(),
            ..Catalogue::default()
        };
        let newer = Catalogue {
            version: "9876543210".to_owned(),
            ..Catalogue::default()
        };
        let cursor = cursor(50, &catalogue);
        assert_eq!(offset(Some(&cursor), &catalogue).ok(), Some(50));
        assert!(offset(Some(&cursor), &newer).is_err());
        assert!(offset(Some("01234567--1"), &catalogue).is_err());
        assert_eq!(offset(None, &catalogue).ok(), Some(0));
    }
}
