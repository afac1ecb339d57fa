//! Answers that take longer than a look at a token holds: an export that goes on for
//! minutes looks again whether its reader may read on.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::principal::{Principal, Role};
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::users::Standing;
use tokio::time::Instant;

use super::caller::Gate;

/// Longest read; shorter than the host's `functionTimeout`.
pub const PATIENCE: Duration = Duration::from_mins(8);

/// How often it is looked again whether the reader may read on.
pub const RECHECK: Duration = Duration::from_secs(15);

/// How long a read outlives its reader's token.
pub const EXPIRY_GRACE_MS: i64 = 60_000;

/// A read that goes on.
pub struct LongRead {
    gate: Gate,
    clock: Arc<dyn Clock>,
    /// Who reads.
    pub reader: Principal,
    until: Instant,
    recheck_at: Instant,
}

impl LongRead {
    /// A read that begins now, by somebody who was let in just now.
    pub fn begin(gate: Gate, clock: Arc<dyn Clock>, reader: Principal) -> Self {
        Self {
            gate,
            clock,
            reader,
            until: Instant::now() + PATIENCE,
            recheck_at: Instant::now() + RECHECK,
        }
    }

    /// Fails when the read takes too long, or when its reader was switched off, signed
    /// out or lost the roles that `is_enough` asks for. Not knowing is no permission.
    pub async fn go_on(
        &mut self,
        is_enough: impl FnOnce(&BTreeSet<Role>) -> bool,
    ) -> io::Result<()> {
        if Instant::now() >= self.until {
            return Err(io::Error::other("the export takes too long"));
        }
        if Instant::now() < self.recheck_at {
            return Ok(());
        }
        if token_is_over(self.clock.now(), self.reader.token_expires_at) {
            return Err(io::Error::other("the reader's token has expired"));
        }
        let standing = self.gate.standing(&self.reader).await;
        let standing = standing.map_err(|error| {
            tracing::error!(%error, "an export broke off");
            io::Error::other("the users' store does not answer")
        })?;
        match standing {
            Standing::Active(roles) if is_enough(&roles) => {}
            _ => return Err(io::Error::other("the reader may not read this any more")),
        }
        self.recheck_at = Instant::now() + RECHECK;
        Ok(())
    }
}

fn token_is_over(now: Timestamp, expires_at: Timestamp) -> bool {
    now >= expires_at.plus_ms(EXPIRY_GRACE_MS)
}
