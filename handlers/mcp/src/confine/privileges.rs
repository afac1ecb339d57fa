//! What root may do beyond anybody else: a tool server needs none of it, and with it the
//! kernel lets a process see into others (their environment with our secrets among them)
//! past the walls.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

/// Gives all of it up for this thread and everything that it starts, also where that runs
/// as root or is marked to.
pub(super) fn give_up() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    Ok(())
}
