//! What a latch asks of a code.

use serde::{Deserialize, Serialize};

use crate::{
    limits::MAX_LIFE_S,
    reject::{Reason, ensure},
    types::PostureRule,
};

/// How a device knows that a code is meant for now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// The code answers a nonce of the device: needs no clock.
    Challenge,
    /// The device knows the time from a source that it trusts.
    TrustedTime,
    /// The device knows only that it is at least a certain time.
    TimeFloor,
}

crate::wire::reads!(enum Freshness {
    0 Challenge,
    1 TrustedTime,
    2 TimeFloor,
    _ Self::Challenge
});

/// What a latch asks for before it opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Distinct operator keys that must sign, the issuer among them.
    pub operators: u8,
    /// Distinct approver keys that must sign; the issuer never counts.
    pub approvers: u8,
    /// Distinct break-glass keys that must sign. Zero in any but a break-glass rule.
    pub break_glass: u8,
    /// What the code must prove about time.
    pub freshness: Freshness,
    /// Longest time from a code's begin to its end, in seconds.
    pub max_life_s: u32,
    /// Longest total time that the latch stays open, in seconds. Zero: it does not open for a time.
    pub max_open_s: u32,
    /// Facts that the device must know about itself.
    pub posture: PostureRule,
    /// Time without a heartbeat after which an open latch closes, in seconds. Zero: none is asked for.
    pub heartbeat_s: u32,
    /// Time that posture and context may be amiss before an open latch closes, in seconds.
    pub grace_s: u32,
}

crate::wire::reads!(struct Rule { operators, approvers, break_glass, freshness, max_life_s, max_open_s, posture, heartbeat_s, grace_s });

impl Rule {
    /// Checks lifetimes, and that somebody must sign.
    pub(super) fn check(&self, break_glass: bool) -> Result<(), Reason> {
        let signers = if break_glass {
            self.break_glass
        } else {
            self.operators
        };
        ensure(signers > 0, Reason::ThresholdZero)?;
        // A break-glass key stands in for operators and approvers, and never for part of them.
        let other_roles = if break_glass {
            self.operators | self.approvers
        } else {
            self.break_glass
        };
        ensure(other_roles == 0, Reason::RuleBounds)?;
        // No fact is true and false.
        let PostureRule {
            must_hold,
            must_not_hold,
        } = self.posture;
        ensure(must_hold & must_not_hold == 0, Reason::RuleBounds)?;
        let lives = (1..=MAX_LIFE_S).contains(&self.max_life_s) && self.max_open_s <= MAX_LIFE_S;
        ensure(lives, Reason::RuleBounds)
    }

    /// Whether the rule may stand before something that must not rest on a time floor.
    pub(super) fn is_fresh(&self) -> bool {
        self.freshness != Freshness::TimeFloor
    }
}
