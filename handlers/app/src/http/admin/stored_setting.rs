//! A setting of a tenant as administrators read and replace it: one document with a
//! version, a reason, and a record of what was there before.

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::config::{CONFIG_VERSION, ConfigHead, ConfigKind, ConfigVersion};
use azimuth_ports::store::{Etag, Versioned};
use http::header;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Change, Recorder};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::{self, IfMatch};
use crate::http::moment::Moment;
use crate::problem::{Answer, Code, Problem};
use crate::tenant_documents::TenantDocuments;

/// Who stored a setting, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoredBy {
    /// 1, 2, 3, …
    pub number: u64,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Object id of whoever stored it.
    pub by: String,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why.
    pub reason: String,
}

impl From<&ConfigHead> for StoredBy {
    fn from(head: &ConfigHead) -> Self {
        let UserKey { oid, .. } = &head.by;
        Self {
            number: head.number,
            at: head.at.into(),
            by: oid.clone(),
            by_name: head.by_name.clone(),
            reason: head.reason.clone(),
        }
    }
}

/// A setting as it is stored; what nobody stored is the default.
pub(super) struct Stored<T> {
    pub item: T,
    pub head: Option<ConfigHead>,
    etag: Option<Etag>,
}

impl<T: Default + Serialize + DeserializeOwned> Stored<T> {
    /// As it is now.
    pub(super) async fn read(documents: &TenantDocuments<T>, tenant: &str) -> Answer<Self> {
        let Some(Versioned { item, etag }) = documents.stored(tenant).await? else {
            return Ok(Self {
                item: T::default(),
                head: None,
                etag: None,
            });
        };
        let read = serde_json::from_str(&item.text);
        Ok(Self {
            item: read.map_err(|error| Problem::new(Code::Internal).context(error))?,
            head: Some(item.head),
            etag: Some(etag),
        })
    }

    /// Replaces it under the version that was `expected`, on record.
    pub(super) async fn replace(
        self,
        documents: &TenantDocuments<T>,
        recorder: &Recorder,
        replacement: Replacement<'_, T>,
    ) -> Answer<Self> {
        let number = self.number() + 1;
        let told = Told {
            target: format!("{}/{number}", replacement.kind.as_str()),
            before: json!(self.item),
            after: json!(replacement.item),
        };
        self.replace_and_tell(documents, recorder, replacement, told)
            .await
    }

    /// The same, where the record is to tell of a part alone.
    pub(super) async fn replace_and_tell(
        self,
        documents: &TenantDocuments<T>,
        recorder: &Recorder,
        replacement: Replacement<'_, T>,
        told: Told,
    ) -> Answer<Self> {
        let Replacement {
            kind,
            area,
            caller,
            request,
            expected,
            item,
            reason,
            now,
        } = replacement;
        expected.check(&self.version())?;
        let user = &caller.principal.user;
        let number = self.number() + 1;
        let encoded = serde_json::to_string(&item);
        let version = ConfigVersion {
            head: ConfigHead {
                v: CONFIG_VERSION,
                tenant: user.tid.clone(),
                kind,
                number,
                at: now,
                by: user.clone(),
                by_name: caller.principal.name.clone(),
                reason: reason.clone(),
            },
            text: encoded.map_err(|error| Problem::new(Code::Internal).context(error))?,
        };
        let change = Change {
            area,
            target: told.target,
            before: told.before,
            after: told.after,
            reason: Some(reason),
        };
        let write = documents.store().put_config(&version, self.etag.as_ref());
        let written = recorder.change(user, request, change, write).await;
        // Also when nobody knows whether it was written.
        documents.forget(&user.tid);
        let etag = written?.ok_or_else(|| Problem::new(Code::IfMatchStale))?;
        Ok(Self {
            item,
            head: Some(version.head),
            etag: Some(etag),
        })
    }

    /// The answer that shows it as `view`.
    pub(super) fn answer(&self, view: impl Serialize) -> Response {
        let tag = etag::header_value(&self.version());
        ([(header::ETAG, tag)], Json(view)).into_response()
    }

    /// Of the stored version.
    fn number(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.number)
    }

    /// What is not stored has a version, too.
    pub(super) fn version(&self) -> Etag {
        let etag = self.etag.clone();
        etag.unwrap_or_else(|| Etag("default".to_owned()))
    }
}

/// What a setting is replaced by, and by whom.
pub(super) struct Replacement<'a, T> {
    pub kind: ConfigKind,
    /// Of the audit.
    pub area: &'static str,
    pub caller: &'a Caller,
    pub request: &'a RequestId,
    pub expected: IfMatch,
    pub item: T,
    pub reason: String,
    pub now: Timestamp,
}

/// What the record of a replacement tells.
pub(super) struct Told {
    /// What is changed.
    pub target: String,
    /// What was there; null where nothing was.
    pub before: Value,
    /// What is there afterwards; null where nothing is.
    pub after: Value,
}
