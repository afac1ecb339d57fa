//! The line between a process and everything outside it: every call that crosses
//! gets a number in the order made, and may fail, be torn, stall, or be the last
//! thing that its process ever did.

mod audit;
mod fate;
mod identity;
mod life;
mod model;
mod queue;
mod store;
mod tools;

pub use fate::{Call, Fate, Kind, Plan, Port, Verdict};
pub use life::Life;
pub use queue::ERRORS as QUEUE_ERRORS;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long a process stands still.
pub const STALL: Duration = Duration::from_secs(50);

/// One process's line.
#[derive(Clone)]
pub struct Line {
    /// What becomes of calls.
    pub fate: Arc<Fate>,
    /// Whether the process lives.
    pub life: Arc<Life>,
}

/// How the errors of a port are made: when nothing happened, and when the reply
/// was lost.
pub struct Errors<E> {
    before: fn(String) -> E,
    after: fn(String) -> E,
}

impl<E> Errors<E> {
    /// A port that does not tell the two apart.
    pub const fn alike(make: fn(String) -> E) -> Self {
        Self {
            before: make,
            after: make,
        }
    }
}

/// A port behind a line.
pub struct Outside<P: ?Sized> {
    line: Line,
    port: Arc<P>,
}

impl<P: ?Sized> Outside<P> {
    /// `port` as a process with this line reaches it.
    pub fn new(line: &Line, port: Arc<P>) -> Arc<Self> {
        Arc::new(Self {
            line: line.clone(),
            port,
        })
    }
}

impl Line {
    /// Makes a call that is one thing: torn means that all of it happened.
    pub async fn pass<T, E>(
        &self,
        call: Call,
        errors: &Errors<E>,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.pass_in_parts(call, errors, act, None::<fn()>).await
    }

    /// Makes a call of several parts that are no transaction; `part` does the
    /// first of them.
    pub async fn pass_in_parts<T, E>(
        &self,
        call: Call,
        errors: &Errors<E>,
        act: impl Future<Output = Result<T, E>>,
        part: Option<impl FnOnce()>,
    ) -> Result<T, E> {
        self.life.gate().await;
        let verdict = self.fate.verdict(call);
        if !verdict.latency.is_zero() {
            tokio::time::sleep(verdict.latency).await;
            self.life.gate().await;
        }
        let text = |what: &str| format!("{} failed {what}", call.name);
        match verdict.kind {
            None => {
                let done = act.await;
                self.life.gate().await;
                done
            }
            Some(Kind::Before | Kind::Outage) => Err((errors.before)(text("before"))),
            Some(Kind::After) => {
                let _ = act.await;
                self.life.gate().await;
                Err((errors.after)(text("after")))
            }
            Some(Kind::Torn | Kind::CrashTorn) if part.is_some() => {
                if let Some(part) = part {
                    part();
                }
                self.torn(verdict.kind).await;
                Err((errors.after)(text("half way")))
            }
            Some(Kind::Torn) => {
                let _ = act.await;
                Err((errors.after)(text("after")))
            }
            Some(Kind::CrashBefore) => self.die().await,
            Some(Kind::CrashAfter | Kind::CrashTorn) => {
                let _ = act.await;
                self.die().await
            }
            Some(Kind::StallBefore) => {
                self.life.stall(STALL);
                self.life.gate().await;
                let done = act.await;
                self.life.gate().await;
                done
            }
            Some(Kind::StallAfter) => {
                let done = act.await;
                self.life.stall(STALL);
                self.life.gate().await;
                done
            }
        }
    }

    async fn torn(&self, kind: Option<Kind>) {
        if kind == Some(Kind::CrashTorn) {
            self.die::<()>().await;
        }
    }

    async fn die<T>(&self) -> T {
        self.life.end();
        std::future::pending().await
    }
}
