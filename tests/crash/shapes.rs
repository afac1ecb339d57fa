//! The shapes of a turn: what is asked, what the model says, what people do.

use std::time::Duration;

use azimuth_domain::turn::{CallState, ModelState, Turn};

use super::world::people::Question;
use super::world::speaker::Said;

use Said::{Call as Calls, Pause, Text};

/// What somebody does beside asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Says yes to everything, so many seconds after being asked.
    Approves(u64),
    /// Says no to everything.
    Refuses,
    /// Signs in to Azure when that is awaited.
    SignsIn,
    /// Signs out when an approval is awaited.
    SignsOut,
    /// Stops the turn at this moment.
    Stops(Moment),
    /// Deletes the conversation at this moment.
    Deletes(Moment),
}

/// When somebody does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The model is being asked.
    Speaking,
    /// What a call would do is read.
    Previewing,
    /// An approval is awaited.
    AwaitingApproval,
    /// A call runs.
    Running,
}

impl Moment {
    /// Whether it is now.
    pub fn is_now(self, turn: &Turn) -> bool {
        match self {
            Self::Speaking => matches!(turn.model, ModelState::Claimed { .. }),
            Self::Previewing => turn
                .calls()
                .iter()
                .any(|call| matches!(call.state, CallState::Previewing { .. })),
            Self::AwaitingApproval => turn.awaits_approval(),
            Self::Running => turn
                .calls()
                .iter()
                .any(|call| matches!(call.state, CallState::Started { .. })),
        }
    }
}

/// One shape.
pub struct Shape {
    /// For the report.
    pub name: &'static str,
    /// What the model says, step by step.
    pub says: &'static [&'static [Said]],
    /// How long a tool takes, ms.
    pub tools_take: u64,
    /// What is read of a change before people are asked, as in
    /// [`Manner::tells`](super::world::effects::Manner::tells).
    pub tells: &'static [Option<&'static str>],
    /// What is asked.
    pub question: Question,
    /// Whether Azure wants to see the person first.
    pub is_signed_out: bool,
    /// What people do.
    pub deeds: &'static [Deed],
    /// How it ends when nothing fails: status and outcomes.
    pub ends: &'static str,
    /// How long the loss of a process delays it at most, beside what is done again
    /// (promise T8).
    pub recovers_in: Duration,
}

impl Shape {
    /// How much longer than without a fault it may take when one process is lost.
    pub fn may_take_longer(&self) -> Duration {
        // A call is made again, and where a read tells what it would do, that read for
        // people and for the executor.
        let calls = if self.tells.is_empty() { 1 } else { 3 };
        self.recovers_in + Duration::from_millis(self.tools_take * calls)
    }
}

const SHAPE: Shape = Shape {
    name: "",
    says: &[],
    tools_take: 1_200,
    tells: &[],
    question: Question::Chat(1),
    is_signed_out: false,
    deeds: &[Deed::SignsIn],
    ends: "done",
    recovers_in: Duration::from_secs(30),
};

/// Nobody waits for a deadline to pass; what is lost then, the timer finds.
const UNTIL_SWEPT: Duration = Duration::from_mins(5);
const CREATE: &[&[Said]] = &[&[Text("I shall."), Calls("thing_create")], &[Text("Made.")]];
const LIST: &[&[Said]] = &[&[Calls("thing_list")], &[Text("There.")]];

/// All of them.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "no tool",
        says: &[&[
            Text("It "),
            Pause(700),
            Text("is "),
            Pause(6_000),
            Text("so."),
        ]],
        ..SHAPE
    },
    Shape {
        name: "one read",
        says: LIST,
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "three reads",
        says: &[
            &[
                Calls("thing_list"),
                Calls("thing_list"),
                Calls("thing_list"),
            ],
            &[Text("These.")],
        ],
        ends: "done: ok ok ok",
        ..SHAPE
    },
    Shape {
        name: "a read, a change, a removal",
        says: &[
            &[
                Calls("thing_list"),
                Calls("thing_create"),
                Calls("thing_delete"),
            ],
            &[Text("All done.")],
        ],
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok ok ok",
        ..SHAPE
    },
    Shape {
        name: "a long change, approved",
        says: CREATE,
        tools_take: 6_500,
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "a change, approved after the token ended",
        says: CREATE,
        deeds: &[Deed::Approves(25 * 60), Deed::SignsIn],
        ends: "done: ok",
        // A refresh whose answer is lost costs the grant, and a sign-in takes 20 s.
        recovers_in: Duration::from_secs(50),
        ..SHAPE
    },
    Shape {
        name: "a change that is shown, approved",
        says: CREATE,
        tells: &[None],
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "a change that drifts after the yes, and is approved anew",
        says: CREATE,
        tells: &[None, Some("large")],
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "a change that is read for too long, approved",
        says: CREATE,
        tools_take: 12_000,
        tells: &[None],
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "stopped while a change is read",
        says: CREATE,
        tools_take: 3_000,
        tells: &[None],
        deeds: &[Deed::SignsIn, Deed::Stops(Moment::Previewing)],
        ends: "cancelled: cancelled",
        ..SHAPE
    },
    Shape {
        name: "a change, refused",
        says: CREATE,
        deeds: &[Deed::Refuses, Deed::SignsIn],
        ends: "done: denied",
        ..SHAPE
    },
    Shape {
        name: "a change that nobody decides about",
        says: CREATE,
        ends: "done: denied",
        recovers_in: UNTIL_SWEPT,
        ..SHAPE
    },
    Shape {
        name: "stopped while the model speaks",
        says: &[&[Text("It "), Pause(4_000), Text("is so.")]],
        deeds: &[Deed::Stops(Moment::Speaking)],
        ends: "cancelled",
        ..SHAPE
    },
    Shape {
        name: "stopped before the approval",
        says: CREATE,
        deeds: &[Deed::Stops(Moment::AwaitingApproval)],
        ends: "cancelled: cancelled",
        ..SHAPE
    },
    Shape {
        name: "stopped while a change runs",
        says: CREATE,
        tools_take: 3_000,
        deeds: &[
            Deed::Approves(1),
            Deed::SignsIn,
            Deed::Stops(Moment::Running),
        ],
        ends: "cancelled: ok",
        ..SHAPE
    },
    Shape {
        name: "stopped while a read runs",
        says: LIST,
        tools_take: 3_000,
        deeds: &[Deed::SignsIn, Deed::Stops(Moment::Running)],
        ends: "cancelled: error",
        ..SHAPE
    },
    Shape {
        name: "sign-in before the turn",
        says: LIST,
        is_signed_out: true,
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "sign-in before the call",
        says: CREATE,
        deeds: &[Deed::SignsOut, Deed::Approves(40), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "sign-in that never comes",
        says: LIST,
        is_signed_out: true,
        deeds: &[],
        ends: "failed",
        recovers_in: UNTIL_SWEPT,
        ..SHAPE
    },
    Shape {
        name: "a read without a model",
        question: Question::Console("thing_list"),
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "a change without a model",
        question: Question::Console("thing_create"),
        deeds: &[Deed::Approves(2), Deed::SignsIn],
        ends: "done: ok",
        ..SHAPE
    },
    Shape {
        name: "deleted while a change runs",
        says: CREATE,
        tools_take: 3_000,
        deeds: &[
            Deed::Approves(1),
            Deed::SignsIn,
            Deed::Deletes(Moment::Running),
        ],
        ends: "purged",
        ..SHAPE
    },
];
