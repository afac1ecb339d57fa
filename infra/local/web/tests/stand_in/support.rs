use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use azimuth_web::{Log, Overlay, SiteOptions, StartError, WebServer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a test waits for what must happen.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub const CONFIG: &str = "staticwebapp.config.json";

/// A built folder and what belongs to it.
pub struct TestSite {
    folder: TempDir,
    pub overlays: Vec<Overlay>,
    pub origins: Vec<(String, String)>,
    pub log: Log,
}

/// A running server with its folder.
pub struct Running {
    pub site: TestSite,
    server: WebServer,
}

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl TestSite {
    /// With an index page and this configuration.
    pub fn new(config: &Value) -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
            overlays: Vec::new(),
            origins: Vec::new(),
            log: Log::memory(),
        };
        fs::create_dir(site.root()).unwrap();
        site.file("index.html", "the page");
        site.file(CONFIG, config.to_string());
        site
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("dist")
    }

    /// Beside the root: not part of the site.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.root().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    pub fn options(&self) -> SiteOptions {
        SiteOptions {
            root: self.root(),
            config: self.root().join(CONFIG),
            overlays: self.overlays.clone(),
            origins: self.origins.iter().cloned().collect(),
        }
    }

    pub async fn start(self) -> Running {
        let server = WebServer::start(self.options(), 0, self.log.clone())
            .await
            .unwrap();
        Running { site: self, server }
    }

    /// Why it does not start.
    pub async fn refused(&self) -> String {
        let started = WebServer::start(self.options(), 0, self.log.clone()).await;
        let error: StartError = started.unwrap_err();
        error.to_string()
    }
}

/// Why a site with this configuration does not start.
pub async fn refusal(config: &Value) -> String {
    TestSite::new(config).refused().await
}

pub async fn serve(config: &Value) -> Running {
    TestSite::new(config).start().await
}

/// The fallback of a portal, with `/assets/*` and `/config.json` left out.
pub fn with_fallback() -> Value {
    json!({"navigationFallback": {
        "rewrite": "/index.html",
        "exclude": ["/assets/*", "/config.json", "/images/*.{png,svg}"],
    }})
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(self.address(), method, path, headers).await
    }
}

/// One request on a connection of its own, byte for byte as it is given.
pub async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    request.push_str("\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    };
    let bytes = tokio::time::timeout(DEADLINE, exchange).await.unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Answer {
        status: status.parse().unwrap(),
        headers: lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// `None` when it is absent; the test fails when it is there twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice");
        first
    }
}

/// Looks until `look` finds something; the test fails at the deadline.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
