//! Who may use the proxy: each process has credentials of its own, which say for which
//! server and which person it runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use azimuth_domain::principal::UserKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::allow::AllowList;
use super::target::Target;

/// Connections of one process at a time.
const MAX_CONNECTIONS: usize = 64;
/// Hosts of one process that are remembered.
const MAX_HOSTS: usize = 64;
/// Name in the credentials; the password is what counts.
const NAME: &str = "tool";

/// Every pass that counts.
#[derive(Default)]
pub(super) struct Passes(Mutex<Vec<Entry>>);

struct Entry {
    digest: [u8; 32],
    holder: Arc<Holder>,
}

/// What is known about the holder of a pass.
pub(super) struct Holder {
    pub(super) server: String,
    pub(super) user: Option<UserKey>,
    pub(super) allow: AllowList,
    pub(super) connections: Arc<Semaphore>,
    /// Ends with the pass, and every connection with it.
    pub(super) ended: CancellationToken,
    since: Instant,
    hosts: Mutex<BTreeMap<String, Arc<Activity>>>,
}

/// When something went to or came from a host last, in milliseconds since the pass was
/// given.
#[derive(Default)]
pub(super) struct Activity(AtomicU64);

/// One process's right to use the proxy. When it is dropped, so are its connections.
pub struct Pass {
    secret: String,
    digest: [u8; 32],
    holder: Arc<Holder>,
    passes: Arc<Passes>,
}

impl Passes {
    /// `secret` must be fresh from the system's random generator.
    pub(super) fn admit(
        self: &Arc<Self>,
        server: &str,
        user: Option<&UserKey>,
        allow: AllowList,
        secret: [u8; 32],
    ) -> Pass {
        let secret = hex::encode(secret);
        let digest = digest(secret.as_bytes());
        let holder = Arc::new(Holder {
            server: server.to_owned(),
            user: user.cloned(),
            allow,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            ended: CancellationToken::new(),
            since: Instant::now(),
            hosts: Mutex::default(),
        });
        self.lock().push(Entry {
            digest,
            holder: Arc::clone(&holder),
        });
        Pass {
            secret,
            digest,
            holder,
            passes: Arc::clone(self),
        }
    }

    /// Whose `Proxy-Authorization` this is. Every entry is compared, in constant time.
    pub(super) fn holder(&self, authorization: &[u8]) -> Option<Arc<Holder>> {
        let text = std::str::from_utf8(authorization).ok()?;
        let (scheme, encoded) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = STANDARD.decode(encoded.trim()).ok()?;
        let at = pair.iter().position(|byte| *byte == b':')?;
        let presented = digest(&pair[at + 1..]);
        let mut found = None;
        for entry in self.lock().iter() {
            if bool::from(entry.digest.ct_eq(&presented)) {
                found = Some(Arc::clone(&entry.holder));
            }
        }
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder {
    /// The activity of a target, and whether it is a new one; the last ones of very many
    /// are counted together under the last name.
    pub(super) fn reaches(&self, target: &Target) -> (Arc<Activity>, bool) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = target.to_string();
        if let Some(known) = hosts.get(&name) {
            return (Arc::clone(known), false);
        }
        if hosts.len() >= MAX_HOSTS {
            let others = hosts.entry("(others)".to_owned()).or_default();
            return (Arc::clone(others), false);
        }
        let new = Arc::new(Activity::default());
        hosts.insert(name, Arc::clone(&new));
        (new, true)
    }

    /// Something moves now.
    pub(super) fn touch(&self, activity: &Activity) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Never 0: that is nothing yet.
        activity.0.store(now.max(1), Ordering::Relaxed);
    }
}

impl Pass {
    pub(super) fn holder(&self) -> Arc<Holder> {
        Arc::clone(&self.holder)
    }

    /// The URL by which its holder reaches the proxy at `address`.
    pub(crate) fn url(&self, address: std::net::SocketAddr) -> String {
        format!("http://{NAME}:{}@{address}", self.secret)
    }

    /// The hosts to which or from which something went since `moment`, sorted. Several
    /// calls of one process cannot be told apart.
    pub(crate) fn reached(&self) -> Reached {
        Reached(Arc::clone(&self.holder))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.passes
            .lock()
            .retain(|entry| entry.digest != self.digest);
        self.holder.ended.cancel();
    }
}

/// What the holder of a pass reached.
#[derive(Clone)]
pub(crate) struct Reached(Arc<Holder>);

impl Reached {
    /// `host:port` of everything to which or from which something went since `moment`,
    /// sorted.
    pub(crate) fn since(&self, moment: Instant) -> Vec<String> {
        let from = moment.saturating_duration_since(self.0.since).as_millis();
        let from = u64::try_from(from).unwrap_or(u64::MAX).max(1);
        let hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .iter()
            .filter(|(_, activity)| activity.0.load(Ordering::Relaxed) >= from)
            .map(|(host, _)| host.clone())
            .collect()
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
