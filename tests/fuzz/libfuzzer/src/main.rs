//! One fuzz target under libFuzzer: the one that `AZIMUTH_FUZZ_TARGET` names.
#![no_main]
#![allow(clippy::expect_used, reason = "it is told at the start, to whoever runs it")]

use std::sync::OnceLock;

use azimuth_fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("AZIMUTH_FUZZ_TARGET").expect("AZIMUTH_FUZZ_TARGET is set");
        let target = Target::named(&name).expect("it names a target");
        TARGET.get_or_init(|| target);
    },
    |data: &[u8]| {
        let _is_taken = (TARGET.get().expect("it was named").run)(data);
    }
);
