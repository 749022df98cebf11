//! What runs beside a device's verifier: the relay between it, the broker and the programs
//! that carry out what it unlatches.
//!
//! [`Core`] decides, without input or output of its own: an [`Event`] goes in, [`Effect`]s
//! come out, and whoever runs it publishes, subscribes and starts programs. It holds no key
//! that opens anything; all it can do wrong is to withhold.

mod core;

pub use crate::core::{
    ASK_AGAIN_MS, Core, Effect, Event, FAULT_REST_MS, Hook, HookResult, LatchEvent,
    MANIFEST_PATIENCE_MS, Notice, QUEUE_LEN, ROOTS_KEPT, SHUT_REST_MS, SHUT_TRIES,
    SILENCE_LONGEST_MS, SILENCE_MS, STATE_REST_MS, WINDOW,
};
