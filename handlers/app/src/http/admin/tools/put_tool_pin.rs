//! `PUT /v1/admin/tools/{server}/{tool}`: accepts a tool as it was seen, takes that back,
//! switches the tool off or on.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_domain::tool_pins::{AcceptedTool, MAX_PINS_BYTES, NotAcceptable, ToolPin};
use azimuth_ports::config::ConfigKind;
use azimuth_ports::tools::Catalogue;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Rows, ToolPinView};
use crate::http::admin::stored_setting::{Replacement, Stored, Told};
use crate::http::admin::{reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::path::{PathPair, ToolName, not_found};
use crate::http::states::CatalogueState;
use crate::http::turns::EffectView;
use crate::problem::{Answer, Code, Problem};
use crate::tools::shortened;

/// As what a tool is accepted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceToSet {
    /// Hash of the tool as it was seen, `offered_hash` of the list.
    pub hash: String,
    /// What a call may do, at least. Never less than the catalogue says.
    pub effect: EffectView,
    /// Whether all calls hold a secret. Never less than the catalogue says.
    pub secret: bool,
}

/// What is settled about a tool.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolPinToSet {
    /// As what it is accepted from now on; null: as everybody has it.
    #[serde(default)]
    pub accepted: Option<AcceptanceToSet>,
    /// Whether nobody may use it.
    pub switched_off: bool,
    /// Why, 1–500 characters.
    pub reason: String,
}

/// Settles one tool in the caller's tenant. Within 15 seconds every process decides by it;
/// calls that run are not broken off. A repetition changes nothing.
#[utoipa::path(
    put,
    path = "/v1/admin/tools/{server}/{tool}",
    operation_id = "put_tool_pin",
    tag = "admin",
    params(
        ("server" = String, Path, description = "Tool server"),
        ("tool" = String, Path, description = "Tool"),
        ("If-Match" = String, Header, description = "The ETag of the list, or *")
    ),
    request_body = ToolPinToSet,
    responses((status = 200, body = ToolPinView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathPair(ToolName(server), ToolName(name)): PathPair<ToolName, ToolName>,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<ToolPinToSet>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let reason = reason(&wanted.reason)?;
    let tool = ToolRef::new(server, name);
    let catalogues = &state.catalogues;
    let documents = catalogues.pins();
    let user = &caller.principal.user;
    let stored = Stored::read(documents, &user.tid).await?;
    let pins = catalogues.that_count(&user.tid, &stored.item).await?;
    let former = pins.get(&tool);
    if wanted.is(former, &reason) {
        let unsettled = catalogues.unsettled(&user.tid).await?;
        let rows = Rows::of(&unsettled, &pins);
        let row = rows.find(&tool).ok_or_else(not_found)?;
        return Ok(stored.answer(row.view()));
    }
    expected.check(&stored.version())?;
    catalogues.look(&user.tid).await?;
    let unsettled = catalogues.unsettled(&user.tid).await?;
    let kept = former.and_then(|pin| pin.accepted.as_ref());
    let accepted = match &wanted.accepted {
        None => None,
        Some(wanted) if kept.is_some_and(|kept| wanted.is(kept)) => kept.cloned(),
        Some(wanted) => Some(accept(&unsettled, &tool, wanted)?),
    };
    if Rows::of(&unsettled, &pins).find(&tool).is_none() {
        return Err(not_found());
    }
    let now = state.clock.now();
    let before = former.map_or(Value::Null, told);
    let pin = ToolPin {
        tool: tool.clone(),
        accepted,
        switched_off: wanted.switched_off,
        at: now,
        by: user.clone(),
        by_name: caller.principal.name.clone(),
        reason: reason.clone(),
    };
    let after = told(&pin);
    // Of servers that are gone, or are others now, nothing has to be kept.
    let item = pins.with(pin);
    if canonical_json(&json!(item)).len() > MAX_PINS_BYTES {
        return Err(Problem::new(Code::ToolPinsFull));
    }
    let replacement = Replacement {
        kind: ConfigKind::Tools,
        area: "tools",
        caller: &caller,
        request: &request,
        expected,
        item,
        reason,
        now,
    };
    let told = Told {
        target: tool.to_string(),
        before,
        after,
    };
    let stored = stored
        .replace_and_tell(documents, &state.recorder, replacement, told)
        .await?;
    let pins = catalogues.that_count(&user.tid, &stored.item).await?;
    let rows = Rows::of(&unsettled, &pins);
    Ok(stored.answer(rows.row(tool).view()))
}

/// The tool as it is offered now, if it is what was seen.
fn accept(unsettled: &Catalogue, tool: &ToolRef, wanted: &AcceptanceToSet) -> Answer<AcceptedTool> {
    let offered = unsettled.offered_text(tool);
    if offered.is_none() && unsettled.get(tool).is_none() {
        return Err(not_found());
    }
    let effect = EffectClass::from(wanted.effect);
    let refused = |pointer: &'static str, detail: String| {
        Problem::new(Code::FieldInvalid)
            .pointer(pointer)
            .detail(detail)
    };
    AcceptedTool::check(unsettled.get(tool), effect, wanted.secret).map_err(|why| match why {
        NotAcceptable::NeedsLocalMachine => refused(
            "/accepted",
            "The tool reads or writes the machine that it runs on; nobody can enable it."
                .to_owned(),
        ),
        NotAcceptable::Effect(known) => refused(
            "/accepted/effect",
            format!("The catalogue says {}; it cannot be less.", known.as_str()),
        ),
        NotAcceptable::Secret => refused(
            "/accepted/secret",
            "The catalogue says that calls hold a secret.".to_owned(),
        ),
    })?;
    match offered.filter(|text| text.hash == wanted.hash) {
        Some(text) => Ok(AcceptedTool {
            hash: text.hash,
            effect,
            secret: wanted.secret,
            description: text.description,
            input_schema: text.input_schema,
        }),
        None => Err(Problem::new(Code::ToolNotAsSeen).pointer("/accepted/hash")),
    }
}

/// A pin as the audit keeps it; the whole text is in the stored version.
fn told(pin: &ToolPin) -> Value {
    let accepted = pin.accepted.as_ref().map(|accepted| {
        json!({
            // As it is written the redactor knows it.
            "hash": format!("sha256:{}", accepted.hash),
            "effect": accepted.effect,
            "secret": accepted.secret,
            "description": shortened(&json!(accepted.description)),
        })
    });
    json!({"accepted": accepted, "switched_off": pin.switched_off})
}

impl AcceptanceToSet {
    fn is(&self, kept: &AcceptedTool) -> bool {
        let effect = EffectClass::from(self.effect);
        (self.hash.as_str(), effect, self.secret) == (kept.hash.as_str(), kept.effect, kept.secret)
    }
}

impl ToolPinToSet {
    /// Whether that is settled already, and for this reason.
    fn is(&self, former: Option<&ToolPin>, reason: &str) -> bool {
        let Some(former) = former else {
            return self.accepted.is_none() && !self.switched_off;
        };
        let is_accepted = match (&self.accepted, &former.accepted) {
            (None, None) => true,
            (Some(wanted), Some(kept)) => wanted.is(kept),
            _ => false,
        };
        is_accepted && self.switched_off == former.switched_off && reason == former.reason
    }
}
