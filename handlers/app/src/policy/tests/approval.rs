//! Who may decide.

use azimuth_domain::policy::ApprovalBy::{AnotherApprover, Asker};
use azimuth_domain::principal::Principal;
use azimuth_domain::time::Timestamp;

use super::super::approval::{may_see_approval, who_may_decide};
use super::*;

fn person(tid: &str, oid: &str, roles: &[Role]) -> Principal {
    Principal {
        user: UserKey::new(tid, oid),
        name: None,
        roles: roles.iter().copied().collect(),
        token_issued_at: Timestamp(0),
        token_expires_at: Timestamp(0),
        session: None,
    }
}

#[test]
fn the_asker_or_another_approver_of_the_tenant_decides() {
    let asker = UserKey::new("t1", "alice");
    let approver = &[Role::Approver][..];
    let all_but_approver = &[Role::Reader, Role::Operator, Role::Auditor, Role::Admin][..];
    for (by, tid, oid, roles, expected) in [
        (Asker, "t1", "alice", &[][..], Ok(())),
        (Asker, "t1", "ALICE", approver, Ok(())),
        (
            Asker,
            "t1",
            "carol",
            approver,
            Err(MayNotDecide::NotTheAsker),
        ),
        (
            Asker,
            "t2",
            "alice",
            approver,
            Err(MayNotDecide::ForeignTenant),
        ),
        (AnotherApprover, "t1", "carol", approver, Ok(())),
        (
            AnotherApprover,
            "t1",
            "alice",
            approver,
            Err(MayNotDecide::IsTheAsker),
        ),
        (
            AnotherApprover,
            "t1",
            "alice",
            &[],
            Err(MayNotDecide::IsTheAsker),
        ),
        (
            AnotherApprover,
            "t1",
            "dave",
            all_but_approver,
            Err(MayNotDecide::NoApprover),
        ),
        (
            AnotherApprover,
            "t2",
            "eve",
            approver,
            Err(MayNotDecide::ForeignTenant),
        ),
        (
            AnotherApprover,
            "t2",
            "alice",
            approver,
            Err(MayNotDecide::ForeignTenant),
        ),
    ] {
        let got = who_may_decide(by, &asker, &person(tid, oid, roles));
        assert_eq!(got, expected, "{by:?} {tid} {oid} {roles:?}");
    }
}

#[test]
fn an_approver_sees_what_another_must_decide() {
    let carol = person("t1", "carol", &[Role::Approver]);
    let dave = person("t1", "dave", &[Role::Admin, Role::Auditor]);
    assert!(may_see_approval(AnotherApprover, &carol));
    assert!(!may_see_approval(Asker, &carol));
    assert!(!may_see_approval(AnotherApprover, &dave));
}
