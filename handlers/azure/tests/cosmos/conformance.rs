//! The public contracts of the ports.

mod cosmos_store {
    azimuth_ports::conformance!(store, crate::rig::Cosmos::new().await);
}

mod cosmos_audit {
    azimuth_ports::conformance!(audit, crate::rig::Cosmos::new().await);
}

mod cosmos_digests {
    azimuth_ports::conformance!(digests, crate::rig::Cosmos::new().await);
}

mod cosmos_users {
    azimuth_ports::conformance!(users, crate::rig::Cosmos::new().await);
}

mod cosmos_tokens {
    azimuth_ports::conformance!(tokens, crate::rig::Cosmos::new().await);
}
