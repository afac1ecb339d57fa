//! The audit in `azimuth.sqlite`.

use std::path::Path;

use azimuth_domain::audit::AuditRecord;
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::TurnId;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{TURN_VERSION, Turn};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::judge::{Judge, Link};
use super::turns::{self, Told};
use super::{Extent, FaultKind, Trust, VerifyError, VerifyReport, digests, record_of_text};

/// Walks every chain of the database file `path` and the digests beside it, trusting
/// the key that lies there.
pub fn verify_database(path: &Path) -> Result<VerifyReport, VerifyError> {
    verify(path, &Trust::default())
}

/// Walks every chain of a data folder and its digests. The files are opened
/// read-only and may be in use; the audit is read as of one moment.
pub fn verify_folder(folder: &Path, trust: &Trust) -> Result<VerifyReport, VerifyError> {
    verify(&folder.join("azimuth.sqlite"), trust)
}

fn verify(path: &Path, trust: &Trust) -> Result<VerifyReport, VerifyError> {
    let because = |source| VerifyError::Database {
        path: path.to_owned(),
        source,
    };
    let connection = digests::open(path).map_err(because)?;
    let anchors = digests::anchors(&connection).map_err(because)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let seals = digests::read(folder, anchors, trust)?;
    let mut judge = Judge::new(Extent::Whole, seals);
    connection
        .unchecked_transaction()
        .and_then(|moment| {
            walk(&moment, &mut judge)?;
            compare_with_turns(&moment, &mut judge)
        })
        .map_err(because)?;
    Ok(judge.finish())
}

fn walk(connection: &Connection, judge: &mut Judge) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT tenant, chain, id, seq, at, oid, kind, tool, outcome, turn, body FROM audit
         ORDER BY tenant, chain, seq",
    )?;
    let mut rows = statement.query([])?;
    let mut place: Option<(String, String)> = None;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::read(row)?;
        let body: String = row.get(10)?;
        let here = (columns.tenant.clone(), columns.chain.clone());
        if let Some((tenant, chain)) = place.take_if(|place| *place != here) {
            judge.chain(&tenant, &chain, &links);
            links.clear();
        }
        place = Some(here);
        links.push(columns.link(&body));
    }
    if let Some((tenant, chain)) = place {
        judge.chain(&tenant, &chain, &links);
    }
    Ok(())
}

/// Turns were written after the records that they know of, so in one moment of the
/// database each of those is there.
fn compare_with_turns(connection: &Connection, judge: &mut Judge) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT tenant, body FROM turns")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (tenant, body): (String, String) = (row.get(0)?, row.get(1)?);
        // The audit is judged here; a turn that cannot be read is none of its faults.
        let Ok(turn) = serde_json::from_str::<Turn>(&body) else {
            continue;
        };
        if turn.v > TURN_VERSION {
            continue;
        }
        for told in turns::told_by(&turn) {
            if !is_borne_out(connection, &tenant, &told)? {
                let newest: u64 = connection
                    .prepare_cached(
                        "SELECT coalesce(max(seq), 0) FROM audit WHERE tenant = ? AND chain = ?",
                    )?
                    .query_row(params![tenant, told.chain], |row| row.get(0))?;
                judge.untold(&tenant, told, newest);
            }
        }
    }
    Ok(())
}

fn is_borne_out(connection: &Connection, tenant: &str, told: &Told) -> rusqlite::Result<bool> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM audit WHERE tenant = ? AND chain = ? AND id = ?")?
        .query_row(params![tenant, told.chain, told.register], |row| row.get(0))
        .optional()?;
    // A record that cannot be read was named when its chain was walked.
    Ok(body.is_some_and(|body| {
        serde_json::from_str::<AuditRecord>(&body)
            .map_or(true, |record| told.is_borne_out_by(&record))
    }))
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

    fn link(&self, body: &str) -> Link {
        let record = match record_of_text(body) {
            Ok(record) => record,
            Err(detail) => return self.broken(FaultKind::Unreadable(detail)),
        };
        match self.differ_from(&record) {
            Some(column) => self.broken(FaultKind::Column(column)),
            None => Link::of(record),
        }
    }

    fn broken(&self, fault: FaultKind) -> Link {
        Link::broken(self.seq, Timestamp(self.at), fault)
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
