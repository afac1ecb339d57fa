//! What the Resource Manager lists for the user behind a token: subscriptions and tags
//! (learn.microsoft.com/rest/api/resources: subscriptions/list, resource-groups/get and
//! list, resources/list and list-by-resource-group).

#[cfg(test)]
mod tests;

use azimuth_ports::azure::{TagPlace, TaggedPlace, Tags};
use azimuth_ports::tokens::AccessToken;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::egress::{self, Egress, EgressError};

/// Longest page, bytes.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// Most pages that are followed.
pub const MAX_PAGES: usize = 20;
const SUBSCRIPTIONS_VERSION: &str = "2022-12-01";
const RESOURCES_VERSION: &str = "2021-04-01";

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// GUID.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Tenant that it belongs to.
    pub tenant_id: String,
    /// `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
    pub state: String,
}

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArmError {
    /// The token is not accepted (any more); a fresh one may be.
    #[error("Azure does not accept the token")]
    Unauthorized,
    /// The user may not ask.
    #[error("Azure refuses the request")]
    Forbidden,
    /// No answer, or one that says "later". Trying again is safe.
    #[error("Azure does not answer: {0}")]
    Unavailable(String),
    /// The answer is not what the contract says.
    #[error("Azure's answer cannot be read: {0}")]
    Unreadable(&'static str),
}

/// Where the Resource Manager is, and how to get there.
#[derive(Debug, Clone)]
pub struct ArmSettings {
    /// Base address, `https://host[:port]`.
    pub url: String,
    /// How to get there.
    pub egress: Egress,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArmSettingsError {
    /// The address is none.
    #[error("the Resource Manager's address is not an http(s) address")]
    Address,
    /// Proxy or roots.
    #[error(transparent)]
    Egress(#[from] EgressError),
}

/// Lists what a user can see in Azure.
#[derive(Debug)]
pub struct ArmDirectory {
    base: Url,
    client: Client,
}

impl ArmDirectory {
    /// A directory with a client of its own.
    pub fn new(settings: &ArmSettings) -> Result<Self, ArmSettingsError> {
        let base = Url::parse(&settings.url).map_err(|_| ArmSettingsError::Address)?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(ArmSettingsError::Address);
        }
        Ok(Self {
            base,
            client: settings.egress.client()?,
        })
    }

    /// The subscriptions that the user of `token` can see. Every request carries
    /// `correlation_id` (`x-ms-correlation-request-id`). At most
    /// [`MAX_PAGES`] pages, what is above is [`ArmError::Unreadable`].
    pub async fn subscriptions(
        &self,
        token: &AccessToken,
        correlation_id: &str,
    ) -> Result<Vec<Subscription>, ArmError> {
        let url = self.address(&["subscriptions"], SUBSCRIPTIONS_VERSION)?;
        let found: Vec<Wire> = self.list(url, token, correlation_id).await?;
        Ok(found.into_iter().map(Subscription::from).collect())
    }

    /// The tags of what the user of `token` can see at `place`; bounds as with
    /// [`Self::subscriptions`].
    pub async fn tags(
        &self,
        place: &TagPlace,
        token: &AccessToken,
        correlation_id: &str,
    ) -> Result<TaggedPlace, ArmError> {
        let mut at = vec![
            "subscriptions",
            place.subscription.as_str(),
            "resourcegroups",
        ];
        let groups: Vec<Group> = if let Some(group) = &place.resource_group {
            at.push(group);
            let url = self.address(&at, RESOURCES_VERSION)?;
            vec![self.get(url, token, correlation_id).await?]
        } else {
            let url = self.address(&at, RESOURCES_VERSION)?;
            at.pop();
            self.list(url, token, correlation_id).await?
        };
        at.push("resources");
        let url = self.address(&at, RESOURCES_VERSION)?;
        let resources: Vec<Resource> = self.list(url, token, correlation_id).await?;
        let group = |group: Group| (group.name.to_lowercase(), group.tags.unwrap_or_default());
        let resource = |one: Resource| (one.id.to_lowercase(), one.tags.unwrap_or_default());
        Ok(TaggedPlace {
            groups: groups.into_iter().map(group).collect(),
            resources: resources.into_iter().map(resource).collect(),
        })
    }

    async fn list<T: DeserializeOwned>(
        &self,
        first: Url,
        token: &AccessToken,
        correlation_id: &str,
    ) -> Result<Vec<T>, ArmError> {
        let mut next = Some(first);
        let mut found = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(url) = next else {
                return Ok(found);
            };
            let page: Page<T> = self.get(url, token, correlation_id).await?;
            found.extend(page.value);
            next = match page.next_link.filter(|link| !link.is_empty()) {
                Some(link) => Some(self.following(&link)?),
                None => None,
            };
        }
        match next {
            None => Ok(found),
            Some(_) => Err(ArmError::Unreadable("the list does not end")),
        }
    }

    /// An address below the base, its segments encoded.
    fn address(&self, segments: &[&str], version: &str) -> Result<Url, ArmError> {
        let mut url = self
            .base
            .join("/")
            .map_err(|_| ArmError::Unreadable("address"))?;
        url.path_segments_mut()
            .map_err(|()| ArmError::Unreadable("address"))?
            .clear()
            .extend(segments);
        url.query_pairs_mut().append_pair("api-version", version);
        Ok(url)
    }

    /// The token goes to the configured origin and nowhere else.
    fn following(&self, link: &str) -> Result<Url, ArmError> {
        let url = Url::parse(link).map_err(|_| ArmError::Unreadable("next link"))?;
        if url.origin() == self.base.origin() {
            Ok(url)
        } else {
            Err(ArmError::Unreadable("the next link leads to another host"))
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        token: &AccessToken,
        correlation_id: &str,
    ) -> Result<T, ArmError> {
        let unavailable = |e: egress::NoAnswer| ArmError::Unavailable(e.to_string());
        let request = self
            .client
            .get(url)
            .bearer_auth(token.token.expose())
            .header("x-ms-correlation-request-id", correlation_id);
        let response = request.send().await.map_err(|e| unavailable(e.into()))?;
        let answer = egress::read(response, MAX_PAGE_BYTES)
            .await
            .map_err(unavailable)?;
        match answer.status {
            StatusCode::OK => serde_json::from_slice(&answer.body)
                .map_err(|_| ArmError::Unreadable("not what was asked for")),
            StatusCode::UNAUTHORIZED => Err(ArmError::Unauthorized),
            StatusCode::FORBIDDEN => Err(ArmError::Forbidden),
            other => Err(ArmError::Unavailable(format!("status {}", other.as_u16()))),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    value: Vec<T>,
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    tags: Option<Tags>,
}

#[derive(Deserialize)]
struct Resource {
    id: String,
    tags: Option<Tags>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    subscription_id: String,
    display_name: String,
    tenant_id: String,
    state: String,
}

impl From<Wire> for Subscription {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.subscription_id,
            name: wire.display_name,
            tenant_id: wire.tenant_id,
            state: wire.state,
        }
    }
}
