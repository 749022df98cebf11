//! What happens to a device: each step says how it differs from what would be accepted, so that it means something
//! wherever it stands.

use latch_verify::{statement::RuleChoice, wire::Role};

use super::said::Noise;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Code(Draft),
    /// A statement from before, counted back from the last.
    Again(usize, Resigned),
    /// The same statements over and over, with pauses.
    Flood {
        last: usize,
        times: usize,
        pause_ms: u64,
    },
    /// Many probes of one issuer.
    Drills(usize, u8),
    /// A stop slip for a code of before, or for one that was not sent yet.
    Slip(usize, Revoker),
    SlipAhead(Draft, Revoker, bool),
    Revoke(usize, UpTo, Revoker),
    /// Root revokes keys that it does not list.
    RevokeStrangers(u8),
    Root(Vec<RootChange>),
    Time(TimeDraft),
    Noise(Noise),
    Advance(u64),
    /// Looks, waits until something closes or a millisecond less, and looks again.
    ToWake {
        before_ms: u64,
    },
    Clock(Clock),
    Posture([Option<bool>; 2], Option<u64>),
    /// Somebody tampers, or it is not known whether; for as long as nothing closes, and then no more.
    Trouble(Option<bool>),
    Poll,
    Publish,
    /// Settles what was left open; a number is a failure's.
    Settle(Option<i32>),
    Reboot {
        resume: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) what: What,
    pub(crate) rule: RuleChoice,
    pub(crate) issuer: usize,
    pub(crate) audience: Wide,
    /// Answers a challenge although it need not.
    pub(crate) answers: bool,
    /// Names twin, boot and firmware as they are.
    pub(crate) in_context: bool,
    pub(crate) flaws: Vec<Flaw>,
    pub(crate) then: Then,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Wide {
    Device,
    Cohort,
    Tenant,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// Paths and values out of a list.
    Set(Place, [u8; 3]),
    /// Some of these do not fit a twin together.
    SetLong(u8),
    Restart,
    Vent,
    Open(u8, u32),
    Renew(u8, u32),
    Close(u8),
    Install(bool),
    Downgrade,
    Lockdown,
    Unlock,
    Probe(u8),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Twin,
    Limits,
    Remarks,
}

/// What is done with an action that was let through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Done,
    Failed(i32),
    /// So many steps later.
    Later(u8),
}

#[derive(Clone, Debug)]
pub(crate) enum Flaw {
    OneSignerLess(usize),
    OneSignerMore(u8),
    Twice,
    Forged(usize),
    IssuerUnsigned,
    Issuer(u8),
    OtherTenant,
    OtherDevice,
    Outside(bool),
    Nobody,
    ForAll,
    OtherProduct,
    Incarnation(Option<u32>),
    Epoch(i8),
    Latch(u8),
    OtherRule,
    /// So many milliseconds earlier.
    EarlierPlace(u64),
    /// At what the device remembers of the issuer, or so many places behind.
    Floor(u64),
    /// That of a code from before.
    SamePlace(usize),
    PlaceAfterEnd,
    BeginsIn(u64),
    EndsIn(i64),
    Inverted,
    /// As long as the rule lets it, and so many milliseconds more.
    Longest(u64),
    NoAnswer,
    PreviousAnswer,
    OldAnswer(u64),
    Twin(i8),
    Boot(i8),
    Firmware(u16, u16),
    Patch(Patch),
    Name(&'static str),
    Seconds(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Patch {
    Nothing,
    Mixed,
    Above,
    BadPath(&'static str),
    Disorder,
    Below,
    TooLong,
    NullArgument,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Resigned {
    Same,
    IssuerAlone,
    WithStranger,
    Forged,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Revoker {
    Issuer,
    Root,
    OneRoot,
    Another,
    /// Another one, who says that it is the issuer.
    InOwnName,
    Forged,
    ForOthers,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum UpTo {
    Nothing,
    Before(u64),
    Now,
    /// A code from before, and not the one behind it.
    Code(usize),
    All,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum RootChange {
    Epoch(i8),
    Rotate(Role),
    TimeOutOfReach,
    Version(i8),
    OtherTenant,
    TwinOperators(u8),
    LimitsApprovers(u8),
    Maintenance { max_open_s: u32 },
    NoEmergency,
    ServiceGone,
    ServiceHeartbeat(u32),
    NoTime,
    RootThreshold(u8),
    WeakRemarks,
    Lives(u32),
    KeyTwice,
    DeviceKey,
    Disorder,
    NoTrust,
    AssignedNowhere,
    OneOldSigner,
    NoNewSigner,
    WithOperator,
    Stranger,
    Forged(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeDraft {
    /// The state is published right before.
    pub(crate) fresh: bool,
    pub(crate) pulse: Pulse,
    pub(crate) offset_ms: i64,
    pub(crate) by: Option<Revoker>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pulse {
    None,
    Current,
    Previous,
    Old(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    Off,
    True,
    Back(u64),
    Forward(u64),
    Absurd,
}
