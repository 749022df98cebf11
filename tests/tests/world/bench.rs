//! A device on the bench, and everything that can be asked of it.

use latch_issue::{EnrolmentRequest, ProvisionBundle, Statement};
use latch_verify::{
    Reason, Refusal,
    device::{
        Armed, Clock as _, Device, MountFault, Paged, Polled, Release as Offer, Settlement,
        Submitted, Ticket, provision,
    },
    limits::{
        CODE_REFILL_MS, MAX_COMPONENTS, MAX_RECEIPT_ENVELOPE, MAX_SIGNATURES, MAX_STATE_ENVELOPE,
    },
    statement::{Action, Audience, Code, Context, Enrolment, KeyKept, Outcome, RuleChoice},
    twin::Value,
    types::{DeviceId, Digest, LatchId, Posture, Sequence, StatementId, Version},
    verdict::Factory,
};

use super::{
    answer::{Answer, Effect, Looked, Told},
    code::{BEGUN_MS, CODE_LIFE_MS, leaves, moment, set},
    hardware::{Hardware, Kit, START_MS},
    keys::{CREW, DEVICE, OPERATOR, ROOT, seal},
    release::{FACTORY, Image, Release},
    root::{EPOCH, IDLE, PRODUCT, RootSpec, TAMPERED, TENANT},
};

/// Everything that the limits ask for.
pub(crate) const FIT: Posture = Posture {
    known: IDLE | TAMPERED,
    value: IDLE,
};

pub(crate) fn device_id() -> DeviceId {
    "pump-0042".parse().expect("a device's name")
}

pub(crate) fn enrolment() -> Enrolment {
    Enrolment {
        tenant: TENANT,
        product: PRODUCT,
        device: device_id(),
        incarnation: 2,
        device_key: Digest(DEVICE.public()),
        key_kept: KeyKept::Software,
    }
}

/// How long a test waits for a device that has checked too many signatures: one full envelope comes back.
const THROTTLE_MS: u64 = CODE_REFILL_MS * MAX_SIGNATURES as u64;

/// A device that runs.
pub(crate) struct Bench {
    pub(crate) hardware: Hardware,
    pub(crate) device: Device<Kit>,
    /// What was let through, since the bench was made.
    pub(crate) effects: Vec<Effect>,
    issued: u16,
}

impl Bench {
    /// A device that was provisioned as the issuer does it.
    pub(crate) fn new() -> Self {
        Self::with_root(&RootSpec::default())
    }

    /// A device under another trust root.
    pub(crate) fn with_root(root: &RootSpec) -> Self {
        Self::made(Hardware::new(), root, FACTORY.into())
    }

    /// A device that has further components, with these versions.
    pub(crate) fn with_components(others: [Option<Version>; MAX_COMPONENTS]) -> Self {
        let main = FACTORY;
        let factory = Factory { main, others };
        Self::made(Hardware::new(), &RootSpec::default(), factory)
    }

    /// A device of other hardware.
    pub(crate) fn on(hardware: Hardware) -> Self {
        Self::made(hardware, &RootSpec::default(), FACTORY.into())
    }

    fn made(hardware: Hardware, root: &RootSpec, factory: Factory) -> Self {
        let sealed = |bytes| Statement::from_bytes(bytes).expect("a statement");
        let request =
            EnrolmentRequest::from_bytes(seal(&enrolment(), &[DEVICE])).expect("a request");
        let enrolled = request
            .countersign(&OPERATOR[0].role_key())
            .expect("a countersignature");
        let bundle = ProvisionBundle::new(sealed(root.sealed(&ROOT)), enrolled).expect("a bundle");
        let device = provision(
            hardware.parts(),
            bundle.root().bytes(),
            bundle.enrolment().bytes(),
            factory,
        );
        let mut device = device.expect("a provisioned device");
        device.set_posture(FIT);
        Self {
            hardware,
            device,
            effects: Vec::new(),
            issued: 0,
        }
    }

    /// Boots hardware that was provisioned.
    pub(crate) fn start(hardware: Hardware) -> Result<Self, MountFault> {
        let mut device = Device::boot(hardware.parts())?;
        device.set_posture(FIT);
        Ok(Self {
            hardware,
            device,
            effects: Vec::new(),
            issued: 0,
        })
    }

    /// The device after a reset.
    pub(crate) fn reboot(self) -> Self {
        let Self {
            hardware,
            effects,
            issued,
            ..
        } = self;
        let booted = Self::start(hardware).expect("a boot");
        Self {
            effects,
            issued,
            ..booted
        }
    }

    /// Another device in the same durable state, which has booted once more.
    pub(crate) fn fork(&self) -> Self {
        let booted = Self::start(self.hardware.fork()).expect("a boot");
        Self {
            issued: self.issued,
            ..booted
        }
    }

    /// Leaves places in the issuers' order to codes that were signed on another bench.
    pub(crate) fn skip_sequences(&mut self, places: u16) {
        self.issued += places;
    }

    /// The time, whether the device knows it or not.
    pub(crate) fn now_ms(&self) -> u64 {
        let clock = &self.hardware.clock;
        clock.trusted_ms().unwrap_or(START_MS + clock.ticks_ms())
    }

    /// The next place in an issuer's order.
    pub(crate) fn next_sequence(&mut self) -> Sequence {
        self.issued += 1;
        Sequence::at(moment(START_MS), self.issued)
    }

    /// A code that is accepted when the crew has signed it; a test changes one thing.
    pub(crate) fn code<'a>(&mut self, latch: LatchId, action: Action<'a>) -> Code<'a> {
        let begin = self.now_ms() - BEGUN_MS;
        Code {
            tenant: TENANT,
            issuer: CREW[0].id(),
            epoch: EPOCH,
            incarnation: Some(2),
            audience: Audience::Device(device_id()),
            product: Some(PRODUCT),
            latch,
            rule: RuleChoice::Normal,
            sequence: self.next_sequence(),
            not_before_ms: moment(begin),
            not_after_ms: moment(begin + CODE_LIFE_MS),
            challenge: Some(self.device.status().challenge),
            context: Context::default(),
            action,
        }
    }

    /// A signed code.
    pub(crate) fn sealed(&mut self, latch: LatchId, action: Action<'_>) -> Vec<u8> {
        seal(&self.code(latch, action), &CREW)
    }

    /// A signed twin change.
    pub(crate) fn change(&mut self, path: &str, value: i64) -> Vec<u8> {
        let leaves = leaves(&[(path, Value::Int(value))]);
        self.sealed(LatchId::TWIN, set(&leaves))
    }

    /// Puts a statement in, and carries out what it opens.
    pub(crate) fn submit(&mut self, statement: &[u8]) -> Answer {
        self.submit_with(statement, Offer::NotAsked)
    }

    /// Puts a statement in, and again after a while where the device has checked too many signatures of late.
    pub(crate) fn submit_with(&mut self, statement: &[u8], release: Offer<'_>) -> Answer {
        let throttled = Answer::Ignored(Reason::Throttled.into());
        match self.submit_once(statement, release) {
            answer if answer == throttled => {
                self.rest();
                self.submit_once(statement, release)
            }
            answer => answer,
        }
    }

    /// Lets the device's budget of signature checks come back.
    pub(crate) fn rest(&self) {
        self.hardware.clock.advance(THROTTLE_MS);
    }

    /// Puts a statement in once.
    pub(crate) fn submit_once(&mut self, statement: &[u8], release: Offer<'_>) -> Answer {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let unlatched = match self.device.submit(statement, release, &mut out) {
            Submitted::Answered(bytes) => return Answer::Told(Told::read(bytes)),
            Submitted::Noted => return Answer::Noted,
            Submitted::Ignored(refusal) => return Answer::Ignored(refusal),
            Submitted::ManifestWanted(id) => return Answer::Wanted(id),
            Submitted::Unlatched(unlatched) => unlatched,
        };
        let (opened, ticket) = unlatched.act();
        self.effects.push(Effect::of(&opened));
        match self.settle(ticket, Settlement::Done) {
            Ok(told) => Answer::Told(told),
            Err(refusal) => Answer::Ignored(refusal),
        }
    }

    /// Puts a statement in that opens a latch, and leaves the outcome open.
    #[track_caller]
    pub(crate) fn open(&mut self, statement: &[u8]) -> Ticket {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.device.submit(statement, Offer::NotAsked, &mut out) {
            Submitted::Unlatched(unlatched) => {
                let (opened, ticket) = unlatched.act();
                self.effects.push(Effect::of(&opened));
                ticket
            }
            Submitted::Noted => panic!("noted"),
            Submitted::Ignored(refusal) => panic!("ignored: {refusal:?}"),
            Submitted::Answered(bytes) => panic!("answered: {:?}", Told::read(bytes).outcome()),
            Submitted::ManifestWanted(_) => panic!("a manifest is wanted"),
        }
    }

    pub(crate) fn settle(
        &mut self,
        ticket: Ticket,
        settlement: Settlement,
    ) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device
            .settle(ticket, settlement, &mut out)
            .map(Told::read)
    }

    /// Looks at what changes without a message.
    pub(crate) fn poll(&mut self) -> Looked {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.device.poll(&mut out) {
            Polled::Idle { wake_in_ms } => Looked::Idle(wake_in_ms),
            Polled::Closed {
                latch,
                cause,
                receipt,
            } => Looked::Closed {
                latch,
                cause,
                told: receipt.map(Told::read),
            },
            Polled::InstallEnded(receipt) => {
                Looked::InstallEnded(Told::read(receipt.expect("a receipt")))
            }
        }
    }

    /// Carries out a twin change that the last boot left open.
    pub(crate) fn resume(&mut self) -> Option<Result<Told, Refusal>> {
        let (opened, ticket) = self.device.resume()?.act();
        self.effects.push(Effect::of(&opened));
        Some(self.settle(ticket, Settlement::Done))
    }

    /// The last receipt for a statement.
    pub(crate) fn receipt(&mut self, statement: StatementId) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.receipt(statement, &mut out).map(Told::read)
    }

    /// A signed code to install a release.
    pub(crate) fn install_code(&mut self, release: &Release) -> Vec<u8> {
        self.sealed(
            LatchId::FIRMWARE,
            Action::Install {
                manifest: release.id,
            },
        )
    }

    /// Submits a code together with the manifest that it asks for.
    pub(crate) fn submit_found(&mut self, code: &[u8], release: &Release) -> Answer {
        self.submit_with(code, Offer::Found(&release.bytes))
    }

    /// Begins an installation.
    #[track_caller]
    pub(crate) fn begin(&mut self, release: &Release) -> Told {
        let code = self.install_code(release);
        let told = self.submit_found(&code, release).told();
        assert_eq!(told.outcome(), Outcome::InstallStarted);
        told
    }

    /// Hands over the pages that the device still waits for.
    pub(crate) fn feed(&mut self, image: &Image) -> Result<(), Refusal> {
        while let Some(wanted) = self.device.wanted() {
            if self
                .device
                .page(&image.page(wanted.manifest, wanted.next))?
                == Paged::Complete
            {
                break;
            }
        }
        Ok(())
    }

    /// Arms the image; the receipt is that of an installation that has failed.
    pub(crate) fn arm(&mut self) -> Result<Option<Told>, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.arm(&mut out).map(|armed| match armed {
            Armed::Ready => None,
            Armed::Failed(bytes) => Some(Told::read(bytes)),
        })
    }

    pub(crate) fn confirm(&mut self) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.confirm(&mut out).map(Told::read)
    }

    pub(crate) fn confirm_component(&mut self, component: u8) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device
            .confirm_component(component, &mut out)
            .map(Told::read)
    }

    pub(crate) fn give_up(&mut self) -> Result<Told, Refusal> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        self.device.give_up(&mut out).map(Told::read)
    }

    /// Installs a release to its end.
    #[track_caller]
    pub(crate) fn install(mut self, image: &Image, release: &Release) -> Self {
        self.begin(release);
        self.feed(image).expect("pages");
        assert_eq!(self.arm(), Ok(None));
        let mut booted = self.reboot();
        let on_trial = booted.device.installing().expect("an image on trial");
        let confirmed = booted.confirm_component(on_trial.component);
        confirmed.expect("a confirmation");
        booted
    }

    /// The device's signed state, as bytes.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut out = [0; MAX_STATE_ENVELOPE];
        self.device.state(&mut out).map(<[u8]>::to_vec)
    }

    /// Writes and erases of the journal so far.
    pub(crate) fn journal_operations(&self) -> u64 {
        self.hardware.journal.look().operations()
    }
}
