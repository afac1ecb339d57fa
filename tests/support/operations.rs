//! Every operation of the `OpenAPI` document, with a request that succeeds for the
//! alice of a [`Scene`](crate::scene::Scene), or for dave who administers. Tests that
//! walk this table fail when the document has an operation that is missing here.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::person::Person;
use crate::scene::{fill, fill_body};

/// Whom an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nobody; it needs no token.
    Public,
    /// The caller.
    Own,
    /// One thing, which its owner alone may reach.
    Thing,
    /// The tenant, for its administrators; with an id in the path one person of it.
    Admin,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `operationId`.
    pub id: &'static str,
    /// Method.
    pub method: &'static str,
    /// Path below `/api`, with `{names}` of things.
    pub path: &'static str,
    /// Header lines beside the token.
    pub headers: &'static [(&'static str, &'static str)],
    /// JSON body, or nothing.
    pub body: &'static str,
    /// What alice gets, or dave who administers.
    pub success: u16,
    /// Whom it is about.
    pub reach: Reach,
}

const KEY: &[(&str, &str)] = &[("idempotency-key", "the-same-for-everybody")];
const ANY: &[(&str, &str)] = &[("if-match", "*")];
const POLL: &[(&str, &str)] = &[("accept", "application/json")];
const NONE: &[(&str, &str)] = &[];

macro_rules! operations {
    ($($reach:ident $id:literal $method:literal $path:literal $headers:ident $body:literal => $success:literal;)+) => {
        /// All of them, in an order in which each one succeeds.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            id: $id,
            method: $method,
            path: $path,
            headers: $headers,
            body: $body,
            success: $success,
            reach: Reach::$reach,
        },)+];
    };
}

operations! {
    Public "get_liveness" "GET" "/health/live" NONE "" => 200;
    Public "get_readiness" "GET" "/health/ready" NONE "" => 200;
    Public "get_openapi" "GET" "/openapi.json" NONE "" => 200;
    Own "get_me" "GET" "/v1/me" NONE "" => 200;
    Own "sign_in_to_azure" "POST" "/v1/me/azure-sign-in" NONE "" => 200;
    Own "get_usage" "GET" "/v1/usage" NONE "" => 200;
    Own "list_sessions" "GET" "/v1/sessions" NONE "" => 200;
    Thing "revoke_session" "DELETE" "/v1/sessions/{session}" NONE "" => 204;
    Own "sign_out_everywhere" "DELETE" "/v1/sessions" NONE "" => 204;
    Admin "list_users" "GET" "/v1/admin/users" NONE "" => 200;
    Admin "get_user" "GET" "/v1/admin/users/{oid}" NONE "" => 200;
    Admin "patch_user" "PATCH" "/v1/admin/users/{oid}" ANY r#"{"status":"active"}"# => 200;
    Admin "list_roles" "GET" "/v1/admin/roles" NONE "" => 200;
    Admin "list_tenants" "GET" "/v1/admin/tenants" NONE "" => 200;
    Admin "list_user_sessions" "GET" "/v1/admin/users/{oid}/sessions" NONE "" => 200;
    Admin "revoke_user_session" "DELETE" "/v1/admin/users/{oid}/sessions/{other_session}" NONE "" => 204;
    Admin "sign_out_user" "DELETE" "/v1/admin/users/{oid}/sessions" NONE "" => 204;
    Own "get_settings" "GET" "/v1/settings" NONE "" => 200;
    Own "patch_settings" "PATCH" "/v1/settings" ANY r#"{"theme":"dark"}"# => 200;
    Own "list_models" "GET" "/v1/models" NONE "" => 200;
    Own "list_subscriptions" "GET" "/v1/subscriptions" NONE "" => 200;
    Own "create_conversation" "POST" "/v1/conversations" KEY r#"{"title":"Plans"}"# => 201;
    Own "list_conversations" "GET" "/v1/conversations" NONE "" => 200;
    Thing "get_conversation" "GET" "/v1/conversations/{conversation}" NONE "" => 200;
    Thing "patch_conversation" "PATCH" "/v1/conversations/{conversation}" ANY r#"{"pinned":true}"# => 200;
    Thing "list_messages" "GET" "/v1/conversations/{conversation}/messages" NONE "" => 200;
    Thing "export_conversation" "GET" "/v1/conversations/{conversation}/export" NONE "" => 200;
    Thing "list_grants" "GET" "/v1/conversations/{conversation}/grants" NONE "" => 200;
    Thing "revoke_grant" "DELETE" "/v1/conversations/{conversation}/grants/{grant}" NONE "" => 204;
    Thing "delete_conversation" "DELETE" "/v1/conversations/{doomed}" NONE "" => 204;
    Thing "restore_conversation" "POST" "/v1/conversations/{deleted}/restore" NONE "" => 200;
    Thing "create_turn" "POST" "/v1/conversations/{conversation}/turns" KEY r#"{"text":"hello"}"# => 202;
    Thing "get_turn" "GET" "/v1/turns/{turn}" NONE "" => 200;
    Thing "read_events" "GET" "/v1/turns/{turn}/events" POLL "" => 200;
    Thing "get_result" "GET" "/v1/turns/{turn}/calls/{call}/result" NONE "" => 200;
    Own "list_approvals" "GET" "/v1/approvals" NONE "" => 200;
    Thing "get_approval" "GET" "/v1/approvals/{approval}" NONE "" => 200;
    Thing "decide_approval" "POST" "/v1/approvals/{approval}/decision" NONE
        r#"{"decision":"deny","reason":"no","digest":"{digest}"}"# => 200;
    Thing "cancel_turn" "POST" "/v1/turns/{running}/cancel" NONE "" => 200;
    Own "negotiate_realtime" "GET" "/v1/realtime/negotiate" NONE "" => 200;
    Own "list_tools" "GET" "/v1/tools" NONE "" => 200;
    Own "call_tool" "POST" "/v1/tools/fake/thing_list/calls" KEY r#"{"arguments":{}}"# => 202;
    Own "list_audit" "GET" "/v1/audit" NONE "" => 200;
    Own "list_digests" "GET" "/v1/audit/digests" NONE "" => 200;
    Thing "get_audit" "GET" "/v1/audit/{record}" NONE "" => 200;
    Own "export_audit" "GET" "/v1/audit/export" NONE "" => 200;
    Admin "get_server_health" "GET" "/v1/admin/health" NONE "" => 200;
    Admin "get_quotas" "GET" "/v1/admin/quotas" NONE "" => 200;
    Admin "put_quotas" "PUT" "/v1/admin/quotas" ANY r#"{"reason":"to see"}"# => 200;
    Admin "get_model_offer" "GET" "/v1/admin/models" NONE "" => 200;
    Admin "put_model_offer" "PUT" "/v1/admin/models" ANY r#"{"reason":"to see"}"# => 200;
    Admin "get_kill_switch" "GET" "/v1/admin/kill-switch" NONE "" => 200;
    Admin "put_kill_switch" "PUT" "/v1/admin/kill-switch" ANY
        r#"{"on":false,"scope":"all","reason":"to see"}"# => 200;
    Admin "list_tool_pins" "GET" "/v1/admin/tools" NONE "" => 200;
    Admin "put_tool_pin" "PUT" "/v1/admin/tools/fake/odd_thing" ANY
        r#"{"switched_off":true,"reason":"to see"}"# => 200;
    Admin "list_added_servers" "GET" "/v1/admin/servers" NONE "" => 200;
    Admin "put_added_server" "PUT" "/v1/admin/servers/files" ANY
        r#"{"command":"/bin/addable","reason":"to see"}"# => 200;
    Admin "get_added_server" "GET" "/v1/admin/servers/files" NONE "" => 200;
    Admin "delete_added_server" "DELETE" "/v1/admin/servers/files" ANY "" => 204;
    Admin "get_policies" "GET" "/v1/admin/policies" NONE "" => 200;
    Admin "simulate_policies" "POST" "/v1/admin/policies/simulate" NONE r#"{"text":""}"# => 200;
    Admin "list_policy_versions" "GET" "/v1/admin/policies/versions" NONE "" => 200;
    Admin "get_policy_version" "GET" "/v1/admin/policies/versions/{policy}" NONE "" => 200;
    Admin "put_policies" "PUT" "/v1/admin/policies" ANY
        r#"{"text":"@id(\"all\") permit (principal, action, resource);","reason":"to see"}"# => 200;
    Own "export_my_data" "GET" "/v1/me/data" NONE "" => 200;
    // After everything that needs what it deletes.
    Own "delete_my_data" "DELETE" "/v1/me/data" NONE "" => 200;
}

impl Operation {
    /// The request for these things.
    pub fn request(
        &self,
        person: &Person,
        things: &BTreeMap<&'static str, String>,
    ) -> RequestBuilder {
        let method: Method = self.method.parse().expect("a method");
        let mut request = person.request(method, &fill(self.path, things));
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        if self.body.is_empty() {
            request
        } else {
            request.json(&fill_body(self.body, things))
        }
    }
}

/// Operations of a document: id, method, path.
pub fn documented(document: &Value) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            let id = operation["operationId"].as_str().expect("an operationId");
            found.insert((id.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    found
}

/// Fails unless table and document name the same operations at the same places.
pub fn assert_covers(document: &Value) {
    let shape = |path: &str| -> String {
        path.split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let documented: BTreeSet<_> = documented(document)
        .into_iter()
        .map(|(id, method, path)| {
            let path = match id.as_str() {
                "call_tool" => "/v1/tools/fake/thing_list/calls".to_owned(),
                "put_tool_pin" => "/v1/admin/tools/fake/odd_thing".to_owned(),
                "get_added_server" | "put_added_server" | "delete_added_server" => {
                    "/v1/admin/servers/files".to_owned()
                }
                _ => shape(&path),
            };
            (id, method, path)
        })
        .collect();
    let known: BTreeSet<_> = OPERATIONS
        .iter()
        .map(|o| (o.id.to_owned(), o.method.to_owned(), shape(o.path)))
        .collect();
    assert_eq!(documented, known, "left: the document, right: the table");
}
