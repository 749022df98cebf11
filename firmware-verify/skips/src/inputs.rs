//! What is put to the device, and how it has to refuse it.

/// What comes of an input without a fault, as `probe.rs` of the device tells it.
pub(crate) const IGNORED: u32 = 0x0001_0000;
pub(crate) const ANSWERED: u32 = 0x0002_0000;
pub(crate) const CONFIRMED: u32 = 0x0008_0000;
pub(crate) const FALLBACK: u32 = 0x000a_0000;
pub(crate) const RECOVERY: u32 = 0x000b_0000;

/// By what it is known that a device has accepted an input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Opens {
    /// The actuator was driven, or it has become what the input asks for.
    Change,
    /// The same, of a device that boots first: what it has then in RAM alone tells nothing, since a skip may have had it misread
    /// what it was. Nothing is accepted without the actuator, or without a trace in flash.
    Booted,
    /// The same, of a device that takes a genuine successor of its trust root first: that it has tells nothing.
    Again,
    /// An installation has begun. The code that asks for it is genuine: that it is used up opens nothing.
    Installation,
    /// An image is armed, or on trial. No code comes with it that could count as taken.
    Arming,
    /// A bootloader has started from a slot from which it must not. What it notes opens nothing.
    Start,
}

/// An input that must be refused.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    /// How it is refused, with the reason's number (`reject.rs` of the verifier).
    pub(crate) answer: u32,
    pub(crate) opens: Opens,
    /// What of `given` in the device's `inputs.rs` it needs. All else is erased before anything is tried: nothing lies in the
    /// program that a device would rightly take.
    pub(crate) given: &'static [&'static str],
}

const fn ignored(name: &'static str, reason: u32, given: &'static [&'static str]) -> Input {
    Input {
        name,
        answer: IGNORED + reason,
        opens: Opens::Change,
        given,
    }
}

const fn answered(name: &'static str, reason: u32, given: &'static [&'static str]) -> Input {
    Input {
        name,
        answer: ANSWERED + reason,
        opens: Opens::Change,
        given,
    }
}

/// What a device has to refuse that boots first.
const fn boots(name: &'static str, answer: u32, given: &'static [&'static str]) -> Input {
    Input {
        name,
        answer,
        opens: Opens::Booted,
        given,
    }
}

/// A bootloader has to start this.
const fn starts(name: &'static str, answer: u32) -> Input {
    Input {
        name,
        answer,
        opens: Opens::Start,
        given: &[],
    }
}

/// All of them, in the order of the device's `inputs.rs`.
pub(crate) const INPUTS: [Input; 21] = [
    ignored("forged signature", 109, &["FORGED"]),
    answered("approver as issuer", 406, &["BY_APPROVER"]),
    answered("threshold one short", 407, &["ONE_SHORT"]),
    answered("opening one short", 407, &["OPEN_ONE_SHORT"]),
    answered("expired code", 505, &["EXPIRED"]),
    ignored("code for another device", 202, &["ELSEWHERE"]),
    answered("used code", 0, &["GOOD"]),
    answered("stale epoch", 401, &["STALE"]),
    answered("revoked sequence", 305, &["REVOKED"]),
    Input {
        opens: Opens::Installation,
        ..answered("forged manifest", 821, &["INSTALL", "MANIFEST_FORGED"])
    },
    // The last of three: a page that is refused is not followed by another, nor armed.
    Input {
        opens: Opens::Arming,
        ..ignored("forged page", 809, &["PAGE_1_FORGED", "PAGE_2"])
    },
    // The receipt that ends the installation: it is no refusal of a statement.
    Input {
        opens: Opens::Arming,
        ..answered("slot that has decayed", 0, &[])
    },
    ignored("root one signature short", 920, &["ROOT_ONE_SHORT"]),
    starts("armed image that has decayed", CONFIRMED),
    starts("trial without boots left", CONFIRMED),
    starts("confirmed image that has decayed", FALLBACK),
    starts("nothing whole is left", RECOVERY),
    boots("boot, then forged signature", IGNORED + 109, &["FORGED"]),
    boots("boot, then one short", ANSWERED + 407, &["ONE_SHORT"]),
    boots("boot, then used code", ANSWERED, &["GOOD"]),
    Input {
        opens: Opens::Again,
        ..answered("successor, then used code", 0, &["ROOT_NEXT", "GOOD"])
    },
];
