//! One open latch, as it is kept in RAM: in bytes, so that nothing lies between its fields.

use core::hint::black_box;

use super::latches::ms;
use crate::{
    division::divide,
    ledger::{CodeName, KeptName},
    reject::{Reason, Refusal, ensure},
    statement::{CloseCause, Context, Root, Rule, RuleChoice},
    types::{LatchId, Millis, PostureRule, Unaligned, Version, VersionRange},
};

/// A latch that a code has opened. In RAM: a boot closes it. Which code, and by which of its rules, the ledger remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) latch: LatchId,
    /// It has closed, for this reason; what is left is to shut and to tell it.
    pub(super) closing: Option<CloseCause>,
    /// Its closing was noticed, and could not be told yet.
    pub(super) noticed: bool,
    pub(super) held_to: HeldTo,
    context: KeptContext,
    since_ticks_ms: Millis,
    until_ticks_ms: Millis,
    heard_ticks_ms: Millis,
    amiss: Option<(CloseCause, Millis)>,
    renewal: Option<KeptName>,
}

/// What a latch is held to while it is open: the part of its rule that is not settled once it opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HeldTo {
    /// The version of the root whose rule it is.
    pub(super) root: u32,
    pub(super) max_open_s: u32,
    pub(super) heartbeat_s: u32,
    pub(super) grace_s: u32,
    pub(super) posture: PostureRule,
}

impl HeldTo {
    /// A rule of the root of this version.
    pub(super) fn the(rule: &Rule, root: u32) -> Self {
        Self {
            root,
            max_open_s: rule.max_open_s,
            heartbeat_s: rule.heartbeat_s,
            grace_s: rule.grace_s,
            posture: rule.posture,
        }
    }

    /// Becomes the rule of a root that has come into force, from the one before it and in the same epoch. Where there is none, it
    /// stays one of a root that is in force no more, and the latch closes.
    fn follow(&mut self, root: &Root<'_>, latch: LatchId, choice: RuleChoice) {
        let latch = root.latch(latch);
        let rule = match choice {
            RuleChoice::Normal => latch.map(|latch| latch.rule),
            RuleChoice::BreakGlass => latch.and_then(|latch| latch.break_glass),
        };
        let before = root.version.checked_sub(1);
        if let Some(rule) = rule.filter(|_| before == Some(self.root)) {
            *self = Self::the(&rule, root.version);
        }
    }
}

impl Opening {
    /// Whether its rule lets it be open for so long from now.
    ///
    /// # Errors
    /// [`Reason::OpenTooLong`] with the seconds that are left of the longest time.
    pub(super) fn may_last(&self, seconds: u32, ticks_ms: u64) -> Result<(), Refusal> {
        let (left_s, _) = divide(self.longest_ticks_ms().saturating_sub(ticks_ms), 1000);
        ensure(
            u64::from(seconds) <= left_s,
            Refusal::new(Reason::OpenTooLong, left_s, seconds.into()),
        )
    }

    /// Follows the trust root: see [`HeldTo::follow`].
    pub(super) fn follow(&mut self, root: &Root<'_>, choice: RuleChoice) {
        self.held_to.follow(root, self.latch, choice);
    }

    /// A heartbeat was sent at these ticks or later.
    pub(super) fn hear(&mut self, ticks_ms: u64) {
        self.heard_ticks_ms = Millis::of(self.heard_ticks_ms().max(ticks_ms));
    }

    /// When the last heartbeat was sent, as far as is sure.
    pub(super) fn heard_ticks_ms(&self) -> u64 {
        self.heard_ticks_ms.get()
    }

    /// When its time is over.
    pub(super) fn until_ticks_ms(&self) -> u64 {
        self.until_ticks_ms.get()
    }

    /// When the longest time is over that its rule lets it be open, from when it was opened.
    pub(super) fn longest_ticks_ms(&self) -> u64 {
        let since = self.since_ticks_ms.get();
        since.saturating_add(ms(self.held_to.max_open_s))
    }

    /// What is amiss, and since when.
    pub(super) fn amiss(&self) -> Option<(CloseCause, u64)> {
        self.amiss.map(|(cause, since)| (cause, since.get()))
    }

    pub(super) fn note_amiss(&mut self, amiss: Option<(CloseCause, u64)>) {
        self.amiss = amiss.map(|(cause, since)| (cause, Millis::of(since)));
    }

    /// What the code that has opened it names of the device.
    pub(super) fn context(&self) -> Context {
        self.context.get()
    }

    /// The last code that has renewed it.
    pub(super) fn renewal(&self) -> Option<CodeName> {
        self.renewal.map(KeptName::get)
    }
}

/// What comes of a latch once the opening that was planned for it is settled, or its renewal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Staged {
    pub(super) latch: LatchId,
    /// How long it is to be open from when that was planned.
    pub(super) seconds: u32,
    planned_ticks_ms: Millis,
    code: KeptName,
    /// What an opening is held to, and what it names of the device. A renewal changes neither.
    opens: Option<(HeldTo, KeptContext)>,
}

impl Staged {
    /// A latch that this code is to open.
    pub(super) fn opening(
        latch: LatchId,
        code: &CodeName,
        (held_to, context): (HeldTo, &Context),
        seconds: u32,
        ticks_ms: u64,
    ) -> Self {
        Self {
            latch,
            seconds,
            planned_ticks_ms: Millis::of(ticks_ms),
            code: KeptName::of(code),
            opens: Some((held_to, KeptContext::of(context))),
        }
    }

    /// Whether it is to be opened, and held to this.
    pub(super) fn is_held_to(&self, held_to: &HeldTo) -> bool {
        black_box(&self.opens)
            .as_ref()
            .is_some_and(|(staged, _)| staged == held_to)
    }

    /// An open latch that this code is to renew.
    pub(super) fn renewal(latch: LatchId, code: &CodeName, seconds: u32, ticks_ms: u64) -> Self {
        Self {
            latch,
            seconds,
            planned_ticks_ms: Millis::of(ticks_ms),
            code: KeptName::of(code),
            opens: None,
        }
    }

    /// The code that asks for it.
    pub(super) fn code(&self) -> CodeName {
        self.code.get()
    }

    /// Follows the trust root: see [`HeldTo::follow`].
    pub(super) fn follow(&mut self, root: &Root<'_>, choice: RuleChoice) {
        if let Some((held_to, _)) = &mut self.opens {
            held_to.follow(root, self.latch, choice);
        }
    }

    fn until_ticks_ms(&self) -> Millis {
        let planned_ticks_ms = self.planned_ticks_ms.get();
        Millis::of(planned_ticks_ms.saturating_add(ms(self.seconds)))
    }

    /// The latch as it opens, unless it was open.
    pub(super) fn opened(&self) -> Option<Opening> {
        let (held_to, context) = self.opens?;
        Some(Opening {
            latch: self.latch,
            closing: None,
            noticed: false,
            held_to,
            context,
            since_ticks_ms: self.planned_ticks_ms,
            until_ticks_ms: self.until_ticks_ms(),
            heard_ticks_ms: self.planned_ticks_ms,
            amiss: None,
            renewal: None,
        })
    }

    /// The open latch as it stays open. What has happened to it since that was planned stands.
    pub(super) fn renewed(&self, before: &Opening) -> Opening {
        let mut opening = Opening {
            until_ticks_ms: self.until_ticks_ms(),
            renewal: Some(self.code),
            ..*before
        };
        opening.hear(self.planned_ticks_ms.get());
        opening
    }
}

/// A context.
#[derive(Clone, Copy, Debug)]
struct KeptContext {
    /// The oldest and the newest firmware.
    firmware: Option<(Unaligned, Unaligned)>,
    twin_version: Option<Unaligned>,
    boot: Option<[u8; 4]>,
}

impl KeptContext {
    fn of(context: &Context) -> Self {
        let Context {
            firmware,
            twin_version,
            boot,
        } = *context;
        let ordinal = |version: Version| Unaligned::of(version.ordinal());
        Self {
            firmware: firmware.map(|range| (ordinal(range.least), ordinal(range.most))),
            twin_version: twin_version.map(Unaligned::of),
            boot: boot.map(u32::to_le_bytes),
        }
    }

    fn get(self) -> Context {
        let version = |ordinal: Unaligned| Version::from_ordinal(ordinal.get());
        Context {
            firmware: self.firmware.map(|(least, most)| VersionRange {
                least: version(least),
                most: version(most),
            }),
            twin_version: self.twin_version.map(Unaligned::get),
            boot: self.boot.map(u32::from_le_bytes),
        }
    }
}

const _: () = assert!(size_of::<Opening>() <= 116 && size_of::<Staged>() <= 100);

#[cfg(test)]
mod tests {
    use super::{HeldTo, KeptContext, Staged};
    use crate::{
        ledger::{CodeName, KeptName},
        statement::Context,
        types::{KeyId, LatchId, PostureRule, Sequence, StatementId, Version, VersionRange},
    };

    #[test]
    fn a_latch_that_is_held_to_less_is_told() {
        let held_to = HeldTo {
            root: 3,
            max_open_s: 60,
            heartbeat_s: 10,
            grace_s: 5,
            posture: PostureRule::default(),
        };
        let name = CodeName {
            issuer: KeyId([1; 8]),
            sequence: Sequence(7),
            statement: StatementId([3; 16]),
        };
        let (latch, context) = (LatchId::TWIN, Context::default());
        let staged = Staged::opening(latch, &name, (held_to, &context), 30, 0);
        assert!(staged.is_held_to(&held_to));
        let silent = HeldTo {
            heartbeat_s: 0,
            ..held_to
        };
        assert!(!staged.is_held_to(&silent));
        assert!(!Staged::renewal(latch, &name, 30, 0).is_held_to(&held_to));
    }

    #[test]
    fn what_is_kept_is_what_was_said() {
        let name = CodeName {
            issuer: KeyId([1; 8]),
            sequence: Sequence(u64::MAX - 7),
            statement: StatementId([3; 16]),
        };
        assert_eq!(KeptName::of(&name).get(), name);
        let version = |major| Version {
            major,
            minor: 2,
            patch: u32::MAX - u32::from(major),
        };
        let full = Context {
            firmware: Some(VersionRange {
                least: version(1),
                most: version(u16::MAX),
            }),
            twin_version: Some(u64::MAX),
            boot: Some(u32::MAX - 1),
        };
        for bits in 0..8 {
            let context = Context {
                firmware: full.firmware.filter(|_| bits & 1 > 0),
                twin_version: full.twin_version.filter(|_| bits & 2 > 0),
                boot: full.boot.filter(|_| bits & 4 > 0),
            };
            assert_eq!(KeptContext::of(&context).get(), context);
        }
    }
}
