//! From what is wanted to the body of a code: validity, sequence, audience.

use std::time::{SystemTime, UNIX_EPOCH};

use latch_verify::{
    statement::{Audience, Code, Context, RuleChoice},
    types::{Challenge, KeyId, LatchId, ProductId, Sequence, TenantId, TimeMs, VersionRange},
    wire::Body as _,
};

use super::{Change, CodeError, order::Order};
use crate::sign::Draft;

/// How far a code's begin lies before its signing, at most. A device whose clock is
/// slow would refuse a code that begins now; a quartz clock of 20 ppm that was last set a
/// month ago is less than a minute off. Nobody gains by it: before it is signed, there
/// is no code.
pub const CLOCK_SLACK_MS: u64 = 60_000;
/// A short life gives at most this part of it to slow clocks.
const SLACK_PART: u64 = 4;
/// The life of a code for which none is asked, in seconds: long enough to reach a device
/// that reconnects, short enough to be forgotten.
pub const DEFAULT_LIFE_S: u32 = 600;

/// The order of all codes that this process signs.
static ORDER: Order = Order::new();

/// Builds the body of a latch code.
///
/// By default a code is held to the normal rule, for any product and context, and lives
/// for [`DEFAULT_LIFE_S`].
#[derive(Debug, Clone)]
pub struct CodeBuilder {
    tenant: TenantId,
    issuer: KeyId,
    epoch: u32,
    audience: Audience,
    latch: LatchId,
    change: Change,
    incarnation: Option<u32>,
    product: Option<ProductId>,
    rule: RuleChoice,
    life_s: u32,
    not_before: Option<TimeMs>,
    after: Option<Sequence>,
    sequence: Option<Sequence>,
    challenge: Option<Challenge>,
    context: Context,
    understood: Option<u8>,
}

impl CodeBuilder {
    /// A code of an issuer, under a tenant's trust root of this epoch.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        epoch: u32,
        issuer: KeyId,
        audience: Audience,
        latch: LatchId,
        change: Change,
    ) -> Self {
        Self {
            tenant,
            issuer,
            epoch,
            audience,
            latch,
            change,
            incarnation: None,
            product: None,
            rule: RuleChoice::Normal,
            life_s: DEFAULT_LIFE_S,
            not_before: None,
            after: None,
            sequence: None,
            challenge: None,
            context: Context::default(),
            understood: None,
        }
    }

    /// Only for this enrolment of the device.
    #[must_use]
    pub fn incarnation(mut self, incarnation: u32) -> Self {
        self.incarnation = Some(incarnation);
        self
    }

    /// Only for devices of this product.
    #[must_use]
    pub fn product(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// Held to the latch's break-glass rule.
    #[must_use]
    pub fn break_glass(mut self) -> Self {
        self.rule = RuleChoice::BreakGlass;
        self
    }

    /// Time from begin to end, in seconds: what the latch's rule bounds. Up to
    /// [`CLOCK_SLACK_MS`] of it lies before the signing.
    #[must_use]
    pub fn life_s(mut self, life_s: u32) -> Self {
        self.life_s = life_s;
        self
    }

    /// Valid from this moment on, rather than from now.
    #[must_use]
    pub fn not_before(mut self, moment: TimeMs) -> Self {
        self.not_before = Some(moment);
        self
    }

    /// Signed after this code of the same issuer, and so never ordered before it, even
    /// in the same millisecond or when the clock was set back.
    #[must_use]
    pub fn after(mut self, sequence: Sequence) -> Self {
        self.after = Some(sequence);
        self
    }

    /// With this sequence, rather than one from the time and randomness.
    #[must_use]
    pub fn sequence(mut self, sequence: Sequence) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// An answer to this challenge of the device.
    #[must_use]
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Only while the running firmware lies in this range.
    #[must_use]
    pub fn firmware(mut self, range: VersionRange) -> Self {
        self.context.firmware = Some(range);
        self
    }

    /// Only while the twin has this version.
    #[must_use]
    pub fn twin_version(mut self, version: u64) -> Self {
        self.context.twin_version = Some(version);
        self
    }

    /// Only in this boot of the device.
    #[must_use]
    pub fn boot(mut self, boot: u32) -> Self {
        self.context.boot = Some(boot);
        self
    }

    /// For a device that understands these body versions, the oldest and the newest, as its
    /// [status](latch_verify::statement::Status::body_versions) says. Without it, a code that
    /// an older release cannot read is found out when the device passes it over.
    #[must_use]
    pub fn understood(mut self, body_versions: (u8, u8)) -> Self {
        self.understood = Some(body_versions.1);
        self
    }

    /// The code as of this moment, ready to be signed; the issuer's key must be among
    /// those that sign.
    ///
    /// # Errors
    /// Every [`CodeError`] but those of [`Change::latch`] and [`Cohort`](super::Cohort).
    pub fn build(self, now: TimeMs) -> Result<Draft, CodeError> {
        self.check_audience()?;
        if self.change.opens_for_nothing() {
            return Err(CodeError::NoOpenTime);
        }
        let life_ms = u64::from(self.life_s).saturating_mul(1000);
        if life_ms == 0 {
            return Err(CodeError::NoLife);
        }
        let begin = match self.not_before {
            Some(moment) => moment.get(),
            None => {
                let slack = CLOCK_SLACK_MS.min(life_ms / SLACK_PART);
                now.get().saturating_sub(slack)
            }
        };
        let time = |moment| TimeMs::new(moment).ok_or(CodeError::NoTime);
        let code = Code {
            tenant: self.tenant,
            issuer: self.issuer,
            epoch: self.epoch,
            incarnation: self.incarnation,
            audience: self.audience.clone(),
            product: self.product,
            latch: self.latch,
            rule: self.rule,
            sequence: self.next_sequence(now)?,
            not_before_ms: time(begin)?,
            not_after_ms: time(begin.saturating_add(life_ms))?,
            challenge: self.challenge,
            context: self.context,
            action: self.change.action(),
        };
        self.check_understood(code.version())?;
        Ok(Draft::new(&code)?)
    }

    fn check_understood(&self, needs: u8) -> Result<(), CodeError> {
        match self.understood {
            Some(newest) if needs > newest => Err(CodeError::TooNew { needs, newest }),
            _ => Ok(()),
        }
    }

    fn check_audience(&self) -> Result<(), CodeError> {
        if matches!(self.audience, Audience::Device(_)) {
            return match self.incarnation {
                Some(_) => Ok(()),
                None => Err(CodeError::IncarnationMissing),
            };
        }
        if self.challenge.is_some() {
            return Err(CodeError::ChallengeForMany);
        }
        if self.incarnation.is_some() {
            return Err(CodeError::IncarnationForMany);
        }
        if self.rule == RuleChoice::BreakGlass {
            return Err(CodeError::BreakGlassForMany);
        }
        Ok(())
    }

    fn next_sequence(&self, now: TimeMs) -> Result<Sequence, CodeError> {
        if let Some(sequence) = self.sequence {
            return Ok(sequence);
        }
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(CodeError::NoEntropy)?;
        let fresh = ORDER.next(Sequence::at(now, u16::from_le_bytes(random)));
        let least = self
            .after
            .map_or(0, |Sequence(before)| before.saturating_add(1));
        Ok(fresh.max(Sequence(least)))
    }
}

/// The time now, by the system's clock.
///
/// # Errors
/// [`CodeError::NoTime`].
pub fn now() -> Result<TimeMs, CodeError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .and_then(TimeMs::new)
        .ok_or(CodeError::NoTime)
}
