//! Our side of the MCP session: what we say we can do, and how we answer what a
//! server asks of us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rmcp::ClientHandler;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ErrorData, FormElicitationCapability, Implementation, ProtocolVersion,
};
use rmcp::service::{NotificationContext, RequestContext, RoleClient};
use serde_json::json;

/// State that the session and the calls share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    consent: Arc<AtomicBool>,
    announced: Arc<AtomicU64>,
}

/// While this lives the server is told "accept": however a call ends, its consent
/// ends with it.
#[must_use]
pub(crate) struct Consent(Arc<AtomicBool>);

impl Drop for Consent {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Session {
    /// Consent for the one call in flight. A question does not say which call it
    /// is about, so the caller must make sure that no other call is in flight, and
    /// that none follows on this session when this one may not have ended.
    pub(crate) fn give_consent(&self) -> Consent {
        self.consent.store(true, Ordering::SeqCst);
        Consent(Arc::clone(&self.consent))
    }

    /// How often the server said that its tools changed.
    pub(crate) fn announced(&self) -> u64 {
        self.announced.load(Ordering::SeqCst)
    }
}

impl ClientHandler for Session {
    /// Elicitation by form and nothing else: with sampling a server could ask our
    /// model, with roots it could ask about our disk.
    fn get_info(&self) -> ClientConfig {
        let form = FormElicitationCapability::default();
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(ElicitationCapability::new().with_form(form));
        let us = Implementation::new("azimuth", env!("CARGO_PKG_VERSION"));
        // azmcp refuses rmcp's default version in `initialize` (-32022).
        ClientConfig::new(capabilities, us).with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    /// The Azure MCP Server asks for consent with a form that has one field,
    /// `decision`. Only that form is ever accepted, and only for a call whose
    /// turn allows it; a person has then agreed to exactly this call.
    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let is_consent_form = matches!(
            &request,
            ElicitRequestParams::FormElicitationParams { requested_schema, .. }
                if requested_schema.properties.len() == 1
                    && requested_schema.properties.contains_key("decision")
        );
        if is_consent_form && self.consent.load(Ordering::SeqCst) {
            let accepted = ElicitResult::new(ElicitationAction::Accept);
            return Ok(accepted.with_content(json!({"decision": "accept"})));
        }
        Ok(ElicitResult::new(ElicitationAction::Decline))
    }

    #[expect(deprecated, reason = "older servers ask for roots; they get a refusal")]
    async fn list_roots(
        &self,
        _context: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        Err(ErrorData::method_not_found::<
            rmcp::model::ListRootsRequestMethod,
        >())
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.announced.fetch_add(1, Ordering::SeqCst);
    }
}
