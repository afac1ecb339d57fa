//! An HTTP/1.1 client over one connection that costs as little as possible: it
//! shares the two cores with what it measures. It knows exactly what our servers
//! send: `Content-Length` or chunks.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{Done, Failure};

/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Of a head; a longer one is an error.
const MAX_HEAD: usize = 64 * 1024;

/// One connection, used for one request after the other.
pub struct Connection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
    /// What of `buffer` has been taken.
    at: usize,
    body: Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// So many bytes are left.
    Length(usize),
    /// Bytes left of the chunk at hand.
    Chunks(usize),
    Over,
}

/// What a request is sent with.
pub struct Request<'a> {
    pub method: &'static str,
    pub path: &'a str,
    /// Without the line's end.
    pub headers: &'a [String],
    pub body: &'a str,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Done<Self> {
        let open = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream = open
            .await
            .map_err(Failure::io(format!("connect to {address}")))?;
        Ok(Self {
            stream,
            host: address.to_string(),
            buffer: Vec::new(),
            at: 0,
            body: Body::Over,
        })
    }

    /// Sends a request and reads the head of its answer. The former answer must
    /// have been read to its end.
    pub async fn send(&mut self, request: &Request<'_>) -> Done<u16> {
        debug_assert_eq!(self.body, Body::Over);
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\n",
            request.method, request.path, self.host
        );
        for header in request.headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if !request.body.is_empty() {
            text.push_str("content-type: application/json\r\ncontent-length: ");
            text.push_str(&request.body.len().to_string());
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(request.body);
        let what = || format!("{} {}", request.method, request.path);
        self.stream
            .write_all(text.as_bytes())
            .await
            .map_err(Failure::io(what()))?;
        self.head().await
    }

    /// The same, and the whole body.
    pub async fn call(&mut self, request: &Request<'_>) -> Done<(u16, Vec<u8>)> {
        let status = self.send(request).await?;
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(piece);
        }
        Ok((status, body))
    }

    /// The next bytes of the body, `None` at its end.
    pub async fn piece(&mut self) -> Done<Option<&[u8]>> {
        loop {
            match self.body {
                Body::Over | Body::Length(0) => {
                    self.body = Body::Over;
                    return Ok(None);
                }
                Body::Length(left) => {
                    if self.at == self.buffer.len() {
                        self.fill().await?;
                    }
                    let piece = left.min(self.buffer.len() - self.at);
                    self.body = Body::Length(left - piece);
                    return Ok(Some(self.take(piece)));
                }
                Body::Chunks(0) => {
                    let size = self.chunk_size().await?;
                    if size == 0 {
                        // The empty line behind the last chunk; no trailers here.
                        self.line().await?;
                        self.body = Body::Over;
                        return Ok(None);
                    }
                    self.body = Body::Chunks(size);
                }
                Body::Chunks(left) => {
                    if self.at == self.buffer.len() {
                        self.fill().await?;
                    }
                    let piece = left.min(self.buffer.len() - self.at);
                    if piece < left {
                        self.body = Body::Chunks(left - piece);
                        return Ok(Some(self.take(piece)));
                    }
                    while self.buffer.len() - self.at < piece + 2 {
                        self.fill().await?;
                    }
                    self.body = Body::Chunks(0);
                    let at = self.at;
                    self.at += piece + 2;
                    return Ok(Some(&self.buffer[at..at + piece]));
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> &[u8] {
        let at = self.at;
        self.at += length;
        &self.buffer[at..at + length]
    }

    async fn chunk_size(&mut self) -> Done<usize> {
        let line = self.line().await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        usize::from_str_radix(digits, 16)
            .map_err(|_| Failure::answer("a chunk", format!("its size is {digits:?}")))
    }

    async fn head(&mut self) -> Done<u16> {
        let first = self.line().await?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| Failure::answer("an answer", format!("it begins {first:?}")))?;
        self.body = Body::Length(0);
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(status);
            }
            let (name, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
            if name.eq_ignore_ascii_case("content-length") {
                self.body = Body::Length(value.trim().parse().unwrap_or(0));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                self.body = Body::Chunks(0);
            }
        }
    }

    async fn line(&mut self) -> Done<String> {
        loop {
            let waiting = &self.buffer[self.at..];
            if let Some(end) = waiting.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&waiting[..end]).into_owned();
                self.at += end + 2;
                return Ok(line);
            }
            if waiting.len() > MAX_HEAD {
                return Err(Failure::answer("an answer", "a line without an end"));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Done {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer))
            .await
            .map_err(|_| Failure::answer(&self.host, "it says nothing"))?
            .map_err(Failure::io(self.host.clone()))?;
        if read == 0 {
            return Err(Failure::answer(&self.host, "it broke off"));
        }
        Ok(())
    }
}
