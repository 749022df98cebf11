//! What a statement says, and who has signed it: descriptions, of which the reference judges the meaning and the
//! harness makes the bytes.

use latch_verify::{
    statement::{Freshness, Latch, Rule, RuleChoice, Thresholds},
    types::LatchId,
    wire::Role,
};

use crate::world::keys::Signer;

/// A statement's id; only its sameness means something here.
pub(crate) type Id = [u8; 16];

/// The n-th random number that the device has drawn.
pub(crate) type Nonce = u64;

/// A place in an issuer's order: milliseconds, then 16 bits.
pub(crate) type Place = u64;

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) id: Id,
    pub(crate) signers: Vec<Signer>,
    /// Which of the signatures is none.
    pub(crate) forged: Option<usize>,
    pub(crate) said: Said,
}

#[derive(Clone, Debug)]
pub(crate) enum Said {
    Code(Code),
    Root(Root),
    Time(Time),
    Revocation(Revocation),
    Slip(Slip),
    Noise(Noise),
}

/// Messages that are no statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noise {
    Nothing,
    OtherMagic,
    /// A kind that a device does not take.
    OtherKind,
    LaterVersion,
    Cut,
    Unsigned,
    /// A code's body, signed by those who may, with a byte too many.
    Trailing,
    /// The same, with a number that is longer than it need be.
    Padded,
    /// The same, of which the end is missing.
    Undecodable,
}

#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) our_tenant: bool,
    pub(crate) issuer: Signer,
    pub(crate) epoch: u32,
    pub(crate) incarnation: Option<u32>,
    pub(crate) audience: Audience,
    /// None: for any; otherwise whether it is the device's.
    pub(crate) our_product: Option<bool>,
    pub(crate) latch: u8,
    pub(crate) rule: RuleChoice,
    pub(crate) place: Place,
    pub(crate) begin_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) challenge: Option<Nonce>,
    pub(crate) context: Context,
    pub(crate) action: Action,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    Device,
    OtherDevice,
    Inside,
    /// The cohort right below the device's part, and the one right above it.
    Below,
    Above,
    /// A range in which nobody can be.
    Nobody,
    Tenant,
}

/// Versions of firmware are their first number here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Context {
    pub(crate) firmware: Option<(u16, u16)>,
    pub(crate) twin_version: Option<u64>,
    pub(crate) boot: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    SetTwin(Vec<(String, Leaf)>),
    Command(String, Vec<(String, Leaf)>),
    Open(u32),
    Renew(u32),
    Close,
    /// With the manifest at hand: none was asked for, or none was found.
    Install {
        asked: bool,
    },
    Downgrade,
    Lockdown,
    Probe,
    Unlock,
}

impl Action {
    pub(crate) fn only_shuts(&self) -> bool {
        matches!(self, Self::Close | Self::Lockdown)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    Null,
    Bool(bool),
    Int(i64),
    /// So many letters.
    Text(usize),
    Empty,
}

#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) our_tenant: bool,
    pub(crate) version: u32,
    pub(crate) epoch: u32,
    pub(crate) keys: Vec<(Role, Signer)>,
    pub(crate) thresholds: Thresholds,
    pub(crate) latches: Vec<Latch<'static>>,
    pub(crate) properties: Vec<(&'static str, LatchId)>,
    pub(crate) commands: Vec<(&'static str, LatchId)>,
}

impl Root {
    pub(crate) fn role(&self, key: Signer) -> Option<Role> {
        let mut keys = self.keys.iter();
        keys.find(|(_, known)| *known == key).map(|(role, _)| *role)
    }

    pub(crate) fn holders(&self, role: Role) -> Vec<Signer> {
        let keys = self.keys.iter().filter(|(found, _)| *found == role);
        keys.map(|(_, key)| *key).collect()
    }

    pub(crate) fn latch(&self, number: u8) -> Option<&Latch<'static>> {
        let mut latches = self.latches.iter();
        latches.find(|latch| latch.id.number() == number)
    }

    pub(crate) fn rule(&self, number: u8, choice: RuleChoice) -> Option<Rule> {
        let latch = self.latch(number)?;
        match choice {
            RuleChoice::Normal => Some(latch.rule),
            RuleChoice::BreakGlass => latch.break_glass,
        }
    }

    pub(crate) fn asks_for_challenge(&self, number: u8, choice: RuleChoice) -> bool {
        self.rule(number, choice)
            .is_some_and(|rule| rule.freshness == Freshness::Challenge)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) our_tenant: bool,
    pub(crate) time_ms: u64,
    pub(crate) pulse: Option<Nonce>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Revocation {
    pub(crate) our_tenant: bool,
    pub(crate) issuer: Signer,
    pub(crate) through: Place,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Slip {
    pub(crate) our_tenant: bool,
    pub(crate) issuer: Signer,
    pub(crate) place: Place,
    pub(crate) statement: Id,
}
