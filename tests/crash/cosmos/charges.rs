//! What a turn costs on Cosmos DB: request units by the kinds of operations, of a turn
//! with three tool calls and two answers of eight seconds.
//!
//! No figure here was ever charged. See `infra/local/cosmos/src/units.rs` for the
//! estimate, and `Charge` for the two of the emulator beside it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::ids::TurnId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::users::{UserRecord, UserStore};
use azimuth_stack::cosmos::Charge;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Account, Looks};
use crate::crash::line::Fate;
use crate::crash::runs::{in_own_time, until_ended, until_quiet};
use crate::crash::storage::Storage;
use crate::crash::world::World;
use crate::crash::world::effects::Manner;
use crate::crash::world::people::{Question, alice, turn_of};
use crate::crash::world::speaker::Said;

/// Most request units of such a turn by promise P10, as the emulator charges: with text
/// once a second in the log, because whoever reads has it from memory.
const BAR: f64 = 400.0;
/// What it costs now when nobody reads along, as the emulator charges, and may not
/// exceed: somebody may read elsewhere, so text is in the log twice a second.
const CEILING: f64 = 545.0;
/// Pieces of an answer: twenty a second.
const PIECES: usize = 160;
const BETWEEN_MS: u64 = 50;
/// How often a reader looks whose turn is driven elsewhere.
const LOOKS_EVERY: Duration = Duration::from_millis(200);
/// Events of one look.
const PAGE: usize = 256;
const QUESTION: Question = Question::Chat(1);

/// Who reads the turn while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Nobody.
    Nobody,
    /// Somebody at the process that drives it, as the portal reads: text ahead of the log.
    Here,
    /// Somebody at the process that drives it, who takes nothing but the log.
    HereOfLog,
    /// Somebody at another process, who looks into the store.
    Elsewhere,
}

fn answer(then: &[Said]) -> &'static [Said] {
    let mut said = Vec::new();
    for _ in 0..PIECES {
        said.push(Said::Pause(BETWEEN_MS));
        said.push(Said::Text("some four words. "));
    }
    said.extend_from_slice(then);
    said.leak()
}

fn says() -> &'static [&'static [Said]] {
    let calls = [const { Said::Call("thing_list") }; 3];
    vec![answer(&calls), answer(&[])].leak()
}

/// The second turn of a conversation, by a person who is known.
fn charges(reader: Reader) -> Vec<Charge> {
    let account = Account::start();
    in_own_time(async {
        let storage = Storage::Cosmos(account.clone(), Looks::Away);
        let manner = Manner {
            takes: Duration::from_millis(1_200),
            tells: &[],
        };
        let world = World::new(says(), manner, Fate::calm(), &storage);
        world.make_chat(1).await;
        make_profile(&account);
        // The timer's rounds are nobody's turn.
        let _running = world.start(false);
        played(&world, "first", Reader::Nobody).await;
        account.forget_charges();
        played(&world, "second", reader).await;
        assert_eq!(world.findings.all(), [] as [&str; 0]);
    });
    account.charges()
}

/// What everybody has who has signed in.
fn make_profile(account: &Arc<Account>) {
    let record = UserRecord::new(alice().user, Timestamp(0));
    let connection = account.connect();
    let written = connection.wait(connection.store.put_user(&record, None));
    assert!(written.unwrap().is_some());
}

async fn played(world: &Arc<World>, key: &str, reader: Reader) {
    let turn = turn_of(QUESTION, key);
    let mut reading = JoinSet::new();
    let mut along = Vec::new();
    match reader {
        Reader::Nobody => {}
        Reader::Here | Reader::HereOfLog => {
            for worker in world.fleet.well() {
                let mut hints = worker.engine.hub().subscribe(&turn);
                if reader == Reader::Here {
                    hints.take_ahead();
                }
                along.push(hints);
            }
        }
        Reader::Elsewhere => {
            let world = world.clone();
            reading.spawn(async move { look_on(&world, &turn).await });
        }
    }
    let asked = world.ask(QUESTION, key).await;
    assert!(asked.is_some());
    until_ended(world).await;
    reading.join_all().await;
    drop(along);
    until_quiet(world).await;
}

/// As `http/events/reader.rs` does where nobody gives it hints.
async fn look_on(world: &World, turn: &TurnId) {
    let mut after = 0;
    loop {
        sleep(LOOKS_EVERY).await;
        let tenant = &alice().user.tid;
        let found = world.store.events(tenant, turn, after, PAGE).await.unwrap();
        if let Some(last) = found.last() {
            after = last.seq;
            if last.body.is_last() {
                return;
            }
        }
    }
}

fn sum(charges: &[Charge], of: impl Fn(&Charge) -> f64) -> f64 {
    charges.iter().map(of).sum()
}

/// One line, and all kinds below it.
fn tell(name: &str, charges: &[Charge]) {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "request units of a turn, {name}: {:.0} by published figures (estimate), {:.0} as the emulator \
         charges, {:.0} as it would without batches",
        sum(charges, |charge| charge.estimate),
        sum(charges, |charge| charge.charged),
        sum(charges, |charge| charge.alone),
    )
    .unwrap();
    for charge in charges {
        let kb = charge.kilobytes / charge.operations;
        writeln!(
            out,
            "  {:>6.1} {:>6.1} {:>7.1}  {} x {} {} {} of {kb:.1} KB",
            charge.estimate,
            charge.charged,
            charge.alone,
            charge.operations,
            charge.deed,
            charge.container,
            charge.item,
        )
        .unwrap();
    }
}

#[test]
fn a_turn_costs_no_more_request_units_than_it_did() {
    let unread = charges(Reader::Nobody);
    tell("nobody reads along", &unread);
    let here = charges(Reader::Here);
    tell("somebody reads along at its process", &here);
    let log = charges(Reader::HereOfLog);
    tell("somebody reads the log alone at its process", &log);
    let elsewhere = charges(Reader::Elsewhere);
    tell("somebody reads along at another process", &elsewhere);
    for (charges, most) in [(&unread, CEILING), (&here, BAR)] {
        let charged = sum(charges, |charge| charge.charged);
        assert!(charged <= most, "{charged:.0} of {most}");
    }
}
