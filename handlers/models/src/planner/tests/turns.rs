//! Single questions: which calls they lead to.

use super::*;

#[test]
fn resource_groups_of_every_subscription_are_shown() {
    for question in ["list my resource groups", "내 리소스 그룹 보여줘"] {
        let turn = turn(question);
        assert_eq!(
            turn.steps,
            [
                vec![call("subscription_list", json!({}))],
                vec![
                    call("group_list", json!({"subscription": DEV})),
                    call("group_list", json!({"subscription": PROD})),
                ],
            ],
            "{question}"
        );
    }
    assert_eq!(
        turn("list my resource groups").text(),
        "`group_list` found 3 results in 2 subscriptions:\n\n\
         | Name | Subscription | Location |\n\
         | --- | --- | --- |\n\
         | rg-dev | Contoso-Dev | koreacentral |\n\
         | rg-net | Contoso-Dev | koreasouth |\n\
         | rg-prod | Contoso-Prod | koreacentral |"
    );
    assert_eq!(
        turn("내 리소스 그룹 보여줘")
            .text()
            .lines()
            .take(3)
            .collect::<Vec<_>>(),
        [
            "`group_list`: 구독 2개에서 3개를 찾았습니다.",
            "",
            "| 이름 | 구독 | 위치 |"
        ]
    );
}

#[test]
fn a_named_or_a_default_subscription_is_asked_alone() {
    assert_eq!(
        turn("show storage accounts in Contoso-Dev").steps,
        [
            vec![call("subscription_list", json!({}))],
            vec![call("storage_account_get", json!({"subscription": DEV}))],
        ]
    );
    assert_eq!(
        turn("Contoso-Dev 구독의 스토리지 계정 목록").steps,
        [vec![call(
            "storage_account_get",
            json!({"subscription": "Contoso-Dev"})
        )]]
    );
    let mut with_default = request(vec![user("스토리지 계정 목록")]);
    with_default.default_subscription = Some("Contoso-Dev".to_owned());
    assert_eq!(
        turn_of(with_default, azure).steps,
        [vec![call(
            "storage_account_get",
            json!({"subscription": "Contoso-Dev"})
        )]]
    );
    let mut other = request(vec![user("list storage accounts in Contoso-Prod")]);
    other.default_subscription = Some("Contoso-Dev".to_owned());
    assert_eq!(
        turn_of(other, azure).steps[1],
        [call("storage_account_get", json!({"subscription": PROD}))]
    );
}

#[test]
fn a_place_that_is_no_subscription_is_a_resource_group() {
    assert_eq!(
        turn("list storage accounts in mygroup").steps[1],
        [
            call(
                "storage_account_get",
                json!({"resource-group": "mygroup", "subscription": DEV})
            ),
            call(
                "storage_account_get",
                json!({"resource-group": "mygroup", "subscription": PROD})
            ),
        ]
    );
}

#[test]
fn names_of_secrets_are_listed_and_never_their_values() {
    for question in [
        "list the secrets in vault kv-dev",
        "kv-dev 볼트의 비밀 이름 알려줘",
        "키 자격 증명 모음 kv-dev의 비밀 목록",
    ] {
        let turn = turn(question);
        assert_eq!(
            turn.steps,
            [vec![call(
                "keyvault_secret_get",
                json!({"vault": "kv-dev"})
            )]],
            "{question}"
        );
        assert!(
            turn.text().contains("| db-password |\n| api-key |"),
            "{}",
            turn.text()
        );
    }
}

#[test]
fn a_creation_goes_to_the_subscription_of_its_group() {
    for question in [
        "create storage account stdemo1 in rg-dev",
        "rg-dev에 스토리지 계정 stdemo1 만들어줘",
    ] {
        let turn = turn(question);
        assert_eq!(
            turn.steps.last().unwrap(),
            &[call(
                "storage_account_create",
                json!({
                    "account": "stdemo1", "location": "koreacentral", "resource-group": "rg-dev", "subscription": DEV
                })
            )],
            "{question}"
        );
        assert_eq!(turn.steps.len(), 3, "{question}");
        assert!(turn.texts[2].contains("koreacentral"), "{}", turn.texts[2]);
        assert!(turn.texts[2].contains("`Contoso-Dev`"), "{}", turn.texts[2]);
    }
    let explicit =
        turn("create storage account stdemo1 in rg-dev in eastus in subscription Contoso-Dev");
    assert_eq!(
        explicit.steps,
        [vec![call(
            "storage_account_create",
            json!({
                "account": "stdemo1", "location": "eastus", "resource-group": "rg-dev", "subscription": "Contoso-Dev"
            })
        )]]
    );
    assert!(!explicit.texts[0].contains("You named no location"));
}

#[test]
fn power_and_deletion_of_a_vm() {
    let expected = |name: &str, more: Value| {
        let mut arguments =
            json!({"vm-name": "vm-dev-1", "resource-group": "rg-dev", "subscription": DEV});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        call(name, arguments)
    };
    for (question, last) in [
        (
            "stop vm vm-dev-1 in rg-dev",
            expected("compute_vm_power-state", json!({"power-action": "stop"})),
        ),
        (
            "rg-dev의 vm-dev-1 VM 꺼줘",
            expected("compute_vm_power-state", json!({"power-action": "stop"})),
        ),
        (
            "start the virtual machine vm-dev-1 in rg-dev",
            expected("compute_vm_power-state", json!({"power-action": "start"})),
        ),
        (
            "restart vm vm-dev-1 in resource group rg-dev",
            expected("compute_vm_power-state", json!({"power-action": "restart"})),
        ),
        (
            "delete vm vm-dev-1 in rg-dev",
            expected("compute_vm_delete", json!({})),
        ),
        (
            "rg-dev의 가상 머신 vm-dev-1 삭제해줘",
            expected("compute_vm_delete", json!({})),
        ),
    ] {
        assert_eq!(turn(question).steps.last().unwrap(), &[last], "{question}");
    }
}

#[test]
fn the_exact_form_is_called_as_it_is_spelt() {
    for (text, expected) in [
        (
            "/storage_account_get subscription=Contoso-Dev",
            call(
                "storage_account_get",
                json!({"subscription": "Contoso-Dev"}),
            ),
        ),
        (
            "/azure/storage_account_get --subscription \"Contoso Dev\" --account st1",
            call(
                "storage_account_get",
                json!({"subscription": "Contoso Dev", "account": "st1"}),
            ),
        ),
        ("/group_list", call("group_list", json!({}))),
        (
            "/compute_vm_get vm-name=vm1 resource-group=rg-dev instance-view=true",
            call(
                "compute_vm_get",
                json!({"vm-name": "vm1", "resource-group": "rg-dev", "instance-view": true}),
            ),
        ),
    ] {
        let turn = turn(text);
        assert_eq!(turn.steps, [vec![expected]], "{text}");
        assert_eq!(turn.texts[0], "", "{text}");
    }
}

#[test]
fn the_exact_form_names_what_is_wrong() {
    for (text, parts) in [
        (
            "/storage_account_get bogus=1",
            &["`bogus`", "Its parameters", "`account`"][..],
        ),
        (
            "/compute_vm_get instance-view=perhaps",
            &["`instance-view` takes true or false"],
        ),
        (
            "/storage_account_get stray",
            &["`stray` is neither a key nor a value"],
        ),
        ("/no_such_tool a=b", &["There is no tool `no_such_tool`"]),
        (
            "/compute_vm_delete vm-name=a",
            &["I still need `resource-group`"],
        ),
        ("/help", &["not a language model"]),
    ] {
        let turn = turn(text);
        assert_eq!(turn.steps, Vec::<Vec<_>>::new(), "{text}");
        for part in parts {
            assert!(
                turn.text().contains(part),
                "{text}: {part} in {}",
                turn.text()
            );
        }
    }
}

#[test]
fn help_lists_the_tools_on_offer() {
    let help = reply(&request_with(
        vec![user("/help")],
        offered(&["list my resource groups"]),
    ))
    .text;
    assert!(
        help.contains("- `group_list`: List all resource groups in a subscription"),
        "{help}"
    );
}

#[test]
fn small_talk_is_answered_honestly() {
    for (text, part) in [
        ("hello", "not a language model"),
        ("안녕하세요", "언어 모델이 아니라"),
        ("what is the weather in Seoul?", "not a language model"),
        ("", "not a language model"),
        ("thanks", "not a language model"),
    ] {
        let turn = turn(text);
        assert_eq!(turn.steps, Vec::<Vec<_>>::new(), "{text}");
        assert!(turn.text().contains(part), "{text}: {}", turn.text());
    }
    let mut korean = request(vec![user("hello")]);
    korean.language = "ko".to_owned();
    assert!(reply(&korean).text.contains("언어 모델이 아니라"));
}

#[test]
fn a_change_is_never_made_of_anything_but_its_own_verb() {
    for text in [
        "delete storage account stdemo1",
        "storage account stdemo1",
        "스토리지 계정 stdemo1 지워줘",
        "what happens when I delete vm vm-dev-1 in rg-dev?",
        "vm vm-dev-1 in rg-dev",
    ] {
        for step in turn(text).steps {
            for (name, _) in step {
                assert!(
                    !name.ends_with("_create")
                        && !name.ends_with("_delete")
                        && !name.contains("power"),
                    "{text}: {name}"
                );
            }
        }
    }
    assert!(
        turn("delete storage account stdemo1")
            .text()
            .contains("nothing was run")
    );
}

#[test]
fn many_subscriptions_are_asked_eight_at_a_time() {
    for (count, sizes) in [
        (7, &[1, 7][..]),
        (8, &[1, 8]),
        (9, &[1, 8, 1]),
        (32, &[1, 8, 8, 8, 8]),
        (33, &[1, 8, 8, 8, 8]),
    ] {
        let turn = turn_of(request(vec![user("list my resource groups")]), |call| {
            if call.name != "subscription_list" {
                return azure(call);
            }
            let all: Vec<Value> = (0..count)
                .map(|i| json!({"subscriptionId": format!("s{i}"), "displayName": format!("Sub {i}")}))
                .collect();
            (
                Outcome::Ok,
                json!({"results": {"subscriptions": all}}).to_string(),
            )
        });
        let found: Vec<usize> = turn.steps.iter().map(Vec::len).collect();
        assert_eq!(found, sizes, "{count}");
        assert_eq!(turn.text().contains("first 32 of 33"), count == 33);
    }
}

#[test]
fn no_subscription_is_said() {
    let turn = turn_of(request(vec![user("list my resource groups")]), |_| {
        (
            Outcome::Ok,
            json!({"results": {"subscriptions": []}}).to_string(),
        )
    });
    assert!(turn.text().contains("no subscription"), "{}", turn.text());
}

#[test]
fn call_ids_go_on_from_those_before() {
    let first = turn("list the secrets in vault kv-dev");
    let mut messages = first.messages;
    messages.push(user("list the secrets in vault kv-prod"));
    let next = reply(&request(messages));
    assert_eq!(next.calls[0].id, "call_2");
}
