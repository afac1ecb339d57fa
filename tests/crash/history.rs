//! What may never change once it is stored (I6).

use azimuth_domain::turn::Turn;

/// What is broken when `after` is written over `before`, in a store that holds `all`: a
/// turn that has ended, a call that has ended, an answer of an earlier step, or that one
/// turn runs in a conversation.
pub fn broken<'a>(
    before: Option<&Turn>,
    all: impl IntoIterator<Item = &'a Turn>,
    after: &Turn,
) -> Vec<String> {
    if let Some(before) = before {
        return rewritten(before, after);
    }
    let beside = all.into_iter().find(|other| {
        other.id.conversation() == after.id.conversation() && !other.status.is_terminal()
    });
    let text = beside.map(|beside| format!("{} began while {} runs", after.id, beside.id));
    text.into_iter().collect()
}

fn rewritten(before: &Turn, after: &Turn) -> Vec<String> {
    let mut found = Vec::new();
    let id = &before.id;
    // Only that its refusals are on record may follow.
    let recorded = Turn {
        unrecorded: after.unrecorded.clone(),
        ..before.clone()
    };
    let forgets_only = after.unrecorded.len() < before.unrecorded.len();
    if before.status.is_terminal() && (recorded != *after || !forgets_only) {
        found.push(format!("{id} had ended and was written again"));
    }
    if before.event_seq > after.event_seq {
        found.push(format!("{id} lost count of its events"));
    }
    if before.steps.len() > after.steps.len() {
        found.push(format!("{id} lost a step"));
    }
    for (number, (old, new)) in before.steps.iter().zip(&after.steps).enumerate() {
        let answered = number + 1 < before.steps.len() || !old.calls.is_empty();
        if answered && (old.message != new.message || old.calls.len() != new.calls.len()) {
            found.push(format!("{id} got a second answer in step {number}"));
        }
        for (old, new) in old.calls.iter().zip(&new.calls) {
            if old.state.is_terminal() && old.state != new.state {
                found.push(format!(
                    "{} was {} and became {}",
                    old.id,
                    old.state.name(),
                    new.state.name()
                ));
            }
        }
    }
    found
}
