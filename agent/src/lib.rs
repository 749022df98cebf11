//! What runs beside a device's verifier: the relay between it, the broker and the programs
//! that carry out what it unlatches.
//!
//! [`Core`] decides, without input or output of its own: an [`Event`] goes in, [`Effect`]s
//! come out, and whoever runs it publishes, subscribes and starts programs. [`LinkedCore`] does the
//! same for a device behind a link, in whose place it asks the device. They hold no key
//! that opens anything; all they can do wrong is to withhold.

mod core;

pub use crate::core::{
    ANSWER_MS, ASK_AGAIN_MS, Bundle, Core, Effect, Event, FAULT_REST_MS, Hook, HookResult,
    LatchEvent, LinkedCore, LinkedEffect, LinkedEvent, LinkedOptions, MANIFEST_PATIENCE_MS, Notice,
    QUEUE_LEN, ROOTS_KEPT, Request, SHUT_REST_MS, SHUT_TRIES, SILENCE_LONGEST_MS, SILENCE_MS,
    STATE_REST_MS, WINDOW,
};
