//! Who may decide about somebody's call.

use azimuth_domain::policy::ApprovalBy;
use azimuth_domain::principal::{Principal, Role, UserKey};

/// Why a person may not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MayNotDecide {
    /// The call waits for the person who asked for it.
    #[error("only the person who asked may decide about this call")]
    NotTheAsker,
    /// The call waits for somebody else than the one who asked for it.
    #[error("another person than the one who asked must decide about this call")]
    IsTheAsker,
    /// The call waits for an approver.
    #[error("the approver role is needed to decide about this call")]
    NoApprover,
    /// The call is another tenant's.
    #[error("this call belongs to another tenant")]
    ForeignTenant,
}

/// Whether `decider` may say yes or no to a call of `asker`. No policy of a tenant
/// changes that.
pub fn who_may_decide(
    by: ApprovalBy,
    asker: &UserKey,
    decider: &Principal,
) -> Result<(), MayNotDecide> {
    if decider.user.tid != asker.tid {
        return Err(MayNotDecide::ForeignTenant);
    }
    let is_asker = decider.user == *asker;
    match by {
        ApprovalBy::Asker if is_asker => Ok(()),
        ApprovalBy::Asker => Err(MayNotDecide::NotTheAsker),
        ApprovalBy::AnotherApprover if is_asker => Err(MayNotDecide::IsTheAsker),
        ApprovalBy::AnotherApprover if decider.has(Role::Approver) => Ok(()),
        ApprovalBy::AnotherApprover => Err(MayNotDecide::NoApprover),
    }
}

/// Whether somebody who did not ask may look at an approval of this kind in
/// the own tenant: an approver, where another person must decide.
pub fn may_see_approval(by: ApprovalBy, viewer: &Principal) -> bool {
    by == ApprovalBy::AnotherApprover && viewer.has(Role::Approver)
}
