//! `PATCH /v1/settings`: changes what is sent, null resets.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::redact::redact;
use azimuth_ports::store::Versioned;
use azimuth_ports::users::{Settings, UserRecord};
use serde::Deserialize;
use utoipa::ToSchema;

use super::SettingsView;
use crate::http::caller::Caller;
use crate::http::etag::IfMatch;
use crate::http::json::{JsonBody, present};
use crate::http::states::AccountState;
use crate::models::Models;
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
    expected: IfMatch,
    JsonBody(patch): JsonBody<SettingsPatch>,
) -> Answer<Response> {
    expected.check(&caller.record.etag)?;
    let settings = patch.apply(caller.record.item.settings.clone(), &state.models)?;
    let record = UserRecord {
        settings,
        ..caller.record.item
    };
    let etag = state
        .users
        .put_user(&record, Some(&caller.record.etag))
        .await?
        .ok_or_else(|| Problem::new(Code::IfMatchStale))?;
    Ok(super::answer(Versioned { item: record, etag }))
}

impl SettingsPatch {
    fn apply(self, mut settings: Settings, models: &Models) -> Answer<Settings> {
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
        if let Some(model) = self.model {
            if let Some(name) = &model
                && models.get(name).is_none()
            {
                return Err(Problem::new(Code::ModelUnknown).pointer("/model"));
            }
            settings.model = model;
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
        let models = Models::new(vec![crate::http::models::tests::model("planner")], None).unwrap();
        let before = Settings {
            language: Some("ko".into()),
            theme: Some("dark".into()),
            ..Settings::default()
        };
        let after =
            patch(r#"{"theme":null,"model":"planner","default_subscription":" Contoso-Dev "}"#)
                .apply(before, &models)
                .unwrap();
        let expected = Settings {
            language: Some("ko".into()),
            theme: None,
            default_subscription: Some("Contoso-Dev".into()),
            model: Some("planner".into()),
        };
        assert_eq!(after, expected);
        for (body, at) in [
            (r#"{"language":"fr"}"#, "/language"),
            (r#"{"theme":""}"#, "/theme"),
            (r#"{"model":"gpt-0"}"#, "/model"),
            (r#"{"default_subscription":" "}"#, "/default_subscription"),
        ] {
            let problem = patch(body).apply(Settings::default(), &models).unwrap_err();
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
