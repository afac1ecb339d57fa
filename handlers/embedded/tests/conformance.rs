//! The embedded adapters against the public contracts of the ports.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rig;

mod embedded_queue {
    use super::rig::Embedded;

    azimuth_ports::conformance!(queue, Embedded::new());
    azimuth_ports::conformance!(processes of queue, Embedded, Embedded::new());
}

mod sqlite_store {
    use super::rig::Embedded;

    azimuth_ports::conformance!(store, Embedded::new());
    azimuth_ports::conformance!(processes of store, Embedded, Embedded::new());
}

mod sqlite_audit {
    use super::rig::Embedded;

    azimuth_ports::conformance!(audit, Embedded::new());
    azimuth_ports::conformance!(processes of audit, Embedded, Embedded::new());
}

mod sqlite_digests {
    azimuth_ports::conformance!(digests, super::rig::Embedded::new());
}

mod sqlite_config {
    azimuth_ports::conformance!(config, super::rig::Embedded::new());
}

mod sqlite_users {
    azimuth_ports::conformance!(users, super::rig::Embedded::new());
}

mod sqlite_usage {
    azimuth_ports::conformance!(usage, super::rig::Embedded::new());
}

mod sqlite_sessions {
    azimuth_ports::conformance!(sessions, super::rig::Embedded::new());
}

mod sqlite_secrets {
    azimuth_ports::conformance!(secrets, super::rig::Embedded::new());
}

mod sqlite_tokens {
    use super::rig::Embedded;

    azimuth_ports::conformance!(tokens, Embedded::new());
    azimuth_ports::conformance!(processes of tokens, Embedded, Embedded::new());
}
