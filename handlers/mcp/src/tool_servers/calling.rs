//! One call from its request to its result: which process, which gate, whether the
//! tool is still what was pinned.

use std::sync::{Arc, PoisonError};

use azimuth_domain::tool::{Availability, EffectClass, ToolRef};
use azimuth_domain::tool_servers::TenantServer;
use azimuth_ports::tools::{Acceptance, CallOutput, CallRequest, ToolError};
use rmcp::model::JsonObject;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Shared, offers};
use crate::call::{self, Ended};
use crate::catalogue::is_built_in;
use crate::catalogue::pins::LearnedTool;
use crate::child::{Child, Offered};
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
        let deadline = started + request.deadline;
        let effect = place.effect;
        let mut ended = self
            .attempt(place, request, arguments.clone(), deadline, cancel)
            .await;
        // What only reads may be asked again in a session that the server knows.
        if ended.lost && effect == EffectClass::ReadOnly {
            let again = tokio::select! {
                place = self.place(request, deadline) => place.ok(),
                () = cancel.cancelled() => None,
            };
            if let Some(place) = again.filter(|place| place.effect == effect) {
                ended = self
                    .attempt(place, request, arguments, deadline, cancel)
                    .await;
            }
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

    async fn attempt(
        &self,
        place: Place,
        request: &CallRequest,
        arguments: JsonObject,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Ended {
        let limits = &self.pool.launcher().limits;
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
        ended
    }

    /// A process for the call, with its gate passed and its tool checked. The
    /// error is for people.
    async fn place(&self, request: &CallRequest, deadline: Instant) -> Result<Place, String> {
        let (server, pinned) = self.enabled(request)?;
        let alone = request.consent && self.may_ask(&request.tool, pinned.effect);
        loop {
            let pool = self.pool_of(&server);
            let lease = pool.acquire(&server, &request.user, deadline).await?;
            if lease.child.is_expired() {
                lease.retire();
                continue;
            }
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
                // What another session says counts.
                if lease.child.is_lost() {
                    lease.retire_runaway();
                    continue;
                }
                lease.retire();
                return Err(format!(
                    "The tool server {} cannot be used: {problem}.",
                    server.name
                ));
            }
            if lease.child.take_uncompared() {
                self.compare(&server.name, &lease.child);
            }
            check_offer(&lease.child, &request.tool, &pinned.hash)?;
            return Ok(Place {
                lease,
                pass,
                effect: pinned.effect,
            });
        }
    }

    /// The server of the call, and what the tool must be.
    fn enabled(&self, request: &CallRequest) -> Result<(Arc<ServerConfig>, Acceptance), String> {
        let tool = &request.tool;
        if let Some(added) = &request.added {
            return self.added(added, request);
        }
        let catalogue = self
            .catalogue
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let spec = catalogue.get(tool);
        let server = self
            .servers
            .get(&tool.server)
            .ok_or_else(|| format!("There is no tool {tool}."))?;
        let pinned = spec.map(|spec| Acceptance {
            hash: spec.hash.clone(),
            effect: spec.effect,
        });
        let availability = spec.map(|spec| spec.availability);
        let is_local = availability == Some(Availability::NeedsLocalMachine);
        match (&request.accepted, pinned, availability) {
            (Some(accepted), ..) if !is_local => Ok((Arc::clone(server), accepted.clone())),
            (None, Some(pinned), Some(Availability::Enabled)) => Ok((Arc::clone(server), pinned)),
            (None, Some(_), Some(Availability::Changed)) => Err(changed(tool)),
            (_, None, _) => Err(format!("There is no tool {tool}.")),
            _ => Err(format!("The tool {tool} is not enabled here.")),
        }
    }

    /// The same of a server that a tenant added: there is no pin but what was accepted.
    fn added(
        &self,
        server: &TenantServer,
        request: &CallRequest,
    ) -> Result<(Arc<ServerConfig>, Acceptance), String> {
        let accepted = request.accepted.clone();
        let accepted =
            accepted.ok_or_else(|| format!("The tool {} is not enabled here.", request.tool))?;
        let config = self.addable.config(server, &self.no_home())?;
        Ok((Arc::new(config), accepted))
    }

    /// Whether the tool may ask its user for consent. What asks unexpectedly is
    /// declined.
    fn may_ask(&self, tool: &ToolRef, effect: EffectClass) -> bool {
        if is_built_in(&tool.server) {
            self.prompting.contains(tool)
        } else {
            effect != EffectClass::ReadOnly
        }
    }

    fn compare(&self, server: &str, child: &Child) {
        self.note_offer(server, &child.offered(), child.take_texts());
    }

    /// Marks every tool that is no longer what was pinned, which stays so as long as this
    /// process lives, and remembers what is offered. `texts` are tools that were listed
    /// with it, or none where only the hashes are known.
    pub(super) fn note_offer(&self, server: &str, offered: &Offered, texts: Vec<LearnedTool>) {
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
        let pinned = known.tools.get(server);
        let before = known.offers.get(server);
        let offer = offers::offer(pinned.map_or(&[], Vec::as_slice), before, offered, texts);
        if before != Some(&offer) {
            if !self.servers.contains_key(server) && before.is_none() {
                self.forget_offers(&mut known);
            }
            known.offers.insert(server.to_owned(), offer);
            found = true;
        }
        if found {
            self.publish(&known);
        }
    }
}

fn check_offer(child: &Child, tool: &ToolRef, hash: &str) -> Result<(), String> {
    match child.offered().get(&tool.name) {
        Some(offered) if *offered == hash => Ok(()),
        Some(_) => Err(changed(tool)),
        None => Err(format!(
            "The server {} no longer offers {}.",
            tool.server, tool.name
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
    effect: EffectClass,
}

/// The gate of the process, held until the call is over; alone by a call that may
/// be told "accept".
enum Pass {
    Alone { _gate: OwnedRwLockWriteGuard<()> },
    Shared { _gate: OwnedRwLockReadGuard<()> },
}
