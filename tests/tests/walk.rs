//! The way from a new project to a device that obeys it, by the built programs on a real broker: the README's own commands,
//! and what these programs answer when they are asked for what cannot be.

#[allow(
    dead_code,
    unused_imports,
    reason = "each test takes what it needs of the stage"
)]
mod stage;

mod walk {
    pub(crate) mod exits;
    pub(crate) mod foresight;
    pub(crate) mod readme;
}
