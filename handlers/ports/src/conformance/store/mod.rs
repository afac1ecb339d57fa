//! Rules of [`ConversationStore`].

mod batches;
mod lists;
mod logs;
mod sweeps;

pub use batches::*;
pub use lists::*;
pub use logs::*;
pub use sweeps::*;

use azimuth_domain::conversation::Conversation;
use azimuth_domain::turn::Turn;

use super::Rig;
use super::samples::{creation, turn_creation};
use crate::store::{Batch, Committed, ConversationStore, StoreError};

/// What the rules of this suite take.
pub type StoreRig = dyn Rig<dyn ConversationStore>;

/// More items than any rule writes: a cursor that leads nowhere is found by it.
const MANY: usize = 1000;

/// The value of a call that must not fail.
fn done<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store fails: {error:?}"))
}

async fn commit(store: &dyn ConversationStore, chat: &Conversation, batch: Batch) -> Committed {
    done(store.commit(&chat.key(), batch).await)
}

async fn create_chat(store: &dyn ConversationStore, chat: &Conversation) {
    commit(store, chat, creation(chat)).await;
}

async fn create_turn(store: &dyn ConversationStore, turn: &Turn) {
    done(store.commit(&turn.key(), turn_creation(turn)).await);
}
