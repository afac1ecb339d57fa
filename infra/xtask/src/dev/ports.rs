//! What a run before may still hold for a moment.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::processes::runs;
use crate::session::Session;

/// How long programs of a run that was killed take to notice and end.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Fails with the option's name when somebody else keeps the port.
pub async fn wait_until_free(
    session: &mut Session,
    option: &str,
    port: u16,
) -> Result<(), Failure> {
    wait(session, &format!("port {port}"), || is_free(port))
        .await?
        .then_some(())
        .ok_or_else(|| {
            Failure::refused(
                format!("port {port} on 127.0.0.1 is in use"),
                format!("End what uses it, or give another: {option} PORT"),
            )
        })
}

/// Keeps a port for a program that is started later; port 0 takes any. Nobody
/// else gets it until the listener is dropped.
pub fn reserve(option: &str, port: u16) -> Result<(TcpListener, u16), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let taken = listener.and_then(|listener| {
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    });
    taken.map_err(|error| {
        Failure::refused(
            format!("port {port} on 127.0.0.1 cannot be listened on: {error}"),
            format!("Give another: {option} PORT"),
        )
    })
}

/// Two programs must not write one folder.
pub async fn wait_until_gone(session: &mut Session, pid: u32, name: &str) -> Result<(), Failure> {
    wait(session, name, || !runs(pid.into(), name))
        .await?
        .then_some(())
        .ok_or_else(|| {
            Failure::refused(
                format!("{name} of an earlier run (pid {pid}) still uses this folder"),
                format!("End it with `kill {pid}`, or give another folder: --data DIR"),
            )
        })
}

async fn wait(
    session: &mut Session,
    what: &str,
    is_done: impl Fn() -> bool,
) -> Result<bool, Failure> {
    if is_done() {
        return Ok(true);
    }
    session.say(
        "start",
        format_args!("waiting for {what} of an earlier run"),
    );
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        tokio::select! {
            () = session.interrupted() => return Err(Failure::Interrupted),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if is_done() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Port 0 is any, and always free.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_port_that_somebody_listens_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(0));
    }

    #[test]
    fn a_reserved_port_is_kept_until_it_is_given_back() {
        let (kept, port) = reserve("--portal-port", 0).unwrap();
        assert!(reserve("--portal-port", port).is_err() && !is_free(port));
        drop(kept);
        assert!(is_free(port));
    }
}
