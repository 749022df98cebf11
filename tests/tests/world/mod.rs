//! The world in which the device is attacked: a tenant with its keys and trust root, hardware whose parts a test can
//! break, a device on it, and statements that are sealed byte by byte, so that a test can say what no issuer would.

pub(crate) mod answer;
pub(crate) mod bench;
pub(crate) mod code;
pub(crate) mod hardware;
pub(crate) mod keys;
pub(crate) mod openings;
pub(crate) mod refusal;
pub(crate) mod release;
pub(crate) mod root;
pub(crate) mod statements;

/// How much longer than usual tests may take, for those that can use the time: `LATCH_TEST_EFFORT`, 1 unless it is set.
pub(crate) fn effort() -> u32 {
    let asked = std::env::var("LATCH_TEST_EFFORT").ok();
    asked
        .and_then(|factor| factor.parse().ok())
        .unwrap_or(1)
        .max(1)
}
