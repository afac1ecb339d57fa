//! Waiting for the sandbox and for the API.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::sandbox::SandboxDescription;
use super::service::Service;
use crate::failure::Failure;
use crate::http_request;
use crate::session::Session;

/// A slow machine that starts tool servers for the first time included.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a line says what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The host's info file.
#[derive(Debug, Clone, Deserialize)]
pub struct HostInfo {
    pub api: String,
    pub host_pid: u32,
    pub handler_pid: u32,
}

impl HostInfo {
    pub fn read(file: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
    }

    pub fn port(&self) -> u16 {
        self.api
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or_default()
    }
}

pub async fn wait_for_sandbox(
    session: &mut Session,
    sandbox: &mut Service,
    folder: &Path,
) -> Result<SandboxDescription, Failure> {
    let pid = sandbox.pid();
    let mut waiting = Waiting::begin("sandbox Azure");
    loop {
        // The file of a former run has another pid.
        if let Some(found) = SandboxDescription::read(folder).filter(|found| found.pid == pid)
            && http_request::get(&found.control, "/sandbox/health")
                .await
                .is_ok_and(|answer| answer.status == 200)
        {
            return Ok(found);
        }
        waiting
            .pause(session, sandbox, "nothing written yet")
            .await?;
    }
}

/// Waits until the API says that it can work.
pub async fn wait(
    session: &mut Session,
    host: &mut Service,
    info_file: &Path,
) -> Result<HostInfo, Failure> {
    session.say("start", "Functions-host stand-in and handler");
    let mut waiting = Waiting::begin("the API");
    loop {
        let missing = match HostInfo::read(info_file) {
            None => "the handler does not listen yet".to_owned(),
            Some(info) => match http_request::get(&info.api, "/api/health/ready").await {
                Ok(answer) if answer.status == 200 => return Ok(info),
                Ok(answer) => what_is_missing(answer.status, &answer.body),
                Err(error) => error.to_string(),
            },
        };
        waiting.pause(session, host, &missing).await?;
    }
}

/// Waits until a program has told `what` it is asked for.
pub async fn wait_for<T>(
    session: &mut Session,
    service: &mut Service,
    what: &'static str,
    look: impl Fn() -> Option<T>,
) -> Result<T, Failure> {
    let mut waiting = Waiting::begin(what);
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        waiting
            .pause(session, service, "nothing written yet")
            .await?;
    }
}

/// Waits until the portal's first page is served.
pub async fn wait_for_portal(
    session: &mut Session,
    web: &mut Service,
    origin: &str,
) -> Result<(), Failure> {
    let mut waiting = Waiting::begin("the portal");
    loop {
        let missing = match http_request::get(origin, "/").await {
            Ok(answer) if answer.status == 200 => return Ok(()),
            Ok(answer) => format!("it answers {}", answer.status),
            Err(error) => error.to_string(),
        };
        waiting.pause(session, web, &missing).await?;
    }
}

struct Waiting {
    what: &'static str,
    deadline: Instant,
    say_at: Instant,
}

impl Waiting {
    fn begin(what: &'static str) -> Self {
        let now = Instant::now();
        Self {
            what,
            deadline: now + PATIENCE,
            say_at: now + SAY_EVERY,
        }
    }

    /// Until it is time to look again. Fails when that has no sense any more.
    async fn pause(
        &mut self,
        session: &mut Session,
        service: &mut Service,
        missing: &str,
    ) -> Result<(), Failure> {
        tokio::select! {
            () = session.interrupted() => return Err(Failure::Interrupted),
            how = service.ended() => {
                return Err(service.failure(&how, "What it says there is what has to be mended."));
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = Instant::now();
        if now >= self.deadline {
            let how = format!("was not ready within {PATIENCE:?} ({missing})");
            return Err(service.failure(&how, "Is this machine very busy? Then try again."));
        }
        if now >= self.say_at {
            self.say_at = now + SAY_EVERY;
            session.say(
                "start",
                format_args!("waiting for {}: {missing}", self.what),
            );
        }
        Ok(())
    }
}

/// The lines of the readiness report that are not well.
fn what_is_missing(status: u16, body: &[u8]) -> String {
    let report: Value = serde_json::from_slice(body).unwrap_or_default();
    let bad: Vec<String> = report["checks"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|check| check["ok"] != true)
        .map(|check| {
            format!(
                "{}: {}",
                check["name"].as_str().unwrap_or("?"),
                check["detail"].as_str().unwrap_or("?")
            )
        })
        .collect();
    if bad.is_empty() {
        format!("it answers {status}")
    } else {
        bad.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_well_is_told() {
        let body = br#"{"checks":[{"name":"store","ok":true,"detail":"ok"},
            {"name":"tools:azure","ok":false,"detail":"does not answer"}]}"#;
        assert_eq!(what_is_missing(503, body), "tools:azure: does not answer");
        assert_eq!(what_is_missing(404, b""), "it answers 404");
    }

    #[test]
    fn the_port_is_read_from_the_address() {
        let info = |api: &str| HostInfo {
            api: api.into(),
            host_pid: 1,
            handler_pid: 2,
        };
        assert_eq!(info("http://127.0.0.1:7071").port(), 7071);
        assert_eq!(info("nonsense").port(), 0);
    }
}
