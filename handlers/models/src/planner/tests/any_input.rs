//! Nothing that people or tools say makes the planner panic or act twice.

use proptest::prelude::*;

use super::*;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z|<>\\[\\]()`\\n_*]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(
                prop_oneof![
                    Just("results".to_owned()),
                    Just("status".to_owned()),
                    Just("name".to_owned()),
                    Just("id".to_owned()),
                    Just("subscriptions".to_owned()),
                    Just("message".to_owned()),
                    Just("subscriptionId".to_owned()),
                    "[a-zA-Z가-힣|]{0,8}",
                ],
                inner,
                0..6
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_question() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~가-힣\\n]{0,60}",
        "(list|show|create|delete|stop|/|--|=|\"|'|in|vm|rg-dev|리소스 그룹|을|에|보여줘|삭제|storage account|stdemo1|kv-dev| ){0,16}",
        Just("list my resource groups".to_owned()),
        Just("create storage account stdemo1 in rg-dev".to_owned()),
        "/storage_account_get [ -~]{0,40}",
    ]
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Ok,
        Outcome::Error,
        Outcome::Unknown,
        Outcome::Denied,
        Outcome::Cancelled,
        Outcome::NotRun,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_conversation_ends(
        first in any_question(),
        second in any_question(),
        content in prop_oneof![any_json().prop_map(|v| v.to_string()), any::<String>()],
        outcome in any_outcome(),
    ) {
        let answer = |_: &ModelCall| (outcome, content.clone());
        let mut messages = turn_of(request(vec![user(&first)]), answer).messages;
        messages.push(user(&second));
        let turn = turn_of(request(messages), answer);
        prop_assert!(!turn.text().is_empty());
        // A change is asked for once.
        let changes = turn.steps.iter().flatten().filter(|(name, _)| name.ends_with("_create") || name.ends_with("_delete")).count();
        prop_assert!(changes <= 1, "{:?}", turn.steps);
        prop_assert!(turn.steps.iter().all(|step| step.len() <= 8));
    }

    #[test]
    fn any_history_is_read(messages in prop::collection::vec(prop_oneof![
        any_question().prop_map(ChatMessage::User),
        any::<String>().prop_map(|text| assistant(&text)),
        Just(assistant("To run `compute_vm_delete` I still need `vm-name`, `resource-group`.")),
        any::<String>().prop_map(ChatMessage::Repair),
        (any::<String>(), any_outcome()).prop_map(|(content, outcome)| ChatMessage::ToolResult {
            call_id: "x".into(), tool: ToolRef::new("azure", "group_list"), outcome, content, truncated: false,
        }),
    ], 0..6)) {
        reply(&request(messages));
    }

    #[test]
    fn a_table_keeps_its_shape(names in prop::collection::vec(any::<String>(), 1..8)) {
        let content = json!({"results": {"groups": names.iter().map(|n| json!({"name": n})).collect::<Vec<_>>()}}).to_string();
        let turn = turn_of(request(vec![user("/group_list")]), |_| (Outcome::Ok, content.clone()));
        let rows: Vec<&str> = turn.text().lines().filter(|l| l.starts_with('|')).collect();
        prop_assert_eq!(rows.len(), names.len() + 2);
        for row in rows {
            let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            prop_assert_eq!(bars, 2, "{}", row);
            prop_assert!(!row.contains('<'));
        }
    }
}
