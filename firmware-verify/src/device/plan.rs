//! What a code would do here and now: the last questions before it is burned.

use core::ops::DerefMut;

use embedded_storage::nor_flash::ReadNorFlash;

use super::{
    Clock as _, Device, Memory, Platform,
    opening::{HeldTo, Staged},
    submit::Release,
};
use crate::{
    boot::Started,
    ledger::{CodeName, Image, Install, InstallPhase, Ledger},
    reject::{Reason, Refusal, ensure},
    statement::{Action, Code, Rule},
    types::StatementId,
    verdict::{ReleaseFacts, authenticate_release, suits},
    wire::Verified,
};

/// What a code will do, once everything but its burn is settled.
pub(super) enum Plan<'a> {
    Patch,
    Command,
    Install {
        image: Image,
        manifest: &'a [u8],
    },
    Manifest(StatementId),
    Probe,
    /// What is [staged](Memory::staged).
    Open,
    /// As [`Open`](Self::Open).
    Renew,
    Close,
    Lockdown,
    Unlock,
}

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// What the code would do.
    #[inline(never)]
    pub(super) fn plan<'a>(
        &mut self,
        code: &Code<'_>,
        statement: StatementId,
        rule: &Rule,
        release: Release<'a>,
    ) -> Result<Plan<'a>, Refusal> {
        let facts = &self.memory.ledger.facts;
        ensure(facts.pending.is_none(), Reason::Busy)?;
        match &code.action {
            Action::SetTwin(patch) => {
                facts.twin.try_patch(*patch)?;
                Ok(Plan::Patch)
            }
            Action::Command { .. } => Ok(Plan::Command),
            Action::Install { manifest } => self.plan_install(code, *manifest, false, release),
            Action::Downgrade { manifest } => self.plan_install(code, *manifest, true, release),
            Action::Probe => Ok(Plan::Probe),
            Action::Open { seconds } => self.plan_open(code, statement, rule, *seconds),
            Action::Renew { seconds } => self.plan_renew(code, statement, *seconds),
            Action::Close => Ok(Plan::Close),
            Action::Lockdown => Ok(Plan::Lockdown),
            Action::Unlock => Ok(Plan::Unlock),
        }
    }

    #[inline(never)]
    fn plan_open<'a>(
        &mut self,
        code: &Code<'_>,
        statement: StatementId,
        rule: &Rule,
        seconds: u32,
    ) -> Result<Plan<'a>, Refusal> {
        ensure(!self.is_open(code.latch), Reason::AlreadyOpen)?;
        // What stands behind it has to be shut before it is opened again.
        let shut = self
            .memory
            .latches
            .get(code.latch)
            .is_none_or(|before| before.noticed);
        let Memory {
            ledger, latches, ..
        } = &*self.memory;
        let room = latches.has_room_for(code.latch) && ledger.facts.may_open(code.latch);
        ensure(shut && room, Reason::Busy)?;
        let root_version = ledger.trust.terms()?.version;
        let ticks_ms = self.clock.ticks_ms();
        let held_to = HeldTo::the(rule, root_version);
        let name = name_of(code, statement);
        let terms = (held_to, &code.context);
        let staged = Staged::opening(code.latch, &name, terms, seconds, ticks_ms);
        self.stage(staged)?;
        Ok(Plan::Open)
    }

    /// Checks that the latch that is to be opened will be held to this rule.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    pub(super) fn is_staged_by(&self, rule: &Rule) -> Result<(), Reason> {
        let held_to = HeldTo::the(rule, self.memory.ledger.trust.terms()?.version);
        let staged = self.memory.staged.first();
        ensure(
            staged.is_some_and(|staged| staged.is_held_to(&held_to)),
            Reason::LogicFault,
        )
    }

    #[inline(never)]
    fn plan_renew<'a>(
        &mut self,
        code: &Code<'_>,
        statement: StatementId,
        seconds: u32,
    ) -> Result<Plan<'a>, Refusal> {
        ensure(self.is_open(code.latch), Reason::NotOpen)?;
        let memory = &*self.memory;
        let open = memory.ledger.facts.open_latch(code.latch);
        let (open, opening) = open
            .zip(memory.latches.get(code.latch))
            .ok_or(Reason::NotOpen)?;
        ensure(open.choice() == code.rule, Reason::OpenedOtherwise)?;
        let ticks_ms = self.clock.ticks_ms();
        opening.may_last(seconds, ticks_ms)?;
        let name = name_of(code, statement);
        self.stage(Staged::renewal(code.latch, &name, seconds, ticks_ms))?;
        Ok(Plan::Renew)
    }

    fn stage(&mut self, staged: Staged) -> Result<(), Reason> {
        self.memory.staged.clear();
        let kept = self.memory.staged.push(staged);
        kept.map_err(|_| Reason::LogicFault)
    }

    #[inline(never)]
    fn plan_install<'a>(
        &mut self,
        code: &Code<'_>,
        named: StatementId,
        downgrade: bool,
        release: Release<'a>,
    ) -> Result<Plan<'a>, Refusal> {
        let facts = &self.memory.ledger.facts;
        if let Some(install) = &facts.install {
            check_supersedes(code, install)?;
        }
        let bytes = match release {
            Release::NotAsked => return Ok(Plan::Manifest(named)),
            Release::NotFound => return Err(Reason::ManifestMissing.into()),
            Release::Found(bytes) => bytes,
        };
        // Whoever runs without a whole image takes no code that could have been recorded earlier.
        let answered = self.started != Started::Recovery || code.challenge.is_some();
        ensure(answered, Reason::ChallengeMissing)?;
        let slot = 1_u8.saturating_sub(self.running_slot());
        self.may_overwrite(slot)?;
        match &authenticate_release(bytes, named, &self.memory.ledger.trust) {
            Ok(verified) => self.plan_release(verified, named, slot, downgrade),
            Err(refusal) => Err(*refusal),
        }
    }

    /// The installation of a release that suits the device. Apart from what checks the release's signatures.
    #[inline(never)]
    fn plan_release<'a>(
        &mut self,
        verified: &Verified<'a>,
        named: StatementId,
        slot: u8,
        downgrade: bool,
    ) -> Result<Plan<'a>, Refusal> {
        let components = self.memory.ledger.components(&mut self.journal)?;
        let Ledger {
            trust,
            identity,
            facts,
            ..
        } = &*self.memory.ledger;
        let room = self
            .slots
            .get(usize::from(slot))
            .ok_or(Reason::LogicFault)?;
        let release = ReleaseFacts {
            version: self.version_before(),
            security_floor: facts.firmware.security_floor,
            components: &components,
            slot_size: u32::try_from(room.capacity()).unwrap_or(u32::MAX),
            largest_page: P::LARGEST_PAGE,
            downgrade,
        };
        let manifest = suits(verified, trust, identity, &release)?;
        self.may_update(manifest.component)?;
        Ok(Plan::Install {
            image: Image::of(named, slot, &manifest),
            manifest: verified.envelope().bytes(),
        })
    }
}

fn name_of(code: &Code<'_>, statement: StatementId) -> CodeName {
    CodeName {
        issuer: code.issuer,
        sequence: code.sequence,
        statement,
    }
}

/// Whether a code may take the place of an installation: not of one that is armed, and not
/// of one that its issuer asked for later.
fn check_supersedes(code: &Code<'_>, install: &Install) -> Result<(), Refusal> {
    let begun = !matches!(
        install.phase,
        InstallPhase::Receiving { .. } | InstallPhase::Received
    );
    ensure(!begun, Reason::Busy)?;
    let earlier = install.pending.code;
    let newer = code.issuer != earlier.issuer || code.sequence > earlier.sequence;
    ensure(
        newer,
        Refusal::new(Reason::OutOfOrder, earlier.sequence.0, code.sequence.0),
    )
}
