//! Messages on the queues that no part of the product sent: bytes that are no work
//! item, items of a newer build, items of turns that do not exist, and true items
//! again, also of turns that are being worked on.

use std::time::Duration;

use azimuth_domain::ids::{CallId, TurnId};
use azimuth_domain::work::{TOOL_CALLS_QUEUE, TURNS_QUEUE, WorkItem};
use azimuth_embedded::SqliteQueue;
use azimuth_ports::queue::WorkQueue;
use serde_json::json;

use crate::random::Chance;
use crate::world::World;

/// Of the sandbox's first tenant.
const TENANT: &str = "00000000-0000-4000-8000-000000000001";
const MESSAGES: u64 = 6;
/// The host moves what fails five times there.
const POISON: &str = "-poison";

/// Puts a handful; how many.
pub async fn put(world: &World, chance: &mut Chance) -> usize {
    let queue = match SqliteQueue::open(&world.data) {
        Ok(queue) => queue,
        Err(error) => {
            let told = format!("the queue cannot be opened: {error}");
            world.book.borrow_mut().find(told);
            return 0;
        }
    };
    let mut sent = 0;
    for _ in 0..MESSAGES {
        let name = if chance.percent(50) {
            TOOL_CALLS_QUEUE
        } else {
            TURNS_QUEUE
        };
        let mut name = name.to_owned();
        let known: Vec<String> = {
            let book = world.book.borrow();
            let late = book.asked.iter().rev().take(12);
            late.map(|turn| turn.turn.clone()).collect()
        };
        let body = body(chance, &known);
        // A true item on the queue of those that were given up says something that is
        // not so, but must not harm either.
        if chance.percent(20) {
            name.push_str(POISON);
        }
        if queue.enqueue(&name, &body, Duration::ZERO).await.is_ok() {
            sent += 1;
        }
    }
    sent
}

fn body(chance: &mut Chance, known: &[String]) -> String {
    let turn = chance.pick(known).and_then(|turn| TurnId::parse(turn));
    let item = turn.map(|turn| match chance.below(3) {
        0 => WorkItem::advance(TENANT, &turn),
        1 => WorkItem::watchdog(TENANT, &turn, chance.below(6)),
        _ => WorkItem::tool_call(TENANT, &CallId::new(&turn, 0, 0)),
    });
    match chance.below(10) {
        0 => "\u{0}\u{1}no work item".to_owned(),
        1 => "{\"v\":1,".to_owned(),
        2 => json!({"v": 99, "what": "a newer build's"}).to_string(),
        3 => json!([[[]]]).to_string(),
        4 => "x".repeat(40_000),
        5 => json!({"v": 1, "tenant": TENANT, "user": "0000000000000000", "conversation": "c", "turn": "t"}).to_string(),
        _ => item
            .and_then(|item| serde_json::to_string(&item).ok())
            .unwrap_or_else(|| "null".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_garbage_and_true_items_are_drawn() {
        use azimuth_domain::ids::ConversationId;
        use azimuth_domain::principal::UserKey;
        let user = UserKey::new(TENANT, "o");
        let turn = TurnId::derived(&ConversationId::derived(&user, "x", "y"), "k");
        let mut chance = Chance::of(1);
        let bodies: Vec<String> = (0..200)
            .map(|_| body(&mut chance, &[turn.to_string()]))
            .collect();
        let items = bodies
            .iter()
            .filter_map(|body| serde_json::from_str::<WorkItem>(body).ok());
        let (with_call, without): (Vec<_>, Vec<_>) = items
            .filter(|i| i.turn == turn)
            .partition(|i| i.call.is_some());
        assert!(with_call.len() > 10 && without.len() > 20);
        assert!(with_call.iter().all(WorkItem::is_consistent));
        assert!(bodies.len() - with_call.len() - without.len() > 50);
    }
}
