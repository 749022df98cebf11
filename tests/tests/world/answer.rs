//! What a device lets through, and what it says.

use std::fmt;

use latch_verify::{
    Reason, Refusal,
    device::Opened,
    statement::{CloseCause, Outcome, Receipt},
    types::{LatchId, StatementId},
    wire::{Envelope, Kind, PublicKey},
};

use super::keys::DEVICE;

/// Something that was let through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Twin { version: u64, twin: Vec<u8> },
    Command { name: String, arguments: Vec<u8> },
    Open { latch: LatchId, seconds: u32 },
    Renew { latch: LatchId, seconds: u32 },
    Close { latch: LatchId },
    Lockdown,
}

impl Effect {
    pub(crate) fn of(opened: &Opened<'_>) -> Self {
        match opened {
            Opened::Twin { version, twin, .. } => Self::Twin {
                version: *version,
                twin: twin.bytes().to_vec(),
            },
            Opened::Command { name, arguments } => Self::Command {
                name: (*name).to_owned(),
                arguments: arguments.bytes().to_vec(),
            },
            Opened::Open { latch, seconds } => Self::Open {
                latch: *latch,
                seconds: *seconds,
            },
            Opened::Renew { latch, seconds } => Self::Renew {
                latch: *latch,
                seconds: *seconds,
            },
            Opened::Close { latch } => Self::Close { latch: *latch },
            Opened::Lockdown => Self::Lockdown,
        }
    }
}

/// A receipt whose signature was found good.
#[derive(Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) bytes: Vec<u8>,
    pub(crate) receipt: Box<Receipt>,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Receipt {
            number,
            statement,
            outcome,
            ..
        } = &*self.receipt;
        write!(f, "receipt {number} for {statement}: {outcome:?}")
    }
}

impl Told {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let key = PublicKey::new(DEVICE.public()).expect("a sound key");
        let envelope = Envelope::parse(Kind::Receipt, bytes).expect("a receipt's envelope");
        let verified = envelope.verify(&key).expect("the device's signature");
        let receipt = Box::new(verified.body().expect("a receipt's body"));
        Self {
            bytes: bytes.to_vec(),
            receipt,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.receipt.outcome
    }
}

/// What came of a statement.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Answer {
    Told(Told),
    Noted,
    Ignored(Refusal),
    Wanted(StatementId),
}

/// What a look at the device has found.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Looked {
    /// Nothing; look again after so many milliseconds.
    Idle(Option<u64>),
    Closed {
        latch: LatchId,
        cause: CloseCause,
        told: Result<Told, Refusal>,
    },
    InstallEnded(Told),
}

impl Answer {
    #[track_caller]
    pub(crate) fn told(self) -> Told {
        match self {
            Self::Told(told) => told,
            other => panic!("no receipt: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn outcome(self) -> Outcome {
        self.told().outcome()
    }

    /// Why a statement was refused.
    #[track_caller]
    pub(crate) fn reason(self) -> Reason {
        match self.outcome() {
            Outcome::Refused { reason, .. } => Reason::from_number(reason).expect("a known reason"),
            other => panic!("not refused: {other:?}"),
        }
    }
}
