//! Tool servers across the line.

use std::sync::Arc;

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, ServerHealth, ServerOffer, ToolError,
    ToolServers,
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

    fn is_taken(&self, server: &str) -> bool {
        self.port.is_taken(server)
    }

    fn addable(&self, tenant: &str) -> Addable {
        self.port.addable(tenant)
    }

    fn check_added(&self, server: &AddedServer) -> Result<(), AddedFault> {
        self.port.check_added(server)
    }

    fn added_offer(&self, server: &TenantServer) -> Option<ServerOffer> {
        self.port.added_offer(server)
    }

    async fn look_at(&self, server: &TenantServer) {
        self.port.look_at(server).await;
    }

    fn acting_identity(&self, server: &str) -> ActingIdentity {
        self.port.acting_identity(server)
    }

    async fn health(&self) -> Vec<ServerHealth> {
        self.port.health().await
    }
}
