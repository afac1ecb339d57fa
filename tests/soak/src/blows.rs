//! What strikes the product.

use std::rc::Rc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use crate::book::Works;
use crate::fleet::{ADVANCE, EXECUTORS, GROUPS, HTTP};
use crate::poison;
use crate::processes::{self, tool_servers};
use crate::random::Chance;
use crate::world::World;

/// Longer than a lease (20 s).
const STALL_FROM_MS: u64 = 25_000;
const STALL_UNTIL_MS: u64 = 40_000;
/// Until the platform has another instance.
const AWAY_FROM_MS: u64 = 4_000;
const AWAY_UNTIL_MS: u64 = 15_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// SIGKILL to a handler; its host starts another, or gives up after three.
    KillHandler,
    /// SIGKILL to all of an executor: host, handler, tool servers.
    LoseInstance,
    /// The same, and its successor's log is on a full disk.
    LoseToFullDisk,
    /// SIGKILL to a tool server.
    KillServer,
    /// SIGSTOP to a handler for longer than a lease.
    StallHandler,
    /// SIGSTOP to a handler and its host, so that messages come back as well.
    StallInstance,
    /// Messages that nobody sent.
    Poison,
    /// Several of these within seconds.
    Storm,
}

impl Blow {
    pub const ALL: [Self; 8] = [
        Self::KillHandler,
        Self::LoseInstance,
        Self::LoseToFullDisk,
        Self::KillServer,
        Self::StallHandler,
        Self::StallInstance,
        Self::Poison,
        Self::Storm,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::KillHandler => "kill -9 of a handler",
            Self::LoseInstance => "kill -9 of a whole executor instance",
            Self::LoseToFullDisk => "the same, its successor's log on a full disk",
            Self::KillServer => "kill -9 of an MCP server",
            Self::StallHandler => "SIGSTOP of a handler, 25–40 s",
            Self::StallInstance => "SIGSTOP of handler and host, 25–40 s",
            Self::Poison => "garbage, forged and doubled messages",
            Self::Storm => "three of these within seconds",
        }
    }

    /// What recovery from it may take at p99, seconds.
    pub fn bar(self) -> Option<f64> {
        match self {
            Self::KillHandler => Some(30.0),
            Self::LoseInstance | Self::LoseToFullDisk => Some(90.0),
            _ => None,
        }
    }

    pub fn drawn(chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..27 => Self::KillHandler,
            27..45 => Self::LoseInstance,
            45..54 => Self::LoseToFullDisk,
            54..66 => Self::KillServer,
            66..74 => Self::StallHandler,
            74..80 => Self::StallInstance,
            80..90 => Self::Poison,
            _ => Self::Storm,
        }
    }
}

/// What a blow did.
#[derive(Debug)]
pub struct Struck {
    /// What of a turn's work it may have interrupted.
    pub works: Works,
    /// Whom it met, for a line of progress; empty when there was nobody.
    pub told: String,
    pub kills: usize,
    pub stops: usize,
    pub messages: usize,
}

impl Default for Struck {
    fn default() -> Self {
        Self {
            works: Works::Elsewhere,
            told: String::new(),
            kills: 0,
            stops: 0,
            messages: 0,
        }
    }
}

/// What the instances of a group work on.
fn works(number: usize) -> Works {
    match number {
        HTTP => Works::OnBeginnings,
        number if EXECUTORS.contains(&number) => Works::OnCalls,
        _ => Works::Elsewhere,
    }
}

/// Strikes once. What must happen later (SIGCONT, another instance) happens in the
/// background.
pub async fn strike(world: &Rc<World>, blow: Blow, chance: &mut Chance) -> Struck {
    match blow {
        Blow::KillHandler => kill_handler(world, chance),
        Blow::LoseInstance => lose(world, chance, false),
        Blow::LoseToFullDisk => lose(world, chance, true),
        Blow::KillServer => kill_server(world, chance),
        Blow::StallHandler => stall(world, chance, false),
        Blow::StallInstance => stall(world, chance, true),
        Blow::Poison => {
            let messages = poison::put(world, chance).await;
            Struck {
                told: format!("{messages} messages"),
                messages,
                ..Struck::default()
            }
        }
        Blow::Storm => {
            let mut all = Struck {
                works: Works::OnCalls,
                ..Struck::default()
            };
            for _ in 0..3 {
                let one = chance.pick(&[
                    Blow::KillHandler,
                    Blow::KillHandler,
                    Blow::LoseInstance,
                    Blow::KillServer,
                    Blow::StallHandler,
                    Blow::Poison,
                ]);
                let one = one.copied().unwrap_or(Blow::KillHandler);
                let struck = Box::pin(strike(world, one, chance)).await;
                all.told = format!("{} {}: {};", all.told, one.name(), struck.told);
                all.kills += struck.kills;
                all.stops += struck.stops;
                all.messages += struck.messages;
                sleep(chance.millis(200, 6000)).await;
            }
            all
        }
    }
}

/// The busy ones more often.
fn some_instance(chance: &mut Chance) -> usize {
    match chance.below(100) {
        0..35 => HTTP,
        35..80 => some_executor(chance),
        80..92 => ADVANCE,
        _ => usize::try_from(chance.below(7)).unwrap_or(HTTP),
    }
}

fn some_executor(chance: &mut Chance) -> usize {
    chance.pick(&EXECUTORS).copied().unwrap_or(ADVANCE)
}

fn kill_handler(world: &World, chance: &mut Chance) -> Struck {
    let number = some_instance(chance);
    let Some(info) = world.fleet.info(number) else {
        return Struck::default();
    };
    let kills = usize::from(processes::signal(info.handler, Signal::KILL));
    Struck {
        works: works(number),
        told: format!("{} (pid {})", GROUPS[number], info.handler),
        kills,
        ..Struck::default()
    }
}

fn lose(world: &Rc<World>, chance: &mut Chance, log_is_full: bool) -> Struck {
    let number = some_executor(chance);
    let away = chance.millis(AWAY_FROM_MS, AWAY_UNTIL_MS);
    let kills = world.fleet.lose(number);
    let world = Rc::clone(world);
    tokio::task::spawn_local(async move {
        sleep(away).await;
        world.fleet.give_back(number, log_is_full);
    });
    Struck {
        works: works(number),
        told: format!(
            "{} number {number}, {kills} processes, another after {:.0} s",
            GROUPS[number],
            away.as_secs_f64()
        ),
        kills,
        ..Struck::default()
    }
}

fn kill_server(world: &World, chance: &mut Chance) -> Struck {
    let all = processes::all();
    let servers: Vec<_> = EXECUTORS
        .iter()
        .filter_map(|number| world.fleet.info(*number))
        .flat_map(|info| tool_servers(info.handler, &all))
        .collect();
    let Some(server) = chance.pick(&servers) else {
        return Struck::default();
    };
    let kills = usize::from(processes::signal(server.pid, Signal::KILL));
    Struck {
        works: Works::OnCalls,
        told: format!("{} (pid {})", server.name, server.pid),
        kills,
        ..Struck::default()
    }
}

fn stall(world: &Rc<World>, chance: &mut Chance, host_too: bool) -> Struck {
    let number = some_instance(chance);
    let length: Duration = chance.millis(STALL_FROM_MS, STALL_UNTIL_MS);
    let Some(info) = world.fleet.info(number) else {
        return Struck::default();
    };
    let pids = if host_too {
        vec![info.host, info.handler]
    } else {
        vec![info.handler]
    };
    world.fleet.stall(number, &pids);
    let world = Rc::clone(world);
    tokio::task::spawn_local(async move {
        sleep(length).await;
        world.fleet.go_on(number);
    });
    Struck {
        works: works(number),
        told: format!("{} for {:.0} s", GROUPS[number], length.as_secs_f64()),
        stops: pids.len(),
        ..Struck::default()
    }
}
