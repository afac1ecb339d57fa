//! Open and close of an attempt: appends that are made again while the audit does not
//! answer. An append is one create under a deterministic id, so making it twice writes
//! once, and the writer's own id tells who did.

use std::time::Duration;

use azimuth_domain::audit::{AuditEntry, conversation_chain};
use azimuth_domain::turn::Turn;
use azimuth_ports::audit::{Appended, AuditError};

use crate::turn::{Engine, StopSign};

/// How long an outage of the audit is waited out beside a living lease, all pauses
/// together well below it. After that rules 7 and 9 have the word.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(900),
    Duration::from_millis(1500),
];

impl Engine {
    /// Appends to the chain of the turn's conversation. A raised `stop`, where one is
    /// given, ends the waiting.
    pub(super) async fn append_patiently(
        &self,
        turn: &Turn,
        id: &str,
        entry: AuditEntry,
        mut stop: Option<&mut StopSign>,
    ) -> Result<Appended, AuditError> {
        let tenant = &turn.asker.user.tid;
        let chain = conversation_chain(&turn.id.conversation());
        let append = || {
            self.audit()
                .append(tenant, &chain, id, self.now(), entry.clone())
        };
        for pause in PAUSES {
            let error = match append().await {
                Ok(appended) => return Ok(appended),
                Err(error) => error,
            };
            tracing::warn!(record = id, %error, "the audit takes no record; trying again");
            let pause = tokio::time::sleep(self.jittered(pause));
            match stop.as_deref_mut() {
                None => pause.await,
                Some(stop) => tokio::select! {
                    biased;
                    () = stop.raised() => return Err(error),
                    () = pause => {}
                },
            }
        }
        append().await
    }
}
