//! The public contracts of the ports.

mod cosmos_store {
    use crate::rig::Cosmos;

    azimuth_ports::conformance!(store, Cosmos::new().await);
    azimuth_ports::conformance!(processes of store, Cosmos, Cosmos::new().await);
}

mod cosmos_audit {
    use crate::rig::Cosmos;

    azimuth_ports::conformance!(audit, Cosmos::new().await);
    azimuth_ports::conformance!(processes of audit, Cosmos, Cosmos::new().await);
}

mod cosmos_digests {
    azimuth_ports::conformance!(digests, crate::rig::Cosmos::new().await);
}

mod cosmos_config {
    azimuth_ports::conformance!(config, crate::rig::Cosmos::new().await);
}

mod cosmos_users {
    azimuth_ports::conformance!(users, crate::rig::Cosmos::new().await);
}

mod cosmos_usage {
    azimuth_ports::conformance!(usage, crate::rig::Cosmos::new().await);
}

mod cosmos_sessions {
    azimuth_ports::conformance!(sessions, crate::rig::Cosmos::new().await);
}

mod cosmos_secrets {
    azimuth_ports::conformance!(secrets, crate::rig::Cosmos::new().await);
}

mod cosmos_tokens {
    use crate::rig::Cosmos;

    azimuth_ports::conformance!(tokens, Cosmos::new().await);
    azimuth_ports::conformance!(processes of tokens, Cosmos, Cosmos::new().await);
}
