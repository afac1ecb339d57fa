//! One process of a tool server, or one session with a server that runs elsewhere: its
//! start, its session, its end.

use std::collections::HashMap;
use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use azimuth_ports::tools::TokenUsed;
use rmcp::model::PaginatedRequestParams;
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, Peer, RoleClient, RunningService};
use rmcp::transport::async_rw::AsyncRwTransport;
use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{Child as Process, Command};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::Ticket;
use crate::catalogue::pins::LearnedTool;
use crate::client::Session;
use crate::egress::{Pass, Reached};
use crate::folder::OwnFolder;
use crate::limits::PoolLimits;
use crate::pool::Room;
use crate::process::{Group, group_memory_bytes, main_line_memory_bytes};
use crate::remote::{Health, OpenSession};
use crate::servers::{Program, is_program};
use crate::shown::shown;
use crate::stderr::StderrTail;
use crate::stream::{LineGuard, StreamEnd, StreamWatch};

/// Pages of `tools/list` and tools that are read before a server is refused.
const MAX_TOOL_PAGES: usize = 64;
const MAX_TOOLS: usize = 4096;
/// How often all processes of the group are weighed; between, those that are found
/// quickly.
const WEIGH_ALL: Duration = Duration::from_secs(10);
/// How long a server that broke its session off may take to end by itself.
const ENDING: Duration = Duration::from_millis(100);
/// How long a killed process may take to be gone.
const REAP: Duration = Duration::from_secs(2);
/// How long a process may take to heed a cancelled call before it gets SIGTERM.
const HEED_CANCEL: Duration = Duration::from_millis(500);
/// How long the reading of what an ended process wrote may take: to standard
/// output, up to a whole answer, and to standard error.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long the session may take to close the process's input.
const CLOSE_INPUT: Duration = Duration::from_millis(500);
/// How long the session with a server elsewhere may take to end.
const CLOSE_SESSION: Duration = Duration::from_secs(4);
/// How long what a server elsewhere offers is believed; it has no way to announce it.
const BELIEVED: Duration = Duration::from_mins(1);

/// Hashes of the tools that a process offers, by name.
pub(crate) type Offered = HashMap<String, String>;

/// Hashes of these tools, by name.
pub(crate) fn hashes(tools: &[LearnedTool]) -> Offered {
    let one = |tool: &LearnedTool| (tool.name.clone(), tool.hash.clone());
    tools.iter().map(one).collect()
}

/// What a process is started with.
pub(crate) struct Start<'a> {
    pub(crate) server: &'a str,
    pub(crate) program: &'a Program,
    /// Put before the command; empty starts the command itself.
    pub(crate) wrapper: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Removed when the process is gone.
    pub(crate) folder: OwnFolder,
    pub(crate) limits: &'a PoolLimits,
    pub(crate) tasks: &'a TaskTracker,
    /// Ends with the process.
    pub(crate) ticket: Option<Ticket>,
    /// Ends with the process, and its connections with it.
    pub(crate) pass: Pass,
    /// Given back when the process is gone.
    pub(crate) room: Option<Room>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// Exit status or signal, in words.
    pub(crate) how: String,
    /// Whether we asked for it.
    pub(crate) asked: bool,
}

/// A running process whose session is open, or an open session with a server elsewhere.
pub(crate) struct Child {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) session: Session,
    pub(crate) stream: StreamWatch,
    /// Held for writing by a call with consent and for reading by every other, so
    /// that an answer "accept" can only be about that one call.
    pub(crate) gate: Arc<RwLock<()>>,
    offered: Mutex<Arc<Offered>>,
    /// The tools themselves, until somebody compares them.
    texts: Mutex<Vec<LearnedTool>>,
    /// Announcements of other tools that had come when `offered` was asked for.
    listed_at: AtomicU64,
    compared: AtomicBool,
    runs: Running,
    stop: CancellationToken,
    hurry: CancellationToken,
    ended: watch::Receiver<Option<End>>,
    /// The newest Azure token that the process was given.
    token: TokenUsed,
    /// The hosts that it reached.
    pub(crate) reached: Reached,
}

/// What the session is with.
enum Running {
    Here {
        stderr: StderrTail,
        leader: Pid,
        /// When the whole group was weighed last.
        weighed: Mutex<Option<Instant>>,
    },
    Elsewhere {
        health: Health,
        /// When it was asked last what it offers.
        asked: Mutex<Instant>,
        /// When its token is used no more.
        until: Option<Instant>,
    },
}

/// What of a child its start knows.
struct Parts {
    session: Session,
    stream: StreamWatch,
    runs: Running,
    token: TokenUsed,
    reached: Reached,
}

impl Child {
    fn new(peer: Peer<RoleClient>, parts: Parts) -> (Arc<Self>, watch::Sender<Option<End>>) {
        let (tell, ended) = watch::channel(None);
        let child = Self {
            peer,
            session: parts.session,
            stream: parts.stream,
            gate: Arc::default(),
            offered: Mutex::default(),
            texts: Mutex::default(),
            listed_at: AtomicU64::new(0),
            compared: AtomicBool::new(false),
            runs: parts.runs,
            stop: CancellationToken::new(),
            hurry: CancellationToken::new(),
            ended,
            token: parts.token,
            reached: parts.reached,
        };
        (Arc::new(child), tell)
    }

    /// Looks after an open session with a server elsewhere. `room` is given back when it
    /// is over.
    pub(crate) fn of_session(
        server: &str,
        open: OpenSession,
        reached: Reached,
        tasks: &TaskTracker,
        room: Option<Room>,
    ) -> Arc<Self> {
        let OpenSession {
            mut service,
            session,
            health,
            until,
        } = open;
        let parts = Parts {
            session,
            stream: health.stream.clone(),
            runs: Running::Elsewhere {
                health: health.clone(),
                asked: Mutex::new(Instant::now()),
                until,
            },
            token: TokenUsed::default(),
            reached,
        };
        let (child, tell) = Self::new(service.peer().clone(), parts);
        let (stop, server) = (child.stop.clone(), server.to_owned());
        tasks.spawn(async move {
            tokio::select! {
                () = health.stream.ended() => {}
                () = stop.cancelled() => {}
            }
            let asked = stop.is_cancelled();
            let _closed = service.close_with_timeout(CLOSE_SESSION).await;
            drop(service);
            drop(room);
            let how = health.fault().unwrap_or_else(|| "closed".to_owned());
            if asked {
                tracing::debug!(server, how, "a session with a tool server was ended");
            } else {
                tracing::warn!(server, how, "a session with a tool server is over");
            }
            tell.send_replace(Some(End { how, asked }));
        });
        child
    }

    /// Starts the process and opens the session. The error is a sentence that
    /// names the command; nothing is left running then.
    pub(crate) async fn start(start: Start<'_>) -> Result<Arc<Self>, String> {
        let command = start.program.command.display().to_string();
        if !is_program(&start.program.command) {
            return Err(format!(
                "The tool server's program {command} is missing or not executable."
            ));
        }
        let mut process = spawn(&start)
            .map_err(|error| format!("The tool server {command} cannot be started: {error}."))?;
        let (Some(group), Some(stdin), Some(stdout), Some(stderr)) = (
            Group::led_by(process.id()),
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        ) else {
            return Err(format!("The tool server {command} ended at once."));
        };
        let tail = StderrTail::default();
        let reading = start.tasks.spawn(tail.clone().follow(stderr));

        let stream = StreamWatch::default();
        let transport = transport(stdout, stdin, start.limits.max_line_bytes, stream.clone());
        let session = Session::default();
        let opening = session
            .clone()
            .serve_with_lifecycle(transport, ClientLifecycleMode::Initialize);
        let problem = match timeout(start.limits.start_timeout, opening).await {
            Ok(Ok(service)) => {
                let life = Life {
                    process,
                    service,
                    group,
                    reading,
                    grace: start.limits.stop_grace,
                };
                return Ok(Self::supervised(start, life, session, stream, tail));
            }
            Ok(Err(_)) if stream.end() == Some(StreamEnd::Closed) => {
                "ended while it started".to_owned()
            }
            // Who ends before it has read leaves a broken pipe and no end of its stream.
            Ok(Err(_)) if timeout(ENDING, process.wait()).await.is_ok() => {
                "ended while it started".to_owned()
            }
            Ok(Err(error)) => format!("refused the session: {}", shown(&error.to_string())),
            Err(_) => format!(
                "did not answer within {} s",
                start.limits.start_timeout.as_secs()
            ),
        };
        if stream.end() != Some(StreamEnd::Closed) {
            group.kill();
        }
        let status = match timeout(REAP, process.wait()).await {
            Ok(Ok(status)) => format!(" ({status})"),
            _ => String::new(),
        };
        drop(group);
        let _read = timeout(LAST_WORDS, reading).await;
        Err(format!(
            "The tool server {command} {problem}{status}{}.",
            quoted(&tail)
        ))
    }

    fn supervised(
        start: Start<'_>,
        mut life: Life,
        session: Session,
        stream: StreamWatch,
        stderr: StderrTail,
    ) -> Arc<Self> {
        let ticket = start.ticket.as_ref();
        let parts = Parts {
            session,
            stream: stream.clone(),
            runs: Running::Here {
                stderr: stderr.clone(),
                leader: life.group.leader(),
                weighed: Mutex::default(),
            },
            token: ticket.map(Ticket::newest).unwrap_or_default(),
            reached: start.pass.reached(),
        };
        let (child, tell) = Self::new(life.service.peer().clone(), parts);
        let (stop, hurry) = (child.stop.clone(), child.hurry.clone());
        let (ticket, pass, folder, room) = (start.ticket, start.pass, start.folder, start.room);
        let server = start.server.to_owned();
        start.tasks.spawn(async move {
            let status = tokio::select! {
                status = life.process.wait() => {
                    // What it wrote before it ended is still to be read; nothing
                    // that it started may keep the pipe open.
                    life.group.kill();
                    let _read = timeout(LAST_ANSWERS, stream.ended()).await;
                    status
                }
                () = stream.ended() => life.stdout_ended(stream.end()).await,
                () = stop.cancelled() => life.end(&hurry).await,
            };
            let asked = stop.is_cancelled();
            life.group.kill();
            let _read = timeout(LAST_WORDS, &mut life.reading).await;
            drop(life);
            drop((ticket, pass, folder));
            // Before the end is told: whoever then counts must find it free.
            drop(room);
            let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            if asked {
                tracing::debug!(server, how, "a tool server process was ended");
            } else {
                let stderr = stderr.last_lines();
                tracing::warn!(server, how, stderr, "a tool server process ended by itself");
            }
            tell.send_replace(Some(End { how, asked }));
        });
        child
    }

    /// Id of the newest Azure token that the process was given.
    pub(crate) fn token_id(&self) -> Option<String> {
        self.token.id()
    }

    /// Learns what the process offers now. Several may do so at once; when it is
    /// broken off, the next who asks [`Self::is_outdated`] is told again.
    pub(crate) async fn relearn(&self, within: Duration) -> Result<Arc<Offered>, String> {
        let announced = self.session.announced();
        if let Running::Elsewhere { asked, .. } = &self.runs {
            *asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        let tools = self.list_tools(within).await?;
        let offered: Arc<Offered> = Arc::new(hashes(&tools));
        *self.texts() = tools;
        self.set_offered(Arc::clone(&offered));
        self.listed_at.fetch_max(announced, Ordering::SeqCst);
        Ok(offered)
    }

    /// Whether the server has announced other tools since they were asked for, or may
    /// have others because nobody asked for a while.
    pub(crate) fn is_outdated(&self) -> bool {
        if let Running::Elsewhere { asked, .. } = &self.runs
            && asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .elapsed()
                >= BELIEVED
        {
            return true;
        }
        self.session.announced() > self.listed_at.load(Ordering::SeqCst)
    }

    /// Asks the server for all its tools.
    pub(crate) async fn list_tools(&self, within: Duration) -> Result<Vec<LearnedTool>, String> {
        match timeout(within, self.list_pages()).await {
            Ok(result) => result,
            Err(_) => Err(format!(
                "it did not list its tools within {} s",
                within.as_secs()
            )),
        }
    }

    async fn list_pages(&self) -> Result<Vec<LearnedTool>, String> {
        let mut tools = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_TOOL_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self
                .peer
                .list_tools(Some(page))
                .await
                .map_err(|e| shown(&e.to_string()))?;
            tools.extend(page.tools.into_iter().map(|tool| {
                LearnedTool::new(
                    tool.name.into_owned(),
                    tool.description.unwrap_or_default().into_owned(),
                    serde_json::Value::Object(Arc::unwrap_or_clone(tool.input_schema)),
                )
            }));
            cursor = page.next_cursor;
            if tools.len() > MAX_TOOLS {
                break;
            }
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err("it lists too many tools".to_owned())
    }

    /// What the process offers, as far as it was asked.
    pub(crate) fn offered(&self) -> Arc<Offered> {
        Arc::clone(&self.offered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers what it offers.
    pub(crate) fn set_offered(&self, offered: Arc<Offered>) {
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = offered;
        self.compared.store(false, Ordering::SeqCst);
    }

    /// Whether this is the first time that somebody asks since then.
    pub(crate) fn take_uncompared(&self) -> bool {
        !self.compared.swap(true, Ordering::SeqCst)
    }

    /// The tools that it listed last, if nobody has taken them yet.
    pub(crate) fn take_texts(&self) -> Vec<LearnedTool> {
        std::mem::take(&mut *self.texts())
    }

    fn texts(&self) -> MutexGuard<'_, Vec<LearnedTool>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it: closes its input, waits, SIGTERM, waits, SIGKILL.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends it with hardly a first wait.
    pub(crate) fn stop_now(&self) {
        self.hurry.cancel();
        self.stop.cancel();
    }

    /// Whether it can take a call.
    pub(crate) fn is_usable(&self) -> bool {
        !self.stop.is_cancelled() && self.stream.end().is_none() && self.ended.borrow().is_none()
    }

    /// Waits until it is gone. `None` when its supervisor was dropped, which kills
    /// it.
    pub(crate) async fn gone(&self) -> Option<End> {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await;
        end.map_or(None, |end| end.clone())
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<End> {
        self.ended.borrow().clone()
    }

    /// How it ended, with the last lines of its standard error, for people.
    pub(crate) async fn epitaph(&self) -> String {
        let end = timeout(REAP, self.gone()).await.ok().flatten();
        let how = end.map_or_else(|| "still running".to_owned(), |end| end.how);
        match &self.runs {
            Running::Here { stderr, .. } => format!(" ({how}){}", quoted(stderr)),
            Running::Elsewhere { .. } => format!(" ({how})"),
        }
    }

    /// Whether the token of the session with a server elsewhere is used no more.
    pub(crate) fn is_expired(&self) -> bool {
        match &self.runs {
            Running::Here { .. } => false,
            Running::Elsewhere { until, .. } => until.is_some_and(|until| Instant::now() >= until),
        }
    }

    /// Whether a server elsewhere has forgotten the session.
    pub(crate) fn is_lost(&self) -> bool {
        match &self.runs {
            Running::Here { .. } => false,
            Running::Elsewhere { health, .. } => health.is_lost(),
        }
    }

    /// Whether it is a session with a server elsewhere.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.runs, Running::Elsewhere { .. })
    }

    /// Resident memory of the process and its children, bytes; zero when unknown.
    pub(crate) async fn memory_bytes(&self) -> u64 {
        let Running::Here {
            leader, weighed, ..
        } = &self.runs
        else {
            return 0;
        };
        let leader = *leader;
        if !is_weighing_due(weighed) {
            return main_line_memory_bytes(leader);
        }
        let weighing = tokio::task::spawn_blocking(move || group_memory_bytes(leader));
        weighing.await.map_or(0, Result::unwrap_or_default)
    }
}

fn is_weighing_due(weighed: &Mutex<Option<Instant>>) -> bool {
    let mut weighed = weighed.lock().unwrap_or_else(PoisonError::into_inner);
    let due = weighed.is_none_or(|at| at.elapsed() >= WEIGH_ALL);
    if due {
        *weighed = Some(Instant::now());
    }
    due
}

/// A process that nobody can call any more ends.
impl Drop for Child {
    fn drop(&mut self) {
        self.stop_now();
    }
}

/// A session's lines, none of which is longer than `max_line_bytes`.
pub(crate) fn transport<R, W>(
    output: R,
    input: W,
    max_line_bytes: usize,
    watch: StreamWatch,
) -> AsyncRwTransport<RoleClient, LineGuard<R>, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let guarded = LineGuard::new(output, max_line_bytes, watch);
    // The guard is the only limit: rmcp's own would skip a long line and leave
    // its call waiting.
    AsyncRwTransport::new_client(guarded, input).with_max_line_length(usize::MAX)
}

/// The parts that live exactly as long as the process. Dropping them kills it.
struct Life {
    process: Process,
    service: RunningService<RoleClient, Session>,
    group: Group,
    /// Reads its standard error.
    reading: JoinHandle<()>,
    grace: Duration,
}

impl Life {
    async fn stdout_ended(&mut self, end: Option<StreamEnd>) -> std::io::Result<ExitStatus> {
        if end == Some(StreamEnd::Closed)
            && let Ok(status) = timeout(self.grace, self.process.wait()).await
        {
            return status;
        }
        self.group.kill();
        self.process.wait().await
    }

    async fn end(&mut self, hurry: &CancellationToken) -> std::io::Result<ExitStatus> {
        // Closes the process's input; a failure shows as the wait below.
        let _closed = self.service.close_with_timeout(CLOSE_INPUT).await;
        let in_a_hurry = hurry.is_cancelled();
        let patience = if in_a_hurry {
            HEED_CANCEL.min(self.grace)
        } else {
            self.grace
        };
        tokio::select! {
            status = self.process.wait() => return status,
            () = tokio::time::sleep(patience) => {}
            () = hurry.cancelled(), if !in_a_hurry => {}
        }
        self.group.terminate();
        if let Ok(status) = timeout(self.grace, self.process.wait()).await {
            return status;
        }
        self.group.kill();
        self.process.wait().await
    }
}

fn spawn(start: &Start<'_>) -> std::io::Result<Process> {
    let mut words = start.wrapper.iter().map(OsString::as_os_str);
    let mut command = match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(&start.program.command);
            command
        }
        None => Command::new(&start.program.command),
    };
    command
        .args(&start.program.args)
        .env_clear()
        .envs(start.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(start.folder.path())
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn quoted(stderr: &StderrTail) -> String {
    match stderr.last_lines() {
        lines if lines.is_empty() => String::new(),
        lines => format!("; it wrote: {lines}"),
    }
}
