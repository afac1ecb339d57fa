//! Tells a tenant's channel that an approval waits: who asks, for which tool, on what,
//! until when, and where to decide. Never arguments, never what is approved.
//!
//! **Invariants:** nobody waits for it; each approval is told at most once by a
//! process; what cannot be told is logged and forgotten. The address of a channel is
//! a secret: whoever has it can post there.

mod card;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azimuth_domain::ids::CallId;
use azimuth_domain::turn::{CallState, Turn, TurnStatus};
use azimuth_ports::tokens::Secret;
use moka::sync::Cache;
use reqwest::{Certificate, Client, NoProxy, Proxy, redirect};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use card::Notice;

/// Notices that wait to be sent; more are dropped.
const WAITING: usize = 256;

/// Notices that are being sent at once.
const AT_ONCE: usize = 4;

/// Approvals that are remembered as told.
const REMEMBERED: u64 = 10_000;

/// Longest time for one notice, connection included.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// Where notices go.
#[derive(Debug, Clone)]
pub struct NoticeSettings {
    /// Address of each tenant's channel.
    pub webhooks: BTreeMap<String, Secret>,
    /// The portal, without a slash at its end.
    pub portal_url: String,
    /// Proxy for everything but loopback, `http://host:port`.
    pub proxy: Option<String>,
    /// PEM bundle; when set, these are the only roots that are trusted.
    pub ca_pem: Option<Vec<u8>>,
    /// Longest time for one notice.
    pub timeout: Duration,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("notices cannot be sent with these settings: {0}")]
pub struct NoticeSettingsError(#[from] reqwest::Error);

/// One message on its way.
struct Letter {
    tenant: String,
    body: Value,
}

/// See the module.
pub struct ApprovalNotices {
    settings: NoticeSettings,
    client: Client,
    told: Cache<CallId, ()>,
    sender: mpsc::Sender<Letter>,
    receiver: Mutex<Option<mpsc::Receiver<Letter>>>,
}

impl ApprovalNotices {
    /// Sends nothing before [`ApprovalNotices::run`].
    pub fn new(settings: NoticeSettings) -> Result<Arc<Self>, NoticeSettingsError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(settings.timeout)
            .no_proxy();
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(
                Proxy::all(proxy)?.no_proxy(NoProxy::from_string("127.0.0.1,localhost,::1")),
            );
        }
        if let Some(pem) = &settings.ca_pem {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        Ok(Arc::new(Self {
            client: builder.build()?,
            settings,
            told: Cache::new(REMEMBERED),
            sender,
            receiver: Mutex::new(Some(receiver)),
        }))
    }

    /// Takes note of a write: what waits for a person since then is told. Returns at
    /// once.
    pub(crate) fn written(&self, before: Option<&Turn>, turn: &Turn) {
        let tenant = &turn.asker.user.tid;
        if !turn.awaits_approval() || !self.settings.webhooks.contains_key(tenant) {
            return;
        }
        let known: BTreeSet<&CallId> = before.into_iter().flat_map(waiting).collect();
        for call in turn.calls() {
            let CallState::AwaitingApproval { deadline } = call.state else {
                continue;
            };
            let is_new = turn.status == TurnStatus::Running && !known.contains(&call.id);
            if !is_new || !self.told.entry(call.id.clone()).or_insert(()).is_fresh() {
                continue;
            }
            let notice = Notice {
                language: &turn.language,
                asker: turn.asker.name.as_deref().unwrap_or(&turn.asker.user.oid),
                tool: call.tool.to_string(),
                target: call.target.as_deref(),
                deadline,
                portal_url: &self.settings.portal_url,
            };
            let letter = Letter {
                tenant: tenant.clone(),
                body: notice.card(),
            };
            if self.sender.try_send(letter).is_err() {
                tracing::warn!(call = %call.id, "too many notices wait; an approval is not told");
            }
        }
    }

    /// Sends what is told, until it is dropped. For one caller.
    pub async fn run(&self) {
        let receiver = {
            let mut held = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
            held.take()
        };
        let Some(receiver) = receiver else {
            return std::future::pending().await;
        };
        let letters = ReceiverStream::new(receiver).map(|letter| self.send(letter));
        let sent = futures::StreamExt::buffer_unordered(letters, AT_ONCE);
        futures::StreamExt::for_each(sent, |()| std::future::ready(())).await;
    }

    async fn send(&self, letter: Letter) {
        let Some(url) = self.settings.webhooks.get(&letter.tenant) else {
            return;
        };
        let request = self.client.post(url.expose()).json(&letter.body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::warn!(letter.tenant, status, "a channel took no notice");
            }
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(letter.tenant, %error, "a notice could not be sent");
            }
        }
    }
}

/// The calls that a person has to decide about.
fn waiting(turn: &Turn) -> impl Iterator<Item = &CallId> {
    let is_running = turn.status == TurnStatus::Running;
    let calls = turn.calls().iter().filter(move |_| is_running);
    calls
        .filter(|call| matches!(call.state, CallState::AwaitingApproval { .. }))
        .map(|call| &call.id)
}
