//! A few threads with a reading connection each, and a few connections on which a
//! short read is done by the asking thread itself: to be handed to another thread
//! and back would cost several times what it does.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::open::open_reader;
use super::{Fault, OpenError, Settings, Unanswered};

type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

/// Reads that may wait before callers do.
const WAITING_READS: usize = 1024;

pub(super) struct Readers {
    jobs: mpsc::Sender<ReadJob>,
    /// Connections for short reads that nobody uses now.
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn start(path: &Path, settings: &Settings) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::channel(WAITING_READS);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..settings.readers {
            let connection = open_reader(path, settings)?;
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name(format!("sqlite-read-{number}"))
                .spawn(move || serve(&connection, &waiting))
                .map_err(OpenError::Thread)?;
        }
        let idle = (0..settings.short_readers)
            .map(|_| open_reader(path, settings))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            jobs,
            idle: Mutex::new(idle),
        })
    }

    /// A read of a row or a few, here and now, unless every connection for such
    /// reads is in use.
    pub(super) async fn run_short<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        let idle = self.idle().pop();
        let Some(connection) = idle else {
            return self.run(work).await;
        };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&connection)));
        self.idle().push(connection);
        done.unwrap_or_else(|_| {
            Err(Fault::Refused(E::unanswered(
                "the read did not end".to_owned(),
            )))
        })
        .map_err(Fault::into_error)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, Fault<E>> + Send + 'static,
        T: Send + 'static,
        E: Unanswered + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |connection| {
            // Whoever asked may be gone; then nobody misses the answer.
            let _ = reply.send(work(connection).map_err(Fault::into_error));
        });
        let gone = || E::unanswered("the read did not end".to_owned());
        self.jobs.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn serve(connection: &Connection, waiting: &Mutex<mpsc::Receiver<ReadJob>>) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = next else { return };
        // A read that panics answers with "did not end"; the thread goes on.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(connection)));
    }
}
