//! That no hot query reads more than its answer: the statements of this module's
//! neighbours, asked how they would run. (Their text is repeated here; a
//! statement that changes there and not here still has its conformance tests.)
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_domain::audit::AuditKind;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditQuery;
use rusqlite::types::Null;
use rusqlite::{Connection, params_from_iter};

use super::audit_query;
use super::schema::MIGRATIONS;

/// Statement, and the index that must carry it.
const PLANS: &[(&str, &str)] = &[
    (
        "SELECT id, folded, body FROM conversations
         WHERE tenant = ? AND owner = ? AND shelf = ? AND (pinned, updated_at, id) < (?, ?, ?)
         ORDER BY pinned DESC, updated_at DESC, id DESC",
        "PRIMARY KEY",
    ),
    (
        "SELECT etag, body FROM conversations WHERE tenant = ? AND id = ? AND owner = ?",
        "conversations_by_id",
    ),
    (
        "SELECT etag, body FROM turns WHERE tenant = ? AND id = ?",
        "turns_by_id",
    ),
    (
        "SELECT body FROM turns WHERE tenant = ? AND conversation = ?
         ORDER BY created_at, id LIMIT ?",
        "turns_by_conversation",
    ),
    (
        "SELECT id FROM turns WHERE tenant = ? AND owner = ? AND due_at IS NOT NULL LIMIT ?",
        "turns_open",
    ),
    (
        "SELECT body FROM users WHERE tid = ? AND oid > ? ORDER BY oid",
        "PRIMARY KEY",
    ),
    (
        "SELECT body FROM sessions
         WHERE tid = ? AND oid = ? AND id > ? AND last_seen_at > ? ORDER BY id LIMIT ?",
        "PRIMARY KEY",
    ),
    (
        "DELETE FROM sessions WHERE last_seen_at <= ?",
        "sessions_by_last_seen",
    ),
    (
        "SELECT 1 FROM audit_unclosed WHERE tenant = ? AND chain = ? LIMIT 1",
        "PRIMARY KEY",
    ),
    (
        "SELECT id FROM turns WHERE tenant = ? AND owner = ? AND awaits_sign_in = 1",
        "turns_awaiting_sign_in",
    ),
    (
        "SELECT number, body FROM turns
         WHERE tenant = ?1 AND awaits_approval = 1 AND (created_at, number) < (?2, ?3)
         ORDER BY created_at DESC, number DESC LIMIT ?4",
        "turns_of_tenant_awaiting_approval",
    ),
    (
        "SELECT number, body FROM turns
         WHERE tenant = ?1 AND asked_for_approval = 1 AND (created_at, number) < (?2, ?3)
         ORDER BY created_at DESC, number DESC LIMIT ?4",
        "turns_of_tenant_with_approvals",
    ),
    (
        "SELECT number, body FROM turns
         WHERE tenant = ?1 AND awaits_approval = 1 AND (created_at, number) < (?2, ?3)
             AND owner = ?5
         ORDER BY created_at DESC, number DESC LIMIT ?4",
        "turns_of_owner_awaiting_approval",
    ),
    (
        "SELECT number, body FROM turns
         WHERE tenant = ?1 AND asked_for_approval = 1 AND (created_at, number) < (?2, ?3)
             AND owner = ?5
         ORDER BY created_at DESC, number DESC LIMIT ?4",
        "turns_of_owner_with_approvals",
    ),
    (
        "SELECT at, number, body FROM messages
         WHERE tenant = ? AND conversation = ? AND (at, number) < (?, ?)
         ORDER BY at DESC, number DESC LIMIT ?",
        "messages_by_conversation",
    ),
    (
        "SELECT body FROM events WHERE tenant = ? AND turn = ? AND seq > ? ORDER BY seq LIMIT ?",
        "events_by_turn",
    ),
    (
        "SELECT seq FROM events WHERE tenant = ? AND turn = ? ORDER BY seq DESC LIMIT 1",
        "events_by_turn",
    ),
    (
        "SELECT body FROM audit WHERE tenant = ? AND chain = ? ORDER BY seq DESC LIMIT 1",
        "sqlite_autoindex_audit_2",
    ),
];

fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let unbound = vec![Null; statement.parameter_count()];
    let steps = statement
        .query_map(params_from_iter(unbound), |row| row.get::<_, String>(3))
        .unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

fn is_carried_by(connection: &Connection, sql: &str, index: &str) {
    let plan = plan(connection, sql);
    assert!(
        plan.starts_with("SEARCH") && plan.contains(index),
        "{sql}: {plan}"
    );
    assert!(
        !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
        "{sql}: {plan}"
    );
}

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for migration in MIGRATIONS {
        connection.execute_batch(migration).unwrap();
    }
    connection
}

#[test]
fn every_hot_query_is_carried_by_its_index() {
    let connection = database();
    for (sql, index) in PLANS {
        is_carried_by(&connection, sql, index);
    }
}

/// It reads all open turns, every few minutes, and no turn itself.
#[test]
fn the_sweeper_reads_the_index_of_open_turns_alone() {
    let sql = "SELECT tenant, id FROM turns WHERE due_at <= ? ORDER BY due_at, tenant, id LIMIT ?";
    let plan = plan(&database(), sql);
    assert!(
        plan.contains("USING COVERING INDEX turns_open"),
        "{sql}: {plan}"
    );
}

#[test]
fn every_audit_query_is_carried_by_its_narrowest_index() {
    let connection = database();
    let some = || Some("x".to_owned());
    for filters in 0..32_u8 {
        let is = |bit: u8| filters & bit != 0;
        let query = AuditQuery {
            turn: some().filter(|_| is(1)),
            oid: some().filter(|_| is(2)),
            tool: some().filter(|_| is(4)),
            from: Some(Timestamp(1)).filter(|_| is(8)),
            until: Some(Timestamp(2)).filter(|_| is(8)),
            kind: Some(AuditKind::Open).filter(|_| is(16)),
            ..AuditQuery::default()
        };
        let index = match query {
            AuditQuery { turn: Some(_), .. } => "audit_by_turn (tenant=? AND turn=?",
            AuditQuery { oid: Some(_), .. } => "audit_by_person (tenant=? AND oid=?",
            AuditQuery { tool: Some(_), .. } => "audit_by_tool (tenant=? AND tool=?",
            _ => "audit_by_time (tenant=?",
        };
        for after in [None, Some((1, "chain".to_owned(), 1))] {
            let (sql, _) = audit_query::statement("t", &query, after, 10);
            is_carried_by(&connection, &sql, index);
        }
    }
}
