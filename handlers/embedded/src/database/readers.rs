//! A few threads with a reading connection each.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
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
        Ok(Self { jobs })
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
