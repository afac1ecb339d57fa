//! How a program starts the real product as processes of its own and looks at
//! them: what the benchmarks, the soak and the end-to-end tests share.

pub mod azurite;
pub mod client;
pub mod cosmos;
pub mod failure;
pub mod machine;
pub mod product;
pub mod programs;
pub mod sandbox;
pub mod start;
pub mod usage;
