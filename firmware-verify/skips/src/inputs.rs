//! What is put to the device, and how it has to refuse it.

/// What comes of an input without a fault, as `probe.rs` of the device tells it.
pub(crate) const IGNORED: u32 = 0x0001_0000;
pub(crate) const ANSWERED: u32 = 0x0002_0000;

/// An input that must be refused.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    /// How it is refused, with the reason's number (`reject.rs` of the verifier).
    pub(crate) answer: u32,
}

const fn ignored(name: &'static str, reason: u32) -> Input {
    Input {
        name,
        answer: IGNORED + reason,
    }
}

const fn answered(name: &'static str, reason: u32) -> Input {
    Input {
        name,
        answer: ANSWERED + reason,
    }
}

/// All of them, in the order of the device's `inputs.rs`.
pub(crate) const INPUTS: [Input; 13] = [
    ignored("forged signature", 109),
    answered("approver as issuer", 406),
    answered("threshold one short", 407),
    answered("opening one short", 407),
    answered("expired code", 505),
    ignored("code for another device", 202),
    answered("used code", 0),
    answered("stale epoch", 401),
    answered("revoked sequence", 305),
    answered("forged manifest", 821),
    // The last of three: a page that is refused is not followed by another, nor armed.
    ignored("forged page", 809),
    // The receipt that ends the installation: it is no refusal of a statement.
    answered("slot that has decayed", 0),
    ignored("root one signature short", 920),
];
