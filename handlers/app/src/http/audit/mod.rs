//! The audit: a person's own records, and the tenant's for an auditor. Reading
//! other people's is on record before it is answered.

mod csv;
pub mod export_audit;
mod filter;
pub mod get_audit;
mod id;
pub mod list_audit;
pub mod list_digests;
mod seal_lines;
mod view;

use azimuth_domain::audit::{AuditEntry, AuditKind, admin_chain};
use azimuth_domain::principal::Role;

use super::caller::Caller;
use super::states::AuditState;
use crate::problem::{Answer, Code, Problem};

pub use view::AuditRecordView;

/// Permission to read the tenant's audit.
const PERMISSION: &str = "audit.read_tenant";

/// Whose records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The caller's own.
    Own,
    /// The tenant's.
    Tenant,
}

/// Whose records the caller reads when asking for those of `oid`.
fn scope(caller: &Caller, oid: Option<&str>) -> Answer<Scope> {
    let own = oid.is_some_and(|oid| oid.eq_ignore_ascii_case(&caller.principal.user.oid));
    if own || (oid.is_none() && !caller.principal.has(Role::Auditor)) {
        return Ok(Scope::Own);
    }
    caller.require(Role::Auditor, PERMISSION)?;
    Ok(Scope::Tenant)
}

/// Puts on record that the caller reads the tenant's audit; no record, no answer.
async fn record_reading(
    state: &AuditState,
    caller: &Caller,
    kind: AuditKind,
    request_id: &str,
    detail: String,
) -> Answer<()> {
    let user = &caller.principal.user;
    let now = state.clock.now();
    let writer = state.random.ulid();
    let record = AuditEntry {
        correlation_id: Some(request_id.to_owned()),
        detail: Some(detail),
        ..AuditEntry::of_user(kind, writer.clone(), user)
    };
    let register = format!("read:{writer}");
    state
        .audit
        .append(
            &user.tid,
            &admin_chain("audit", now),
            &register,
            now,
            record,
        )
        .await
        .map_err(|error| Problem::new(Code::AuditUnavailable).context(error))?;
    Ok(())
}
