//! A device on a board, and what is asked of it while its power comes and goes.

use latch_verify::{
    Reason, Refusal,
    boot::{Start, Started},
    device::{
        Armed, Clock as _, Device, MountFault, Paged, Polled, Release as Offer, Settlement,
        Submitted, provision,
    },
    ledger::{Image as Slotted, InstallPhase},
    limits::{MAX_RECEIPT_ENVELOPE, RESERVED_REFILL_MS, RESERVED_SIGNATURES},
    statement::{Action, Audience, Code, Context, Outcome, RuleChoice},
    twin::Value,
    types::{LatchId, Sequence, StatementId},
};

use super::{
    board::{Board, Kit},
    sweep::Past,
};
use crate::world::{
    answer::{Answer, Effect, Told},
    bench::{FIT, device_id, enrolment},
    code::{BEGUN_MS, CODE_LIFE_MS, command, leaves, moment, set},
    hardware::START_MS,
    keys::{CREW, DEVICE, OPERATOR, ROOT, Signer, seal},
    release::{FACTORY, Image},
    root::{PRODUCT, RootSpec, TENANT, limits, maintenance},
};

/// A device that runs.
pub(crate) struct Rig<const UNIT: usize> {
    pub(crate) board: Board<UNIT>,
    pub(crate) device: Device<Kit<UNIT>>,
    issued: u16,
}

/// Gives a blank board its identity and its trust root.
pub(crate) fn enrol<const UNIT: usize>(
    board: &Board<UNIT>,
) -> Result<Device<Kit<UNIT>>, MountFault> {
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    provision(board.parts(), &root, &enrolled, FACTORY)
}

impl<const UNIT: usize> Rig<UNIT> {
    /// A device with some past: a twin, and a used command.
    pub(crate) fn seasoned(board: Board<UNIT>) -> Self {
        drop(enrol(&board).expect("a provisioned device"));
        let mut rig = Self::start(board).expect("a boot");
        let mut past = Past::default();
        let speed = leaves(&[("speed", Value::Int(1))]);
        for (latch, action) in [
            (LatchId::TWIN, set(&speed)),
            (maintenance(), command("restart")),
        ] {
            let code = rig.lasting(latch, action);
            rig.submit(&code, &mut past).told();
        }
        rig
    }

    /// The power comes: the bootloader chooses, and what it starts boots the device.
    pub(crate) fn start(board: Board<UNIT>) -> Result<Self, MountFault> {
        let choice = board.choose()?;
        let started = match choice.start {
            Start::Confirmed(image) | Start::Trial(image) | Start::Fallback(image) => {
                Started::Slot(image.slot)
            }
            Start::Recovery => Started::Recovery,
        };
        let mut device = Device::boot_as(board.parts(), started)?;
        match choice.start {
            Start::Confirmed(image) | Start::Fallback(image) => assert_eq!(device.running(), image),
            Start::Trial(image) => {
                assert_eq!(device.running(), image);
                let phase = device.install_phase();
                assert!(matches!(
                    phase,
                    Some(InstallPhase::Trial { started: false, .. })
                ));
            }
            Start::Recovery => assert_eq!(device.running(), Slotted::default()),
        }
        assert_eq!(board.images(), device.facts().images(), "told otherwise");
        device.set_posture(FIT);
        Ok(Self {
            board,
            device,
            issued: 0,
        })
    }

    /// The device after a reset.
    pub(crate) fn reboot(self) -> Self {
        let booted = Self::start(self.board).expect("a boot");
        Self {
            issued: self.issued,
            ..booted
        }
    }

    /// Leaves places in the issuers' order to codes that were signed before.
    pub(crate) fn skip_sequences(&mut self, places: u16) {
        self.issued += places;
    }

    /// A code that is accepted when the crew has signed it.
    pub(crate) fn code<'a>(&mut self, latch: LatchId, action: Action<'a>) -> Code<'a> {
        self.issued += 1;
        let status = self.device.status();
        let clock = self.board.clock();
        let now_ms = clock.trusted_ms().unwrap_or(START_MS + clock.ticks_ms());
        let begin = now_ms - BEGUN_MS;
        Code {
            tenant: TENANT,
            issuer: CREW[0].id(),
            epoch: status.epoch,
            incarnation: Some(2),
            audience: Audience::Device(device_id()),
            product: Some(PRODUCT),
            latch,
            rule: RuleChoice::Normal,
            sequence: Sequence::at(moment(START_MS), self.issued),
            not_before_ms: moment(begin),
            not_after_ms: moment(begin + CODE_LIFE_MS),
            challenge: Some(status.challenge),
            context: Context::default(),
            action,
        }
    }

    /// A signed code that answers the device's challenge.
    pub(crate) fn fresh(&mut self, latch: LatchId, action: Action<'_>) -> Vec<u8> {
        seal(&self.code(latch, action), &CREW)
    }

    /// A signed code that rests on the clock: it is as good after a boot as before it.
    pub(crate) fn lasting(&mut self, latch: LatchId, action: Action<'_>) -> Vec<u8> {
        self.lasting_by(latch, action, &CREW)
    }

    pub(crate) fn lasting_by(
        &mut self,
        latch: LatchId,
        action: Action<'_>,
        signers: &[Signer],
    ) -> Vec<u8> {
        let mut code = self.code(latch, action);
        code.challenge = None;
        seal(&code, signers)
    }

    /// Puts a statement in and carries out what it opens; again after a while where the device has checked too many
    /// signatures of late.
    pub(crate) fn submit(&mut self, statement: &[u8], past: &mut Past) -> Answer {
        self.submit_with(statement, Offer::NotAsked, past)
    }

    pub(crate) fn submit_with(
        &mut self,
        statement: &[u8],
        release: Offer<'_>,
        past: &mut Past,
    ) -> Answer {
        let mut answer = self.submit_once(statement, release, past);
        if answer == Answer::Ignored(Reason::Throttled.into()) {
            self.pass(RESERVED_REFILL_MS * u64::from(RESERVED_SIGNATURES));
            answer = self.submit_once(statement, release, past);
        }
        past.hear(&answer);
        answer
    }

    fn submit_once(&mut self, statement: &[u8], release: Offer<'_>, past: &mut Past) -> Answer {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let unlatched = match self.device.submit(statement, release, &mut out) {
            Submitted::Answered(bytes) => return Answer::Told(Told::read(bytes)),
            Submitted::Noted => return Answer::Noted,
            Submitted::Ignored(refusal) => return Answer::Ignored(refusal),
            Submitted::ManifestWanted(id) => return Answer::Wanted(id),
            Submitted::Unlatched(unlatched) => unlatched,
        };
        let (opened, ticket) = unlatched.act();
        past.effects.push(Effect::of(&opened));
        match self.device.settle(ticket, Settlement::Done, &mut out) {
            Ok(bytes) => Answer::Told(Told::read(bytes)),
            Err(refusal) => Answer::Ignored(refusal),
        }
    }

    /// Carries out a twin change that the last boot left open.
    pub(crate) fn resume(&mut self, past: &mut Past) {
        let Some(unlatched) = self.device.resume() else {
            return;
        };
        let (opened, ticket) = unlatched.act();
        past.effects.push(Effect::of(&opened));
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        if let Ok(bytes) = self.device.settle(ticket, Settlement::Done, &mut out) {
            past.keep(&Told::read(bytes));
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.board.clock().advance(ms);
    }

    /// Looks once at what changes without a message; whether something has.
    pub(crate) fn poll(&mut self, past: &mut Past) -> bool {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let receipt = match self.device.poll(&mut out) {
            Polled::Idle { .. } => return false,
            Polled::Closed { receipt, .. } | Polled::InstallEnded(receipt) => receipt,
        };
        if let Ok(bytes) = receipt {
            past.keep(&Told::read(bytes));
        }
        true
    }

    /// The last receipt for a statement.
    pub(crate) fn receipt(&mut self, statement: StatementId) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.receipt(statement, &mut out).map(Told::read)
    }

    /// Hands over the pages that the device still waits for.
    pub(crate) fn feed(&mut self, image: &Image) -> Result<(), Refusal> {
        while let Some(wanted) = self.device.wanted() {
            let page = image.page(wanted.manifest, wanted.next);
            if self.device.page(&page)? == Paged::Complete {
                break;
            }
        }
        Ok(())
    }

    /// Arms the image, which must be fit to run.
    pub(crate) fn arm(&mut self) -> Result<(), Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.device.arm(&mut out)? {
            Armed::Ready => Ok(()),
            Armed::Failed(bytes) => panic!("not armed: {:?}", Told::read(bytes)),
        }
    }

    pub(crate) fn confirm(&mut self) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.confirm(&mut out).map(Told::read)
    }

    pub(crate) fn give_up(&mut self) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.give_up(&mut out).map(Told::read)
    }

    /// New codes are taken, whatever was cut.
    #[track_caller]
    pub(crate) fn goes_on(&mut self, past: &mut Past) {
        if self.device.status().locked_down {
            let unlock = self.fresh(LatchId::TRUST, Action::Unlock);
            assert_eq!(self.submit(&unlock, past).outcome(), Outcome::Unlocked);
        }
        let limit = leaves(&[("limits/max", Value::Int(99))]);
        let twin_version = self.device.facts().twin.version + 1;
        let code = self.fresh(limits(), set(&limit));
        let outcome = self.submit(&code, past).outcome();
        assert_eq!(outcome, Outcome::Applied { twin_version });
    }
}
