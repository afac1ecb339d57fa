//! The audit in `azimuth.sqlite`.

use std::path::Path;

use azimuth_domain::audit::{AuditRecord, ChainFault, ChainWalk};
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::TurnId;
use rusqlite::{Connection, OpenFlags, Row};

use super::{FaultKind, RecordFault, VerifyError, VerifyReport, record_of_text};

/// Walks every chain of the database file `path`, which is opened read-only and
/// may be in use, as of one moment.
pub fn verify_database(path: &Path) -> Result<VerifyReport, VerifyError> {
    walk(path).map_err(|source| VerifyError::Database {
        path: path.to_owned(),
        source,
    })
}

fn walk(path: &Path) -> rusqlite::Result<VerifyReport> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let mut report = VerifyReport::default();
    let mut current: Option<Chain> = None;
    let mut statement = connection.prepare(
        "SELECT tenant, chain, id, seq, at, oid, kind, tool, outcome, turn, body FROM audit
         ORDER BY tenant, chain, seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = Columns::read(row)?;
        let body: String = row.get(10)?;
        report.records += 1;
        let mut chain = match current.take() {
            Some(chain) if chain.is_of(&columns) => chain,
            _ => {
                report.chains += 1;
                Chain::of(&columns)
            }
        };
        if !chain.is_broken
            && let Err(fault) = chain.accept(&columns, &body)
        {
            chain.is_broken = true;
            report.faults.push(fault);
        }
        current = Some(chain);
    }
    Ok(report)
}

struct Chain {
    tenant: String,
    name: String,
    walk: ChainWalk,
    is_broken: bool,
}

impl Chain {
    fn of(columns: &Columns) -> Self {
        Self {
            tenant: columns.tenant.clone(),
            name: columns.chain.clone(),
            walk: ChainWalk::default(),
            is_broken: false,
        }
    }

    fn is_of(&self, columns: &Columns) -> bool {
        self.tenant == columns.tenant && self.name == columns.chain
    }

    fn accept(&mut self, columns: &Columns, body: &str) -> Result<(), RecordFault> {
        let fault = |seq, what| RecordFault {
            tenant: columns.tenant.clone(),
            chain: columns.chain.clone(),
            seq,
            what,
        };
        let record = record_of_text(body)
            .map_err(|detail| fault(columns.seq, FaultKind::Unreadable(detail)))?;
        if let Some(column) = columns.differ_from(&record) {
            return Err(fault(columns.seq, FaultKind::Column(column)));
        }
        self.walk.accept(&record).map_err(|chain_fault| {
            let seq = match &chain_fault {
                ChainFault::Gap { expected, .. } => *expected,
                ChainFault::Edited { seq, .. } | ChainFault::Unlinked { seq, .. } => *seq,
            };
            fault(seq, FaultKind::Chain(chain_fault))
        })
    }
}

struct Columns {
    tenant: String,
    chain: String,
    id: String,
    seq: u64,
    at: i64,
    oid: String,
    kind: String,
    tool: Option<String>,
    outcome: Option<String>,
    turn: Option<String>,
}

impl Columns {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            tenant: row.get(0)?,
            chain: row.get(1)?,
            id: row.get(2)?,
            seq: row.get(3)?,
            at: row.get(4)?,
            oid: row.get(5)?,
            kind: row.get(6)?,
            tool: row.get(7)?,
            outcome: row.get(8)?,
            turn: row.get(9)?,
        })
    }

    /// The first column that says something else than `record`.
    fn differ_from(&self, record: &AuditRecord) -> Option<&'static str> {
        let entry = &record.entry;
        let turn = entry.turn_id.as_ref().map(TurnId::as_str);
        [
            ("tenant", self.tenant == record.tenant),
            ("chain", self.chain == record.chain),
            ("id", self.id == record.id),
            ("seq", self.seq == record.seq),
            ("at", self.at == record.at.0),
            ("oid", self.oid == entry.oid),
            ("kind", self.kind == entry.kind.as_str()),
            ("tool", self.tool == entry.tool),
            (
                "outcome",
                self.outcome.as_deref() == entry.outcome.map(Outcome::as_str),
            ),
            ("turn", self.turn.as_deref() == turn),
        ]
        .into_iter()
        .find_map(|(column, same)| (!same).then_some(column))
    }
}
