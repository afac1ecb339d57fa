//! `PATCH /v1/settings`: changes what is sent, null resets.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::approval_grant::AlwaysAllowed;
use azimuth_domain::principal::Principal;
use azimuth_domain::redact::redact;
use azimuth_ports::store::Versioned;
use azimuth_ports::users::{Settings, UserRecord};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{SettingsView, ToolName, always_allowed};
use crate::http::admin::Change;
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::{JsonBody, present};
use crate::http::states::AccountState;
use crate::problem::{Answer, Code, Problem};

/// Longest subscription name, characters (Azure: 64; ids are 36).
const MAX_SUBSCRIPTION_CHARS: usize = 128;

/// What to change; a field that is left out stays as it is, null resets it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// `ko` or `en`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// `light` or `dark`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub theme: Option<Option<String>>,
    /// Id or name of a subscription.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub default_subscription: Option<Option<String>>,
    /// Name of a model.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub model: Option<Option<String>>,
    /// All of the tools whose changes run without asking, at most 50; null: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<ToolName>>)]
    pub always_allowed_tools: Option<Option<Vec<ToolName>>>,
}

/// Changes the caller's settings.
#[utoipa::path(
    patch,
    path = "/v1/settings",
    operation_id = "patch_settings",
    tag = "account",
    params(("If-Match" = String, Header, description = "The ETag that was read")),
    request_body = SettingsPatch,
    responses((status = 200, body = SettingsView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<AccountState>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    expected: IfMatch,
    JsonBody(mut patch): JsonBody<SettingsPatch>,
) -> Answer<Response> {
    expected.check(&caller.record.etag)?;
    let user = &caller.principal.user;
    let before = &caller.record.item.settings;
    let always = match patch.always_allowed_tools.take() {
        None => before.always_allowed_tools.clone(),
        Some(names) => {
            let names = names.unwrap_or_default();
            always(&state, &caller, names, &before.always_allowed_tools).await?
        }
    };
    let model = match patch.model.take() {
        None => before.model.clone(),
        Some(None) => None,
        Some(Some(name)) => Some(model(&state, &caller, name).await?),
    };
    let settings = Settings {
        always_allowed_tools: always,
        model,
        ..patch.apply(before.clone())?
    };
    let change = change(&caller.record.item, &settings);
    let record = UserRecord {
        settings,
        ..caller.record.item.clone()
    };
    let write = state.users.put_user(&record, Some(&caller.record.etag));
    let etag = match change {
        Some(change) => {
            let recorder = &state.people.recorder;
            recorder.change(user, &request, change, write).await?
        }
        None => write.await?,
    };
    let etag = etag.ok_or_else(|| Problem::new(Code::IfMatchStale))?;
    let catalogue = state.engine.catalogues().last(&user.tid);
    Ok(super::answer(Versioned { item: record, etag }, &catalogue))
}

/// The model of that name, if the caller is offered it.
async fn model(state: &AccountState, caller: &Caller, name: String) -> Answer<String> {
    let Principal { user, roles, .. } = &caller.principal;
    let offered = state.models.of(user, roles).await?;
    match offered.get(&name) {
        Ok(_) => Ok(name),
        Err(refused) => Err(Problem::from(refused).pointer("/model")),
    }
}

/// The tools that are named from now on. Taking some away needs neither the tools nor the
/// policies of now.
async fn always(
    state: &AccountState,
    caller: &Caller,
    names: Vec<ToolName>,
    before: &[AlwaysAllowed],
) -> Answer<Vec<AlwaysAllowed>> {
    if let Some(kept) = always_allowed::kept(&names, before) {
        return Ok(kept);
    }
    let tenant = &caller.principal.user.tid;
    let catalogue = state.engine.catalogues().of(tenant).await?;
    let policies = state.engine.policies().of(tenant).await?;
    let now = state.people.clock.now();
    always_allowed::chosen(names, before, &caller.principal, &catalogue, &policies, now)
}

/// What the audit is told before it: which tools run without asking is more than taste.
fn change(before: &UserRecord, after: &Settings) -> Option<Change> {
    let was = &before.settings.always_allowed_tools;
    let told = |chosen: &[AlwaysAllowed]| {
        let tools: Vec<Value> = chosen
            .iter()
            .map(|one| json!({"tool": one.tool.to_string(), "tool_hash": one.tool_hash}))
            .collect();
        json!({"always_allowed_tools": tools})
    };
    (*was != after.always_allowed_tools).then(|| Change {
        area: "settings",
        target: before.user.oid.clone(),
        before: told(was),
        after: told(&after.always_allowed_tools),
        reason: None,
    })
}

impl SettingsPatch {
    /// What needs nothing but itself to be checked.
    fn apply(self, mut settings: Settings) -> Answer<Settings> {
        if let Some(language) = self.language {
            settings.language = one_of(language, &["ko", "en"], "/language")?;
        }
        if let Some(theme) = self.theme {
            settings.theme = one_of(theme, &["light", "dark"], "/theme")?;
        }
        if let Some(subscription) = self.default_subscription {
            settings.default_subscription =
                subscription.as_deref().map(subscription_name).transpose()?;
        }
        Ok(settings)
    }
}

fn one_of(value: Option<String>, allowed: &[&str], pointer: &str) -> Answer<Option<String>> {
    match value {
        Some(text) if !allowed.contains(&text.as_str()) => Err(Problem::new(Code::FieldInvalid)
            .pointer(pointer)
            .detail(format!("Allowed are {} and null.", allowed.join(", ")))),
        other => Ok(other),
    }
}

fn subscription_name(text: &str) -> Answer<String> {
    let fits = !text.trim().is_empty()
        && text.chars().count() <= MAX_SUBSCRIPTION_CHARS
        && !text.chars().any(char::is_control);
    if fits {
        return Ok(redact(text.trim()).into_owned());
    }
    Err(Problem::new(Code::FieldInvalid)
        .pointer("/default_subscription")
        .detail("The id or the name of a subscription, at most 128 characters."))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::http::json::parse;

    fn patch(body: &str) -> SettingsPatch {
        parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn left_out_stays_and_null_resets() {
        let before = Settings {
            language: Some("ko".into()),
            theme: Some("dark".into()),
            ..Settings::default()
        };
        let after = patch(r#"{"theme":null,"default_subscription":" Contoso-Dev "}"#)
            .apply(before)
            .unwrap();
        let expected = Settings {
            language: Some("ko".into()),
            theme: None,
            default_subscription: Some("Contoso-Dev".into()),
            ..Settings::default()
        };
        assert_eq!(after, expected);
        for (body, at) in [
            (r#"{"language":"fr"}"#, "/language"),
            (r#"{"theme":""}"#, "/theme"),
            (r#"{"default_subscription":" "}"#, "/default_subscription"),
        ] {
            let problem = patch(body).apply(Settings::default()).unwrap_err();
            assert_eq!(problem.document("r").pointer.as_deref(), Some(at));
        }
    }

    #[test]
    fn a_subscription_name_has_an_end() {
        for (chars, fits) in [(1, true), (127, true), (128, true), (129, false)] {
            assert_eq!(
                subscription_name(&"가".repeat(chars)).is_ok(),
                fits,
                "{chars}"
            );
        }
    }
}
