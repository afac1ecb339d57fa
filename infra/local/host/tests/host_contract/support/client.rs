use std::fmt::Write;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::DEADLINE;

/// An HTTP answer, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order of the wire.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One connection on which a test writes and reads exactly what it wants.
pub struct RawClient {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// Sends a request on a connection of its own and reads the answer.
pub async fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Answer {
    let mut client = RawClient::connect(address).await;
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: portal.example\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if let Some(body) = body {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    client
        .write(&format!("{head}\r\n{}", body.unwrap_or_default()))
        .await;
    if method == "HEAD" {
        return client.head().await;
    }
    client.answer().await
}

impl RawClient {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    pub async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Status and headers, the body left unread.
    pub async fn head(&mut self) -> Answer {
        let head = self.read_until("\r\n\r\n").await.expect("an answer's head");
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Answer {
            status: status.parse().unwrap(),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: String::new(),
        }
    }

    pub async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            while self.unread.len() < length {
                assert!(self.fill().await, "the answer broke off");
            }
            answer.body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        } else if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await {
                answer.body.push_str(&chunk);
            }
        }
        answer
    }

    /// The next chunk; `None` at the end that the answer itself tells.
    pub async fn chunk(&mut self) -> Option<String> {
        let chunk = self.try_chunk().await;
        chunk.expect("the answer broke off")
    }

    /// As [`Self::chunk`], `Err` when the connection ends first.
    pub async fn try_chunk(&mut self) -> Result<Option<String>, BrokenOff> {
        let line = self.read_until("\r\n").await.ok_or(BrokenOff)?;
        let length = usize::from_str_radix(&line, 16).unwrap();
        while self.unread.len() < length + 2 {
            if !self.fill().await {
                return Err(BrokenOff);
            }
        }
        let data: Vec<u8> = self.unread.drain(..length).collect();
        self.unread.drain(..2);
        Ok((length > 0).then(|| String::from_utf8(data).unwrap()))
    }

    async fn read_until(&mut self, end: &str) -> Option<String> {
        loop {
            let at = self
                .unread
                .windows(end.len())
                .position(|window| window == end.as_bytes());
            if let Some(at) = at {
                let found = self.unread.drain(..at).collect();
                self.unread.drain(..end.len());
                return Some(String::from_utf8(found).unwrap());
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Reads some more; false when the other side has closed.
    async fn fill(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let read = timeout(DEADLINE, self.stream.read(&mut buffer))
            .await
            .unwrap();
        let read = read.unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..read]);
        read > 0
    }
}

/// The connection ended before the answer did.
#[derive(Debug, PartialEq, Eq)]
pub struct BrokenOff;
