//! Why something was refused: one reason per cause, each with a stable number, its
//! evidence, and a sentence that a person can act on.

use core::fmt;

macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident = $number:literal, $sentence:literal; )+) => {
        /// Every cause for which a statement, page, root or device operation is refused.
        ///
        /// The numbers are part of the wire format: none is ever given a second meaning.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Reason {
            $( $(#[$doc])* $name = $number, )+
        }

        impl Reason {
            /// Every reason, in the order of the numbers.
            pub const ALL: &[Self] = &[$( Self::$name, )+];

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $( Self::$name => $number, )+ }
            }

            /// The name in the documents.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )+ }
            }

            /// What it means and what to do, as one sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $( Self::$name => $sentence, )+ }
            }
        }
    };
}

reasons! {
    // 1xx: the envelope, before and just after signatures.
    /// Shorter than the smallest envelope, or longer than its kind may be.
    BadLength = 101, "the message is shorter or longer than a statement of its kind can be";
    /// Does not begin with `latch-v1`.
    BadMagic = 102, "the message is not a latch statement: it does not begin with latch-v1";
    /// A kind that this verifier does not know, or another than was asked for.
    WrongKind = 103, "the statement is of another kind than belongs here";
    /// A body version that this verifier does not understand.
    UnknownBodyVersion = 104, "the statement's body version is not understood: use one that the device's state lists";
    /// The announced lengths do not add up to the length of the message.
    LengthMismatch = 105, "the lengths inside the statement do not add up to its length";
    /// No signature, or more than an envelope holds.
    SignatureCount = 106, "a statement carries 1 to 8 signatures";
    /// The same key id stands twice.
    DuplicateKey = 107, "a key has signed twice: every signature needs a key of its own";
    /// Signed by a key that the trust root does not list.
    UnknownKey = 108, "a signature is by a key that is not in the trust root in force";
    /// A signature does not verify.
    BadSignature = 109, "a signature does not fit the statement and its key: it was altered, or signed by another key";
    /// The body is not an encoding of its type.
    NotDecodable = 110, "the body cannot be decoded";
    /// Bytes follow the decoded body.
    TrailingBytes = 111, "bytes follow the end of the body";
    /// Encoded in another way than the one allowed.
    NotCanonical = 112, "the body is not in its one canonical encoding";
    /// Too many entries in a list.
    TooManyEntries = 113, "a list in the body is longer than its bound";

    // 2xx: addressed to somebody else.
    /// Of another tenant.
    OtherTenant = 201, "the statement belongs to another tenant";
    /// For another device.
    OtherDevice = 202, "the code names another device";
    /// This device is not in the signed cohort.
    OutsideCohort = 203, "the device lies outside the cohort that was signed";
    /// For another product.
    OtherProduct = 204, "the statement is for another product";
    /// For an earlier or later enrolment of the device.
    OtherIncarnation = 205, "the code is for another enrolment of this device: sign it again for the current one";

    // 3xx: single use and revocation.
    /// This very code was used before, and its receipt is no longer kept.
    AlreadyUsed = 301, "the code was used before, and its receipt is no longer kept; its number in the chain is what was expected";
    /// Another code with the same issuer and sequence was used before.
    SequenceReused = 302, "another code of this issuer has used this sequence: sign again";
    /// Older than what the device still remembers of this issuer.
    BelowFloor = 303, "the code is older than this device still remembers of its issuer: sign a new one";
    /// A twin change older than the last one applied of its issuer.
    OutOfOrder = 304, "the issuer has changed the twin with a newer code already: sign a new one";

    /// Everything that its issuer signed up to here was revoked.
    Revoked = 305, "what its issuer signed up to this code was revoked: have it signed by another key";
    /// A stop slip has voided this very code.
    Stopped = 306, "a stop slip has voided this code: sign a new one if it is still wanted";
    /// The table of issuers' floors is full.
    IssuersFull = 307, "the device remembers too many issuers of earlier trust roots: raise the epoch of the root";

    // 4xx: the rule of the latch.
    /// The code is of another epoch than the trust root in force.
    OtherEpoch = 401, "the code belongs to another epoch of the trust root: sign it again under the current one";
    /// The trust root has no such latch.
    NoSuchLatch = 402, "the trust root gives this device no such latch";
    /// The latch has no break-glass rule.
    NoBreakGlass = 403, "this latch has no break-glass rule";
    /// Break-glass opens one device at a time.
    BreakGlassAudience = 404, "break-glass codes are for one device at a time";
    /// The issuer named in the body did not sign.
    IssuerDidNotSign = 405, "the issuer that the code names has not signed it";
    /// The issuer's key has a role that may not issue under this rule.
    IssuerRole = 406, "the issuer's key has a role that cannot issue codes under this rule";
    /// Too few operator signatures.
    TooFewOperators = 407, "too few operators have signed for this latch";
    /// Too few approver signatures.
    TooFewApprovers = 408, "too few approvers have signed for this latch; the issuer never counts";
    /// Too few break-glass signatures.
    TooFewBreakGlass = 409, "too few break-glass keys have signed for this latch";
    /// Ends before it begins.
    EndsBeforeBegin = 410, "the code ends before it begins";
    /// Valid for longer than the rule allows.
    LivesTooLong = 411, "the code is valid for longer than the latch's rule allows";
    /// The sequence lies after the end.
    SequenceAfterEnd = 412, "the code's sequence lies after its end";
    /// The action belongs behind another latch.
    WrongLatch = 413, "the action belongs behind another latch than the code opens";
    /// A property of the patch belongs behind another latch.
    PropertyElsewhere = 414, "a property of the patch belongs behind another latch than the code opens";
    /// A command that the root assigns to no latch.
    CommandUnassigned = 415, "the trust root assigns this command to no latch, so it cannot run";
    /// A challenge in a code for many devices.
    ChallengeAudience = 416, "a code that carries a challenge is for one device";

    /// The rule does not let the latch stay open.
    NeverOpens = 417, "this latch's rule does not let it stay open for a time";
    /// Open for longer, in all, than the rule allows.
    OpenTooLong = 418, "the latch would stay open for longer, in all, than its rule allows";

    // 5xx: freshness.
    /// The rule wants a challenge and the code carries none.
    ChallengeMissing = 501, "the latch asks for a code that answers the device's challenge: take it from the device's last receipt or state";
    /// The code answers a challenge that the device no longer asks.
    ChallengeStale = 502, "the code answers a challenge that the device no longer asks: sign again with the current one";
    /// The rule wants trusted time and the device has none.
    NoTrustedTime = 503, "the latch asks for trusted time and the device has none now";
    /// Not valid yet.
    NotYetValid = 504, "the code is not valid yet";
    /// No longer valid.
    Expired = 505, "the code has expired";

    /// An attestation that answers a pulse which the device no longer asks.
    PulseStale = 506, "the attestation answers a pulse that the device no longer asks: attest the one in its last state";
    /// An attestation of a time before the one that the device knows.
    TimeBehind = 507, "the attested time lies before what the device knows already";

    // 6xx: context and posture.
    /// The running firmware is outside the signed range.
    FirmwareOutside = 601, "the running firmware lies outside the range that the code was signed for";
    /// The twin has another version than the signed one.
    TwinVersion = 602, "the twin has changed since the code was signed: read it and sign again";
    /// Signed for another boot.
    OtherBoot = 603, "the code was signed for another boot of the device";
    /// The posture does not satisfy the rule, or is unknown.
    Posture = 604, "the device's posture does not satisfy the latch's rule, or is not known";

    // 7xx: the action.
    /// A path of a patch or an argument's name is malformed.
    BadPath = 701, "a path is empty, too deep, or holds a character that paths may not hold";
    /// Paths are not in order, or one lies under another.
    PathOrder = 702, "paths must be in order, each once, none below another";
    /// A value that may not stand there.
    BadValue = 703, "a value stands where it may not";
    /// The encoded patch is longer than its bound.
    PatchTooLarge = 704, "the patch is larger than the device takes";
    /// The twin would outgrow its bound.
    TwinTooLarge = 705, "the twin would grow larger than the device can keep";
    /// The device does not serve the action: said by devices of the release before this one.
    ActionNotServed = 706, "this device does not serve this action";
    /// An effect is still under way.
    Busy = 707, "the device is still carrying out another code: nothing was burned, send it again later";
    /// A command's name is malformed.
    BadName = 708, "a name is empty, too long, or holds a character that names may not hold";

    /// Everything is shut until a code behind `trust` lifts the lockdown.
    LockedDown = 709, "the device is locked down: a code behind the trust latch has to lift that first";
    /// The latch is open already.
    AlreadyOpen = 710, "the latch is open already: renew it";
    /// The latch is not open.
    NotOpen = 711, "the latch is not open, so it cannot be renewed: open it";
    /// Renewed under another rule than it was opened under.
    OpenedOtherwise = 712, "the latch was opened under another rule: renew it under that one, or close it first";
    /// More signatures came in than the device checks in this time.
    Throttled = 713, "the device has checked as many signatures as it may for now: nothing was burned, send it again later";

    // 8xx: firmware.
    /// The device does not hold the manifest that the code names.
    ManifestMissing = 801, "the device has not received the release manifest that the code names";
    /// Too few release keys have signed the manifest.
    TooFewRelease = 802, "too few release keys have signed the manifest";
    /// A field of the manifest is outside its bounds.
    BadManifest = 803, "a field of the release manifest lies outside its bounds";
    /// The security version is below the device's floor.
    BelowSecurityFloor = 804, "the release's security version is below the device's floor, which never goes down";
    /// Not newer than what runs.
    NotNewer = 805, "the release is not newer than the one that runs";
    /// The release does not install over what runs.
    CurrentOutside = 806, "the release does not install over the version that runs";
    /// A requirement on another component is not met.
    RequirementUnmet = 807, "the release needs another version of one of the device's components";
    /// The image does not fit the slot.
    ImageTooLarge = 808, "the image is larger than the slot for it";
    /// No installation is under way.
    NoInstall = 809, "no installation is under way that would take this";
    /// A page of another release.
    OtherRelease = 810, "the page belongs to another release than the one being installed";
    /// A page that is not the next one.
    PageOrder = 811, "the page is not the one that the device waits for";
    /// A page of the wrong length, or with a proof of the wrong length.
    PageLength = 812, "the page or its proof has the wrong length";
    /// The page does not belong to the image.
    PageHash = 813, "the page is not part of the signed image";
    /// What lies in flash is not the signed image.
    SlotMismatch = 814, "what was read back from the slot is not the signed image";
    /// A component that this device does not have.
    NoSuchComponent = 815, "the device has no such component";
    /// The trial image did not confirm itself.
    TrialExpired = 816, "the new image did not confirm itself within its trial boots";
    /// The trial image gave up.
    TrialFailed = 817, "the new image reported that it does not work";
    /// Pages larger than the device can hold.
    PageTooLarge = 818, "the release's pages are larger than the device can hold";
    /// The code of the installation lost its force before the image was armed.
    InstallVoid = 819, "the code of the installation lost its force before the image was complete";

    /// A newer release was asked for before this one was complete.
    Superseded = 820, "another release was asked for before this one was complete";

    /// A signature on the manifest is not good.
    ManifestNotSigned = 821, "a signature on the release manifest is not good, or by a key that is not in the trust root: publish the release again";
    /// An installed component needs another version of the one that the release is for.
    RequirementBroken = 822, "another component of the device does not work with this version: update that one first";
    /// The components need more of each other than the device can remember.
    TooManyRequirements = 823, "the device's components need more of each other than it can remember: publish the release with fewer requirements";

    // 9xx: trust roots and enrolment.
    /// The root lists a key twice.
    KeyTwice = 901, "the trust root lists a key twice";
    /// The root lists a weak or non-canonical key.
    WeakKey = 902, "the trust root lists a key that is weak or not canonical: make a new one";
    /// More signatures asked for than there are keys.
    ThresholdUnreachable = 903, "the trust root asks for more signatures than it lists keys";
    /// A threshold of nothing.
    ThresholdZero = 904, "the trust root asks for no signature where one is needed";
    /// Latches, properties or commands out of order or listed twice.
    RootOrder = 905, "the trust root's lists must be in order, each entry once";
    /// An assignment to a latch that the root does not list.
    AssignedNowhere = 906, "the trust root assigns a property or command to a latch that it does not list";
    /// The rule is weaker than its latch may have.
    RuleTooWeak = 907, "a rule is weaker than its latch may have: firmware, trust and opening need a challenge or trusted time";
    /// A lifetime or open time outside the bounds.
    RuleBounds = 908, "a rule's lifetime lies outside its bounds";
    /// Too few root keys have signed.
    TooFewRoot = 909, "too few root keys have signed the trust root";
    // 910 said that a first root is not version 1; any may be the first.
    /// The enrolment is not signed by the device's own key.
    NotDeviceKey = 911, "the enrolment is not signed by the key that it names";
    /// No operator has countersigned the enrolment.
    NotCountersigned = 912, "no operator has countersigned the enrolment";
    /// The device has been provisioned already.
    AlreadyProvisioned = 913, "the device is provisioned already";
    /// A root is missing a latch that every root lists.
    LatchMissing = 914, "the trust root must list the twin, firmware and trust latches";

    /// A successor that is not the next version.
    RootNotNext = 915, "the trust root is not the next version: each version follows from the one before";
    /// The epoch of a successor goes back.
    EpochBack = 916, "the trust root's epoch lies before the one in force";
    /// The root lists the key with which the device signs.
    DeviceKeyListed = 917, "the trust root lists the device's own key: a key has one role only";
    /// Too few time keys have signed.
    TooFewTime = 918, "too few time keys have signed the attestation, or the trust root lists none";
    /// Neither the issuer itself nor root has signed a revocation.
    NotRevoker = 919, "only the issuer itself, or as many root keys as the trust root asks for, can revoke";
    /// Only keys that sign codes have something to revoke.
    NotRevocable = 921, "this key signs no codes, so there is nothing to revoke: publish a trust root without it";
    /// Too few root keys of the root in force have signed its successor.
    TooFewOldRoot = 920, "too few root keys of the trust root in force have signed its successor";

    // 10xx: the device itself.
    /// Flash could not be written or read.
    StorageFault = 1001, "the device's storage could not be read or written: nothing was opened";
    /// No randomness.
    NoEntropy = 1002, "the device's source of randomness failed";
    /// The journal is unreadable, so everything stays shut.
    LatchedShut = 1003, "the device's journal is unreadable: it stays shut until it is recovered";
    /// The device key could not sign.
    KeyFault = 1004, "the device's key could not sign";
    /// The device is not provisioned.
    Unprovisioned = 1005, "the device is not provisioned";
    /// The buffer for an answer is too small.
    BufferTooSmall = 1006, "the buffer for the answer is too small";
    /// A fact that cannot be, if the program is right.
    LogicFault = 1007, "the device found itself in a state that cannot be: please report it";
    /// The journal is older than the hardware's counter says.
    RolledBack = 1008, "the device's journal is older than its counter says: it was put back, and stays shut until it is recovered";
    /// The hardware's counter could not be read or raised.
    CounterFault = 1009, "the device's monotonic counter could not be read or raised: nothing was opened";
    /// What the device keeps in RAM is not what it put there.
    MemoryFault = 1010, "the device's memory was changed by something else than the device: everything stays shut until it boots again";
}

impl Reason {
    /// The reason with this number, if this release knows it.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.number() == number)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.number())
    }
}

/// A reason and its evidence.
///
/// A check that has no evidence returns its [`Reason`] alone: that goes through a register, and a refusal is copied by each
/// function on its way up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The cause.
    pub reason: Reason,
    /// What would have been accepted: a count, version, time or length. Zero where
    /// the reason says it all.
    pub expected: u64,
    /// What was found instead.
    pub found: u64,
}

impl Refusal {
    /// The cause alone, where nobody is told of the evidence.
    pub(crate) fn into_reason(self) -> Reason {
        self.reason
    }

    /// A refusal with its evidence.
    #[must_use]
    pub fn new(reason: Reason, expected: u64, found: u64) -> Self {
        Self {
            reason,
            expected,
            found,
        }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason, 0, 0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)?;
        if self.expected != 0 || self.found != 0 {
            write!(f, " (expected {}, found {})", self.expected, self.found)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} expected {} found {}",
            self.reason, self.expected, self.found
        )
    }
}

impl core::error::Error for Refusal {}

/// Refuses with a reason unless the condition holds.
pub(crate) fn ensure<E>(condition: bool, refusal: E) -> Result<(), E> {
    if condition { Ok(()) } else { Err(refusal) }
}
