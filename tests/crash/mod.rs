//! The turn engine on a simulated deployment: every call that leaves a process may
//! fail, be torn, stall or be its last, on a clock that only moves when everybody
//! sleeps. A run takes milliseconds and is the same every time.

mod cosmos;
mod flaw;
mod flaws;
mod history;
mod invariants;
mod line;
mod memory;
mod points;
mod random;
mod runs;
mod seeds;
mod shapes;
mod storage;
mod sweep;
mod throttling;
mod world;
