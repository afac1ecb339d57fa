//! `PUT /v1/admin/models`: replaces what is settled about models.

use std::collections::{BTreeMap, BTreeSet};

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::model_offer::ModelOffer;
use azimuth_domain::principal::Role;
use azimuth_ports::config::ConfigKind;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ModelOfferView;
use crate::http::admin::stored_setting::{Replacement, Stored};
use crate::http::admin::{reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::{JsonBody, escaped};
use crate::http::states::ModelState;
use crate::models::Models;
use crate::problem::{Answer, Code, Problem};

/// What to store; a model that is not named is offered to everybody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelOfferToStore {
    /// The model that answers when nobody chose; null, or left out, takes the
    /// deployment's. It must be for everybody.
    #[serde(default)]
    pub default: Option<String>,
    /// By name, the models that only people with one of these roles are offered; with no
    /// role, nobody is.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub only_for: BTreeMap<String, BTreeSet<Role>>,
    /// Why, 1–500 characters; for the history and the audit.
    pub reason: String,
}

/// Replaces what the caller's tenant has settled about models. Every process offers by it
/// within half a minute; a turn that runs goes on with the model that it began with.
#[utoipa::path(
    put,
    path = "/v1/admin/models",
    operation_id = "put_model_offer",
    tag = "admin",
    params(("If-Match" = String, Header, description = "The ETag that was read, or *")),
    request_body = ModelOfferToStore,
    responses((status = 200, body = ModelOfferView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<ModelState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<ModelOfferToStore>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let reason = reason(&wanted.reason)?;
    let item = ModelOffer {
        default: wanted.default,
        only_for: wanted.only_for,
    };
    let documents = state.models.documents();
    let stored = Stored::read(documents, &caller.principal.user.tid).await?;
    check(&item, &stored.item, state.models.models())?;
    let replacement = Replacement {
        kind: ConfigKind::Models,
        area: "models",
        caller: &caller,
        request: &request,
        expected,
        item,
        reason,
        now: state.clock.now(),
    };
    let stored = stored
        .replace(documents, &state.recorder, replacement)
        .await?;
    Ok(stored.answer(ModelOfferView::of(&state, &stored)))
}

/// Names are those of models that the deployment has. What was stored about one that is
/// gone may stay: it holds again when the model comes back. Whatever answers when nobody
/// chose is for everybody, so that nobody is left without a model.
fn check(offer: &ModelOffer, before: &ModelOffer, models: &Models) -> Answer<()> {
    for name in offer.only_for.keys() {
        if models.get(name).is_none() && !before.only_for.contains_key(name) {
            return Err(Problem::new(Code::ModelUnknown).pointer(place(name)));
        }
    }
    if let Some(name) = &offer.default
        && models.get(name).is_none()
    {
        return Err(Problem::new(Code::ModelUnknown).pointer("/default"));
    }
    let default = models.default_in(offer).name();
    if offer.is_for_everybody(default) {
        return Ok(());
    }
    let problem = Problem::new(Code::ModelDefaultRestricted);
    Err(match offer.default {
        Some(_) => problem.pointer("/default"),
        None => problem.pointer(place(default)),
    })
}

/// Of a model in the body.
fn place(name: &str) -> String {
    format!("/only_for/{}", escaped(name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::http::models::tests::model;

    /// Code and place of what is refused.
    fn refused(offer: &str, before: &str) -> Option<(Code, String)> {
        let models = Models::new(["small", "a/b", "large"].map(model).to_vec(), Some("a/b"));
        let [offer, before] = [offer, before].map(|json| serde_json::from_str(json).unwrap());
        let problem = check(&offer, &before, &models.unwrap()).err()?;
        Some((problem.code(), problem.document("r").pointer.unwrap()))
    }

    #[test]
    fn whatever_answers_when_nobody_chose_is_for_everybody() {
        let restricted = |pointer: &str| Some((Code::ModelDefaultRestricted, pointer.to_owned()));
        for (offer, expected) in [
            ("{}", None),
            (r#"{"default": "small"}"#, None),
            (r#"{"only_for": {"large": [], "small": ["admin"]}}"#, None),
            (
                r#"{"default": "small", "only_for": {"a/b": [], "large": []}}"#,
                None,
            ),
            (
                r#"{"only_for": {"a/b": ["reader"]}}"#,
                restricted("/only_for/a~1b"),
            ),
            (
                r#"{"default": "large", "only_for": {"large": ["reader"]}}"#,
                restricted("/default"),
            ),
        ] {
            assert_eq!(refused(offer, "{}"), expected, "{offer}");
        }
    }

    #[test]
    fn models_are_named_that_there_are_or_that_were_named_before() {
        let unknown = |pointer: &str| Some((Code::ModelUnknown, pointer.to_owned()));
        let gone = r#"{"only_for": {"gone": ["admin"]}}"#;
        for (offer, before, expected) in [
            (gone, "{}", unknown("/only_for/gone")),
            (gone, r#"{"only_for": {"gone": []}}"#, None),
            (r#"{"default": "gone"}"#, gone, unknown("/default")),
            (
                r#"{"default": "gone"}"#,
                r#"{"default": "gone"}"#,
                unknown("/default"),
            ),
            (r#"{"only_for": {"": []}}"#, "{}", unknown("/only_for/")),
        ] {
            assert_eq!(refused(offer, before), expected, "{offer}");
        }
    }
}
