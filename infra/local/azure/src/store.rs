//! The state on disk: an append-only journal, one line per atomic change.
//!
//! Invariant: what a client was told is in the journal, because a line is appended before the
//! answer is made. A line cut short by a crash was never answered and is dropped at the next start.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::state::{Change, State};

/// The journal tells who signed in and what they did.
const OWNER_ONLY: u32 = 0o600;

#[derive(Debug)]
pub struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    journal: File,
    path: PathBuf,
}

impl Store {
    /// Opens or makes the journal and replays it over the seed.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut state = State::seeded();
        let mut whole = 0;
        for line in text.split_inclusive('\n') {
            let Ok(changes) = serde_json::from_str::<Vec<Change>>(line) else {
                break;
            };
            if !line.ends_with('\n') {
                break;
            }
            whole += line.len();
            for change in changes {
                state.apply(change);
            }
        }
        if whole < text.len() {
            tracing::warn!(
                dropped_bytes = text.len() - whole,
                "the journal's last line was cut short"
            );
            OpenOptions::new()
                .write(true)
                .open(path)?
                .set_len(u64::try_from(whole).unwrap_or(0))?;
        }
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(OWNER_ONLY)
            .open(path)?;
        // A mode is for new files only.
        journal.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        Ok(Self {
            inner: Mutex::new(Inner {
                state,
                journal,
                path: path.to_owned(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state as it is at `now_ms`.
    pub fn read<R>(&self, now_ms: i64, look: impl FnOnce(&State) -> R) -> R {
        let mut inner = self.lock();
        inner.state.ripen(now_ms);
        look(&inner.state)
    }

    /// Decides and changes as one step: nobody else sees or changes the state in between. The
    /// changes are on disk together or not at all.
    pub fn change<R, E: From<std::io::Error>>(
        &self,
        now_ms: i64,
        decide: impl FnOnce(&State) -> Result<(Vec<Change>, R), E>,
    ) -> Result<R, E> {
        let mut inner = self.lock();
        inner.state.ripen(now_ms);
        let (changes, answer) = decide(&inner.state)?;
        if !changes.is_empty() {
            let line = line(&changes)?;
            inner.journal.write_all(&line)?;
            for change in changes {
                inner.state.apply(change);
            }
        }
        Ok(answer)
    }

    /// Back to the seed: no effect, no change, no revocation. Sign-ins stay, so that nobody has to
    /// log in again between two tests.
    pub fn reset(&self) -> std::io::Result<()> {
        let mut inner = self.lock();
        let kept: Vec<Change> = inner
            .state
            .refresh
            .values()
            .map(|grant| Change::Refresh {
                grant: grant.clone(),
            })
            .collect();
        let part = inner.path.with_extension("part");
        let mut journal = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(OWNER_ONLY)
            .open(&part)?;
        journal.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        journal.write_all(&line(&kept)?)?;
        fs::rename(&part, &inner.path)?;
        inner.journal = OpenOptions::new().append(true).open(&inner.path)?;
        inner.state = State::seeded();
        for change in kept {
            inner.state.apply(change);
        }
        Ok(())
    }
}

fn line(changes: &[Change]) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(changes)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Standing;

    fn revoke(user: &str) -> Change {
        Change::Standing {
            user: user.to_owned(),
            standing: Standing::Revoked,
        }
    }

    #[test]
    fn a_line_cut_short_is_dropped_and_the_rest_stands() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let store = Store::open(&path).unwrap();
        store
            .change::<_, std::io::Error>(0, |_| Ok((vec![revoke("alice")], ())))
            .unwrap();
        store
            .change::<_, std::io::Error>(0, |_| Ok((vec![revoke("bob")], ())))
            .unwrap();
        drop(store);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 5]).unwrap();

        let store = Store::open(&path).unwrap();
        assert_eq!(
            store.read(0, |state| state.standing("alice")),
            Standing::Revoked
        );
        assert_eq!(store.read(0, |state| state.standing("bob")), Standing::Ok);
        store
            .change::<_, std::io::Error>(0, |_| Ok((vec![revoke("eve")], ())))
            .unwrap();
        drop(store);

        let store = Store::open(&path).unwrap();
        assert_eq!(
            store.read(0, |state| state.standing("eve")),
            Standing::Revoked
        );
    }

    #[test]
    fn nobody_else_reads_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        drop(Store::open(&path).unwrap());
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let store = Store::open(&path).unwrap();
        assert_eq!(mode(), 0o600, "one of an older version too");
        store.reset().unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_refused_change_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let store = Store::open(&path).unwrap();
        let refused: Result<(), std::io::Error> =
            store.change(0, |_| Err(std::io::Error::other("no")));
        assert!(refused.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
