//! The model across the line. Its answer has several parts: a torn one breaks off
//! after the first.

use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::model::{ChatModel, ModelError, ModelRequest, ModelStream};
use futures::StreamExt;

use super::{Call, Kind, Outside, Port};

fn busy() -> ModelError {
    ModelError::Unavailable {
        detail: "the model is busy".to_owned(),
        retry_after: Some(Duration::from_millis(300)),
    }
}

#[async_trait]
impl ChatModel for Outside<dyn ChatModel> {
    fn name(&self) -> &str {
        self.port.name()
    }

    fn description(&self) -> &str {
        self.port.description()
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let call = Call::in_parts(Port::Model, "stream");
        self.line.life.gate().await;
        let verdict = self.line.fate.verdict(call);
        tokio::time::sleep(verdict.latency).await;
        self.line.life.gate().await;
        let stream = self.port.stream(request).await?;
        let first = |stream: ModelStream| -> ModelStream { Box::pin(stream.take(1)) };
        match verdict.kind {
            Some(Kind::Before | Kind::Outage | Kind::After) => Err(busy()),
            Some(Kind::Torn) => Ok(first(stream)),
            Some(Kind::CrashBefore | Kind::CrashAfter) => self.line.die().await,
            Some(Kind::CrashTorn) => {
                let line = self.line.clone();
                let dies = futures::stream::once(async move { line.die().await });
                Ok(Box::pin(first(stream).chain(dies)))
            }
            Some(Kind::StallBefore | Kind::StallAfter) => {
                self.line.life.stall(super::STALL);
                self.line.life.gate().await;
                Ok(stream)
            }
            None => Ok(stream),
        }
    }

    async fn health(&self) -> Result<(), ModelError> {
        self.port.health().await
    }
}
