//! The same schedules with everything stored on Cosmos DB, a day's share of them
//! ([`days`]). `AZIMUTH_SEED=123` runs one, telling what it met.

use super::days;
use super::{Account, Looks};
use crate::crash::seeds::{ORDINARY, judge};
use crate::crash::storage::Storage;

#[test]
fn schedules_keep_the_promises_on_cosmos_db() {
    let (seeds, which): (Vec<u64>, _) = if days::are_all_asked_for() {
        (ORDINARY.collect(), String::new())
    } else {
        let offset = days::offset();
        let seeds = ORDINARY.skip(offset % days::STRIDE).step_by(days::STRIDE);
        (seeds.collect(), format!(" (AZIMUTH_CRASH_OFFSET={offset})"))
    };
    judge(&format!("seeds on Cosmos DB{which}"), &seeds, || {
        Storage::Cosmos(Account::start(), Looks::Back)
    });
}
