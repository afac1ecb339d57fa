//! One call from its request to its result: which process, which gate, whether the
//! tool is still what was pinned.

use std::sync::{Arc, PoisonError};

use azimuth_domain::tool::{Availability, EffectClass, ToolRef, ToolSpec};
use azimuth_ports::tools::{CallOutput, CallRequest, ToolError};
use rmcp::model::JsonObject;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::call;
use crate::catalogue::is_built_in;
use crate::child::Child;
use crate::pool::Lease;
use crate::servers::ServerConfig;

impl Shared {
    /// Up to the mark everything happens in this future, so that dropping it leaves
    /// nothing that could still send the call. From then on the call goes on in a
    /// task of its own, so that cleaning up after it does not depend on the caller;
    /// when this future is dropped it is cancelled.
    pub(super) async fn call(
        self: &Arc<Self>,
        request: CallRequest,
    ) -> Result<CallOutput, ToolError> {
        let started = Instant::now();
        let arguments = call::arguments(&request).map_err(ToolError::NotStarted)?;
        let placing = self.place(&request, started + request.deadline);
        let place = placing.await.map_err(ToolError::NotStarted)?;
        let cancel = CancellationToken::new();
        let _cancelled_with_us = cancel.clone().drop_guard();
        request.begun.mark();
        let shared = Arc::clone(self);
        let task = self.tasks.spawn(async move {
            shared
                .run(place, &request, arguments, started, &cancel)
                .await
        });
        task.await.unwrap_or_else(|_| {
            Err(ToolError::Unclear(
                "The call broke inside the handler.".to_owned(),
            ))
        })
    }

    async fn run(
        &self,
        place: Place,
        request: &CallRequest,
        arguments: JsonObject,
        started: Instant,
        cancel: &CancellationToken,
    ) -> Result<CallOutput, ToolError> {
        let limits = &self.pool.launcher().limits;
        let deadline = started + request.deadline;
        let lease = &place.lease;
        let began = std::time::Instant::now();
        let consent = match place.pass {
            Pass::Alone { .. } => Some(lease.child.session.give_consent()),
            Pass::Shared { .. } => None,
        };
        let ended = call::run(
            &lease.child,
            request,
            arguments,
            deadline,
            cancel,
            consent,
            limits,
        )
        .await;
        request.token.set(lease.child.token_id());
        request.hosts.set(lease.child.reached.since(began));
        if ended.reusable {
            lease.succeeded();
            if lease.child.memory_bytes().await > limits.max_memory_bytes {
                let server = &request.tool.server;
                tracing::info!(server, "a tool server process is too big and ends");
                lease.retire();
            }
        } else {
            lease.retire_runaway();
        }
        tracing::debug!(
            tool = %request.tool,
            correlation_id = request.correlation_id,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            ok = ended.result.is_ok(),
            "tool call",
        );
        ended.result
    }

    /// A process for the call, with its gate passed and its tool checked. The
    /// error is for people.
    async fn place(&self, request: &CallRequest, deadline: Instant) -> Result<Place, String> {
        let (server, spec) = self.enabled(&request.tool)?;
        let alone = request.consent && self.may_ask(&spec);
        loop {
            let lease = self.pool.acquire(&server, &request.user, deadline).await?;
            let gate = Arc::clone(&lease.child.gate);
            let passing = async {
                if alone {
                    Pass::Alone {
                        _gate: gate.write_owned().await,
                    }
                } else {
                    Pass::Shared {
                        _gate: gate.read_owned().await,
                    }
                }
            };
            let Ok(pass) = timeout_at(deadline, passing).await else {
                return Err("Another approved call of the same person took too long.".to_owned());
            };
            // Whoever held the gate may have left a process behind that is still at
            // its call, and could then ask for consent under ours.
            if !lease.is_usable() {
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if lease.child.is_outdated()
                && let Err(problem) = lease.child.relearn(left).await
            {
                lease.retire();
                return Err(format!(
                    "The tool server {} cannot be used: {problem}.",
                    server.name
                ));
            }
            if lease.child.take_uncompared() {
                self.compare(&server.name, &lease.child);
            }
            check_offer(&lease.child, &spec)?;
            return Ok(Place { lease, pass });
        }
    }

    fn enabled(&self, tool: &ToolRef) -> Result<(Arc<ServerConfig>, ToolSpec), String> {
        let catalogue = self
            .catalogue
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let spec = catalogue
            .get(tool)
            .ok_or_else(|| format!("There is no tool {tool}."))?;
        let server = self
            .servers
            .get(&tool.server)
            .ok_or("There is no such tool server.")?;
        match spec.availability {
            Availability::Enabled => Ok((Arc::clone(server), spec.clone())),
            Availability::Changed => Err(changed(tool)),
            _ => Err(format!("The tool {tool} is not enabled here.")),
        }
    }

    /// Whether the tool may ask its user for consent. What asks unexpectedly is
    /// declined.
    fn may_ask(&self, spec: &ToolSpec) -> bool {
        if is_built_in(&spec.tool.server) {
            self.prompting.contains(&spec.tool)
        } else {
            spec.effect != EffectClass::ReadOnly
        }
    }

    /// Marks every tool that is no longer what was pinned. It stays marked as long
    /// as this process lives.
    fn compare(&self, server: &str, child: &Child) {
        let offered = child.offered();
        let mut known = self.known();
        let mut found = false;
        for spec in known.tools.get_mut(server).into_iter().flatten() {
            let differs = offered
                .get(&spec.tool.name)
                .is_some_and(|hash| *hash != spec.hash);
            if differs && spec.availability == Availability::Enabled {
                tracing::warn!(tool = %spec.tool, "a tool differs from its pin and is refused");
                spec.availability = Availability::Changed;
                found = true;
            }
        }
        if found {
            self.publish(&known);
        }
    }
}

fn check_offer(child: &Child, spec: &ToolSpec) -> Result<(), String> {
    match child.offered().get(&spec.tool.name) {
        Some(hash) if *hash == spec.hash => Ok(()),
        Some(_) => Err(changed(&spec.tool)),
        None => Err(format!(
            "The server {} no longer offers {}.",
            spec.tool.server, spec.tool.name
        )),
    }
}

fn changed(tool: &ToolRef) -> String {
    format!("The tool {tool} differs from the one that was pinned and is refused.")
}

/// A process that is ours for one call.
struct Place {
    lease: Lease,
    pass: Pass,
}

/// The gate of the process, held until the call is over; alone by a call that may
/// be told "accept".
enum Pass {
    Alone { _gate: OwnedRwLockWriteGuard<()> },
    Shared { _gate: OwnedRwLockReadGuard<()> },
}
