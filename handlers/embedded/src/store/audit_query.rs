//! Pages of the audit.

use azimuth_domain::audit::AuditRecord;
use azimuth_ports::audit::{AuditError, AuditQuery};
use azimuth_ports::cursor;
use azimuth_ports::store::Page;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::audit;
use crate::database::Fault;

const LIST: &str = "audit";
const LONGEST_PAGE: usize = 1000;

/// Sort key: at, chain, seq.
pub(super) type Position = (i64, String, u64);

pub(super) fn position(cursor: Option<&str>) -> Result<Option<Position>, AuditError> {
    cursor
        .map(|text| cursor::read(LIST, text).ok_or(AuditError::BadCursor))
        .transpose()
}

pub(super) fn page(
    connection: &Connection,
    tenant: &str,
    query: &AuditQuery,
    after: Option<Position>,
) -> Result<Page<AuditRecord>, Fault<AuditError>> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let (sql, values) = statement(tenant, query, after, limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let bodies = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(0))?;
    let mut items = bodies
        .map(|body| audit::decode(&body?))
        .collect::<Result<Vec<_>, _>>()?;
    let next_cursor = cursor::cut(&mut items, limit)
        .and_then(|last| cursor::write(LIST, &(last.at.0, &last.chain, last.seq)));
    Ok(Page { items, next_cursor })
}

/// The statement of a page, and its values.
pub(super) fn statement(
    tenant: &str,
    query: &AuditQuery,
    after: Option<Position>,
    limit: usize,
) -> (String, Vec<Value>) {
    // Left to itself the planner prefers a range of time to a person.
    let index = if query.turn.is_some() {
        "audit_by_turn"
    } else if query.oid.is_some() {
        "audit_by_person"
    } else if query.tool.is_some() {
        "audit_by_tool"
    } else {
        "audit_by_time"
    };
    let mut sql = format!("SELECT body FROM audit INDEXED BY {index} WHERE tenant = ?");
    let mut values: Vec<Value> = vec![Value::Text(tenant.to_owned())];
    let mut only = |clause: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(clause);
            values.push(value);
        }
    };
    let text = |text: &str| Value::Text(text.to_owned());
    only(" AND oid = ?", query.oid.as_deref().map(text));
    only(" AND kind = ?", query.kind.map(|k| text(k.as_str())));
    only(" AND tool = ?", query.tool.as_deref().map(text));
    only(" AND outcome = ?", query.outcome.map(|o| text(o.as_str())));
    only(" AND turn = ?", query.turn.as_deref().map(text));
    only(" AND at >= ?", query.from.map(|at| at.0.into()));
    only(" AND at < ?", query.until.map(|at| at.0.into()));
    if let Some((at, chain, seq)) = after {
        // The first condition bounds the index, the second decides among ties.
        sql.push_str(" AND at <= ? AND (at, chain, seq) < (?, ?, ?)");
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        values.extend([at.into(), at.into(), Value::Text(chain), seq.into()]);
    }
    sql.push_str(" ORDER BY at DESC, chain DESC, seq DESC LIMIT ?");
    values.push(
        i64::try_from(limit)
            .unwrap_or(i64::MAX)
            .saturating_add(1)
            .into(),
    );
    (sql, values)
}
