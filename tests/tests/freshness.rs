//! Codes are meant for now: who records, withholds or signs ahead, and who sets the device's clock or answers for it, gets
//! no code accepted that has expired or is not valid yet, where the rule asks for more than a time floor.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod freshness {
    pub(crate) mod attested;
    pub(crate) mod broadcast;
    pub(crate) mod clock;
    pub(crate) mod relay;
    pub(crate) mod tiers;
}
