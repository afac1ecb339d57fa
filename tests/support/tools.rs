//! A tool server that does as it is told, and counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::tool::{
    ArgumentRule, Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec, tool_hash,
};
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, Confinement, Offered, ServerHealth,
    ServerOffer, ToolError, ToolServers, ToolText,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::gate::Gate;

/// What the server says it reached with every call.
pub const HOST: &str = "management.azure.test:443";
/// Id of the Azure token that the server says it was given for every call.
pub const TOKEN_ID: &str = "uti-of-the-fake-server";

/// The program that tenants may add as a tool server; it offers the tool `hello`.
pub const ADDABLE: &str = "/bin/addable";
/// The same by URL.
pub const ADDABLE_URL: &str = "https://mcp.test/mcp";

/// What a tool does next.
#[derive(Clone)]
pub enum Behaviour {
    /// Answers with this.
    Says(Value),
    /// Says that it failed, with an HTTP-like status.
    Fails(u16, String),
    /// Never began.
    NotStarted(String),
    /// Broke off.
    Unclear(String),
    /// Waits for the gate, then answers.
    Gated(Arc<Notify>, Value),
    /// Does not begin before the gate opens.
    Held(Gate),
}

/// One call as the server saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// On whose behalf.
    pub oid: String,
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
}

/// The server `fake` with a read, a change, a removal and a secret.
pub struct FakeTools {
    catalogue: Mutex<Arc<Catalogue>>,
    behaviours: Mutex<HashMap<String, Vec<Behaviour>>>,
    seen: Mutex<Vec<Seen>>,
    held: AtomicUsize,
    arrived: Notify,
    gates: Mutex<HashMap<String, Gate>>,
    takes: Mutex<Duration>,
    added: Mutex<HashMap<String, ServerOffer>>,
}

fn spec(name: &str, description: &str, effect: EffectClass) -> ToolSpec {
    let schema = json!({
        "type": "object",
        "properties": {
            "subscription": {"type": "string", "description": "subscription"},
            "resource-group": {"type": "string", "description": "resource group"},
            "name": {"type": "string", "description": "the name"},
            "secret": {"type": "string", "description": "the secret"},
            "value": {"type": "string", "description": "the value of a secret"},
            "tenant": {"type": "string", "description": "the tenant"}
        },
        "additionalProperties": false
    });
    ToolSpec {
        tool: ToolRef::new("fake", name),
        description: description.to_owned(),
        hash: tool_hash(name, description, &schema),
        input_schema: schema,
        effect,
        secret: false,
        argument_rules: [("secret", false), ("value", true)]
            .map(|(argument, carries)| ArgumentRule {
                argument: argument.to_owned(),
                equals: Vec::new(),
                effect: None,
                secret: Some(true),
                carries,
            })
            .into(),
        scope: ScopeParameters {
            subscription: Some("subscription".to_owned()),
            resource_group: Some("resource-group".to_owned()),
            tenant: Some("tenant".to_owned()),
        },
        target_parameter: Some("name".to_owned()),
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}

impl Default for FakeTools {
    fn default() -> Self {
        let mut disabled = spec("odd_thing", "Does something odd.", EffectClass::Destructive);
        disabled.availability = Availability::Unclassified;
        let catalogue = Catalogue {
            version: "1".to_owned(),
            offers: BTreeMap::new(),
            tools: vec![
                spec("thing_list", "List or show things.", EffectClass::ReadOnly),
                spec("thing_create", "Create a thing.", EffectClass::Mutating),
                spec("thing_delete", "Delete a thing.", EffectClass::Destructive),
                disabled,
            ],
        };
        Self {
            catalogue: Mutex::new(Arc::new(catalogue)),
            behaviours: Mutex::default(),
            seen: Mutex::default(),
            held: AtomicUsize::new(0),
            arrived: Notify::new(),
            gates: Mutex::default(),
            takes: Mutex::default(),
            added: Mutex::default(),
        }
    }
}

impl FakeTools {
    /// What `tool` does at its next calls, in order; afterwards it answers
    /// `{"ok": true}` again.
    pub fn will(&self, tool: &str, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.behaviours
            .lock()
            .unwrap()
            .insert(tool.to_owned(), behaviours.into_iter().collect());
    }

    /// Every call of this person hangs until the gate opens.
    pub fn hold(&self, oid: &str, gate: Gate) {
        self.gates.lock().unwrap().insert(oid.to_owned(), gate);
    }

    /// How long every call takes from now on.
    pub fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    /// Calls so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many calls were held before they began.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    /// Waits until `count` calls have arrived.
    pub async fn wait_for_calls(&self, count: usize) {
        tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                let arrived = self.arrived.notified();
                if self.seen.lock().unwrap().len() >= count {
                    return;
                }
                arrived.await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("not {count} calls: {:?}", self.seen()));
    }

    /// Changes the catalogue, as a server that was upgraded does.
    pub fn change(&self, change: impl FnOnce(&mut Vec<ToolSpec>)) {
        let mut held = self.catalogue.lock().unwrap();
        let mut tools = held.tools.clone();
        change(&mut tools);
        *held = Arc::new(Catalogue {
            version: format!("{}+", held.version),
            tools,
            offers: held.offers.clone(),
        });
    }
}

impl FakeTools {
    /// From now on `tool` is offered with this text, whether it was there before or not;
    /// gives the hash. What is pinned otherwise is changed, for as long as that is so.
    pub fn offer(&self, tool: &str, description: &str) -> String {
        let mut held = self.catalogue.lock().unwrap();
        let mut tools = held.tools.clone();
        let (server, schema) = ("fake".to_owned(), tools[0].input_schema.clone());
        let hash = tool_hash(tool, description, &schema);
        let pinned = |spec: &ToolSpec| (spec.tool.name.clone(), spec.hash.clone());
        let mut offer = held
            .offers
            .get(&server)
            .cloned()
            .unwrap_or_else(|| ServerOffer {
                hashes: tools.iter().map(pinned).collect(),
                ..ServerOffer::default()
            });
        offer.hashes.insert(tool.to_owned(), hash.clone());
        let text = ToolText {
            hash: hash.clone(),
            description: description.to_owned(),
            input_schema: schema,
        };
        offer.texts.insert(tool.to_owned(), text);
        for spec in tools.iter_mut().filter(|spec| spec.tool.name == tool) {
            spec.availability = match spec.availability {
                Availability::Enabled if spec.hash != hash => Availability::Changed,
                Availability::Changed if spec.hash == hash => Availability::Enabled,
                kept => kept,
            };
        }
        *held = Arc::new(Catalogue {
            version: held.version.clone(),
            tools,
            offers: BTreeMap::from([(server, offer)]),
        });
        hash
    }

    /// The same of a server that a tenant added.
    fn check_of_added(
        &self,
        server: &TenantServer,
        request: &CallRequest,
    ) -> Result<(), ToolError> {
        let offer = self.added_offer(server).unwrap_or_default();
        let offered = offer.hashes.get(&request.tool.name);
        let accepted = request.accepted.as_ref().map(|accepted| &accepted.hash);
        if accepted.is_some() && accepted == offered {
            return Ok(());
        }
        let text = format!("The tool {} is not enabled here.", request.tool);
        Err(ToolError::NotStarted(text))
    }

    /// Whether the tool is what the call is about, as the pool finds out.
    fn check(&self, request: &CallRequest) -> Result<(), ToolError> {
        if let Some(added) = &request.added {
            return self.check_of_added(added, request);
        }
        let catalogue = self.catalogue();
        let Offered::As(offered) = catalogue.offered(&request.tool) else {
            return Ok(());
        };
        let pinned = catalogue.get(&request.tool).map(|spec| &spec.hash);
        let accepted = request.accepted.as_ref().map(|accepted| &accepted.hash);
        if accepted.or(pinned).is_some_and(|hash| hash == offered) {
            return Ok(());
        }
        let text = format!("The tool {} differs from its pin.", request.tool);
        Err(ToolError::NotStarted(text))
    }
}

#[async_trait]
impl ToolServers for FakeTools {
    async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError> {
        self.check(&request)?;
        let next = {
            let mut behaviours = self.behaviours.lock().unwrap();
            match behaviours.get_mut(&request.tool.name) {
                Some(queue) if !queue.is_empty() => Some(queue.remove(0)),
                _ => None,
            }
        };
        if let Some(Behaviour::NotStarted(text)) = next {
            return Err(ToolError::NotStarted(text));
        }
        if let Some(Behaviour::Held(gate)) = &next {
            self.held.fetch_add(1, Ordering::SeqCst);
            gate.pass().await;
        }
        self.seen.lock().unwrap().push(Seen {
            oid: request.user.oid.clone(),
            tool: request.tool.name.clone(),
            arguments: request.arguments.clone(),
        });
        request.begun.mark();
        request.token.set(Some(TOKEN_ID.to_owned()));
        request.hosts.set(vec![HOST.to_owned()]);
        self.arrived.notify_waiters();
        let gate = self.gates.lock().unwrap().get(&request.user.oid).cloned();
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let takes = *self.takes.lock().unwrap();
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let says = |value: Value| CallOutput {
            media_type: "application/json".to_owned(),
            bytes: value.to_string().into_bytes(),
            truncated: false,
            is_error: false,
            status: Some(200),
        };
        match next {
            None | Some(Behaviour::Held(_)) => Ok(says(json!({"ok": true}))),
            Some(Behaviour::Says(value)) => Ok(says(value)),
            Some(Behaviour::Gated(gate, value)) => {
                gate.notified().await;
                Ok(says(value))
            }
            Some(Behaviour::Fails(status, text)) => Ok(CallOutput {
                is_error: true,
                status: Some(status),
                ..says(json!({"status": status, "message": text}))
            }),
            Some(Behaviour::Unclear(text)) => Err(ToolError::Unclear(text)),
            Some(Behaviour::NotStarted(_)) => unreachable!("answered above"),
        }
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.lock().unwrap())
    }

    async fn look(&self) {}

    fn is_taken(&self, server: &str) -> bool {
        server == "fake"
    }

    fn addable(&self, tenant: &str) -> Addable {
        Addable {
            commands: vec![ADDABLE.to_owned()],
            hosts: Vec::new(),
            secrets: Some(format!("mcp-{tenant}--")),
        }
    }

    fn check_added(&self, server: &AddedServer) -> Result<(), AddedFault> {
        let field = match (server.command.as_deref(), server.url.as_deref()) {
            (Some(ADDABLE), None) if server.hosts.is_empty() => return Ok(()),
            (None, Some(ADDABLE_URL)) => return Ok(()),
            (Some(ADDABLE), None) => "hosts/0",
            (_, Some(_)) => "url",
            (_, None) => "command",
        };
        Err(AddedFault {
            field: field.to_owned(),
            detail: "The operator does not allow it.".to_owned(),
        })
    }

    fn added_offer(&self, server: &TenantServer) -> Option<ServerOffer> {
        self.added.lock().unwrap().get(&server.key()).cloned()
    }

    async fn look_at(&self, server: &TenantServer) {
        let (name, schema) = ("hello".to_owned(), json!({"type": "object"}));
        let description = format!("Says {}.", server.server.args.join(" "));
        let hash = tool_hash(&name, &description, &schema);
        let text = ToolText {
            hash: hash.clone(),
            description,
            input_schema: schema,
        };
        let offer = ServerOffer {
            hashes: BTreeMap::from([(name.clone(), hash)]),
            texts: BTreeMap::from([(name, text)]),
        };
        let mut added = self.added.lock().unwrap();
        if added.insert(server.key(), offer.clone()) != Some(offer) {
            drop(added);
            self.change(|_| {});
        }
    }

    fn acting_identity(&self, _server: &str) -> ActingIdentity {
        ActingIdentity::User
    }

    async fn health(&self) -> Vec<ServerHealth> {
        vec![ServerHealth {
            server: "fake".to_owned(),
            ok: true,
            detail: "as told".to_owned(),
            hosts: vec![HOST.to_owned()],
            confinement: Confinement {
                why: "it is played".to_owned(),
                ..Confinement::default()
            },
        }]
    }
}
