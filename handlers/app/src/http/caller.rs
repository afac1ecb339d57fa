//! Who calls: the only way into a `/v1` handler.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use azimuth_domain::principal::{Principal, Role};
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{StoreError, Versioned};
use azimuth_ports::tokens::Secret;
use azimuth_ports::users::{Credentials, Granted, Standing, UserRecord, UserStatus, UserStore};
use http::HeaderMap;
use http::request::Parts;

use super::logins::Logins;
use super::permissions;
use super::refusals::Asked;
use crate::auth::verifier::{TenantTrust, TokenVerifier, bearer};
use crate::problem::{Answer, Code, Problem};
use crate::quota::Quotas;

/// How often a record is written again when another request was faster.
const MAX_WRITES: usize = 8;

/// A person whose token has passed, who is let in, and whose record exists. The token comes from the `Authorization` header and nowhere else.
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

/// The same, or somebody who waits for their admission and has no role until then.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// The person.
    pub caller: Caller,
    /// Whether they wait.
    pub is_pending: bool,
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
                .permission(permissions::ASK));
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

/// Whether people who were never here before are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewPeople {
    /// At once.
    #[default]
    Admitted,
    /// When an administrator has admitted them.
    Pending,
}

/// Lets callers in.
#[derive(Clone)]
pub struct Gate {
    verifier: Arc<TokenVerifier>,
    users: Arc<dyn UserStore>,
    logins: Logins,
    clock: Arc<dyn Clock>,
    quotas: Arc<Quotas>,
    new_people: NewPeople,
}

impl Gate {
    /// A gate.
    pub fn new(
        verifier: Arc<TokenVerifier>,
        users: Arc<dyn UserStore>,
        logins: Logins,
        clock: Arc<dyn Clock>,
        quotas: Arc<Quotas>,
        new_people: NewPeople,
    ) -> Self {
        Self {
            verifier,
            users,
            logins,
            clock,
            quotas,
            new_people,
        }
    }

    /// Who vouches for the people of this tenant.
    pub fn trust_of(&self, tenant: &str) -> Option<TenantTrust> {
        self.verifier.trust_of(tenant)
    }

    /// Whether people who were never here before are let in.
    pub fn new_people(&self) -> NewPeople {
        self.new_people
    }

    async fn admit(&self, headers: &HeaderMap, asked: Option<&Asked>) -> Answer<Newcomer> {
        let mut principal = self.verifier.authenticate(headers).await?;
        if let Some(asked) = asked {
            asked.by(&principal.user);
        }
        let bearer = Secret::new(bearer(headers)?);
        let record = self.record(&principal).await?;
        let (roles, is_pending) = match record.item.standing(credentials(&principal)) {
            Standing::Active(roles) => (roles, false),
            Standing::Pending => (BTreeSet::new(), true),
            Standing::Disabled => return Err(Problem::new(Code::UserDisabled)),
            Standing::SignedOut => return Err(Problem::new(Code::SessionRevoked)),
        };
        principal.roles = roles;
        self.quotas.grant_request(&principal).await?;
        self.logins.saw(&principal).await;
        let caller = Caller {
            principal,
            bearer,
            record,
        };
        Ok(Newcomer { caller, is_pending })
    }

    /// Returns when the session that `principal` came with is on record.
    pub async fn note_session(&self, principal: &Principal) -> Result<(), StoreError> {
        self.logins.note(principal).await
    }

    /// What the person may do who was let in as `principal`; streams ask this from time
    /// to time.
    pub async fn standing(&self, principal: &Principal) -> Result<Standing, StoreError> {
        let with = credentials(principal);
        let record = self.users.user(&principal.user).await?;
        Ok(record.map_or_else(
            || Standing::Active(principal.roles.clone()),
            |found| found.item.standing(with),
        ))
    }

    /// The person's record, made on first sight; name and granted roles are kept up to
    /// date.
    async fn record(&self, principal: &Principal) -> Result<Versioned<UserRecord>, StoreError> {
        let now = self.clock.now();
        for _ in 0..MAX_WRITES {
            let (record, etag) = match self.users.user(&principal.user).await? {
                Some(found) => match told(&found.item, principal) {
                    None => return Ok(found),
                    Some(record) => (record, Some(found.etag)),
                },
                None => (first_record(principal, self.new_people, now), None),
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
}

/// The record of somebody who was never here before. Administrators need nobody to admit
/// them: there must be a first.
fn first_record(principal: &Principal, new_people: NewPeople, now: Timestamp) -> UserRecord {
    UserRecord {
        name: principal.name.clone(),
        status: match new_people {
            NewPeople::Pending if !principal.has(Role::Admin) => UserStatus::Pending,
            NewPeople::Pending | NewPeople::Admitted => UserStatus::Active,
        },
        granted: Some(granted(principal)),
        ..UserRecord::new(principal.user.clone(), now)
    }
}

/// The record with what the token newly says of the person; `None` when that is nothing.
/// Of two tokens with other roles the younger one counts, so that a person who uses both
/// is not written all the time.
fn told(record: &UserRecord, principal: &Principal) -> Option<UserRecord> {
    let is_renamed = principal.name.is_some() && record.name != principal.name;
    let is_regranted = record
        .granted
        .as_ref()
        .is_none_or(|known| known.roles != principal.roles && known.at < principal.token_issued_at);
    if !is_renamed && !is_regranted {
        return None;
    }
    let mut record = record.clone();
    if is_renamed {
        record.name.clone_from(&principal.name);
    }
    if is_regranted {
        record.granted = Some(granted(principal));
    }
    Some(record)
}

fn granted(principal: &Principal) -> Granted {
    Granted {
        roles: principal.roles.clone(),
        at: principal.token_issued_at,
    }
}

fn credentials(principal: &Principal) -> Credentials<'_> {
    Credentials {
        roles: &principal.roles,
        issued_at: principal.token_issued_at,
        session: principal.session.as_ref(),
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Gate: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let newcomer = Newcomer::from_request_parts(parts, state).await?;
        if newcomer.is_pending {
            return Err(Problem::new(Code::UserPending).detail(
                "An administrator of your organisation has to admit you before you can use this: ask them.",
            ));
        }
        Ok(newcomer.caller)
    }
}

impl<S> FromRequestParts<S> for Newcomer
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
    use azimuth_domain::principal::UserKey;

    use super::*;

    fn alice(name: Option<&str>, roles: &[Role], issued_at: i64) -> Principal {
        Principal {
            user: UserKey::new("t", "alice"),
            name: name.map(str::to_owned),
            roles: roles.iter().copied().collect(),
            token_issued_at: Timestamp(issued_at),
            token_expires_at: Timestamp(issued_at + 1),
            session: None,
        }
    }

    #[test]
    fn the_setting_says_the_language_and_without_one_the_browser() {
        use azimuth_ports::store::Etag;
        let caller = |chosen: Option<&str>| {
            let principal = alice(None, &[Role::Reader], 7);
            let mut item = first_record(&principal, NewPeople::Admitted, Timestamp(9));
            item.settings.language = chosen.map(str::to_owned);
            Caller {
                principal,
                bearer: Secret::new("token"),
                record: Versioned {
                    item,
                    etag: Etag("1".to_owned()),
                },
            }
        };
        for (chosen, accepted, expected) in [
            (Some("ko"), Some("en"), Some("ko")),
            (Some("en"), None, Some("en")),
            (None, Some("ko-KR,ko;q=0.9,en;q=0.8"), Some("ko")),
            (None, Some("fr, EN;q=0.5, ko"), Some("en")),
            (None, Some("fr"), None),
            (None, None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert("accept-language", accepted.parse().unwrap());
            }
            let language = caller(chosen).language(&headers);
            assert_eq!(language.as_deref(), expected, "{chosen:?} {accepted:?}");
        }
    }

    #[test]
    fn whoever_comes_first_waits_only_where_people_are_admitted() {
        use NewPeople::{Admitted, Pending};
        for (new_people, role, status) in [
            (Admitted, Role::Reader, UserStatus::Active),
            (Admitted, Role::Admin, UserStatus::Active),
            (Pending, Role::Reader, UserStatus::Pending),
            (Pending, Role::Admin, UserStatus::Active),
        ] {
            let principal = alice(Some("Alice"), &[role], 7);
            let record = first_record(&principal, new_people, Timestamp(9));
            assert_eq!(record.status, status, "{new_people:?} {role:?}");
            assert_eq!(record.name.as_deref(), Some("Alice"));
            let granted = record.granted.unwrap();
            assert_eq!(granted.roles, principal.roles);
            assert_eq!(granted.at, Timestamp(7));
        }
    }

    #[test]
    fn a_record_is_written_again_only_for_what_a_younger_token_newly_says() {
        const READER: &[Role] = &[Role::Reader];
        const BOTH: &[Role] = &[Role::Reader, Role::Admin];
        let known = alice(Some("Alice"), READER, 10);
        let record = first_record(&known, NewPeople::Admitted, Timestamp(10));
        for (name, roles, at, renamed, regranted) in [
            (Some("Alice"), READER, 11, false, false),
            (None, READER, 11, false, false),
            (Some("Alice B"), READER, 11, true, false),
            (Some("Alice"), BOTH, 9, false, false),
            (Some("Alice"), BOTH, 10, false, false),
            (Some("Alice"), BOTH, 11, false, true),
            (Some("Alice B"), BOTH, 11, true, true),
        ] {
            let principal = alice(name, roles, at);
            let said = format!("{name:?} {roles:?} {at}");
            let newly = told(&record, &principal);
            assert_eq!(newly.is_some(), renamed || regranted, "{said}");
            let Some(newly) = newly else { continue };
            let name = if renamed {
                principal.name.clone()
            } else {
                record.name.clone()
            };
            assert_eq!(newly.name, name, "{said}");
            assert_eq!(newly.granted != record.granted, regranted, "{said}");
        }
        let without = UserRecord {
            granted: None,
            ..record
        };
        assert!(told(&without, &known).unwrap().granted.is_some());
    }

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
