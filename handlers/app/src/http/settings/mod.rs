//! A person's own settings.

pub mod get_settings;
pub mod patch_settings;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_ports::store::Versioned;
use azimuth_ports::users::{Settings, UserRecord};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;

/// A person's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettingsView {
    /// `ko` or `en`; null follows the browser.
    pub language: Option<String>,
    /// `light` or `dark`; null follows the system.
    pub theme: Option<String>,
    /// Subscription (id or name) for calls that name none.
    pub default_subscription: Option<String>,
    /// Preferred model; null takes the default.
    pub model: Option<String>,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        Self {
            language: settings.language,
            theme: settings.theme,
            default_subscription: settings.default_subscription,
            model: settings.model,
        }
    }
}

fn answer(record: Versioned<UserRecord>) -> Response {
    (
        [(header::ETAG, etag::header_value(&record.etag))],
        Json(SettingsView::from(record.item.settings)),
    )
        .into_response()
}
