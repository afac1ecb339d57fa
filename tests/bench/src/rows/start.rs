//! P1: from the start of the handler's process to its first 200, and the same for
//! an axum program that does nothing. The store is there already, as it is
//! whenever a host starts a handler again; a first start is told beside it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick, ms_since};
use crate::nothing::PORT_VARIABLE;
use crate::stack::{Place, Stack};

const STARTS: usize = 40;
const FIRST_STARTS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_micros(200);

pub async fn measure(place: &Place) -> Done<Row> {
    let stack = Stack::prepare(place).await?;
    let environment = stack.environment();
    let handler = stack.app().join("handler");
    one(&handler, stack.app(), environment)?;
    let (mut starts, mut nothing, mut first) = <(Samples, Samples, Samples)>::default();
    for number in 0..STARTS {
        starts.push(one(&handler, stack.app(), environment)?);
        nothing.push(one(&place.own, stack.app(), &[])?);
        if number < FIRST_STARTS {
            let data = stack.file(&format!("empty-{number}"));
            let mut fresh = environment.to_vec();
            for (name, value) in &mut fresh {
                if name == "AZIMUTH_DATA_DIR" {
                    *value = data.display().to_string();
                }
            }
            first.push(one(&handler, stack.app(), &fresh)?);
        }
    }
    Ok(Row {
        id: "P1",
        name: "handler start to first 200, p50".to_owned(),
        figure: starts.median(),
        unit: "ms",
        bar: Bar::AtMost(30.0),
        quantiles: Some(starts.quantiles()),
        yardsticks: vec![Yardstick::median("axum that does nothing", "ms", &nothing)],
        notes: vec![Note::new("with an empty data folder", first.median(), "ms")],
    })
}

/// Ends its process whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn one(program: &Path, folder: &Path, environment: &[(String, String)]) -> Done<f64> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().cloned())
        .env(PORT_VARIABLE, address.port().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let since = Instant::now();
    let child = command.spawn().map_err(Failure::file(program))?;
    let _running = Running(child);
    while since.elapsed() < PATIENCE {
        if answers(address) {
            return Ok(ms_since(since));
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::answer(program.display().to_string(), "no answer"))
}

fn free_address() -> Done<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Failure::io("a free port"))
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let mut answer = [0; 12];
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .and_then(|()| stream.read_exact(&mut answer))
        .is_ok_and(|()| &answer == b"HTTP/1.1 200")
}
