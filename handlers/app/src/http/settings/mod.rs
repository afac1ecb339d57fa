//! A person's own settings.

mod always_allowed;
pub mod get_settings;
pub mod patch_settings;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_ports::store::Versioned;
use azimuth_ports::tools::Catalogue;
use azimuth_ports::users::{Settings, UserRecord};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;

pub use always_allowed::{AlwaysAllowedView, ToolName};

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
    /// Tools whose changes run without asking, where policies let the person say so.
    pub always_allowed_tools: Vec<AlwaysAllowedView>,
}

impl SettingsView {
    /// The settings beside the tools of now.
    pub fn of(settings: Settings, catalogue: &Catalogue) -> Self {
        Self {
            always_allowed_tools: always_allowed::views(&settings.always_allowed_tools, catalogue),
            language: settings.language,
            theme: settings.theme,
            default_subscription: settings.default_subscription,
            model: settings.model,
        }
    }
}

fn answer(record: Versioned<UserRecord>, catalogue: &Catalogue) -> Response {
    (
        [(header::ETAG, etag::header_value(&record.etag))],
        Json(SettingsView::of(record.item.settings, catalogue)),
    )
        .into_response()
}
