//! A product in which alice has one of everything that has an id.

use std::collections::BTreeMap;
use std::time::Duration;

use azimuth_domain::approval_grant::{ApprovalGrant, ApprovalScope, GrantId, Wanted};
use azimuth_domain::ids::{ConversationId, ConversationKey};
use azimuth_domain::principal::UserKey;
use azimuth_domain::tool::ToolRef;
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{Batch, ConversationStore, Precondition, Write};
use serde_json::{Value, json};

use crate::app::{AppShape, TestApp};
use crate::operations::{Operation, Reach};
use crate::person::Person;
use crate::script::Script;

/// How long a turn may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A word that only alice's things contain.
pub const HER_WORD: &str = "quokka";

/// A product with alice's things in it.
pub struct Scene {
    /// The product.
    pub app: TestApp,
    /// Operator.
    pub alice: Person,
    /// Administrator.
    pub dave: Person,
    /// Names of alice's things, for [`fill`].
    pub things: BTreeMap<&'static str, String>,
}

impl Scene {
    /// Makes everything.
    pub async fn set() -> Self {
        let app = TestApp::start(AppShape::with(Script::clerk())).await;
        let alice = app.lasting_person("alice").await;
        let dave = app.lasting_person("dave").await;
        let mut things = BTreeMap::new();

        let conversation = alice.converse().await;
        let turn = alice.ask(&conversation, &format!("list {HER_WORD}")).await;
        let ended = alice.wait_for(&turn, &["done"], PATIENCE).await;
        things.insert("call", text(&ended["calls"][0]["call_id"]));
        things.insert("turn", turn.clone());
        things.insert("message", text(&ended["message_id"]));
        things.insert("grant", grant_in(&app, &conversation).await);
        things.insert("conversation", conversation);

        let waiting = |order: &'static str| {
            let alice = &alice;
            async move {
                let conversation = alice.converse().await;
                let turn = alice
                    .ask(&conversation, &format!("{order} {HER_WORD}"))
                    .await;
                let turn = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
                (conversation, turn)
            }
        };
        let (_, own) = waiting("create").await;
        let approval = &own["calls"][0]["approval"];
        things.insert("approval", text(&approval["approval_id"]));
        things.insert("digest", text(&approval["digest"]));
        let (_, others) = waiting("delete").await;
        let approval = &others["calls"][0]["approval"];
        things.insert("others_approval", text(&approval["approval_id"]));
        things.insert("others_digest", text(&approval["digest"]));
        things.insert("running", text(&others["id"]));

        things.insert("doomed", alice.converse().await);
        let deleted = alice.converse().await;
        let path = format!("/v1/conversations/{deleted}");
        let gone = alice
            .send(alice.request(reqwest::Method::DELETE, &path))
            .await;
        assert_eq!(gone.status, 204, "{gone:?}");
        things.insert("deleted", deleted);

        let records = alice.get("/v1/audit?kind=open").await;
        things.insert("record", text(&records.body["items"][0]["id"]));
        // The newest is the second, and another tenant has none of that number.
        let built_in = dave.get("/v1/admin/policies").await.body["text"].clone();
        for reason in ["as before", "once more"] {
            let put = dave
                .request(reqwest::Method::PUT, "/v1/admin/policies")
                .header("if-match", "*")
                .json(&json!({"text": built_in, "reason": reason}));
            let stored = dave.send(put).await;
            assert_eq!(stored.status, 200, "{stored:?}");
            things.insert("policy", stored.body["stored"]["number"].to_string());
        }

        things.insert("oid", app.user("alice").oid);
        for name in ["session", "other_session"] {
            let elsewhere = app.person("alice").await;
            let sessions = elsewhere.get("/v1/sessions").await.body;
            let mut items = sessions["items"].as_array().unwrap().iter();
            let own = items.find(|session| session["current"] == true).unwrap();
            things.insert(name, text(&own["id"]));
        }
        Self {
            app,
            alice,
            dave,
            things,
        }
    }

    /// For whom an operation succeeds.
    pub fn entitled(&self, operation: &Operation) -> &Person {
        match operation.reach {
            Reach::Admin => &self.dave,
            Reach::Public | Reach::Own | Reach::Thing => &self.alice,
        }
    }

    /// Names of things that do not exist, of the same form as alice's, as if they
    /// were `owner`'s.
    pub fn missing(&self, owner: &UserKey) -> BTreeMap<&'static str, String> {
        let hers = self.app.user("alice").owner().to_string();
        let theirs = owner.owner().to_string();
        self.things
            .iter()
            .map(|(name, thing)| {
                if *name == "oid" {
                    return (*name, "00000000-0000-4000-8000-00000000dead".to_owned());
                }
                let (head, local) = thing.rsplit_once('_').unwrap_or(("", thing));
                let local = if head.is_empty() {
                    "0".repeat(local.len())
                } else {
                    swapped(local)
                };
                let id = if head.is_empty() {
                    local
                } else {
                    format!("{head}_{local}")
                };
                (*name, id.replace(&hers, &theirs))
            })
            .collect()
    }
}

/// What alice agreed to for the rest of a conversation; its id.
async fn grant_in(app: &TestApp, conversation: &str) -> String {
    let alice = app.user("alice");
    let id = ConversationId::parse(conversation).unwrap();
    let key = ConversationKey::of(&alice.tid, &id);
    let found = app.store.conversation(&key).await.unwrap().unwrap();
    let wanted = Wanted {
        asker: &alice,
        tool: &ToolRef::new("fake", "thing_create"),
        tool_hash: "of another day",
        arguments: &json!({"name": HER_WORD}),
        target: Some(HER_WORD),
        scope: &ApprovalScope {
            subscription: None,
            resource_group: None,
            resource_id: None,
            same_call: true,
        },
    };
    let grant = GrantId::parse("01k4zzzzzzzzzzzzzzzzzzzzzz").unwrap();
    let mut header = found.item;
    let given = ApprovalGrant::of(grant.clone(), &wanted, app.clock.now());
    header.grants.push(given);
    let batch = Batch {
        conversation: Some(Write {
            item: header,
            when: Precondition::Matches(found.etag),
        }),
        ..Batch::default()
    };
    app.store.commit(&key, batch).await.unwrap();
    grant.as_str().to_owned()
}

/// Another local part of the same form: letters and digits before the first dash
/// are others, the rest stays.
fn swapped(local: &str) -> String {
    let (front, rest) = match local.find('-') {
        Some(dash) => local.split_at(dash),
        None => (local, ""),
    };
    format!("{}{rest}", "0".repeat(front.len()))
}

/// Replaces every `{name}` by the thing of that name.
pub fn fill(template: &str, things: &BTreeMap<&'static str, String>) -> String {
    things
        .iter()
        .fold(template.to_owned(), |text, (name, thing)| {
            text.replace(&format!("{{{name}}}"), thing)
        })
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// A body with its `{names}` filled in.
pub fn fill_body(body: &str, things: &BTreeMap<&'static str, String>) -> Value {
    if body.is_empty() {
        return json!(null);
    }
    // The braces of JSON itself never enclose a bare name.
    serde_json::from_str(&fill(body, things)).expect("a JSON body")
}
