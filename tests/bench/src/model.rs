//! The model backend: an endpoint that streams an answer of 20 chunks, each
//! written by itself, as a chat completion of `OpenAI`. What a question says
//! decides: one that begins with `/hold` is never answered to its end.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Done, Failure};
use crate::programs::{end_with_stdin, write_whole};

/// Chunks of text of one answer.
pub const CHUNKS: usize = 20;

/// Text of one chunk.
const TEXT: &str = "Several words of an answer, as a model says them. ";

/// What asks for the answer directly, as the product asks for it.
pub const PATH: &str = "/v1/chat/completions";

/// Name of the model.
pub const NAME: &str = "bench";

/// The program: serves until standard input ends, and says where in `info`.
pub async fn serve(info: &Path) -> Done {
    end_with_stdin();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(Failure::io("listen"))?;
    let address = listener.local_addr().map_err(Failure::io("listen"))?;
    write_whole(info, &json!({"address": address.to_string()}))?;
    let answer = Answer::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            // A client that breaks off is no fault.
            let _ = converse(stream, &answer).await;
        });
    }
}

/// The pieces of an answer, framed once.
#[derive(Clone)]
struct Answer {
    chunk: Vec<u8>,
    end: Vec<u8>,
}

impl Answer {
    fn new() -> Self {
        let event = |delta: serde_json::Value, finish: serde_json::Value| {
            json!({
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": NAME,
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            })
        };
        let framed = |data: &str| {
            let data = format!("data: {data}\n\n");
            format!("{:x}\r\n{data}\r\n", data.len())
        };
        let said = event(json!({"content": TEXT}), json!(null));
        let stop = event(json!({}), json!("stop"));
        let usage = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": NAME,
            "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300},
        });
        let mut end = framed(&stop.to_string());
        end.push_str(&framed(&usage.to_string()));
        end.push_str(&framed("[DONE]"));
        end.push_str("0\r\n\r\n");
        Self {
            chunk: framed(&said.to_string()).into_bytes(),
            end: end.into_bytes(),
        }
    }
}

async fn converse(mut stream: TcpStream, answer: &Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut buffer).await? {
        if !head.starts_with("POST ") {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                .await?;
            continue;
        }
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            )
            .await?;
        for _ in 0..CHUNKS {
            stream.write_all(&answer.chunk).await?;
            tokio::task::yield_now().await;
        }
        if holds(&body) {
            // Until the client goes away.
            let mut rest = [0; 64];
            while stream.read(&mut rest).await? > 0 {}
            return Ok(());
        }
        stream.write_all(&answer.end).await?;
    }
    Ok(())
}

fn holds(body: &[u8]) -> bool {
    body.windows(6).any(|w| w == b"\"/hold")
}

async fn request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<(String, Vec<u8>)>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    Ok(Some((head, body)))
}
