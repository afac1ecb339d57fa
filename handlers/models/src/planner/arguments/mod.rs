//! A tool's arguments, read off a sentence.

mod beside;
pub mod locations;
mod reader;
pub mod schema;

use azimuth_domain::tool::ToolSpec;
use serde_json::{Map, Value};

use reader::Reader;
use schema::{Property, properties};

/// What a sentence says about a tool's arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filled {
    /// What is certain.
    pub arguments: Map<String, Value>,
    /// "in Contoso-Dev": a subscription or a resource group, nobody knows yet.
    pub place: Option<String>,
    /// Keys (`key=value`) that the tool does not have.
    pub unknown_keys: Vec<String>,
}

impl Filled {
    /// This, with what a later sentence says instead or besides. A new place
    /// takes the old one's part, whichever way it was named.
    pub fn then(mut self, later: Self, tool: &ToolSpec) -> Self {
        let scope = &tool.scope;
        let subscription = scope.subscription.as_deref();
        if later.place.is_some() || subscription.is_some_and(|s| later.arguments.contains_key(s)) {
            self.place = None;
            if later.place.is_some() {
                for name in [subscription, scope.resource_group.as_deref()]
                    .into_iter()
                    .flatten()
                {
                    self.arguments.remove(name);
                }
            }
        }
        self.arguments.extend(later.arguments);
        self.place = later.place.or(self.place);
        self.unknown_keys.extend(later.unknown_keys);
        self
    }

    /// Required parameters without a value.
    pub fn missing<'a>(&self, tool: &'a ToolSpec) -> Vec<Property<'a>> {
        properties(tool)
            .into_iter()
            .filter(|p| p.required && !self.arguments.contains_key(p.name))
            .collect()
    }
}

/// How a sentence stands to what was said before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context<'a> {
    /// It stands alone.
    Alone,
    /// It answers the question for these parameters, in that order.
    Answer(&'a [&'a str]),
    /// It asks the same elsewhere: a lone name is a place.
    Elsewhere,
}

/// Reads `text` for `tool`.
pub fn fill(tool: &ToolSpec, text: &str, context: Context<'_>) -> Filled {
    Reader::new(tool, text, context).read()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::fixture::{spec, tool};
    use serde_json::json;

    #[test]
    fn sentences_become_arguments() {
        for (name, text, expected, place) in [
            (
                "storage_account_create",
                "create storage account stdemo1 in rg-dev",
                json!({"account":"stdemo1","resource-group":"rg-dev"}),
                None,
            ),
            (
                "storage_account_create",
                "rg-dev에 스토리지 계정 stdemo1 만들어줘",
                json!({"account":"stdemo1","resource-group":"rg-dev"}),
                None,
            ),
            (
                "storage_account_create",
                "저장소 계정 stdemo1을 rg-dev 리소스 그룹에 한국 중부에 만들어줘",
                json!({"account":"stdemo1","resource-group":"rg-dev","location":"koreacentral"}),
                None,
            ),
            (
                "storage_account_create",
                "stdemo1이라는 저장소 계정을 rg-dev에 Standard_ZRS로 생성",
                json!({"account":"stdemo1","resource-group":"rg-dev","sku":"Standard_ZRS"}),
                None,
            ),
            (
                "storage_account_create",
                "create a storage account named stdemo1 in resource group rg-dev in Korea Central with sku Standard_GRS in subscription Contoso-Dev",
                json!({"account":"stdemo1","resource-group":"rg-dev","location":"koreacentral","sku":"Standard_GRS","subscription":"Contoso-Dev"}),
                None,
            ),
            (
                "storage_account_create",
                "create storage account stdemo1 in Contoso-Dev",
                json!({"account":"stdemo1"}),
                Some("Contoso-Dev"),
            ),
            (
                "storage_account_create",
                "account=stdemo1 resource-group=rg-dev location=eastus colour=red",
                json!({"account":"stdemo1","resource-group":"rg-dev","location":"eastus"}),
                None,
            ),
            (
                "storage_account_get",
                "show storage accounts in Contoso-Dev",
                json!({}),
                Some("Contoso-Dev"),
            ),
            (
                "storage_account_get",
                "Contoso-Dev의 스토리지 계정 보여줘",
                json!({}),
                Some("Contoso-Dev"),
            ),
            (
                "storage_account_get",
                "Contoso-Dev 구독의 스토리지 계정 목록",
                json!({"subscription":"Contoso-Dev"}),
                None,
            ),
            (
                "storage_account_get",
                "list storage accounts in the Contoso-Dev subscription",
                json!({"subscription":"Contoso-Dev"}),
                None,
            ),
            (
                "storage_account_get",
                "show storage account stdemo1",
                json!({"account":"stdemo1"}),
                None,
            ),
            (
                "storage_account_get",
                "list storage accounts in rg-dev",
                json!({"resource-group":"rg-dev"}),
                None,
            ),
            (
                "storage_account_get",
                "list storage accounts",
                json!({}),
                None,
            ),
            (
                "keyvault_secret_get",
                "list the secrets in vault kv-dev",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "list the secrets in kv-dev",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "list kv-dev secrets",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "kv-dev 볼트의 비밀 이름 알려줘",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "kv-dev의 비밀 목록",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "kv-dev 비밀 목록 보여줘",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "키 자격 증명 모음 kv-dev에 있는 시크릿",
                json!({"vault":"kv-dev"}),
                None,
            ),
            (
                "keyvault_secret_get",
                "show secret db-password of key vault kv-dev",
                json!({"vault":"kv-dev","secret":"db-password"}),
                None,
            ),
            (
                "compute_vm_power-state",
                "stop vm vm-dev-1 in rg-dev",
                json!({"vm-name":"vm-dev-1","power-action":"stop","resource-group":"rg-dev"}),
                None,
            ),
            (
                "compute_vm_power-state",
                "turn on the vm-dev-1 virtual machine in resource group rg-dev",
                json!({"vm-name":"vm-dev-1","power-action":"start","resource-group":"rg-dev"}),
                None,
            ),
            (
                "compute_vm_power-state",
                "rg-dev의 vm-dev-1 VM 꺼줘",
                json!({"vm-name":"vm-dev-1","power-action":"stop","resource-group":"rg-dev"}),
                None,
            ),
            (
                "compute_vm_power-state",
                "가상 머신 vm-dev-1을 다시 시작해줘",
                json!({"vm-name":"vm-dev-1","power-action":"restart"}),
                None,
            ),
            (
                "compute_vm_power-state",
                "deallocate vm vm-dev-1",
                json!({"vm-name":"vm-dev-1","power-action":"deallocate"}),
                None,
            ),
            (
                "compute_vm_delete",
                "delete vm vm-dev-1",
                json!({"vm-name":"vm-dev-1"}),
                None,
            ),
            (
                "compute_vm_delete",
                "delete vm-dev-1 from mygroup",
                json!({"vm-name":"vm-dev-1"}),
                Some("mygroup"),
            ),
            (
                "compute_vm_delete",
                "force deletion of vm vm-dev-1 in rg-dev",
                json!({"vm-name":"vm-dev-1","resource-group":"rg-dev","force-deletion":true}),
                None,
            ),
            (
                "compute_vm_get",
                "show the power state of vm vm-dev-1 in rg-dev",
                json!({"vm-name":"vm-dev-1","resource-group":"rg-dev","instance-view":true}),
                None,
            ),
            (
                "compute_vm_get",
                "show my virtual machines",
                json!({}),
                None,
            ),
            ("group_list", "list my resource groups", json!({}), None),
            (
                "group_list",
                "resource groups of subscription 00000000-0000-4000-8000-000000000001",
                json!({"subscription":"00000000-0000-4000-8000-000000000001"}),
                None,
            ),
            ("group_list", "Contoso-Prod 리소스 그룹", json!({}), None),
            (
                "group_resource_list",
                "what is in resource group rg-dev",
                json!({"resource-group":"rg-dev"}),
                None,
            ),
            (
                "monitor_activitylog_list",
                "activity log of vm-dev-1, top 5",
                json!({"resource-name":"vm-dev-1","top":5}),
                None,
            ),
        ] {
            let filled = fill(&tool(name), text, Context::Alone);
            assert_eq!(Value::Object(filled.arguments), expected, "{name}: {text}");
            assert_eq!(filled.place.as_deref(), place, "{name}: {text}");
        }
    }

    #[test]
    fn answers_go_to_what_was_asked_for() {
        for (text, awaited, expected) in [
            (
                "koreacentral",
                &["location"][..],
                json!({"location":"koreacentral"}),
            ),
            (
                "Korea Central",
                &["location"],
                json!({"location":"koreacentral"}),
            ),
            (
                "한국 중부로 해줘",
                &["location"],
                json!({"location":"koreacentral"}),
            ),
            (
                "rg-dev",
                &["resource-group"],
                json!({"resource-group":"rg-dev"}),
            ),
            (
                "rg-dev입니다",
                &["resource-group"],
                json!({"resource-group":"rg-dev"}),
            ),
            (
                "mygroup",
                &["resource-group"],
                json!({"resource-group":"mygroup"}),
            ),
            (
                "rg-dev",
                &["account", "resource-group"],
                json!({"resource-group":"rg-dev"}),
            ),
            (
                "stdemo1 rg-dev",
                &["account", "resource-group"],
                json!({"account":"stdemo1","resource-group":"rg-dev"}),
            ),
            (
                "Contoso-Dev",
                &["subscription"],
                json!({"subscription":"Contoso-Dev"}),
            ),
            (
                "in Contoso-Dev",
                &["subscription"],
                json!({"subscription":"Contoso-Dev"}),
            ),
            (
                "resource-group=rg-dev",
                &["resource-group"],
                json!({"resource-group":"rg-dev"}),
            ),
            ("", &["resource-group"], json!({})),
        ] {
            let filled = fill(
                &tool("storage_account_create"),
                text,
                Context::Answer(awaited),
            );
            assert_eq!(Value::Object(filled.arguments), expected, "{text}");
        }
    }

    #[test]
    fn a_tool_called_by_its_word_takes_the_rest() {
        let echo = spec("echo", json!({"message": {"type": "string"}}), &["message"]);
        for (text, expected) in [
            ("echo hello world", "hello world"),
            ("echo \"hello | world\"", "hello | world"),
            ("echo: hi", "hi"),
        ] {
            assert_eq!(
                fill(&echo, text, Context::Alone).arguments.get("message"),
                Some(&json!(expected)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_later_sentence_changes_the_place() {
        let tool = tool("storage_account_get");
        let first = fill(&tool, "list storage accounts in rg-dev", Context::Alone);
        let then = first.then(
            fill(&tool, "and in Contoso-Prod?", Context::Elsewhere),
            &tool,
        );
        assert_eq!(then.arguments, Map::new());
        assert_eq!(then.place.as_deref(), Some("Contoso-Prod"));
    }
}
