//! Tool servers across the line.

use std::sync::Arc;

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_ports::tools::{
    CallOutput, CallRequest, Catalogue, ServerHealth, ToolError, ToolServers,
};

use super::{Call, Errors, Outside, Port};

const ERRORS: Errors<ToolError> = Errors {
    before: ToolError::NotStarted,
    after: ToolError::Unclear,
};

#[async_trait]
impl ToolServers for Outside<dyn ToolServers> {
    async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError> {
        let act = self.port.call(request);
        let call = Call::writes(Port::Tools, "call");
        self.line.pass(call, &ERRORS, act).await
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.port.catalogue()
    }

    async fn look(&self) {
        self.port.look().await;
    }

    fn acting_identity(&self, server: &str) -> ActingIdentity {
        self.port.acting_identity(server)
    }

    async fn health(&self) -> Vec<ServerHealth> {
        self.port.health().await
    }
}
