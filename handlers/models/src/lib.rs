//! Chat models behind [`azimuth_ports::model::ChatModel`].

pub mod planner;
