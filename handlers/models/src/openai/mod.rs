//! Any endpoint that speaks the chat completions of `OpenAI`: itself, Azure's (the
//! v1 API), and the many servers that imitate them.
//!
//! Source of the protocol: <https://platform.openai.com/docs/api-reference/chat-streaming>.

mod assemble;
mod config;
mod failure;
mod prompt;
mod sse;
#[cfg(test)]
mod tests;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::model::{ChatModel, ModelError, ModelEvent, ModelRequest, ModelStream};
use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, redirect};

use assemble::Assembly;
pub use config::{ConfigError, KeyHeader, OpenAiConfig};
use failure::{of_status, of_transport, retry_after, worth_retrying};
use sse::{SseError, SseLines};

/// Tries of one request, the first included. Only before the first byte of an
/// answer: after it, a second try could say something else.
const TRIES: u32 = 3;
/// Wait for the usage and the end behind the model's last word.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Most of an error's body that is read, bytes.
const MAX_ERROR_BYTES: usize = 16 * 1024;

/// See the module.
#[derive(Debug)]
pub struct OpenAiModel {
    config: OpenAiConfig,
    description: String,
    client: Client,
    key: Option<(HeaderName, HeaderValue)>,
}

impl OpenAiModel {
    /// A model at the endpoint of `config`. Nothing is sent yet.
    pub fn new(config: OpenAiConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let key = config.key_header()?;
        let mut builder = Client::builder()
            .connect_timeout(config.connect_timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("azimuth/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &config.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| ConfigError::Proxy)?;
            builder = builder.proxy(proxy);
        }
        // To read the system's certificates takes longer than the rest of a start;
        // an endpoint without TLS needs none.
        if config.base_url.scheme() == "http" && config.proxy.is_none() {
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|error| ConfigError::Client(error.to_string()))?;
        let description = format!("{} at {}", config.model, config.host());
        Ok(Self {
            config,
            description,
            client,
            key,
        })
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some((name, value)) => request.header(name, value.clone()),
            None => request,
        }
    }

    /// Sends until the endpoint answers with success, at most [`TRIES`] times.
    async fn send(&self, body: &[u8]) -> Result<Response, ModelError> {
        let mut attempt = 1;
        loop {
            let request = self
                .authorised(self.client.post(self.config.endpoint("chat/completions")))
                .header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "text/event-stream")
                .body(body.to_vec());
            let sent = tokio::time::timeout(self.config.idle_timeout, request.send()).await;
            let (error, retry) = match sent {
                Err(_) => (silent(self.config.idle_timeout), false),
                // Whether a request that broke off was counted is unknown, but it
                // brought no answer and changed nothing.
                Ok(Err(error)) => (of_transport(&error), error.is_connect()),
                Ok(Ok(response)) if response.status().is_success() => return Ok(response),
                Ok(Ok(response)) => {
                    let status = response.status();
                    let after = retry_after(response.headers());
                    let text = beginning(response, self.config.idle_timeout).await;
                    (of_status(status, after, &text), worth_retrying(status))
                }
            };
            let pause = match &error {
                ModelError::Unavailable {
                    retry_after: Some(asked),
                    ..
                } => *asked,
                _ => self.config.retry_pause.saturating_mul(1 << (attempt - 1)),
            };
            if !retry || attempt == TRIES || pause > self.config.longest_pause {
                return Err(error);
            }
            tracing::debug!(attempt, %error, "the model is asked again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn description(&self) -> &str {
        &self.description
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let body = wire::body(&self.config.model, &request).map_err(|error| {
            ModelError::Rejected(format!("the request cannot be written: {error}"))
        })?;
        let response = self.send(&body).await?;
        Ok(events(response, self.config.idle_timeout))
    }

    async fn health(&self) -> Result<(), ModelError> {
        let request = self.authorised(self.client.get(self.config.endpoint("models")));
        let response = tokio::time::timeout(self.config.connect_timeout, request.send())
            .await
            .map_err(|_| silent(self.config.connect_timeout))?
            .map_err(|error| of_transport(&error))?;
        // Not every imitation has this path; that it answers is what counts.
        match response.status().as_u16() {
            401 | 403 => Err(ModelError::Unauthorized),
            500..=599 => Err(of_status(response.status(), None, "")),
            _ => Ok(()),
        }
    }
}

fn silent(after: Duration) -> ModelError {
    ModelError::Unavailable {
        detail: format!("no answer within {} s", after.as_secs_f32()),
        retry_after: None,
    }
}

async fn beginning(response: Response, idle: Duration) -> String {
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while bytes.len() < MAX_ERROR_BYTES {
        match tokio::time::timeout(idle, body.next()).await {
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(MAX_ERROR_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Turns a streaming body into events. Dropping the stream closes the
/// connection, which ends the answer at the endpoint.
fn events(response: Response, idle: Duration) -> ModelStream {
    let body = Box::pin(response.bytes_stream());
    let state = Reading {
        lines: SseLines::default(),
        assembly: Assembly::default(),
        ready: Vec::new().into_iter(),
        over: false,
    };
    Box::pin(futures::stream::unfold(
        (body, state),
        move |(mut body, mut state)| async move {
            loop {
                if let Some(event) = state.ready.next() {
                    return Some((event, (body, state)));
                }
                if state.over {
                    return None;
                }
                let finished = state.assembly.is_finished();
                let patience = if finished { idle.min(LAST_WORDS) } else { idle };
                match tokio::time::timeout(patience, body.next()).await {
                    Ok(Some(Ok(chunk))) => state.take(&chunk),
                    Ok(None) => state.end(),
                    Ok(Some(Err(error))) => state.fail(of_transport(&error)),
                    // Some keep the connection open behind a finished answer.
                    Err(_) if finished => state.end(),
                    Err(_) => state.fail(silent(idle)),
                }
            }
        },
    ))
}

struct Reading {
    lines: SseLines,
    assembly: Assembly,
    ready: std::vec::IntoIter<Result<ModelEvent, ModelError>>,
    over: bool,
}

impl Reading {
    fn take(&mut self, chunk: &[u8]) {
        let data = self.lines.push(chunk);
        self.read(data);
    }

    fn end(&mut self) {
        let data = self.lines.finish();
        self.read(data.map(|d| d.into_iter().collect()));
        if !self.over {
            let mut events: Vec<_> = self.ready.by_ref().collect();
            events.extend(self.assembly.broken_off());
            self.ready = events.into_iter();
            self.over = true;
        }
    }

    fn read(&mut self, data: Result<Vec<String>, SseError>) {
        let mut events: Vec<Result<ModelEvent, ModelError>> = self.ready.by_ref().collect();
        match data {
            Ok(data) => {
                for data in data {
                    match self.assembly.accept(&data) {
                        Ok(more) => events.extend(more.into_iter().map(Ok)),
                        Err(error) => {
                            events.push(Err(error));
                            self.over = true;
                        }
                    }
                    if self.over || self.assembly.is_over() {
                        self.over = true;
                        break;
                    }
                }
            }
            Err(error) => {
                events.push(Err(ModelError::Rejected(error.to_string())));
                self.over = true;
            }
        }
        self.ready = events.into_iter();
    }

    fn fail(&mut self, error: ModelError) {
        self.ready = vec![Err(error)].into_iter();
        self.over = true;
    }
}
