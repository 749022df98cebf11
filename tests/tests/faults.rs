//! What goes wrong between devices and operators, done to the built programs on a real broker: agents and brokers that are
//! killed, codes that come again, hooks that fail. What was promised holds all the same.

#[allow(
    dead_code,
    unused_imports,
    reason = "each test takes what it needs of the stage"
)]
mod stage;

mod faults {
    pub(crate) mod actuator;
    pub(crate) mod download;
    pub(crate) mod kill;
    pub(crate) mod outage;
    pub(crate) mod repeat;
}
