//! Images on their way: of every size, against those who send too much, too slowly or something else, and against what
//! changes while they are under way.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod firmware {
    pub(crate) mod described;
    pub(crate) mod endless;
    pub(crate) mod meanwhile;
    pub(crate) mod sizes;
    pub(crate) mod trial;
}
