//! A shape played to its end.

use std::sync::Arc;
use std::time::Duration;

use azimuth_app::triggers::QueueFunction;
use azimuth_domain::ids::TurnId;
use azimuth_ports::clock::Clock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::cosmos::{Account, Looks};
use super::flaw::Flaw;
use super::invariants::{self, ended_as};
use super::line::{Call, Plan};
use super::shapes::{Deed, Shape};
use super::storage::Storage;
use super::world::effects::Manner;
use super::world::people::{Question, alice, turn_of};
use super::world::{World, host};

/// What came of a run.
#[derive(Debug)]
pub struct Played {
    /// Every call that crossed a line, up to the end of all faults.
    pub calls: Vec<Call>,
    /// What must not be.
    pub findings: Vec<String>,
    /// How the turn ended: status and outcomes.
    pub ended: String,
    /// How long the turn took.
    pub took: Duration,
    /// How often a tool did something.
    pub effects: usize,
}

/// How long a turn may take: people's deadlines of an hour, and more than one.
pub const LONGEST: Duration = Duration::from_hours(4);
/// After this the audit is swept: an open may be closed by its own executor for
/// ten minutes.
pub const AUDIT_IS_SWEPT_AFTER: Duration = Duration::from_mins(16);
/// A deleted conversation can be restored for seven.
const EIGHT_DAYS: Duration = Duration::from_hours(8 * 24);
const KEY: &str = "the-key";

/// Plays a shape to its end in a runtime of its own.
pub fn play(shape: &Shape, plan: Plan, flaw: Option<Flaw>) -> Played {
    in_own_time(run(shape, plan, &Storage::Memory(flaw)))
}

/// The same on Cosmos DB. What lies in the account is removed first.
pub fn play_on(account: &Arc<Account>, shape: &Shape, plan: Plan) -> Played {
    let storage = Storage::Cosmos(account.clone(), Looks::Back);
    storage.empty();
    in_own_time(run(shape, plan, &storage))
}

/// Runs something on a clock of its own, which moves only when everybody sleeps.
pub fn in_own_time<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

async fn run(shape: &Shape, plan: Plan, storage: &Storage) -> Played {
    let manner = Manner {
        takes: Duration::from_millis(shape.tools_take),
        tells: shape.tells,
    };
    let world = World::new(shape.says, manner, plan, storage);
    let sweeps = storage.flaw() != Some(Flaw::NobodyLooksAgain);
    world.make_chat(1).await;
    if shape.is_signed_out {
        world.provider.revoke();
    }
    let _running = world.start(sweeps);
    let turn = turn_of(shape.question, KEY);
    let began = Instant::now();
    if world.ask(shape.question, KEY).await.is_some() {
        let mut people = JoinSet::new();
        for deed in shape.deeds {
            let (world, turn, deed) = (world.clone(), turn.clone(), *deed);
            people.spawn(async move { act(&world, &turn, deed).await });
        }
        if tokio::time::timeout(LONGEST, until_ended(&world))
            .await
            .is_err()
        {
            world.findings.note("the turn does not end");
        }
        people.abort_all();
    }
    let took = began.elapsed();
    until_quiet(&world).await;
    sleep(AUDIT_IS_SWEPT_AFTER).await;
    let is_deleted = is_deleted(&world, &turn).await;
    if is_deleted {
        world.clock.skip(EIGHT_DAYS);
        host::sweep_through(&world).await;
    }
    let calls = world.fate.calls();
    world.fate.relent();
    if sweeps {
        host::sweep_through(&world).await;
    }
    let ended = ended_as(&world, &turn);
    if !is_deleted {
        asked_again(&world, shape.question).await;
    }
    invariants::check(&world);
    Played {
        calls,
        findings: world.findings.all(),
        ended,
        took,
        effects: world.effects.done().len(),
    }
}

async fn is_deleted(world: &World, turn: &TurnId) -> bool {
    let key = turn.key(&alice().user.tid);
    let header = world.store.conversation(&key).await.unwrap();
    header.is_some_and(|header| header.item.deleted_at.is_some())
}

async fn act(world: &World, turn: &TurnId, deed: Deed) {
    match deed {
        Deed::Approves(after) => {
            let after = Duration::from_secs(after);
            world.decide(turn, after, |_| Some(true)).await;
        }
        Deed::Refuses => {
            let after = Duration::from_secs(2);
            world.decide(turn, after, |_| Some(false)).await;
        }
        Deed::SignsIn => world.sign_in(turn).await,
        Deed::SignsOut => world.sign_out(turn).await,
        Deed::Stops(when) => world.stop(turn, |turn| when.is_now(turn)).await,
        Deed::Deletes(when) => world.delete(turn, |turn| when.is_now(turn)).await,
    }
}

/// Returns when every turn has ended.
pub async fn until_ended(world: &World) {
    loop {
        let changed = world.store.changed();
        if world.store.all_have_ended() {
            return;
        }
        changed.await;
    }
}

/// Messages of what has ended come at once, are taken, and leave nothing behind.
pub async fn until_quiet(world: &World) {
    for _ in 0..60 {
        if world.queue.left() == 0 {
            return;
        }
        let now = world.clock.now().0;
        for function in QueueFunction::ALL {
            world
                .queue
                .disturb(function.queue(), |_, at| Some(at.min(now)));
        }
        sleep(Duration::from_secs(20)).await;
    }
    world
        .findings
        .note(format!("{} messages are left", world.queue.left()));
}

/// The same key gives the same turn, whatever became of it.
async fn asked_again(world: &World, question: Question) {
    let before = world.store.all_turns();
    if let Some(accepted) = world.ask(question, KEY).await
        && accepted.created
        && !before.is_empty()
    {
        world.findings.note("asked again, and a second turn began");
    }
    if !before.is_empty() && world.store.all_turns() != before {
        world.findings.note("asked again, and a turn changed");
    }
}
