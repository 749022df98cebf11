//! Any sequence of statements, clocks, postures and boots, against a reference that was written for clarity: the two
//! never disagree on a verdict, nor on what holds after it.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod model {
    pub(crate) mod agree;
    pub(crate) mod both;
    pub(crate) mod budget;
    pub(crate) mod chance;
    pub(crate) mod clock;
    pub(crate) mod compare;
    pub(crate) mod content;
    pub(crate) mod draft;
    pub(crate) mod drive;
    pub(crate) mod exchange;
    pub(crate) mod labels;
    pub(crate) mod life;
    pub(crate) mod memory;
    pub(crate) mod opening;
    pub(crate) mod others;
    pub(crate) mod posture;
    pub(crate) mod reference;
    pub(crate) mod rules;
    pub(crate) mod said;
    pub(crate) mod seal;
    pub(crate) mod step;
    pub(crate) mod stories;
    pub(crate) mod trust;
    pub(crate) mod twin;
}
