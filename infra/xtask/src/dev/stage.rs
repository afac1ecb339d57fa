//! The programs of an instance: started in order, watched, started again, ended.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use super::announcement::{Announcement, announce};
use super::azurite::AZURITE;
use super::description::{DevDescription, write_json};
use super::emulators::{COSMOS, Connections, Emulators};
use super::environment::{Choices, host_environment, servers};
use super::options::DevOptions;
use super::portal::{Portal, WEB};
use super::readiness::{self, HostInfo};
use super::sandbox::SandboxDescription;
use super::service::{Service, begin_logs};
use super::{HOST, SANDBOX, ports, private};
use crate::failure::Failure;
use crate::processes::{reap_orphans, sweep};
use crate::repository::Repository;
use crate::session::Session;

/// The host's exit code when the handler has failed three times.
const THREE_STRIKES: i32 = 3;

/// So many hosts, or servers of the portal, in a row may end before they were
/// ready; then something is wrong that another start does not mend.
const STARTS_MAX: u32 = 3;

/// A tool server outlives a killed handler by at most 5 s.
const ORPHAN_GRACE: Duration = Duration::from_secs(7);

/// How often the host's word on its handler is read.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How often ended orphans are collected.
const REAP_EVERY: Duration = Duration::from_secs(5);

/// Everything that runs, and where.
pub struct Stage<'a> {
    pub repository: &'a Repository,
    pub options: &'a DevOptions,
    pub data: PathBuf,
    pub logs: PathBuf,
    pub programs: PathBuf,
    pub azure_mcp: Option<PathBuf>,
    /// What stands for Azure's storage.
    pub emulators: Emulators,
    /// `None` without a portal.
    pub portal: Option<Portal>,
    /// The portal's server, while it runs.
    pub web: Option<Service>,
    /// Sandbox and host, in the order of their start.
    pub running: Vec<Service>,
}

/// What ended while everything was watched; the text says how.
enum Ended {
    Host(String),
    Web(String),
}

impl Stage<'_> {
    /// Starts everything and keeps it running; returns by a failure or by
    /// [`Failure::Interrupted`].
    pub async fn play(&mut self, session: &mut Session) -> Result<(), Failure> {
        begin_logs(&self.logs, &[SANDBOX, AZURITE, COSMOS, HOST, WEB])?;
        session.say("start", format_args!("logs are in {}", self.logs.display()));
        let sandbox = self.start_sandbox(session).await?;
        let connections = self
            .emulators
            .start(session, &self.data, &self.logs)
            .await?;
        let environment = self.environment(session, &sandbox, &connections)?;

        let mut hosts_in_vain = 0;
        let mut announced: Option<DevDescription> = None;
        // A host that is started again must come back at the same address.
        let mut port = self.options.api_port;
        loop {
            let mut host = self.start_host(port, &environment)?;
            let ready = readiness::wait(session, &mut host, &self.info_file()).await;
            self.running.push(host);
            let how = match ready {
                Ok(info) => {
                    hosts_in_vain = 0;
                    port = info.port();
                    if announced.is_none() {
                        self.start_portal(session, &info.api, &sandbox).await?;
                    }
                    let description = self.describe(&info, &sandbox);
                    description.write(&self.data)?;
                    if announced.is_none() {
                        announce(&Announcement {
                            sandbox: &sandbox,
                            api: &info.api,
                            portal: self.portal.as_ref().map(|portal| portal.origin.as_str()),
                            data: self.options.data.as_deref(),
                        });
                    } else {
                        session.say("host", "ready again");
                    }
                    announced = Some(description);
                    loop {
                        match self.watch(session, &sandbox, &mut announced).await? {
                            Ended::Host(how) => break how,
                            Ended::Web(how) => {
                                session
                                    .say("portal", format_args!("{WEB} {how}; starting a new one"));
                                self.start_portal(session, &info.api, &sandbox).await?;
                                session.say("portal", "ready again");
                            }
                        }
                    }
                }
                Err(failure) if announced.is_none() => return Err(failure),
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                Err(failure) => {
                    hosts_in_vain += 1;
                    if hosts_in_vain == STARTS_MAX {
                        return Err(failure);
                    }
                    failure.to_string()
                }
            };
            if let Some(mut former) = self.running.pop() {
                former.stop().await;
            }
            session.say("host", format_args!("{how}; starting a new one"));
            ports::wait_until_free(session, "--api-port", port).await?;
        }
    }

    async fn start_sandbox(
        &mut self,
        session: &mut Session,
    ) -> Result<SandboxDescription, Failure> {
        let folder = self.data.join("sandbox");
        private::own_folder(&folder).map_err(Failure::file("create", &folder))?;
        if let Some(former) = SandboxDescription::read(&folder) {
            ports::wait_until_gone(session, former.pid, SANDBOX).await?;
        }
        session.say("start", "sandbox Azure");
        let mut command = Command::new(self.programs.join(SANDBOX));
        command.arg("--data").arg(&folder);
        let mut sandbox = Service::start(SANDBOX, command, &self.logs)?;
        let described = readiness::wait_for_sandbox(session, &mut sandbox, &folder).await;
        self.running.push(sandbox);
        described
    }

    fn environment(
        &self,
        session: &Session,
        sandbox: &SandboxDescription,
        connections: &Connections,
    ) -> Result<Vec<(String, String)>, Failure> {
        let servers_file = self.data.join("mcp.json");
        if let Some(azure_mcp) = &self.azure_mcp {
            let bundle_folder = self.repository.cache().join("dotnet");
            private::make_folder(&bundle_folder)
                .map_err(Failure::file("create", &bundle_folder))?;
            write_json(&servers_file, &servers(azure_mcp, &bundle_folder, sandbox))?;
        }
        let choices = Choices {
            data: &self.data,
            servers_file: &servers_file,
            connections,
            portal_origin: self.portal.as_ref().map(|portal| portal.origin.as_str()),
            model: self.options.model.as_deref(),
        };
        // A variable that is no text cannot be a setting; it is left out.
        let own = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let made = host_environment(own, sandbox, &choices);
        if !made.overruled.is_empty() {
            session.say(
                "start",
                format_args!(
                    "not used, the sandbox sets it: {}",
                    made.overruled.join(", ")
                ),
            );
        }
        Ok(made.variables.into_iter().collect())
    }

    fn info_file(&self) -> PathBuf {
        self.data.join("host-info.json")
    }

    fn start_host(&self, port: u16, environment: &[(String, String)]) -> Result<Service, Failure> {
        // The word of a former host must not be taken for this one's.
        let _gone = fs::remove_file(self.info_file());
        let mut command = Command::new(self.programs.join(HOST));
        command
            .arg("--script-root")
            .arg(self.repository.app())
            .arg("--info-file")
            .arg(self.info_file())
            .args(["--port", &port.to_string(), "--group", "all"])
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)));
        if self.emulators.azurite.is_none() {
            command.arg("--queue-dir").arg(&self.data);
        }
        Service::start(HOST, command, &self.logs)
    }

    /// Does nothing without a portal.
    async fn start_portal(
        &mut self,
        session: &mut Session,
        api: &str,
        sandbox: &SandboxDescription,
    ) -> Result<(), Failure> {
        if let Some(mut former) = self.web.take() {
            former.stop().await;
        }
        let Some(portal) = &mut self.portal else {
            return Ok(());
        };
        let mut starts = 1;
        loop {
            let started = portal
                .start(session, &self.programs, &self.logs, api, sandbox)
                .await;
            match started {
                Ok(service) => {
                    self.web = Some(service);
                    return Ok(());
                }
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
                Err(failure) if starts == STARTS_MAX => return Err(failure),
                Err(failure) => session.say("portal", format_args!("{failure}; trying again")),
            }
            starts += 1;
        }
    }

    /// Returns when the host or the portal's server has ended.
    async fn watch(
        &mut self,
        session: &mut Session,
        sandbox: &SandboxDescription,
        announced: &mut Option<DevDescription>,
    ) -> Result<Ended, Failure> {
        let info_file = self.info_file();
        let portal_origin = self.portal.as_ref().map(|portal| portal.origin.clone());
        let web = &mut self.web;
        let emulators = &mut self.emulators;
        let [sandbox_service, host] = self.running.as_mut_slice() else {
            return Err(Failure::Told("sandbox and host do not both run"));
        };
        let web_pid = web.as_ref().map_or(0, Service::pid);
        let mut children = vec![sandbox_service.pid(), host.pid(), web_pid];
        children.extend(emulators.pids());
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut reap = tokio::time::interval(REAP_EVERY);
        loop {
            tokio::select! {
                () = session.interrupted() => return Err(Failure::Interrupted),
                how = sandbox_service.ended() => {
                    return Err(sandbox_service.failure(&how, "Start `cargo xtask dev` again; its state is kept."));
                }
                how = host.ended() => {
                    return Ok(Ended::Host(match host.exit_code() {
                        Some(THREE_STRIKES) => "the host stopped: the handler has failed three times".to_owned(),
                        _ => format!("the host {how}"),
                    }));
                }
                failure = emulators.ended() => return Err(failure),
                how = end_of(web.as_mut()) => return Ok(Ended::Web(how)),
                _ = reap.tick() => reap_orphans(&children),
                _ = look.tick() => {
                    let Some(info) = HostInfo::read(&info_file) else { continue };
                    let description = describe(&info, sandbox, portal_origin.as_deref());
                    if announced.as_ref() != Some(&description) {
                        description.write(&self.data)?;
                        session.say("host", format_args!("the handler was started again (pid {})", info.handler_pid));
                        *announced = Some(description);
                    }
                }
            }
        }
    }

    fn describe(&self, info: &HostInfo, sandbox: &SandboxDescription) -> DevDescription {
        let portal = self.portal.as_ref().map(|portal| portal.origin.as_str());
        describe(info, sandbox, portal)
    }

    /// Ends everything, in the reverse order of its start.
    pub async fn strike(&mut self) {
        if let Some(mut web) = self.web.take() {
            web.stop().await;
        }
        while let Some(mut service) = self.running.pop() {
            service.stop().await;
        }
        self.emulators.stop().await;
        for left in sweep(ORPHAN_GRACE).await {
            eprintln!(
                "{} (pid {}) did not end by itself and was killed",
                left.name, left.pid
            );
        }
        DevDescription::remove(&self.data);
        let _gone = fs::remove_file(self.info_file());
    }
}

/// Pending without such a program.
async fn end_of(service: Option<&mut Service>) -> String {
    match service {
        Some(service) => service.ended().await,
        None => std::future::pending().await,
    }
}

fn describe(info: &HostInfo, sandbox: &SandboxDescription, portal: Option<&str>) -> DevDescription {
    DevDescription {
        api: info.api.clone(),
        portal: portal.map(ToOwned::to_owned),
        sandbox: sandbox.control.clone(),
        host_pid: info.host_pid,
        handler_pids: vec![info.handler_pid],
        proxy: sandbox.proxy.clone(),
    }
}
