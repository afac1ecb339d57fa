//! The whole audit as an export (see `export.rs` for its lines).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azimuth_domain::audit::digest::DigestKey;
use rusqlite::Connection;

use super::export::{EndLine, KeyLine, OtherLine};
use super::{VerifyError, digests};
use crate::public_keys::read_public_keys;
use crate::signer::PUBLIC;
use crate::store::digests::FILE;

/// Writes the public keys, every digest and every record of a data folder, as
/// [`verify_export`](super::verify_export) reads them. Returns how many records.
///
/// Anchors and digests are read before the records, so that those go at least as far
/// as the digests say, also while the folder is in use.
pub fn export_folder(folder: &Path, mut to: impl Write) -> Result<u64, VerifyError> {
    let main = File::open(folder.join("azimuth.sqlite"))?;
    let anchors = digests::anchors(&main.connection).map_err(|source| main.because(source))?;
    let mut end = EndLine::default();
    let path = folder.join(FILE);
    if path.exists() {
        for key in read_public_keys(&folder.join(PUBLIC))? {
            line(&mut to, &OtherLine::Key(key_line(&key)))?;
        }
        for anchor in anchors {
            line(&mut to, &OtherLine::Anchor(anchor))?;
        }
        let sql = "SELECT body FROM digests ORDER BY tenant, number";
        end.digests =
            File::open(path)?.bodies(sql, |body| writeln!(to, r#"{{"digest":{body}}}"#))?;
    }
    let sql = "SELECT body FROM audit ORDER BY tenant, chain, seq";
    end.records = main.bodies(sql, |body| writeln!(to, "{body}"))?;
    let records = end.records;
    line(&mut to, &OtherLine::End(end))?;
    to.flush()?;
    Ok(records)
}

/// A database that is read, and what it is called.
struct File {
    path: PathBuf,
    connection: Connection,
}

impl File {
    fn open(path: PathBuf) -> Result<Self, VerifyError> {
        match digests::open(&path) {
            Ok(connection) => Ok(Self { path, connection }),
            Err(source) => Err(VerifyError::Database { path, source }),
        }
    }

    fn because(&self, source: rusqlite::Error) -> VerifyError {
        VerifyError::Database {
            path: self.path.clone(),
            source,
        }
    }

    /// Hands every body that the statement finds to `write`; how many there were.
    fn bodies(
        &self,
        sql: &str,
        mut write: impl FnMut(&str) -> io::Result<()>,
    ) -> Result<u64, VerifyError> {
        let because = |source| self.because(source);
        let mut statement = self.connection.prepare(sql).map_err(because)?;
        let mut rows = statement.query([]).map_err(because)?;
        let mut written = 0;
        while let Some(row) = rows.next().map_err(because)? {
            let body: String = row.get(0).map_err(because)?;
            write(&body)?;
            written += 1;
        }
        Ok(written)
    }
}

fn key_line(key: &DigestKey) -> KeyLine {
    KeyLine {
        id: key.id().to_owned(),
        algorithm: key.algorithm().name().to_owned(),
        public: key.to_hex(),
    }
}

fn line(to: &mut impl Write, line: &OtherLine) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    writeln!(to)
}
