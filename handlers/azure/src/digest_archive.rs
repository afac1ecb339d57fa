//! Signed digests in a blob container whose immutability policy keeps even their writer
//! from changing them: `{tenant}/{number}.json`, each written once
//! (learn.microsoft.com/rest/api/storageservices/put-blob).

mod access;
mod shared_key;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::digest::Digest;
use azimuth_domain::canonical::canonical_json;
use azimuth_ports::clock::Clock;
use azimuth_ports::digests::{ArchiveError, DigestArchive};
use reqwest::{Client, Method, StatusCode, Url};

pub use access::ArchiveAccess;

use crate::egress::{self, Answer, Egress, EgressError, NoAnswer, is_loopback};
use crate::patience::Patience;
use access::Account;

/// Version of the service's protocol.
const VERSION: &str = "2021-12-02";
/// Longest answer, bytes: a digest has at most 100 KiB.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Tries of one operation.
const TRIES: u32 = 3;
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The archive is written in the background.
const PATIENCE: Patience = Patience {
    once: Duration::from_secs(5),
    whole: Duration::from_secs(15),
};

/// Which container, and how to be let in.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// Address of the container, `https://account.domain/container`.
    pub container_url: String,
    /// How to be let in.
    pub access: ArchiveAccess,
    /// Proxy and roots; the time-out is not used: an operation ends within 15 s.
    pub egress: Egress,
}

/// The archive of digests. It only ever adds.
pub struct BlobArchive {
    container: Url,
    account: Account,
    client: Client,
    clock: Arc<dyn Clock>,
    patience: Patience,
}

/// What an archived digest was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// Not there.
    Added,
    /// There already, to the letter.
    Known,
}

/// Why a digest is not archived. No text names an address or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The address is none, or would show what it must not.
    #[error(
        "the container's address must be https://host/container and no more (with an account's \
         key http on this machine)"
    )]
    Address,
    /// The account's key is none.
    #[error("the storage account's key is not base64")]
    Key,
    /// Proxy or roots.
    #[error("{0}")]
    Egress(String),
    /// We have no token. Trying again is safe.
    #[error("our identity has no token for the archive: {0}")]
    NoToken(String),
    /// Under this number another digest lies there. Somebody has two audits.
    #[error("the archive holds another digest {number} of tenant {tenant}")]
    Different {
        /// Whose.
        tenant: String,
        /// Which.
        number: u64,
    },
    /// The digest cannot have a name there.
    #[error("the digest's tenant is not an id")]
    Tenant,
    /// The service does not allow it.
    #[error("the archive refuses: {0}")]
    Refused(String),
    /// No usable answer. Trying again is safe.
    #[error("the archive does not answer: {0}")]
    NoAnswer(String),
}

impl From<EgressError> for BlobError {
    fn from(error: EgressError) -> Self {
        Self::Egress(error.to_string())
    }
}

impl From<NoAnswer> for BlobError {
    fn from(why: NoAnswer) -> Self {
        Self::NoAnswer(why.to_string())
    }
}

impl BlobArchive {
    /// An archive with a client of its own; asks nobody yet. The clock dates requests
    /// that are signed with a key.
    pub fn new(settings: &ArchiveSettings, clock: Arc<dyn Clock>) -> Result<Self, BlobError> {
        Self::patient(settings, clock, PATIENCE)
    }

    fn patient(
        settings: &ArchiveSettings,
        clock: Arc<dyn Clock>,
        patience: Patience,
    ) -> Result<Self, BlobError> {
        let account = Account::of(&settings.access)?;
        let egress = Egress {
            timeout: patience.once,
            ..settings.egress.clone()
        };
        Ok(Self {
            container: address(&settings.container_url, account.is_for_loopback())?,
            account,
            client: egress.client()?,
            clock,
            patience,
        })
    }

    /// Adds a digest that is signed. One that is there already as it is counts as
    /// added: an answer may have been lost.
    pub async fn put(&self, digest: &Digest) -> Result<Archived, BlobError> {
        let url = self.url(&digest.tenant, digest.number)?;
        let stored = serde_json::to_value(digest).unwrap_or_default();
        let body = canonical_json(&stored);
        let written = self.ask(Method::PUT, &url, Some(&body)).await?;
        match written.status {
            StatusCode::CREATED => Ok(Archived::Added),
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
                let there = self.ask(Method::GET, &url, None).await?;
                match there.status {
                    StatusCode::OK if there.body == body.as_bytes() => Ok(Archived::Known),
                    StatusCode::OK => Err(BlobError::Different {
                        tenant: digest.tenant.clone(),
                        number: digest.number,
                    }),
                    status => Err(refusal(status)),
                }
            }
            status => Err(refusal(status)),
        }
    }

    fn url(&self, tenant: &str, number: u64) -> Result<Url, BlobError> {
        let is_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if tenant.is_empty() || !tenant.bytes().all(is_id) {
            return Err(BlobError::Tenant);
        }
        let mut url = self.container.clone();
        let name = format!("{number}.json");
        url.path_segments_mut()
            .map_err(|()| BlobError::Address)?
            .extend([tenant, &name]);
        Ok(url)
    }

    /// One operation, which can be repeated: what is there stays.
    async fn ask(
        &self,
        method: Method,
        url: &Url,
        body: Option<&str>,
    ) -> Result<Answer, BlobError> {
        let tries = async {
            let mut pause = FIRST_PAUSE;
            for _ in 1..TRIES {
                match self.once(&method, url, body).await {
                    Err(BlobError::NoAnswer(_)) => tokio::time::sleep(pause).await,
                    answer => return answer,
                }
                pause *= 2;
            }
            self.once(&method, url, body).await
        };
        tokio::time::timeout(self.patience.whole, tries)
            .await
            .unwrap_or_else(|_| Err(BlobError::NoAnswer("no answer in time".to_owned())))
    }

    async fn once(
        &self,
        method: &Method,
        url: &Url,
        body: Option<&str>,
    ) -> Result<Answer, BlobError> {
        let mut headers = vec![("x-ms-version", VERSION.to_owned())];
        if let Some(body) = body {
            headers.push(("x-ms-blob-type", "BlockBlob".to_owned()));
            headers.push(("if-none-match", "*".to_owned()));
            headers.push(("content-type", "application/json".to_owned()));
            headers.push(("content-length", body.len().to_string()));
        }
        self.account
            .sign(method, url, &mut headers, &*self.clock)
            .await?;
        let mut request = self.client.request(method.clone(), url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let response = request.send().await.map_err(NoAnswer::from)?;
        let answer = egress::read(response, MAX_ANSWER_BYTES).await?;
        match answer.status.as_u16() {
            408 | 429 | 500.. => Err(BlobError::NoAnswer(answer.status.as_u16().to_string())),
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl DigestArchive for BlobArchive {
    async fn has(&self, tenant: &str, number: u64) -> Result<bool, ArchiveError> {
        let url = self.url(tenant, number)?;
        let answer = self.ask(Method::HEAD, &url, None).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status => Err(refusal(status).into()),
        }
    }

    async fn add(&self, digest: &Digest) -> Result<(), ArchiveError> {
        self.put(digest).await?;
        Ok(())
    }
}

impl From<BlobError> for ArchiveError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Different { tenant, number } => Self::Different { tenant, number },
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// https, or http to this machine where a key lets in; and a path that is no root.
fn address(text: &str, is_for_loopback: bool) -> Result<Url, BlobError> {
    let mut url = Url::parse(text).map_err(|_| BlobError::Address)?;
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_hidden = match url.scheme() {
        "https" => true,
        "http" => is_for_loopback && is_loopback(&url),
        _ => false,
    };
    let path = url.path().trim_end_matches('/').to_owned();
    if !is_bare || !is_hidden || !url.has_host() || path.is_empty() {
        return Err(BlobError::Address);
    }
    url.set_path(&path);
    Ok(url)
}

fn refusal(status: StatusCode) -> BlobError {
    let advice = match status.as_u16() {
        401 | 403 => ": our identity lacks the right to add blobs, or the key is another",
        404 => ": there is no such container",
        _ => "",
    };
    BlobError::Refused(format!("{}{advice}", status.as_u16()))
}
