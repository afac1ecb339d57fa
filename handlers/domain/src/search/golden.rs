//! What people ask, and the tool that has to come up: over the real catalogue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{ToolIndex, named_tools};
use crate::tool::ToolSpec;

/// The pinned Azure MCP Server, as `handlers/mcp` ships it.
fn catalogue() -> Vec<ToolSpec> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../mcp/catalogue/azure-3.0.0.json"
    );
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let tools = file["tools"].as_array_mut().unwrap();
    assert!(tools.len() > 400, "the catalogue has {} tools", tools.len());
    tools
        .iter_mut()
        .map(|tool| {
            tool["tool"] = json!({"server": "azure", "name": tool["name"].take()});
            tool["availability"] = json!("enabled");
            tool["secret"] = json!(tool["secret"] == true);
            serde_json::from_value(tool.take()).unwrap()
        })
        .collect()
}

/// `(question, tool, place)`: the tool comes up at this place or better.
const QUESTIONS: &[(&str, &str, usize)] = &[
    ("list my resource groups", "group_list", 1),
    ("show me all resource groups", "group_list", 1),
    ("which resource groups do I have?", "group_list", 1),
    (
        "what resource groups are there in Contoso-Dev",
        "group_list",
        1,
    ),
    ("내 리소스 그룹 보여줘", "group_list", 1),
    ("리소스그룹 목록", "group_list", 1),
    ("리소스 그룹들을 나열해 주세요", "group_list", 1),
    ("내가 볼 수 있는 리소스 그룹이 뭐가 있어?", "group_list", 1),
    ("Contoso-Dev 구독의 리소스 그룹을 조회해줘", "group_list", 1),
    (
        "list the resources in resource group rg-dev",
        "group_resource_list",
        1,
    ),
    ("what resources are in rg-dev", "group_resource_list", 1),
    ("rg-dev 리소스 그룹의 리소스 목록", "group_resource_list", 1),
    (
        "show storage accounts in Contoso-Dev",
        "storage_account_get",
        1,
    ),
    ("list storage accounts", "storage_account_get", 1),
    (
        "show me the storage account stdemo1",
        "storage_account_get",
        1,
    ),
    ("스토리지 계정 목록", "storage_account_get", 1),
    ("저장소 계정을 보여 주세요", "storage_account_get", 1),
    (
        "Contoso-Dev의 스토리지 계정 알려줘",
        "storage_account_get",
        1,
    ),
    (
        "create storage account stdemo1 in rg-dev",
        "storage_account_create",
        1,
    ),
    (
        "please make a new storage account named stdemo1 in resource group rg-dev",
        "storage_account_create",
        1,
    ),
    (
        "rg-dev에 스토리지 계정 stdemo1 만들어줘",
        "storage_account_create",
        1,
    ),
    ("저장소 계정 생성", "storage_account_create", 1),
    (
        "list blob containers in storage account stdemo1",
        "storage_blob_container_get",
        1,
    ),
    (
        "stdemo1 저장소 계정의 컨테이너 목록",
        "storage_blob_container_get",
        3,
    ),
    (
        "list tables in storage account stdemo1",
        "storage_table_list",
        2,
    ),
    ("list the secrets in vault kv-dev", "keyvault_secret_get", 1),
    ("list secrets in key vault kv-dev", "keyvault_secret_get", 1),
    ("kv-dev 볼트의 비밀 이름 알려줘", "keyvault_secret_get", 1),
    (
        "키 자격 증명 모음 kv-dev의 비밀 목록",
        "keyvault_secret_get",
        1,
    ),
    ("키볼트 kv-dev 시크릿 보여줘", "keyvault_secret_get", 1),
    (
        "show the certificates in key vault kv-dev",
        "keyvault_certificate_get",
        1,
    ),
    ("kv-dev 볼트의 인증서 조회", "keyvault_certificate_get", 1),
    ("list keys in vault kv-dev", "keyvault_key_get", 1),
    ("create a key in key vault kv-dev", "keyvault_key_create", 1),
    ("list subscriptions", "subscription_list", 1),
    ("my subscriptions", "subscription_list", 1),
    ("내 구독 목록", "subscription_list", 1),
    ("구독 보여줘", "subscription_list", 1),
    ("show my virtual machines", "compute_vm_get", 1),
    ("list VMs", "compute_vm_get", 1),
    ("what vms are running in rg-dev?", "compute_vm_get", 1),
    ("status of vm vm-dev-1", "compute_vm_get", 2),
    ("내 가상 머신 보여줘", "compute_vm_get", 1),
    ("VM 목록 알려줘", "compute_vm_get", 1),
    ("stop vm vm-dev-1 in rg-dev", "compute_vm_power-state", 1),
    (
        "turn off the virtual machine vm-dev-1",
        "compute_vm_power-state",
        1,
    ),
    ("restart vm-dev-1 vm", "compute_vm_power-state", 1),
    ("deallocate vm vm-dev-1", "compute_vm_power-state", 1),
    ("rg-dev의 vm-dev-1 VM 꺼줘", "compute_vm_power-state", 1),
    ("가상 머신 vm-dev-1 중지해줘", "compute_vm_power-state", 1),
    (
        "가상머신 vm-dev-1을 다시 시작해",
        "compute_vm_power-state",
        1,
    ),
    ("delete vm vm-dev-1", "compute_vm_delete", 1),
    (
        "remove the virtual machine vm-dev-1 from rg-dev",
        "compute_vm_delete",
        1,
    ),
    ("vm-dev-1 가상 머신 삭제", "compute_vm_delete", 1),
    ("VM vm-dev-1 지워줘", "compute_vm_delete", 1),
    ("list vm scale sets", "compute_vmss_get", 1),
    ("가상 머신 확장 집합 목록", "compute_vmss_get", 1),
    ("show managed disks", "compute_disk_get", 1),
    ("delete disk disk-1 in rg-dev", "compute_disk_delete", 1),
    ("list aks clusters", "aks_cluster_get", 1),
    ("쿠버네티스 클러스터 목록", "aks_cluster_get", 1),
    ("show node pools of cluster aks-dev", "aks_nodepool_get", 1),
    ("list container registries", "acr_registry_list", 1),
    ("컨테이너 레지스트리 보여줘", "acr_registry_list", 1),
    (
        "repositories in the registry crdev",
        "acr_registry_repository_list",
        1,
    ),
    ("list web apps", "appservice_webapp_get", 1),
    ("웹앱 목록 보여줘", "appservice_webapp_get", 1),
    (
        "restart web app app-dev",
        "appservice_webapp_change-state",
        1,
    ),
    ("list function apps", "functionapp_get", 1),
    ("함수 앱 조회", "functionapp_get", 1),
    ("list container apps", "containerapps_list", 1),
    ("list cosmos db accounts", "cosmos_list", 1),
    ("show sql servers in rg-dev", "sql_server_get", 1),
    ("SQL 데이터베이스 목록", "sql_db_get", 3),
    ("list sql databases on server sql-dev", "sql_db_get", 1),
    (
        "firewall rules of sql server sql-dev",
        "sql_server_firewall-rule_list",
        1,
    ),
    ("list postgres servers", "postgres_list", 1),
    ("list redis caches", "redis_list", 1),
    ("list role assignments", "role_assignment_list", 1),
    ("역할 할당 보여줘", "role_assignment_list", 1),
    ("list policy assignments", "policy_assignment_list", 1),
    (
        "show the activity log of vm-dev-1",
        "monitor_activitylog_list",
        1,
    ),
    ("활동 로그 보여줘", "monitor_activitylog_list", 1),
    ("list log analytics workspaces", "monitor_workspace_list", 1),
    (
        "query metrics of resource vm-dev-1",
        "monitor_metrics_query",
        2,
    ),
    ("메트릭 조회", "monitor_metrics_query", 5),
    ("advisor recommendations", "advisor_recommendation_list", 2),
    ("how can I save cost", "optimization_recommendation_list", 5),
    ("list event hubs namespaces", "eventhubs_namespace_get", 1),
    ("list event grid topics", "eventgrid_topic_list", 1),
    ("service bus queue details", "servicebus_queue_details", 1),
    ("list backup vaults", "azurebackup_vault_get", 1),
    ("백업 볼트 목록", "azurebackup_vault_get", 1),
    (
        "service health events",
        "resourcehealth_health-events_list",
        2,
    ),
    ("list workbooks", "workbooks_list", 1),
    ("grafana workspaces", "grafana_list", 1),
    ("price of a D4s VM", "pricing_get", 5),
    ("list app configuration stores", "appconfig_account_list", 1),
    (
        "bicep schema for Microsoft.Storage/storageAccounts",
        "bicepschema_get",
        1,
    ),
    ("list load tests", "loadtesting_test_get", 3),
    ("list file shares", "fileshares_fileshare_get", 1),
    ("run storage_account_get please", "storage_account_get", 1),
];

#[test]
fn the_right_tool_comes_up() {
    let tools = catalogue();
    let index = ToolIndex::new(&tools);
    let mut wrong = Vec::new();
    for (question, expected, place) in QUESTIONS {
        let hits = index.search(question, 8);
        let names: Vec<String> = hits
            .iter()
            .map(|h| format!("{} {:.2}", tools[h.index].tool.name, h.score))
            .collect();
        let at = hits
            .iter()
            .position(|h| tools[h.index].tool.name == *expected);
        if at.is_none_or(|at| at >= *place || hits[at].score < ToolIndex::FITS) {
            wrong.push(format!(
                "{question:?}: {expected} in the first {place}, found {names:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        QUESTIONS.len(),
        wrong.join("\n")
    );
}

#[test]
fn small_talk_fits_no_tool() {
    let tools = catalogue();
    let index = ToolIndex::new(&tools);
    for text in [
        "hello",
        "how are you?",
        "thank you very much",
        "what is the weather in Seoul?",
        "안녕하세요",
        "오늘 날씨 어때?",
        "고마워",
        "tell me a joke",
        "koreacentral",
        "rg-dev",
        "in rg-dev",
        "",
        "!!!",
    ] {
        if let Some(best) = index.search(text, 1).first() {
            assert!(
                best.score < ToolIndex::FITS,
                "{text:?}: {} {}",
                tools[best.index].tool.name,
                best.score
            );
        }
    }
}

#[test]
fn limit_and_order_hold() {
    let tools = catalogue();
    let index = ToolIndex::new(&tools);
    for limit in [0, 1, 2, 20] {
        let hits = index.search("list storage accounts", limit);
        assert!(hits.len() <= limit);
        assert!(hits.windows(2).all(|w| w[0].score >= w[1].score));
        assert!(hits.iter().all(|h| (0.0..=1.0).contains(&h.score)));
    }
    assert_eq!(
        index.search("list storage accounts", 9),
        index.search("list storage accounts", 9)
    );
    assert_eq!(ToolIndex::new(&[]).search("list storage accounts", 9), []);
}

#[test]
fn follow_ups_bring_the_earlier_tools_and_the_subscriptions_along() {
    let tools = catalogue();
    let index = ToolIndex::new(&tools);
    let names = |texts: &[&str]| -> Vec<String> {
        index
            .offer(texts, 8)
            .iter()
            .map(|h| tools[h.index].tool.name.clone())
            .collect()
    };
    assert_eq!(
        names(&["create storage account stdemo1 in rg-dev", "koreacentral"])[0],
        "storage_account_create"
    );
    let asked = names(&["list my resource groups"]);
    assert_eq!(asked[0], "group_list");
    assert!(asked.contains(&"subscription_list".to_owned()));
    assert!(asked.len() <= 8);
    assert_eq!(names(&[]), Vec::<String>::new());
    let change = names(&["delete vm vm-dev-1"]);
    assert!(change.contains(&"group_list".to_owned()), "{change:?}");
    assert!(
        change.contains(&"subscription_list".to_owned()),
        "{change:?}"
    );
    assert!(change.len() <= 8);
    assert_eq!(index.offer(&["list my resource groups"], 0), []);
}

#[test]
fn a_slash_names_the_tool_of_the_index() {
    let tools = catalogue();
    let index = ToolIndex::new(&tools);
    let text = "/azure/storage_account_get subscription=Contoso-Dev";
    assert_eq!(named_tools(text), ["azure/storage_account_get"]);
    let best = index.search(text, 1)[0];
    assert_eq!(tools[best.index].tool.name, "storage_account_get");
    assert!((best.score - 1.0).abs() < f32::EPSILON);
}

#[test]
fn a_slash_finds_a_short_name_and_helpers_come_from_the_same_server() {
    let mut tools = catalogue();
    let mut other = tools[0].clone();
    other.tool = crate::tool::ToolRef::new("aaa", "subscription_list");
    tools.insert(0, other);
    let mut echo = tools[1].clone();
    echo.tool = crate::tool::ToolRef::new("everything", "echo");
    tools.push(echo);
    let index = ToolIndex::new(&tools);
    let best = index.search("/echo hi", 1)[0];
    assert_eq!(tools[best.index].tool.name, "echo");
    assert!((best.score - 1.0).abs() < f32::EPSILON);
    let offered = index.offer(&["list storage accounts"], 8);
    let helpers: Vec<String> = offered
        .iter()
        .map(|h| tools[h.index].tool.to_string())
        .filter(|name| name.ends_with("subscription_list"))
        .collect();
    assert_eq!(helpers, ["azure/subscription_list"]);
}

static INDEX: LazyLock<ToolIndex> = LazyLock::new(|| ToolIndex::new(&catalogue()));

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read(text in "(\\PC|[가-힣 ]|[a-z0-9_./='\"-]|vm|리소스 그룹|을){0,60}") {
        for piece in super::read(&text, &|_| false) {
            proptest::prop_assert!(text.contains(piece.text));
        }
        named_tools(&text);
        for hit in INDEX.search(&text, 5) {
            proptest::prop_assert!((0.0..=1.0).contains(&hit.score));
        }
    }
}
