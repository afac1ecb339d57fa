//! A network namespace with nothing but loopback, to show that nothing else is
//! needed.

use std::path::Path;
use std::process::Stdio;

use rustix::process::geteuid;
use tokio::process::Command;

/// Brings loopback up without iproute2 (SIOCGIFFLAGS, SIOCSIFFLAGS, `IFF_UP`).
const UP_BY_PYTHON: &str = "import fcntl,socket,struct\n\
    s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n\
    r=struct.pack('16sh14x',b'lo',0)\n\
    f=struct.unpack('16sh14x',fcntl.ioctl(s,0x8913,r))[1]\n\
    fcntl.ioctl(s,0x8914,struct.pack('16sh14x',b'lo',f|1))";

/// What the shell does inside: loopback up, then the program in its place.
const INSIDE: &str = "if command -v ip >/dev/null 2>&1; then ip link set lo up; \
    else python3 -c \"$UP_BY_PYTHON\"; fi && exec \"$0\" \"$@\"";

/// `program` as a command that runs in such a namespace.
pub fn alone(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        // A user namespace in which we may make a network namespace.
        command.arg("--map-root-user");
    }
    command
        .args(["--net", "--", "sh", "-c", INSIDE])
        .arg(program)
        .env("UP_BY_PYTHON", UP_BY_PYTHON);
    command
}

/// Whether this machine lets us, proven by doing it: a listener on loopback must
/// be reached inside.
pub async fn is_possible() -> bool {
    alone(Path::new("true"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .is_ok_and(|status| status.success())
}
