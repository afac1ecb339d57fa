//! `PATCH /v1/admin/users/{oid}`: admits, switches off and on, says which roles count.
//!
//! **Invariant:** somebody is left who administers. Whoever changes others is an
//! administrator, so only they themselves could be the last one; that they still are one
//! is looked at again behind the write, because two may shut each other out.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::users::{Standing, UserRecord, UserStatus};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{People, UserView, require_admin, user_view};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::{JsonBody, present};
use crate::http::path::{Oid, PathId};
use crate::http::states::AdminState;
use crate::problem::{Answer, Code, Problem};

/// What to change; a field that is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// `active`, `pending`, `disabled`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub status: Option<UserStatus>,
    /// Roles that may count of those that the directory grants; null lets all count.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub roles: Option<Option<Vec<Role>>>,
}

/// Changes what a person of the tenant may do.
#[utoipa::path(
    patch,
    path = "/v1/admin/users/{oid}",
    operation_id = "patch_user",
    tag = "admin",
    params(
        ("oid" = String, Path, description = "Object id"),
        ("If-Match" = String, Header, description = "The ETag that was read")
    ),
    request_body = UserPatch,
    responses((status = 200, body = UserView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<AdminState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(Oid(oid)): PathId<Oid>,
    expected: IfMatch,
    JsonBody(patch): JsonBody<UserPatch>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let by = &caller.principal.user;
    let user = UserKey::new(&by.tid, &oid);
    let found = state.people.person(&user).await?;
    expected.check(&found.etag)?;
    let record = patch.apply(found.item.clone());
    if record == found.item {
        return Ok(user_view::answer(found));
    }
    if user == *by && !caller.stays_administrator(&record) {
        return Err(Problem::new(Code::AdministratorNeeded).detail(
            "You cannot take the administration from yourself: ask another administrator.",
        ));
    }
    let mut shut_out = false;
    let write = async {
        let written = write(&state, &caller, &found, &record).await?;
        shut_out = written == Written::ShutOut;
        Ok::<_, StoreError>(match written {
            Written::Done(etag) => Some(etag),
            Written::Stale | Written::ShutOut => None,
        })
    };
    let change = People::change(&found.item, &record);
    let etag = state
        .people
        .recorder
        .change(by, &request, change, write)
        .await?;
    match etag {
        Some(etag) => Ok(user_view::answer(Versioned { item: record, etag })),
        None if shut_out => Err(Problem::new(Code::AdministratorNeeded).detail(
            "You have just lost the administration yourself, so this was not done: nobody would be left.",
        )),
        None => Err(Problem::new(Code::IfMatchStale)),
    }
}

/// What became of the write.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    Done(Etag),
    /// Somebody else changed the record.
    Stale,
    /// It was taken back: the caller administers no more.
    ShutOut,
}

async fn write(
    state: &AdminState,
    caller: &Caller,
    found: &Versioned<UserRecord>,
    record: &UserRecord,
) -> Result<Written, StoreError> {
    let users = &state.people.users;
    let Some(etag) = users.put_user(record, Some(&found.etag)).await? else {
        return Ok(Written::Stale);
    };
    match state.gate.standing(&caller.principal).await? {
        Standing::Active(roles) if roles.contains(&Role::Admin) => Ok(Written::Done(etag)),
        _ => match users.put_user(&found.item, Some(&etag)).await? {
            Some(_) => Ok(Written::ShutOut),
            None => Err(StoreError::Unavailable(
                "a change could not be taken back".to_owned(),
            )),
        },
    }
}

impl UserPatch {
    fn apply(self, mut record: UserRecord) -> UserRecord {
        record.status = self.status.unwrap_or(record.status);
        if let Some(roles) = self.roles {
            record.roles = roles.map(|mut roles| {
                roles.sort_unstable();
                roles.dedup();
                roles
            });
        }
        record
    }
}

impl Caller {
    /// Whether the caller would still administer with this record.
    fn stays_administrator(&self, record: &UserRecord) -> bool {
        record.status != UserStatus::Disabled
            && record.left_of(&self.principal.roles).contains(&Role::Admin)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use azimuth_domain::time::Timestamp;

    use super::*;
    use crate::http::json::parse;

    #[test]
    fn left_out_stays_and_null_lets_all_roles_count() {
        let before = UserRecord {
            roles: Some(vec![Role::Reader]),
            ..UserRecord::new(UserKey::new("t", "o"), Timestamp(0))
        };
        let apply = |body: &str| {
            let patch: UserPatch = parse(body.as_bytes()).unwrap();
            let after = patch.apply(before.clone());
            (after.status, after.roles)
        };
        let reader = Some(vec![Role::Reader]);
        assert_eq!(apply("{}"), (UserStatus::Active, reader.clone()));
        assert_eq!(
            apply(r#"{"status":"disabled"}"#),
            (UserStatus::Disabled, reader)
        );
        assert_eq!(apply(r#"{"roles":null}"#), (UserStatus::Active, None));
        assert_eq!(
            apply(r#"{"roles":["admin","reader","admin"]}"#),
            (UserStatus::Active, Some(vec![Role::Reader, Role::Admin]))
        );
    }

    #[test]
    fn an_unknown_word_is_refused_by_its_place() {
        for (body, at) in [
            (r#"{"status":"gone"}"#, "/status"),
            (r#"{"roles":["reader","root"]}"#, "/roles/1"),
            (r#"{"roles":"reader"}"#, "/roles"),
            (r#"{"name":"x"}"#, "/name"),
        ] {
            let problem = parse::<UserPatch>(body.as_bytes()).unwrap_err();
            let pointer = problem.document("r").pointer;
            assert_eq!(pointer.as_deref(), Some(at), "{body}");
        }
    }
}
