//! The proxy from outside, over plain sockets: nothing here is our own client.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// A proxy, a server that echoes what it is sent and counts who came, and names.
pub(super) struct Rig {
    pub(super) proxy: EgressProxy,
    pub(super) echo: SocketAddr,
    pub(super) came: Arc<AtomicUsize>,
    pub(super) looked_up: Arc<AtomicUsize>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What the rig's resolver knows.
pub(super) type Names = HashMap<String, Vec<IpAddr>>;

impl Rig {
    pub(super) async fn start(names: Names) -> Self {
        Self::of(names, Limits::default(), |_| None).await
    }

    async fn of(
        names: Names,
        limits: Limits,
        above: impl FnOnce(SocketAddr) -> Option<String>,
    ) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo = listener.local_addr().unwrap();
        let came = Arc::new(AtomicUsize::new(0));
        tasks.spawn(serve_echo(listener, Arc::clone(&came), stop.clone()));
        let looked_up = Arc::new(AtomicUsize::new(0));
        let (names, count) = (Mutex::new(names), Arc::clone(&looked_up));
        let lookup: Lookup = Arc::new(move |name| {
            count.fetch_add(1, Ordering::SeqCst);
            let found = names.lock().unwrap().get(&name).cloned();
            Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
        });
        let settings = Settings {
            lookup,
            above: above(echo),
            limits,
        };
        let proxy = EgressProxy::start(settings, &tasks, stop.clone())
            .await
            .unwrap();
        Self {
            proxy,
            echo,
            came,
            looked_up,
            tasks,
            stop,
        }
    }

    pub(super) fn pass(&self, number: u8, patterns: &[&str]) -> Pass {
        let port = self.echo.port().to_string();
        let allow = AllowList::parse(patterns.iter().map(|p| p.replace("{p}", &port))).unwrap();
        let alice = UserKey::new("tid", "alice");
        self.proxy.admit("fake", Some(&alice), allow, [number; 32])
    }

    /// Sends `head` with the credentials of `pass`; the head of the answer, and the
    /// connection.
    pub(super) async fn ask(&self, pass: &Pass, head: &str) -> (String, TcpStream) {
        let head = head.replace("{p}", &self.echo.port().to_string());
        let head = head.replacen(
            "\r\n",
            &format!("\r\n{}", credentials(&self.proxy.url(pass))),
            1,
        );
        self.say(&head).await
    }

    async fn say(&self, head: &str) -> (String, TcpStream) {
        let mut stream = TcpStream::connect(self.proxy.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        (read_head(&mut stream).await, stream)
    }

    pub(super) async fn status(&self, pass: &Pass, head: &str) -> u16 {
        status(&self.ask(pass, head).await.0)
    }

    pub(super) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn serve_echo(listener: TcpListener, came: Arc<AtomicUsize>, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    loop {
        let mut stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = stop.cancelled() => return,
        };
        came.fetch_add(1, Ordering::SeqCst);
        let stop = stop.clone();
        tasks.spawn(async move {
            let (mut reads, mut writes) = stream.split();
            tokio::select! {
                _ended = tokio::io::copy(&mut reads, &mut writes) => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// The header by which a client names itself that was given `url`.
fn credentials(url: &str) -> String {
    let (pair, _) = url.trim_start_matches("http://").split_once('@').unwrap();
    format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair))
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn status(head: &str) -> u16 {
    let word = head.split(' ').nth(1).unwrap_or("0");
    word.parse().unwrap()
}

async fn echoes(stream: &mut TcpStream, text: &str) -> bool {
    let mut said = vec![0; text.len()];
    stream.write_all(text.as_bytes()).await.is_ok()
        && stream.read_exact(&mut said).await.is_ok()
        && said == text.as_bytes()
}

const CONNECT: &str = "CONNECT 127.0.0.1:{p} HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn without_a_pass_there_is_no_connection() {
    let rig = Rig::start(Names::new()).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let port = rig.echo.port();
    let head =
        |header: &str| format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nhost: x\r\n{header}\r\n");
    let basic = |pair: &str| format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair));
    for header in [
        String::new(),
        basic("tool:wrong"),
        basic(&format!("tool:{}", hex::encode([2; 32]))),
        basic(&format!("tool{}", hex::encode([1; 32]))),
        "Proxy-Authorization: Basic !!!\r\n".to_owned(),
        format!("Proxy-Authorization: Bearer {}\r\n", hex::encode([1; 32])),
        format!(
            "Authorization: Basic {}\r\n",
            STANDARD.encode(format!("tool:{}", hex::encode([1; 32])))
        ),
    ] {
        let (answer, _) = rig.say(&head(&header)).await;
        assert_eq!(status(&answer), 407, "{header}");
        assert!(answer.to_lowercase().contains("proxy-authenticate: basic"));
    }
    assert_eq!(rig.status(&pass, CONNECT).await, 200);
    assert_eq!(rig.came.load(Ordering::SeqCst), 1);
    let url = rig.proxy.url(&pass);
    drop(pass);
    let (answer, _) = rig.say(&head(&credentials(&url))).await;
    assert_eq!(status(&answer), 407, "a pass ends with its process");
    rig.end().await;
}

#[tokio::test]
async fn a_port_of_ones_own_needs_no_credentials_and_ends_with_the_pass() {
    let rig = Rig::start(Names::new()).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let port = rig.proxy.open(&pass).await.unwrap();
    let mut statuses = Vec::new();
    for to in [rig.echo.port(), 1] {
        let mut stream = TcpStream::connect(port).await.unwrap();
        let head = format!("CONNECT 127.0.0.1:{to} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        statuses.push(status(&read_head(&mut stream).await));
    }
    assert_eq!(statuses, [200, 403]);
    drop(pass);
    while TcpStream::connect(port).await.is_ok() {}
    rig.end().await;
}

#[tokio::test]
async fn each_process_reaches_what_its_own_server_may() {
    let rig = Rig::start(Names::new()).await;
    let (may, may_not) = (
        rig.pass(1, &["127.0.0.1:{p}"]),
        rig.pass(2, &["127.0.0.1:1"]),
    );
    let (head, mut stream) = rig.ask(&may, CONNECT).await;
    assert_eq!(status(&head), 200);
    assert!(echoes(&mut stream, "hello").await);
    let (head, mut stream) = rig.ask(&may_not, CONNECT).await;
    assert_eq!(status(&head), 403);
    let length = head.to_lowercase();
    assert!(length.contains("content-length: "), "{head}");
    let mut text = vec![0; 16];
    stream.read_exact(&mut text).await.unwrap();
    assert_eq!(text, b"The tool server ");
    assert_eq!(rig.came.load(Ordering::SeqCst), 1);
    rig.end().await;
}

#[tokio::test]
async fn a_pass_that_ends_takes_its_tunnels_along() {
    let rig = Rig::start(Names::new()).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let (_, mut stream) = rig.ask(&pass, CONNECT).await;
    assert!(echoes(&mut stream, "hello").await);
    drop(pass);
    assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)));
    rig.end().await;
}

#[tokio::test]
async fn a_tunnel_in_which_nothing_moves_ends() {
    let limits = Limits {
        idle: Duration::from_millis(100),
        ..Limits::default()
    };
    let rig = Rig::of(Names::new(), limits, |_| None).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let (_, mut stream) = rig.ask(&pass, CONNECT).await;
    assert!(echoes(&mut stream, "hello").await);
    let silent = Instant::now();
    assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)));
    assert!(silent.elapsed() >= Duration::from_millis(90));
    rig.end().await;
}

#[tokio::test]
async fn a_process_has_sixty_four_connections_and_no_more() {
    let limits = Limits {
        connect: Duration::from_millis(300),
        ..Limits::default()
    };
    let rig = Rig::of(Names::new(), limits, |_| None).await;
    let (pass, other) = (
        rig.pass(1, &["127.0.0.1:{p}"]),
        rig.pass(2, &["127.0.0.1:{p}"]),
    );
    let mut open = Vec::new();
    for n in 0..64 {
        let (head, stream) = rig.ask(&pass, CONNECT).await;
        assert_eq!(status(&head), 200, "{n}");
        open.push(stream);
    }
    assert_eq!(rig.status(&pass, CONNECT).await, 503);
    assert_eq!(
        rig.status(&other, CONNECT).await,
        200,
        "others have their own"
    );
    drop(open.pop());
    // Its end is noticed in its own time.
    while rig.status(&pass, CONNECT).await != 200 {}
    rig.end().await;
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_every_address_is_judged() {
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    let away: IpAddr = "20.50.2.1".parse().unwrap();
    let names = Names::from([
        ("named.test".to_owned(), vec![here]),
        ("half.vault.test".to_owned(), vec![away, here]),
        ("rebound.vault.test".to_owned(), vec![here]),
        (
            "metadata.test".to_owned(),
            vec!["169.254.169.254".parse().unwrap()],
        ),
    ]);
    let rig = Rig::start(names).await;
    let pass = rig.pass(
        1,
        &["named.test:{p}", "*.vault.test:{p}", "metadata.test:{p}"],
    );
    let connect = |host: &str| format!("CONNECT {host}:{{p}} HTTP/1.1\r\nhost: x\r\n\r\n");
    // Named with its port: a private address is meant. Connected to what was judged.
    let (head, mut stream) = rig.ask(&pass, &connect("named.test")).await;
    assert_eq!(status(&head), 200);
    assert!(echoes(&mut stream, "hello").await);
    assert_eq!(rig.looked_up.load(Ordering::SeqCst), 1);
    for host in ["half.vault.test", "rebound.vault.test", "metadata.test"] {
        assert_eq!(rig.status(&pass, &connect(host)).await, 403, "{host}");
    }
    assert_eq!(rig.status(&pass, &connect("none.vault.test")).await, 502);
    assert_eq!(rig.looked_up.load(Ordering::SeqCst), 5);
    assert_eq!(rig.status(&pass, &connect("other.test")).await, 403);
    assert_eq!(
        rig.looked_up.load(Ordering::SeqCst),
        5,
        "not even looked up"
    );
    assert_eq!(rig.came.load(Ordering::SeqCst), 1);
    rig.end().await;
}

#[tokio::test]
async fn a_proxy_above_is_told_names_and_only_those_on_the_list() {
    // The echo answers the request with itself, which is no answer: nothing is open then,
    // but what was asked for is seen.
    let limits = Limits::default();
    let (asked, seen) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
    let above = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = above.local_addr().unwrap().to_string();
    let rig = Rig::of(Names::new(), limits, |_| Some(at)).await;
    let (lines, stop) = (Arc::clone(&asked), seen.clone());
    rig.tasks.spawn(async move {
        while let Some(Ok((mut stream, _))) = tokio::select! {
            accepted = above.accept() => Some(accepted),
            () = stop.cancelled() => None,
        } {
            let head = read_head(&mut stream).await;
            lines
                .lock()
                .unwrap()
                .push(head.lines().next().unwrap().to_owned());
            let answer = if head.contains("no.vault") {
                "HTTP/1.1 403 No\r\n\r\n"
            } else {
                "HTTP/1.1 200 Yes\r\n\r\nfirst"
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let pass = rig.pass(1, &["*.vault.test"]);
    let connect = |host: &str| format!("CONNECT {host}:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    let (head, mut stream) = rig.ask(&pass, &connect("kv.vault.test")).await;
    assert_eq!(status(&head), 200);
    let mut first = [0; 5];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"first", "what came with the answer is not lost");
    for (host, expected) in [
        ("no.vault.test", 502),
        ("other.test", 403),
        ("127.0.0.1", 403),
    ] {
        assert_eq!(rig.status(&pass, &connect(host)).await, expected, "{host}");
    }
    seen.cancel();
    assert_eq!(rig.looked_up.load(Ordering::SeqCst), 0);
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "CONNECT kv.vault.test:443 HTTP/1.1",
            "CONNECT no.vault.test:443 HTTP/1.1"
        ]
    );
    rig.end().await;
}

#[tokio::test]
async fn a_plain_request_is_sent_on_without_what_is_ours() {
    let rig = Rig::start(Names::new()).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = server.local_addr().unwrap();
    let allowed = rig.pass(3, &[&at.to_string()]);
    let (tell, told) = tokio::sync::oneshot::channel();
    rig.tasks.spawn(async move {
        let (mut stream, _) = server.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: x-hop\r\nx-hop: 1\r\nx-end: 1\r\n\r\nok";
        stream.write_all(answer.as_bytes()).await.unwrap();
        tell.send(head).unwrap();
    });
    let head = format!(
        "GET http://{at}/a/b?c=d HTTP/1.1\r\nhost: elsewhere.test\r\nconnection: x-mine\r\nx-mine: 1\r\nx-kept: 1\r\n\r\n"
    );
    assert_eq!(rig.status(&pass, &head).await, 403);
    let started = Instant::now();
    let (answer, _) = rig.ask(&allowed, &head).await;
    assert_eq!(status(&answer), 200);
    assert!(
        answer.contains("x-end") && !answer.contains("x-hop"),
        "{answer}"
    );
    let sent = told.await.unwrap().to_lowercase();
    assert!(sent.starts_with("get /a/b?c=d http/1.1\r\n"), "{sent}");
    assert!(sent.contains(&format!("host: {at}\r\n")), "{sent}");
    assert!(sent.contains("x-kept: 1"), "{sent}");
    for gone in ["proxy-authorization", "x-mine", "elsewhere"] {
        assert!(!sent.contains(gone), "{gone}: {sent}");
    }
    assert_eq!(allowed.reached().since(started), [at.to_string()]);
    assert_eq!(pass.reached().since(started), [""; 0]);
    rig.end().await;
}

#[tokio::test]
async fn what_was_reached_since_a_moment_is_known_also_over_an_older_connection() {
    let rig = Rig::start(Names::new()).await;
    let pass = rig.pass(1, &["127.0.0.1:{p}"]);
    let begun = Instant::now();
    let (_, mut stream) = rig.ask(&pass, CONNECT).await;
    assert!(echoes(&mut stream, "hello").await);
    let host = rig.echo.to_string();
    assert_eq!(pass.reached().since(begun), std::slice::from_ref(&host));
    let later = Instant::now() + Duration::from_millis(2);
    assert_eq!(pass.reached().since(later), [""; 0]);
    while Instant::now() < later {
        tokio::task::yield_now().await;
    }
    assert!(echoes(&mut stream, "again").await);
    assert_eq!(pass.reached().since(later), [host]);
    rig.end().await;
}
