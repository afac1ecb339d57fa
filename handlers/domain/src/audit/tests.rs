#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::*;

fn user(oid: &str) -> UserKey {
    UserKey::new("t", oid)
}

fn conversation() -> ConversationId {
    ConversationId::derived(&user("o"), "x", "y")
}

fn call() -> CallId {
    CallId::new(&TurnId::derived(&conversation(), "key"), 0, 1)
}

/// Three records of one chain.
fn chain() -> Vec<AuditRecord> {
    let mut records: Vec<AuditRecord> = Vec::new();
    for number in 1..=3 {
        let entry = AuditEntry::of_user(AuditKind::Open, format!("w{number}"), &user("o"));
        let last = records.last().map(|last| (last.seq, last.hash.as_str()));
        let id = format!("r{number}");
        let next = AuditRecord::next(last, "t", "c", &id, Timestamp(number), entry);
        records.push(next);
    }
    records
}

/// The first fault of the chain.
fn walk(records: &[AuditRecord]) -> Result<(), ChainFault> {
    let mut walk = ChainWalk::default();
    records.iter().try_for_each(|record| walk.accept(record))
}

fn gap(expected: u64, found: u64) -> Result<(), ChainFault> {
    Err(ChainFault::Gap {
        chain: "c".to_owned(),
        expected,
        found,
    })
}

#[test]
fn a_kind_is_called_as_in_json() {
    for kind in [
        AuditKind::Open,
        AuditKind::Close,
        AuditKind::Denied,
        AuditKind::Approval,
        AuditKind::AuditRead,
        AuditKind::AuditExport,
        AuditKind::Conversation,
        AuditKind::Administration,
    ] {
        assert_eq!(json!(kind), json!(kind.as_str()));
    }
}

#[test]
fn a_register_tells_what_lies_in_it() {
    let (call, decider) = (call(), user("carol"));
    let owner = decider.owner();
    let said = |round, approved| decision_id(&call, round, &decider, approved);
    assert_eq!(open_id(&call, 2), format!("{call}:2:open"));
    assert_eq!(close_id(&call, 2), format!("{call}:2:close"));
    assert_eq!(said(0, true), format!("{call}:decision:{owner}:yes"));
    assert_eq!(said(0, false), format!("{call}:decision:{owner}:no"));
    assert_eq!(said(1, true), format!("{call}:decision:{owner}:yes:1"));
    assert_eq!(conversation_chain(&conversation()), conversation().as_str());
    let noon = Timestamp::parse_rfc3339("2026-11-24T12:00:00Z").unwrap();
    assert_eq!(admin_chain("users", noon), "admin-users-2026-11-24");
}

#[test]
fn a_chain_as_it_was_written_holds() {
    assert_eq!(walk(&chain()), Ok(()));
    assert_eq!(walk(&[]), Ok(()));
}

#[test]
fn what_is_missing_doubled_or_out_of_place_is_named() {
    let [one, two, three] = <[AuditRecord; 3]>::try_from(chain()).unwrap();
    assert_eq!(walk(std::slice::from_ref(&two)), gap(1, 2));
    assert_eq!(walk(&[one.clone(), three.clone()]), gap(2, 3));
    assert_eq!(walk(&[one.clone(), one.clone()]), gap(2, 1));
    assert_eq!(walk(&[one.clone(), three, two]), gap(2, 3));
}

#[test]
fn what_was_edited_or_made_anew_is_named() {
    let mut records = chain();
    records[1].entry.detail = Some("nothing happened".to_owned());
    let chain_name = "c".to_owned();
    let edited = ChainFault::Edited {
        chain: chain_name.clone(),
        seq: 2,
    };
    assert_eq!(walk(&records), Err(edited));
    // Hashed anew it holds for itself, and the next one does not follow it.
    records[1].hash = records[1].computed_hash();
    let unlinked = ChainFault::Unlinked {
        chain: chain_name,
        seq: 3,
    };
    assert_eq!(walk(&records), Err(unlinked));
}
