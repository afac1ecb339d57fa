//! Questions that lean on what was said before.

use super::*;

/// The second turn of a conversation whose first is over.
fn after(first: &str, second: &str) -> Turn {
    let mut messages = turn(first).messages;
    messages.push(user(second));
    turn_of(request(messages), azure)
}

#[test]
fn what_is_missing_is_asked_for_and_the_answer_completes_it() {
    let asked = turn("delete vm vm-dev-1");
    assert_eq!(asked.steps, Vec::<Vec<_>>::new());
    assert_eq!(
        asked.text(),
        "To run `compute_vm_delete` I still need `resource-group`.\n\
         - `resource-group`: The Azure resource group name.\n\n\
         For example: `resource-group=rg-dev`"
    );
    for answer in [
        "rg-dev",
        "in rg-dev",
        "resource-group=rg-dev",
        "it is rg-dev",
        "resource group rg-dev",
    ] {
        assert_eq!(
            after("delete vm vm-dev-1", answer).steps.last().unwrap(),
            &[call(
                "compute_vm_delete",
                json!({"vm-name": "vm-dev-1", "resource-group": "rg-dev", "subscription": DEV})
            )],
            "{answer}"
        );
    }
}

#[test]
fn the_question_back_is_in_the_language_of_the_question() {
    let asked = turn("가상 머신 vm-dev-1 삭제해줘");
    assert!(
        asked
            .text()
            .starts_with("`compute_vm_delete` 도구를 실행하려면"),
        "{}",
        asked.text()
    );
    let done = after("가상 머신 vm-dev-1 삭제해줘", "rg-dev");
    assert_eq!(done.steps.last().unwrap()[0].0, "compute_vm_delete");
    assert!(
        done.texts[2].contains("실행을 요청합니다"),
        "{}",
        done.texts[2]
    );
}

#[test]
fn several_missing_values_are_completed_one_after_the_other() {
    let first = turn("stop a vm");
    assert!(
        first.text().contains("`vm-name`, `resource-group`"),
        "{}",
        first.text()
    );
    let mut messages = first.messages;
    messages.push(user("vm-dev-1"));
    let second = turn_of(request(messages), azure);
    assert!(
        second.text().contains("I still need `resource-group`."),
        "{}",
        second.text()
    );
    let mut messages = second.messages;
    messages.push(user("rg-dev"));
    let third = turn_of(request(messages), azure);
    assert_eq!(
        third.steps.last().unwrap(),
        &[call(
            "compute_vm_power-state",
            json!({"vm-name": "vm-dev-1", "power-action": "stop", "resource-group": "rg-dev", "subscription": DEV})
        )]
    );
}

#[test]
fn a_group_that_lies_nowhere_makes_the_planner_ask_for_the_subscription() {
    let asked = turn("create storage account stdemo1 in rg-none");
    assert!(
        asked.text().contains("no resource group `rg-none`"),
        "{}",
        asked.text()
    );
    assert!(
        asked
            .text()
            .contains("Choose one of: Contoso-Dev, Contoso-Prod."),
        "{}",
        asked.text()
    );
    let done = after("create storage account stdemo1 in rg-none", "Contoso-Prod");
    assert_eq!(
        done.steps,
        [vec![call(
            "storage_account_create",
            json!({
                "account": "stdemo1", "location": "koreacentral", "resource-group": "rg-none", "subscription": "Contoso-Prod"
            })
        )]]
    );
}

#[test]
fn a_request_can_be_taken_back_or_replaced() {
    let taken_back = after("delete vm vm-dev-1", "cancel");
    assert_eq!(taken_back.text(), "Fine, nothing was run.");
    assert_eq!(
        after("가상 머신 vm-dev-1 삭제해줘", "취소").text(),
        "알겠습니다. 아무것도 실행하지 않았습니다."
    );
    let replaced = after("delete vm vm-dev-1", "list the secrets in vault kv-dev");
    assert_eq!(
        replaced.steps,
        [vec![call(
            "keyvault_secret_get",
            json!({"vault": "kv-dev"})
        )]]
    );
}

#[test]
fn a_new_place_repeats_the_question_there() {
    for second in [
        "and in Contoso-Prod?",
        "Contoso-Prod는?",
        "what about Contoso-Prod",
    ] {
        let turn = after("show storage accounts in Contoso-Dev", second);
        assert_eq!(
            turn.steps.last().unwrap(),
            &[call("storage_account_get", json!({"subscription": PROD}))],
            "{second}"
        );
    }
    let other_vault = after("list the secrets in vault kv-dev", "and kv-prod?");
    assert_eq!(
        other_vault.steps,
        [vec![call(
            "keyvault_secret_get",
            json!({"vault": "kv-prod"})
        )]]
    );
}

#[test]
fn it_is_what_was_spoken_of() {
    let expected = call(
        "compute_vm_power-state",
        json!({
            "vm-name": "vm-dev-1", "resource-group": "rg-dev", "power-action": "stop", "subscription": DEV
        }),
    );
    for (first, second) in [
        ("show vm vm-dev-1 in rg-dev", "stop it"),
        ("rg-dev의 VM vm-dev-1 보여줘", "꺼줘"),
        ("rg-dev의 VM vm-dev-1 보여줘", "그거 중지해줘"),
    ] {
        assert_eq!(
            after(first, second).steps.last().unwrap(),
            std::slice::from_ref(&expected),
            "{second}"
        );
    }
}

#[test]
fn thanks_after_a_result_repeats_nothing() {
    for text in ["thanks", "고마워", "ok", "great, thank you!"] {
        assert_eq!(
            after("show storage accounts in Contoso-Dev", text).steps,
            Vec::<Vec<_>>::new(),
            "{text}"
        );
    }
}

#[test]
fn a_broken_answer_is_not_repeated() {
    let mut messages = vec![user("list my resource groups")];
    messages.push(ChatMessage::Repair(
        "the arguments are no JSON <b>".to_owned(),
    ));
    let reply = reply(&request(messages));
    assert_eq!(reply.calls, []);
    assert!(reply.text.contains("&lt;b&gt;"), "{}", reply.text);
}

#[test]
fn an_unfinished_question_of_another_tool_is_not_mixed_in() {
    let turn = after("delete vm vm-dev-1", "list my resource groups");
    assert_eq!(turn.steps[0], [call("subscription_list", json!({}))]);
}
