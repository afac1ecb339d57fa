//! How long a handler takes to its first answer.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Done, Failure};

/// Where the host tells its handler's port.
pub const PORT_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

const PATIENCE: Duration = Duration::from_secs(20);

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_micros(200);

/// From the start of `program` in `folder`, with nothing but `environment`, to its first
/// 200 of `GET /`, in ms. It is ended then.
pub fn first_answer(program: &Path, folder: &Path, environment: &[(String, String)]) -> Done<f64> {
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
            return Ok(since.elapsed().as_secs_f64() * 1e3);
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::answer(program.display().to_string(), "no answer"))
}

/// Ends its process whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
