//! Somebody who asks one thing after the other, and sees each to its end.

use std::rc::Rc;
use std::time::{Duration, Instant};

use azimuth_stack::failure::{Done, Failure};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::api::Ask;
use crate::book::{Asked, Call, Place, Wish};
use crate::random::Chance;
use crate::world::World;

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// After it the asker begins another conversation; the turn is followed all the same.
const PATIENCE: Duration = Duration::from_mins(3);
/// Turns of one conversation.
const TURNS: usize = 6;

/// Who asks: name and resource group; without one nothing is changed.
pub const PEOPLE: [(&str, Option<&str>); 6] = [
    ("alice", Some("rg-dev")),
    ("alice", Some("rg-dev-test")),
    ("alice", Some("rg-prod-web")),
    ("eve", Some("rg-fabrikam")),
    ("bob", None),
    ("dave", None),
];
/// Whoever agrees to what the asker may not agree to alone; there is one in Contoso.
const APPROVER: &str = "carol";

/// The real server costs seconds of a core whenever it starts, the ledger none.
const READS: [&str; 5] = [
    "list my resource groups",
    "list subscriptions",
    "/entry_list",
    "/entry_list",
    "/entry_list",
];

/// What an asker of `PEOPLE` begins next.
struct Plan {
    text: String,
    change: Option<(Place, String)>,
    wish: Wish,
}

/// Asks until the world no longer does. `number`: place in [`PEOPLE`].
pub async fn ask_on(world: Rc<World>, number: usize, mut chance: Chance) -> Done {
    let (person, group) = PEOPLE[number];
    let mut conversations = 0;
    let mut asked = 0;
    while world.asks.get() {
        conversations += 1;
        let key = format!("soak-{number}-conversation-{conversations}");
        let Some(conversation) = converse(&world, person, &key).await? else {
            continue;
        };
        for _ in 0..TURNS {
            sleep(chance.millis(100, 1500)).await;
            if !world.asks.get() {
                break;
            }
            asked += 1;
            let name = format!("stsoak{number}n{asked}");
            let plan = plan(&mut chance, group, person == "alice", &name);
            let key = format!("soak-{number}-turn-{asked}");
            let breaks = chance.percent(10).then(|| chance.millis(1, 80));
            let again = chance.percent(10);
            let told = accept(&world, person, &conversation, &key, plan, breaks, again).await?;
            let Some(turn) = told else { continue };
            let following = tokio::task::spawn_local(follow(Rc::clone(&world), turn));
            // The task goes on when nobody waits for it any more.
            if timeout(PATIENCE, following).await.is_err() {
                break;
            }
        }
    }
    Ok(())
}

fn plan(chance: &mut Chance, group: Option<&str>, has_approver: bool, name: &str) -> Plan {
    let stops = |chance: &mut Chance| Wish::StopAfter(chance.millis(0, 5000));
    let read = |chance: &mut Chance| chance.pick(&READS).copied().unwrap_or(READS[0]);
    let Some(group) = group.filter(|_| chance.percent(60)) else {
        let wish = if chance.percent(15) {
            stops(chance)
        } else {
            Wish::Yes
        };
        return Plan {
            text: read(chance).to_owned(),
            change: None,
            wish,
        };
    };
    let wish = match chance.below(100) {
        0..70 => Wish::Yes,
        70..82 => Wish::No,
        82..90 => Wish::StopWaiting,
        _ => stops(chance),
    };
    let (text, place) = match chance.below(100) {
        0..35 => (
            format!("create storage account {name} in {group}"),
            Place::Azure,
        ),
        35..70 if has_approver => (format!("/entry_strike name={name}"), Place::Ledger),
        _ => (format!("/entry_add name={name}"), Place::Ledger),
    };
    Plan {
        text,
        change: Some((place, name.to_owned())),
        wish,
    }
}

async fn converse(world: &World, person: &'static str, key: &str) -> Done<Option<String>> {
    let token = world.token(person).await?;
    let ask = Ask::post(&token, "/conversations", key, json!({}));
    let Some(reply) = world.api.call(&ask, world.deadline.get()).await else {
        return Ok(None);
    };
    match (reply.status, reply.body["id"].as_str()) {
        (201, Some(id)) => Ok(Some(id.to_owned())),
        _ => Err(Failure::answer("a conversation", format!("{reply:?}"))),
    }
}

/// Asks until the API says that it has the turn; its place in the book.
async fn accept(
    world: &World,
    person: &'static str,
    conversation: &str,
    key: &str,
    plan: Plan,
    breaks_after: Option<Duration>,
    again: bool,
) -> Done<Option<usize>> {
    let token = world.token(person).await?;
    let path = format!("/conversations/{conversation}/turns");
    let body = json!({"text": plan.text});
    let ask = Ask {
        breaks_after,
        ..Ask::post(&token, &path, key, body)
    };
    let Some(reply) = world.api.call(&ask, world.deadline.get()).await else {
        return Ok(None);
    };
    let turn = reply.body["turn_id"].as_str().map(ToOwned::to_owned);
    let (202, Some(turn)) = (reply.status, turn) else {
        let told = format!("{key} was answered {reply:?}");
        world.book.borrow_mut().find(told);
        return Ok(None);
    };
    let number = {
        let mut book = world.book.borrow_mut();
        book.asked.push(Asked {
            person,
            conversation: conversation.to_owned(),
            key: key.to_owned(),
            text: plan.text,
            change: plan.change,
            wish: plan.wish,
            agreed: false,
            decided: std::collections::BTreeSet::new(),
            calls: Vec::new(),
            turn: turn.clone(),
            accepted: Instant::now(),
            rest: None,
            ended: None,
        });
        book.asked.len() - 1
    };
    if again && let Some(second) = world.api.call(&ask, world.deadline.get()).await {
        // The conversation may have been answered already: the key counts alone.
        if second.body["turn_id"] != turn.as_str() {
            let told = format!("{key} made {turn} and was then answered {second:?}");
            world.book.borrow_mut().find(told);
        }
    }
    Ok(Some(number))
}

/// Looks at a turn until it has ended, decides what it waits for, and stops it when
/// its asker wishes so.
async fn follow(world: Rc<World>, number: usize) {
    let (person, path, wish, since) = {
        let book = world.book.borrow();
        let turn = &book.asked[number];
        let path = format!("/turns/{}", turn.turn);
        (turn.person, path, turn.wish, turn.accepted)
    };
    let mut has_stopped = false;
    while Instant::now() < world.deadline.get() {
        let Ok(token) = world.token(person).await else {
            return;
        };
        let ask = Ask::get(&token, &path);
        let Some(reply) = world.api.call(&ask, world.deadline.get()).await else {
            return;
        };
        let Some(status) = reply.body["status"]
            .as_str()
            .filter(|_| reply.status == 200)
        else {
            // What is not there now is judged at the end.
            sleep(LOOK_EVERY).await;
            continue;
        };
        let calls = Call::all_of(&reply.body);
        world.book.borrow_mut().saw(number, status, calls);
        if world.book.borrow().asked[number].ended.is_some() {
            return;
        }
        let approval = pending(&reply.body);
        let stops = match wish {
            Wish::StopAfter(time) => since.elapsed() >= time,
            Wish::StopWaiting => approval.is_some(),
            Wish::Yes | Wish::No => false,
        };
        if stops && !has_stopped {
            has_stopped = stop(&world, &token, &path).await;
        } else if let Some(approval) = approval {
            decide(&world, number, person, &approval, wish != Wish::No).await;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn stop(world: &World, token: &str, path: &str) -> bool {
    let path = format!("{path}/cancel");
    let ask = Ask {
        method: "POST",
        ..Ask::get(token, &path)
    };
    let reply = world.api.call(&ask, world.deadline.get()).await;
    // A conflict says that it had ended.
    reply.is_some_and(|reply| [200, 409].contains(&reply.status))
}

struct Approval {
    id: String,
    digest: String,
    is_anothers: bool,
}

/// The first call that waits for somebody's word.
fn pending(turn: &Value) -> Option<Approval> {
    let calls = turn["calls"].as_array()?;
    calls.iter().find_map(|call| {
        let approval = &call["approval"];
        let text = |field: &str| approval[field].as_str().map(ToOwned::to_owned);
        (approval["state"] == "pending").then_some(())?;
        Some(Approval {
            id: text("approval_id")?,
            digest: text("digest")?,
            is_anothers: approval["by"] == "another_approver",
        })
    })
}

async fn decide(world: &World, number: usize, asker: &'static str, approval: &Approval, yes: bool) {
    let mark = format!("{} {}", approval.id, approval.digest);
    if world.book.borrow().asked[number].decided.contains(&mark) {
        return;
    }
    let who = if approval.is_anothers {
        APPROVER
    } else {
        asker
    };
    let Ok(token) = world.token(who).await else {
        return;
    };
    let path = format!("/approvals/{}/decision", approval.id);
    let decision = if yes { "approve" } else { "deny" };
    let body = json!({"decision": decision, "reason": "soak", "digest": approval.digest});
    // Before it is sent: whether it arrived may never be known.
    world.book.borrow_mut().asked[number].agreed |= yes;
    let key = format!("soak-decision-{}", approval.id);
    let ask = Ask::post(&token, &path, &key, body);
    let reply = world.api.call(&ask, world.deadline.get()).await;
    let mut book = world.book.borrow_mut();
    match reply.map(|reply| reply.status) {
        // Decided, here or by an answer that got lost: the next look shows it.
        Some(200 | 409) | None => {}
        Some(status) => {
            let told = format!("{who}'s word about {} was answered {status}", approval.id);
            book.asked[number].decided.insert(mark);
            book.find(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pending_approval_waits_for_a_word() {
        let call = |state: &str| json!({"approval": {"approval_id": "a", "digest": "d", "state": state, "by": "another_approver"}});
        let turn = json!({"calls": [{"approval": null}, call("denied"), call("pending")]});
        assert!(pending(&turn).is_some_and(|a| a.is_anothers && a.digest == "d"));
        assert!(pending(&json!({"calls": [call("approved")]})).is_none());
    }

    #[test]
    fn every_change_has_a_name_of_its_own_and_readers_change_nothing() {
        let mut chance = Chance::of(3);
        for number in 0..200 {
            let name = format!("n{number}");
            let one = plan(&mut chance, Some("rg"), number % 2 == 0, &name);
            if let Some((_, made)) = &one.change {
                assert!(*made == name && one.text.contains(&name), "{}", one.text);
            }
            assert!(number % 2 == 0 || !one.text.contains("strike"));
            assert!(plan(&mut chance, None, true, &name).change.is_none());
        }
    }
}
