//! A change waits for a person's yes, and happens once.

use azimuth_tests::person::Person;
use azimuth_tests::sse::Event;
use azimuth_tests::stack::{Shape, Stack, Storage};

use super::{TURN, approval_of, call_of, effects_on};

/// How an answer says that a person said no.
const DENIED: &str = "was not allowed, so it did not run: A person refused";

#[tokio::test(flavor = "multi_thread")]
async fn changes_wait_for_the_person_whom_policy_names() {
    changes_wait_on(Stack::start(Shape::default()).await).await;
}

/// The same where HTTP and executors share nothing but the stores.
#[tokio::test(flavor = "multi_thread")]
async fn changes_wait_with_http_and_executors_in_processes_of_their_own() {
    changes_wait_on(Stack::start(apart(Shape::default().storage)).await).await;
}

/// And where the host takes the work from Storage Queues.
#[tokio::test(flavor = "multi_thread")]
async fn changes_wait_with_the_queues_on_azurite() {
    changes_wait_on(Stack::start(apart(Storage::Queues)).await).await;
}

/// A process for each scale group.
fn apart(storage: Storage) -> Shape {
    Shape {
        groups: vec![
            "http",
            "function:execute-tool",
            "function:advance-turn",
            "function:sweep",
        ],
        storage,
        ..Shape::default()
    }
}

async fn changes_wait_on(stack: Stack) {
    let alice = stack.person("alice").await;
    let carol = stack.person("carol").await;
    let bob = stack.person("bob").await;
    let conversation = alice.converse().await;

    // Denied: it does not exist, and the answer says so.
    let turn = alice
        .ask(&conversation, "create storage account stdemo0 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(bob.decide(&id, &digest, "approve").await.status, 404);
    assert_eq!(
        carol.decide(&id, &digest, "approve").await.status,
        404,
        "the asker's own approval is nobody else's business"
    );
    assert_eq!(alice.decide(&id, "0000", "approve").await.status, 409);
    assert_eq!(alice.decide(&id, &digest, "deny").await.status, 200);
    alice.wait_for(&turn, &["done"], TURN).await;
    let said = alice.said(&conversation, &turn).await;
    assert!(said.contains(DENIED), "{said}");
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 409);
    assert_eq!(effects_on(&stack, "/stdemo0").await.len(), 0);

    // Approved: it exists, exactly once.
    let turn = alice
        .ask(&conversation, "create storage account stdemo1 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(effects_on(&stack, "/stdemo1").await.len(), 0);
    let live = alice.events(&turn, 0).await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let live = live.all().await;
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    replays_identically(&alice, &turn, &live).await;
    assert_eq!(
        call_of(&ended, "storage_account_create")["outcome"],
        "ok",
        "{ended}"
    );
    let made = effects_on(&stack, "/stdemo1").await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["user"], "alice");

    // Stopping a machine is a change that its asker refuses, or approves.
    let turn = alice.ask(&conversation, "stop vm vm-dev-1 in rg-dev").await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(alice.decide(&id, &digest, "deny").await.status, 200);
    alice.wait_for(&turn, &["done"], TURN).await;
    let said = alice.said(&conversation, &turn).await;
    assert!(said.contains(DENIED), "{said}");
    assert_eq!(effects_on(&stack, "/vm-dev-1").await.len(), 0);

    let turn = alice.ask(&conversation, "stop vm vm-dev-1 in rg-dev").await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(effects_on(&stack, "/vm-dev-1").await.len(), 0);
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(
        call_of(&ended, "compute_vm_power-state")["outcome"],
        "ok",
        "{ended}"
    );
    assert_eq!(effects_on(&stack, "/vm-dev-1").await.len(), 1);

    // Deleting one needs somebody else, and an approver.
    let turn = alice
        .ask(&conversation, "delete vm vm-dev-2 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 403);
    assert_eq!(bob.decide(&id, &digest, "approve").await.status, 404);
    let seen = carol.get(&format!("/v1/approvals/{id}")).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert!(seen.body.get("conversation_id").is_none(), "{seen:?}");
    assert_eq!(effects_on(&stack, "/vm-dev-2").await.len(), 0);
    assert_eq!(carol.decide(&id, &digest, "approve").await.status, 200);
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(
        call_of(&ended, "compute_vm_delete")["outcome"],
        "ok",
        "{ended}"
    );
    let deleted = effects_on(&stack, "/vm-dev-2").await;
    assert_eq!(deleted.len(), 1, "{deleted:?}");
    assert_eq!(deleted[0]["user"], "alice", "carol agreed, alice acted");

    // A reader may not even ask.
    let conversation = bob.converse().await;
    let turn = bob
        .ask(&conversation, "/storage_account_create account=stdemo2 location=koreacentral resource-group=rg-dev subscription=Contoso-Dev")
        .await;
    bob.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(effects_on(&stack, "/stdemo2").await.len(), 0);
}

/// What was read while the turn was being written, by whatever process, is what
/// is read afterwards, from every sequence number.
async fn replays_identically(person: &Person, turn: &str, live: &[Event]) {
    let last = live.last().and_then(|e| e.id).expect("a numbered event");
    assert_eq!(u64::try_from(live.len()).unwrap(), last, "no gaps");
    for after in 0..last {
        let replay = person.events(turn, after).await.all().await;
        let from = usize::try_from(after).unwrap();
        assert_eq!(replay, live[from..], "after {after}");
    }
}
