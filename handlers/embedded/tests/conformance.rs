//! The embedded adapters against the public contracts of the ports.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rig;

mod embedded_queue {
    azimuth_ports::conformance!(queue, super::rig::Embedded::new());
}

mod sqlite_store {
    azimuth_ports::conformance!(store, super::rig::Embedded::new());
}

mod sqlite_audit {
    azimuth_ports::conformance!(audit, super::rig::Embedded::new());
}

mod sqlite_digests {
    azimuth_ports::conformance!(digests, super::rig::Embedded::new());
}

mod sqlite_users {
    azimuth_ports::conformance!(users, super::rig::Embedded::new());
}

mod sqlite_tokens {
    azimuth_ports::conformance!(tokens, super::rig::Embedded::new());
}
