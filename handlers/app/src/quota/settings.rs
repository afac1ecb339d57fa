//! Limits and kill switches as administrators store them.

use std::sync::Arc;

use azimuth_domain::kill_switch::KillSwitch;
use azimuth_domain::quota::QuotaSettings;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use serde::de::DeserializeOwned;

use crate::tenant_documents::TenantDocuments;

/// How long limits are not read again.
const QUOTAS_FRESH_MS: i64 = 30_000;
/// How long a kill switch is not read again: every executor sees it within 15 seconds.
const SWITCH_FRESH_MS: i64 = 12_000;

pub(super) fn quotas(
    store: Arc<dyn ConfigStore>,
    clock: Arc<dyn Clock>,
) -> TenantDocuments<QuotaSettings> {
    let kind = ConfigKind::Quotas;
    TenantDocuments::new(kind, QUOTAS_FRESH_MS, store, clock, Box::new(read))
}

pub(super) fn switches(
    store: Arc<dyn ConfigStore>,
    clock: Arc<dyn Clock>,
) -> TenantDocuments<KillSwitch> {
    let kind = ConfigKind::KillSwitch;
    TenantDocuments::new(kind, SWITCH_FRESH_MS, store, clock, Box::new(read))
}

fn read<T: DeserializeOwned + Default>(stored: Option<&ConfigVersion>) -> Result<Arc<T>, String> {
    match stored {
        None => Ok(Arc::default()),
        Some(stored) => serde_json::from_str(&stored.text)
            .map(Arc::new)
            .map_err(|error| error.to_string()),
    }
}
