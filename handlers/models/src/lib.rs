//! Chat models behind [`azimuth_ports::model::ChatModel`].

pub mod openai;
pub mod planner;
pub mod scripted;
