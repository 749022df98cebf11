//! The world in which the device is attacked: a tenant with its keys and trust root, hardware whose parts a test can
//! break, a device on it, and statements that are sealed byte by byte, so that a test can say what no issuer would.

pub(crate) mod answer;
pub(crate) mod bench;
pub(crate) mod code;
pub(crate) mod hardware;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod openings;
pub(crate) mod refusal;
pub(crate) mod release;
pub(crate) mod root;
pub(crate) mod statements;
