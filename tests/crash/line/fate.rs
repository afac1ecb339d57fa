//! Numbers the calls and decides what becomes of each.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long an outage of everything that stores lasts.
const OUTAGE: Duration = Duration::from_secs(30);

/// What a call can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It fails and nothing happened.
    Before,
    /// It happened and its reply is lost.
    After,
    /// Of a call in several parts the first happened, and its reply is lost. One
    /// that is atomic has no parts: the same as [`Kind::After`].
    Torn,
    /// The process dies instead of making it.
    CrashBefore,
    /// The process dies when it has happened.
    CrashAfter,
    /// The process dies in the midst of it.
    CrashTorn,
    /// The process stands still for longer than any lease, then makes it.
    StallBefore,
    /// It happens, and the process hears of it after standing still.
    StallAfter,
    /// Store, audit, queue and vault fail from here on, for every process.
    Outage,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Before,
        Self::After,
        Self::Torn,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::CrashTorn,
        Self::StallBefore,
        Self::StallAfter,
        Self::Outage,
    ];

    /// Whether it is the loss of one process.
    pub fn is_death(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter | Self::CrashTorn)
    }
}

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// Conversations.
    Store,
    /// The audit.
    Audit,
    /// The queue, as the engine uses it.
    Queue,
    /// The queue, as the host uses it.
    Host,
    /// Sealed tokens.
    Tokens,
    /// User records.
    Users,
    /// The identity provider.
    Identity,
    /// Tool servers.
    Tools,
    /// The model.
    Model,
}

impl Port {
    /// Whether an outage of the storage reaches it.
    pub fn is_storage(self) -> bool {
        !matches!(self, Self::Identity | Self::Tools | Self::Model)
    }
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Where it goes.
    pub port: Port,
    /// What it is.
    pub name: &'static str,
    /// Whether it changes nothing.
    pub reads: bool,
    /// Whether it has several parts that are no transaction.
    pub has_parts: bool,
}

impl Call {
    /// A call that changes something, all or nothing.
    pub const fn writes(port: Port, name: &'static str) -> Self {
        Self {
            port,
            name,
            reads: false,
            has_parts: false,
        }
    }

    /// A call that changes nothing.
    pub const fn reads(port: Port, name: &'static str) -> Self {
        Self {
            reads: true,
            ..Self::writes(port, name)
        }
    }

    /// A call in several parts.
    pub const fn in_parts(port: Port, name: &'static str) -> Self {
        Self {
            has_parts: true,
            ..Self::writes(port, name)
        }
    }

    /// Whether `kind` is something of its own for this call. What changes nothing
    /// has no difference between before and after; what is atomic has no parts.
    pub fn can_meet(self, kind: Kind) -> bool {
        match kind {
            Kind::After | Kind::CrashAfter | Kind::StallAfter => !self.reads,
            Kind::Torn | Kind::CrashTorn => self.has_parts,
            Kind::Outage => self.port.is_storage(),
            Kind::Before | Kind::CrashBefore | Kind::StallBefore => true,
        }
    }
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// How long it takes.
    pub latency: Duration,
    /// What it meets.
    pub kind: Option<Kind>,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(1),
            kind: None,
        }
    }
}

/// Decides, call by call.
pub type Plan = Box<dyn FnMut(usize, Call) -> Verdict + Send>;

struct Counted {
    plan: Plan,
    calls: Vec<Call>,
    out_until: Option<Instant>,
}

/// What becomes of all calls of a run.
pub struct Fate(Mutex<Counted>);

impl Fate {
    /// Calls go as `plan` says.
    pub fn new(plan: Plan) -> Self {
        Self(Mutex::new(Counted {
            plan,
            calls: Vec::new(),
            out_until: None,
        }))
    }

    /// Nothing fails.
    pub fn calm() -> Plan {
        Box::new(|_, _| Verdict::default())
    }

    /// Call `number` meets `kind`, the others nothing.
    pub fn at(number: usize, kind: Kind) -> Plan {
        Box::new(move |now, _| Verdict {
            kind: (now == number).then_some(kind),
            ..Verdict::default()
        })
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing fails.
    pub fn relent(&self) {
        let mut counted = self.counted();
        counted.plan = Self::calm();
        counted.out_until = None;
    }

    /// The calls so far, in the order made. The first has number 1.
    pub fn calls(&self) -> Vec<Call> {
        self.counted().calls.clone()
    }

    /// What becomes of the next call.
    pub fn verdict(&self, call: Call) -> Verdict {
        let mut counted = self.counted();
        counted.calls.push(call);
        let number = counted.calls.len();
        let mut verdict = (counted.plan)(number, call);
        let now = Instant::now();
        if verdict.kind == Some(Kind::Outage) {
            counted.out_until = Some(now + OUTAGE);
        }
        if call.port.is_storage() && counted.out_until.is_some_and(|until| now < until) {
            verdict.kind = Some(Kind::Outage);
        }
        verdict
    }
}
