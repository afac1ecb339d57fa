use std::net::SocketAddr;

use tokio::sync::{mpsc, watch};

/// Where the handler's life stands. `generation` counts its processes from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerState {
    Starting,
    Ready { pid: u32, generation: u64 },
    Stopped,
}

/// What the rest of the host sees of the handler.
#[derive(Debug)]
pub struct Handler {
    address: SocketAddr,
    state: watch::Receiver<HandlerState>,
    kills: mpsc::UnboundedSender<u64>,
}

/// The host stops, so no handler will be ready any more.
#[derive(Debug, thiserror::Error)]
#[error("the host stops")]
pub struct HandlerGone;

impl Handler {
    pub fn new(
        address: SocketAddr,
        state: watch::Receiver<HandlerState>,
        kills: mpsc::UnboundedSender<u64>,
    ) -> Self {
        Self {
            address,
            state,
            kills,
        }
    }

    /// Where every process of the handler listens: the port stays the same.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn state(&self) -> watch::Receiver<HandlerState> {
        self.state.clone()
    }

    /// Waits until a handler is ready; gives its process id. In the real host
    /// too, invocations wait while the handler is being restarted.
    pub async fn ready(&self) -> Result<u32, HandlerGone> {
        let mut state = self.state.clone();
        let reached = state
            .wait_for(|state| *state != HandlerState::Starting)
            .await
            .map_err(|_| HandlerGone)?;
        match *reached {
            HandlerState::Ready { pid, .. } => Ok(pid),
            HandlerState::Starting | HandlerState::Stopped => Err(HandlerGone),
        }
    }

    /// Kills the process that is ready now and starts another. Does nothing
    /// while one is being started, so timeouts that pass together kill once.
    pub fn kill_and_restart(&self) {
        if let HandlerState::Ready { generation, .. } = *self.state.borrow() {
            // A supervisor that is gone has killed its handler already.
            let _ = self.kills.send(generation);
        }
    }
}
