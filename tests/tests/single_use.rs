//! A code opens its latch once, whoever sends it, however often, and in whatever order.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod single_use {
    pub(crate) mod budget;
    pub(crate) mod challenge;
    pub(crate) mod repeat;
    pub(crate) mod sequences;
}
