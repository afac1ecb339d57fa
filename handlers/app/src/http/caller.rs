//! Who calls: the only way into a `/v1` handler.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use azimuth_domain::principal::{Principal, Role, UserKey};
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{StoreError, Versioned};
use azimuth_ports::tokens::Secret;
use azimuth_ports::users::{Settings, UserRecord, UserStore};
use http::HeaderMap;
use http::request::Parts;

use super::refusals::Asked;
use crate::auth::verifier::{TokenVerifier, bearer};
use crate::problem::{Answer, Code, Problem};

/// Version of the user record that this build writes.
const USER_VERSION: u32 = 1;

/// How often a record is written again when another request was faster.
const MAX_WRITES: usize = 8;

/// A person whose token has passed, who is not switched off, and whose record
/// exists. The token comes from the `Authorization` header and nowhere else.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person, with the roles that hold now: those of the token, less those
    /// that an administrator took away.
    pub principal: Principal,
    /// Their token, for the exchange with Azure.
    pub bearer: Secret,
    /// Their record, as of this request.
    pub record: Versioned<UserRecord>,
}

impl Caller {
    /// Refuses callers without `role`, by the name of the permission.
    pub fn require(&self, role: Role, permission: &'static str) -> Answer<()> {
        if self.principal.has(role) {
            return Ok(());
        }
        Err(Problem::new(Code::NotPermitted)
            .detail(format!("This needs the permission {permission}."))
            .permission(permission))
    }

    /// Refuses callers who hold no role at all: they may look at what is theirs
    /// and ask for nothing.
    pub fn require_any_role(&self) -> Answer<()> {
        if self.principal.roles.is_empty() {
            return Err(Problem::new(Code::NotPermitted)
                .detail("This needs the permission turns.create, which every role holds.")
                .permission("turns.create"));
        }
        Ok(())
    }

    /// The language to answer in when the text does not tell: the setting, else
    /// the first of `ko` and `en` in `Accept-Language`.
    pub fn language(&self, headers: &HeaderMap) -> Option<String> {
        self.record
            .item
            .settings
            .language
            .clone()
            .or_else(|| accepted_language(headers))
    }
}

fn accepted_language(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(http::header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    header
        .split(',')
        .filter_map(|part| part.split([';', '-']).next())
        .map(|tag| tag.trim().to_ascii_lowercase())
        .find(|tag| tag == "ko" || tag == "en")
}

/// Lets callers in.
#[derive(Clone)]
pub struct Gate {
    verifier: Arc<TokenVerifier>,
    users: Arc<dyn UserStore>,
    clock: Arc<dyn Clock>,
}

impl Gate {
    /// A gate.
    pub fn new(
        verifier: Arc<TokenVerifier>,
        users: Arc<dyn UserStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            verifier,
            users,
            clock,
        }
    }

    async fn admit(&self, headers: &HeaderMap, asked: Option<&Asked>) -> Answer<Caller> {
        let mut principal = self.verifier.authenticate(headers).await?;
        if let Some(asked) = asked {
            asked.by(&principal.user);
        }
        let bearer = Secret::new(bearer(headers)?);
        let record = self.record(&principal).await?;
        if record.item.disabled {
            return Err(Problem::new(Code::UserDisabled));
        }
        if let Some(allowed) = &record.item.roles {
            let allowed: BTreeSet<Role> = allowed.iter().copied().collect();
            principal.roles = &principal.roles & &allowed;
        }
        Ok(Caller {
            principal,
            bearer,
            record,
        })
    }

    /// Whether the person is still let in; streams ask this from time to time.
    pub async fn still_admits(&self, user: &UserKey) -> Result<bool, StoreError> {
        let record = self.users.user(user).await?;
        Ok(record.is_none_or(|r| !r.item.disabled))
    }

    /// The person's record, made on first sight, its name kept up to date.
    async fn record(&self, principal: &Principal) -> Result<Versioned<UserRecord>, StoreError> {
        for _ in 0..MAX_WRITES {
            let (record, etag) = match self.users.user(&principal.user).await? {
                Some(found) if found.item.name == principal.name || principal.name.is_none() => {
                    return Ok(found);
                }
                Some(found) => {
                    let record = UserRecord {
                        name: principal.name.clone(),
                        ..found.item
                    };
                    (record, Some(found.etag))
                }
                None => (self.new_record(principal), None),
            };
            // Nothing written: another request of the same person was faster.
            if let Some(etag) = self.users.put_user(&record, etag.as_ref()).await? {
                return Ok(Versioned { item: record, etag });
            }
        }
        Err(StoreError::Unavailable(
            "a user record changes all the time".to_owned(),
        ))
    }

    fn new_record(&self, principal: &Principal) -> UserRecord {
        UserRecord {
            v: USER_VERSION,
            user: principal.user.clone(),
            name: principal.name.clone(),
            disabled: false,
            roles: None,
            created_at: self.clock.now(),
            settings: Settings::default(),
        }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Gate: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = parts.extensions.get::<Asked>();
        Gate::from_ref(state).admit(&parts.headers, asked).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_first_language_that_we_speak_wins() {
        for (header, expected) in [
            ("ko-KR,ko;q=0.9,en;q=0.8", Some("ko")),
            ("fr-FR, EN;q=0.5", Some("en")),
            ("fr", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(accepted_language(&headers).as_deref(), expected, "{header}");
        }
        assert_eq!(accepted_language(&HeaderMap::new()), None);
    }
}
