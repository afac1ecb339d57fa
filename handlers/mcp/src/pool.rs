//! The pool: which process gets a call, when one is started, when one must go.
//!
//! **Invariants:** a process serves one server and one user for its whole life; at
//! most one process of an identity is being started at a time, however many calls
//! wait for it; a process that was retired gets no further call and ends with its
//! last one; all decisions are made under one lock that is never held across an
//! await.

mod seats;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azimuth_domain::principal::UserKey;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::seats::{Decision, State};
use crate::call::answers_ping;
use crate::child::{Child, End};
use crate::launcher::Launcher;
use crate::servers::ServerConfig;

/// How often idle processes are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(1);

const SHUTTING_DOWN: &str = "The handler is shutting down.";

/// Whose process of which server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) server: String,
    pub(crate) user: UserKey,
}

/// The pool of this process.
pub(crate) struct Pool {
    launcher: Arc<Launcher>,
    /// Processes, or sessions, at a time.
    max: usize,
    state: Mutex<State>,
    /// Wakes everybody who waits whenever a decision might come out differently.
    changed: Notify,
    stopping: CancellationToken,
}

/// The right to make one call on a process. Dropping it gives the place back.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    key: Key,
    pub(crate) child: Arc<Child>,
}

impl Pool {
    /// A pool that starts its processes with `launcher`, and its tidying task.
    pub(crate) fn start(
        launcher: Arc<Launcher>,
        max: usize,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let pool = Arc::new(Self {
            state: Mutex::default(),
            changed: Notify::new(),
            stopping,
            launcher,
            max,
        });
        let tidying = Arc::downgrade(&pool);
        let stopping = pool.stopping.clone();
        pool.launcher.tasks.spawn(async move {
            let every = TIDY_EVERY;
            while tokio::time::timeout(every, stopping.cancelled())
                .await
                .is_err()
            {
                let Some(pool) = tidying.upgrade() else { break };
                let max = pool.max;
                pool.lock().tidy(Instant::now(), &pool.launcher.limits, max);
                pool.changed.notify_waiters();
            }
        });
        pool
    }

    pub(crate) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// A place on a process of `server` for `user`, started if need be. The error
    /// is for people; no call was made then.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        server: &Arc<ServerConfig>,
        user: &UserKey,
        deadline: Instant,
    ) -> Result<Lease, String> {
        let key = Key {
            server: server.name.clone(),
            user: user.clone(),
        };
        let waiting = Waiting::begin(self, &key);
        let mut without_room: Option<Instant> = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let decision = self.decide(&key, waiting.failures_before);
            match decision {
                Decision::Take { child, ping } => {
                    let lease = Lease {
                        pool: Arc::clone(self),
                        key: key.clone(),
                        child,
                    };
                    if !ping || answers_ping(&lease.child, self.launcher.limits.ping_timeout).await
                    {
                        return Ok(lease);
                    }
                    tracing::warn!(server = key.server, "a tool server process answers no ping");
                    lease.retire_runaway();
                    continue;
                }
                Decision::Start => {
                    let (pool, server, key) = (Arc::clone(self), Arc::clone(server), key.clone());
                    self.launcher
                        .tasks
                        .spawn(async move { pool.add_child(&server, &key).await });
                }
                Decision::Wait => {}
                Decision::Refuse(text) => return Err(text),
            }
            without_room = self
                .lock()
                .wants_room(&key)
                .then(|| without_room.unwrap_or_else(Instant::now));
            let until = without_room.map_or(deadline, |since| {
                deadline.min(since + self.launcher.limits.place_timeout)
            });
            if timeout_at(until, changed).await.is_err() {
                return Err(self.why_late(&key, without_room.is_some()));
            }
        }
    }

    fn decide(&self, key: &Key, failures_before: u64) -> Decision {
        if self.stopping.is_cancelled() {
            return Decision::Refuse(SHUTTING_DOWN.to_owned());
        }
        self.lock()
            .decide(key, failures_before, Instant::now(), &self.launcher.limits)
    }

    fn why_late(&self, key: &Key, without_room: bool) -> String {
        if without_room {
            format!(
                "All {} tool server processes are busy; try again.",
                self.max
            )
        } else {
            format!(
                "No process of the tool server {} was ready in time.",
                key.server
            )
        }
    }

    /// Starts a process and gives it a seat, or records why it cannot start.
    async fn add_child(self: Arc<Self>, server: &ServerConfig, key: &Key) {
        let started = match self.find_room(key).await {
            Some(room) => Some(tokio::select! {
                started = self.launcher.launch(server, Some(&key.user), Some(room)) => started,
                () = self.stopping.cancelled() => Err(SHUTTING_DOWN.to_owned()),
            }),
            None => None,
        };
        let limits = &self.launcher.limits;
        let now = Instant::now();
        match started {
            Some(Ok(child)) => {
                self.lock().seat(key, &child, now);
                if self.stopping.is_cancelled() {
                    child.stop_now();
                }
                let pool = Arc::downgrade(&self);
                let key = key.clone();
                self.launcher.tasks.spawn(async move {
                    let end = child.gone().await;
                    if let Some(pool) = pool.upgrade() {
                        pool.note_gone(&key, &child, end.as_ref());
                    }
                });
            }
            Some(Err(text)) => {
                tracing::warn!(
                    server = server.name,
                    text,
                    "a tool server process did not start"
                );
                self.lock().start_failed(key, text, now, limits);
            }
            None => self.lock().start_given_up(key),
        }
        self.changed.notify_waiters();
    }

    fn note_gone(&self, key: &Key, child: &Arc<Child>, end: Option<&End>) {
        let limits = &self.launcher.limits;
        self.lock().gone(key, child, end, Instant::now(), limits);
        self.changed.notify_waiters();
    }

    /// Waits until one more process may exist, making room by ending the one that
    /// was idle longest. `None` when nobody waits for it any more.
    async fn find_room(self: &Arc<Self>, key: &Key) -> Option<Room> {
        let max = self.max;
        let mut wanted = Wanted::begin(self);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                if !state.is_awaited(key) || self.stopping.is_cancelled() {
                    return None;
                }
                let served = state.take_room(max);
                // Calls count the time that they wait for room.
                if state.set_wants_room(key, !served) {
                    self.changed.notify_waiters();
                }
                if served {
                    wanted.served = true;
                    return Some(Room(Arc::clone(self)));
                }
                state.make_room(max);
            }
            changed.await;
        }
    }

    /// Processes and busy processes of a server.
    pub(crate) fn count(&self, server: &str) -> (usize, usize) {
        self.lock().count(server)
    }

    /// Ends every process at once. `acquire` refuses from now on.
    pub(crate) fn stop_all(&self) {
        self.stopping.cancel();
        self.lock().stop_all();
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Whether the process can still take the call: it runs and is not retired.
    pub(crate) fn is_usable(&self) -> bool {
        self.pool.lock().is_usable(&self.key, &self.child)
    }

    /// No further call gets this process; it ends with its last one.
    pub(crate) fn retire(&self) {
        self.pool.lock().retire(&self.key, &self.child, false);
        self.pool.changed.notify_waiters();
    }

    /// The same for a process that may be busy with a call that nobody waits for:
    /// it is not given time to end by itself. One that is gone already is counted
    /// here, so that the next call knows of it.
    pub(crate) fn retire_runaway(&self) {
        if let Some(end) = self.child.end() {
            return self.pool.note_gone(&self.key, &self.child, Some(&end));
        }
        self.pool.lock().retire(&self.key, &self.child, true);
        self.pool.changed.notify_waiters();
    }

    /// The process did what it should: its failures so far are forgotten.
    pub(crate) fn succeeded(&self) {
        self.pool.lock().succeeded(&self.key);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let max = self.pool.max;
        self.pool
            .lock()
            .release(&self.key, &self.child, Instant::now(), max);
        self.pool.changed.notify_waiters();
    }
}

/// Counts a call that waits for a process of `key`.
struct Waiting<'a> {
    pool: &'a Pool,
    key: &'a Key,
    failures_before: u64,
}

impl<'a> Waiting<'a> {
    fn begin(pool: &'a Pool, key: &'a Key) -> Self {
        let failures_before = pool.lock().begin_waiting(key);
        Self {
            pool,
            key,
            failures_before,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pool.lock().end_waiting(self.key);
        self.pool.changed.notify_waiters();
    }
}

/// Counts a start that waits for room.
struct Wanted<'a> {
    pool: &'a Pool,
    served: bool,
}

impl<'a> Wanted<'a> {
    fn begin(pool: &'a Pool) -> Self {
        pool.lock().wanted_room += 1;
        Self {
            pool,
            served: false,
        }
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if !self.served {
            self.pool.lock().wanted_room -= 1;
        }
    }
}

/// Room for one process. Dropping it gives the room back.
pub(crate) struct Room(Arc<Pool>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.lock().rooms_taken -= 1;
        self.0.changed.notify_waiters();
    }
}
