//! The one writing thread: whatever waits is committed together.
//!
//! Every piece of work but the first has a savepoint of its own, so that one that
//! fails does not undo its neighbours, and is answered only after the commit of the whole
//! group has succeeded, because until then even a refusal rests on writes that
//! may still vanish.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::log_space::LogSpace;
use super::open::KEPT_LOG;
use super::{Fault, OpenError, Unanswered};

/// Writes that may wait before callers do.
const WAITING_WRITES: usize = 1024;
/// Most writes of one commit.
const GROUP: usize = 256;
/// Longest time that a group gathers writes.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// A writer that is never idle leaves a gap this often, and this long, so that
/// other processes (which look every millisecond) get their turn.
const GAP_EVERY: Duration = Duration::from_millis(50);
const GAP: Duration = Duration::from_millis(2);

/// What a file's writer has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteCounts {
    /// Pieces of work that were answered after a commit.
    pub writes: u64,
    /// Commits that answered them.
    pub commits: u64,
}

#[derive(Default)]
struct Counters {
    writes: AtomicU64,
    commits: AtomicU64,
}

pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    counters: Arc<Counters>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::channel(WAITING_WRITES);
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        thread::Builder::new()
            .name("sqlite-write".to_owned())
            .spawn(move || serve(&connection, waiting, &counted))
            .map_err(OpenError::Thread)?;
        Ok(Self { jobs, counters })
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            work: Some(work),
            outcome: None,
            reply,
        });
        let gone = || E::unanswered("the writer has ended".to_owned());
        self.jobs.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub(super) fn counts(&self) -> WriteCounts {
        WriteCounts {
            writes: self.counters.writes.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }
}

/// One piece of work, whatever it returns.
trait Job: Send {
    /// Does it; says whether its writes are to be kept.
    fn perform(&mut self, connection: &Connection) -> bool;
    /// Answers whoever asked; `Err` says why nothing of the group was committed.
    fn answer(self: Box<Self>, group: Result<(), &str>);
}

struct Pending<T, E, F> {
    work: Option<F>,
    outcome: Option<Result<T, Fault<E>>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Pending<T, E, F>
where
    F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send,
    T: Send,
    E: Unanswered + Send,
{
    fn perform(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        self.outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).ok();
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, group: Result<(), &str>) {
        let answer = match (group, self.outcome) {
            (Ok(()), Some(outcome)) => outcome.map_err(Fault::into_error),
            (Ok(()), None) => Err(E::unanswered("the write did not end".to_owned())),
            (Err(reason), _) => Err(E::unanswered(reason.to_owned())),
        };
        // Whoever asked may be gone; the write stands all the same.
        let _ = self.reply.send(answer);
    }
}

fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Job>>, counters: &Counters) {
    let mut space = LogSpace::of(connection, KEPT_LOG.unsigned_abs());
    let mut busy_since = Instant::now();
    loop {
        let first = match waiting.try_recv() {
            Ok(job) => job,
            Err(_) => match waiting.blocking_recv() {
                Some(job) => {
                    busy_since = Instant::now();
                    job
                }
                None => return,
            },
        };
        if busy_since.elapsed() > GAP_EVERY {
            thread::sleep(GAP);
            busy_since = Instant::now();
        }
        let mut group = Vec::new();
        let outcome = commit_group(connection, first, &mut waiting, &mut group);
        if outcome.is_ok() {
            counters.commits.fetch_add(1, Ordering::Relaxed);
            counters
                .writes
                .fetch_add(group.len() as u64, Ordering::Relaxed);
        }
        let reason = outcome.map_err(|error| error.to_string());
        for job in group {
            job.answer(reason.as_ref().copied().map_err(String::as_str));
        }
        space.provide(connection);
    }
}

/// Commits `first` and whatever waits behind it. All that were taken lie in
/// `group` afterwards, to be answered with the outcome.
fn commit_group(
    connection: &Connection,
    first: Box<dyn Job>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> rusqlite::Result<()> {
    if let Err(error) = run(connection, "BEGIN IMMEDIATE") {
        // The budget is spent: those behind must not spend it once more each.
        group.push(first);
        while let Ok(job) = waiting.try_recv() {
            group.push(job);
        }
        return Err(error);
    }
    let committed =
        gather(connection, first, waiting, group).and_then(|()| run(connection, "COMMIT"));
    if committed.is_err() && !connection.is_autocommit() {
        // The first error is the one to tell.
        let _ = run(connection, "ROLLBACK");
    }
    committed
}

fn gather(
    connection: &Connection,
    mut first: Box<dyn Job>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> rusqlite::Result<()> {
    let started = Instant::now();
    let performed = perform_first(connection, first.as_mut());
    group.push(first);
    performed?;
    while group.len() < GROUP && started.elapsed() < GROUP_TIME {
        let Ok(mut job) = waiting.try_recv() else {
            break;
        };
        let performed = perform(connection, job.as_mut());
        group.push(job);
        performed?;
    }
    Ok(())
}

/// What comes first needs no savepoint, which would copy every page before it is
/// changed: undone, it leaves an empty transaction.
fn perform_first(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    if job.perform(connection) {
        return Ok(());
    }
    if !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    run(connection, "BEGIN IMMEDIATE")
}

/// After some errors (full disk, broken file) `SQLite` rolls the transaction back
/// by itself; then releasing the savepoint fails and the group with it.
fn perform(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    run(connection, "SAVEPOINT work")?;
    if !job.perform(connection) {
        run(connection, "ROLLBACK TO work")?;
    }
    run(connection, "RELEASE work")
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
