//! `turn/approvals.rs` and `turn/cancel.rs`: what people's requests do once they
//! have enqueued the wake-up message.

use super::{Luck, Turnstile};
use crate::bound::Mutation;
use crate::turn::{Cmd, Shown};
use crate::world::Next;

impl Turnstile<'_> {
    /// Rule 5, from the person's side.
    pub(super) fn decide(&mut self, call: u8, approve: bool, shown: Shown, luck: Luck) {
        let decide = Cmd::Decide {
            call,
            approve,
            shown,
        };
        self.ends_a_wait(decide, luck);
    }

    /// Rule 11. Nothing is performed after it.
    pub(super) fn cancel(&mut self, luck: Luck) {
        self.ends_a_wait(Cmd::Cancel, luck);
    }

    fn ends_a_wait(&mut self, command: Cmd, luck: Luck) {
        if luck == Luck::Fails {
            return self.rest();
        }
        let Ok(mut out) = self.decide_on(command) else {
            return self.rest();
        };
        if self.is(Mutation::CounterRaisedBlindly) {
            out.raised = 1;
        }
        self.write(&out);
        if luck == Luck::LosesReply {
            return;
        }
        if self.is(Mutation::WakeAfterWrite) && self.bound.watchdog {
            // The write raises the counter itself, and the message has its number.
            self.shift(1);
            return self.goes_to(crate::world::At::WakeLate {
                relative: 0,
                enqueue: out.enqueue,
            });
        }
        if command == Cmd::Cancel {
            return self.rest();
        }
        self.perform_then(out.enqueue, out.advance, Next::Leave);
    }
}
