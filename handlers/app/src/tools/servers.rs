//! The tool servers as the rest of the product has them: what they offer, under which
//! identity they act, whether they work. Only [`dispatch`](super::dispatch) calls one.

use std::sync::Arc;

use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, ServerHealth, ServerOffer, ToolError,
    ToolServers,
};

/// The tool servers, sealed: nothing outside of this module's parent can make one run a
/// tool, so that no call gets past decision, claim and audit; whoever tries does not
/// compile (`tests/support/past_the_seal.rs`).
#[derive(Clone)]
pub struct SealedServers {
    inside: Arc<dyn ToolServers>,
}

impl SealedServers {
    /// Seals them; for whoever wires the product.
    pub fn over(servers: Arc<dyn ToolServers>) -> Self {
        Self { inside: servers }
    }

    /// Every tool of every configured server, as pinned. What a tenant has of it
    /// [`Catalogues`](super::Catalogues) knows.
    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        self.inside.catalogue()
    }

    /// Asks the servers what they offer; see [`ToolServers::look`].
    pub(super) async fn look(&self) {
        self.inside.look().await;
    }

    /// Whether a server of that name is every tenant's.
    pub fn is_taken(&self, server: &str) -> bool {
        self.inside.is_taken(server)
    }

    /// What a tenant may add.
    pub fn addable(&self, tenant: &str) -> Addable {
        self.inside.addable(tenant)
    }

    /// Whether a tenant may add this server.
    pub fn check_added(&self, server: &AddedServer) -> Result<(), AddedFault> {
        self.inside.check_added(server)
    }

    /// What an added server offered last; see [`ToolServers::added_offer`].
    pub(super) fn added_offer(&self, server: &TenantServer) -> Option<ServerOffer> {
        self.inside.added_offer(server)
    }

    /// Asks an added server what it offers; see [`ToolServers::look_at`].
    pub(super) async fn look_at(&self, server: &TenantServer) {
        self.inside.look_at(server).await;
    }

    /// Under which identity the calls of this server reach their target.
    pub fn acting_identity(&self, server: &str) -> ActingIdentity {
        self.inside.acting_identity(server)
    }

    /// Whether the servers can work.
    pub async fn health(&self) -> Vec<ServerHealth> {
        self.inside.health().await
    }

    /// Runs one call; see [`ToolServers::call`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place: only what is beside it reaches it"
    )]
    pub(super) async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError> {
        self.inside.call(request).await
    }
}
