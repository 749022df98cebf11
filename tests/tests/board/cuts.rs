//! The power goes in an operation of the flash that a seed has chosen, and tears it, while an update runs. The device comes
//! back each time, and finishes.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use latch_issue::{Change, Statement};
use latch_link::{Handled, Life, Paged, ToDevice, Why};
use latch_tests::effort;
use latch_verify::{
    device::Release,
    statement::Outcome,
    types::{LatchId, Version},
    wire::PublicKey,
};

use super::{
    host::{Gone, Host},
    machine::Machine,
    programs,
    tenant::{Shipped, Tenant},
};

/// A device that was provisioned and runs 1.0.0, switched off; its key.
fn provisioned(tenant: &Tenant) -> (Machine, PublicKey) {
    let mut machine = Machine::new(&programs::application("1.0.0"));
    machine.start();
    let mut host = Host::at(&machine.line(), 1);
    let standing = host.meet().expect("the device stays");
    assert_eq!(standing.life, Life::Unprovisioned);
    let (bundle, key) = tenant.enrol(host.request().expect("the device stays"));
    let tag = host.next_tag();
    let (root, enrolment) = (bundle.root().bytes(), bundle.enrolment().bytes());
    host.done(&ToDevice::Provision {
        tag,
        root,
        enrolment,
    })
    .expect("the device stays");
    host.until_gone(&mut machine);
    let standing = host.meet().expect("the device stays");
    assert!(
        matches!(standing.life, Life::Provisioned(_)),
        "{standing:?}"
    );
    machine.kill();
    (machine, key)
}

/// The security version of the release: once it is confirmed, no device goes below it.
pub(crate) const FLOOR: u32 = 1;
/// Cuts in one run of the tests, times what `LATCH_TEST_EFFORT` says.
const TRIALS: u32 = 30;
/// A cut that does not begin with the last pages strikes within so many operations after the machine was switched on.
const REACH: u32 = 24;
/// Operations with which an update ends: what they durably write is that the image is confirmed.
const CONFIRMATION: u32 = 5;
/// Machines that run at a time.
const AT_ONCE: usize = 2;

/// An update that went well, and what the flash held on its way.
pub(crate) struct Course {
    pub(crate) key: PublicKey,
    pub(crate) code: Statement,
    pub(crate) release: Shipped,
    /// The flash before the first page, and after each that was kept.
    flash: Vec<Vec<u8>>,
    /// Operations of the flash, from a start before the last page to the confirmation.
    to_the_end: u32,
    /// The flash after the image was confirmed.
    pub(crate) finished: Vec<u8>,
}

impl Course {
    /// The one that the tests of this process share.
    pub(crate) fn shared() -> &'static Self {
        static COURSE: OnceLock<Course> = OnceLock::new();
        COURSE.get_or_init(|| Self::run(&Tenant::new()))
    }

    /// Runs the update once, undisturbed.
    fn run(tenant: &Tenant) -> Self {
        let (mut machine, key) = provisioned(tenant);
        let release = tenant.release("1.1.0", FLOOR, programs::application("1.1.0"));
        machine.plan_nothing();
        machine.start();
        let mut host = Host::at(&machine.line(), 3);
        let code = (|| -> Result<Statement, Gone> {
            host.meet()?;
            let state = host.state(&key)?;
            let install = Change::Install {
                manifest: release.id(),
            };
            Ok(tenant.code(LatchId::FIRMWARE, install, &state))
        })()
        .expect("the device stays");
        let mut course = Self {
            key,
            code,
            release,
            flash: Vec::new(),
            to_the_end: 0,
            finished: Vec::new(),
        };
        let handled = host.statement(
            course.code.bytes(),
            Release::Found(course.release.manifest.bytes()),
        );
        assert_eq!(handled, Ok(Handled::Answered));
        course.flash.push(machine.flash());
        for index in 0.. {
            match host
                .page(&course.release.page(index))
                .expect("the device stays")
            {
                Paged::Kept(wanted) => assert_eq!(wanted.next, index + 1),
                Paged::Complete => break,
                other => panic!("page {index}: {other:?}"),
            }
            course.flash.push(machine.flash());
        }
        host.until_gone(&mut machine);
        assert_eq!(course.finish(&mut host, &mut Stage::default()), Ok(()));
        course.finished = machine.flash();
        let mut last = Machine::with_flash(&course.flash[course.flash.len() - 1]);
        last.plan_nothing();
        last.start();
        let mut host = Host::at(&last.line(), 4);
        while course.finish(&mut host, &mut Stage::default()).is_err() {}
        course.to_the_end = last.operations(u32::MAX);
        println!(
            "an update of {} pages takes {} operations of the flash",
            course.flash.len(),
            machine.operations(u32::MAX)
        );
        course
    }

    /// Drives the update to its end, from wherever it is.
    fn finish(&self, host: &mut Host, stage: &mut Stage) -> Result<(), Gone> {
        let standing = host.meet()?;
        stage.met.get_or_insert((standing.version, standing.why));
        assert!(
            matches!(standing.life, Life::Provisioned(_)),
            "{standing:?}"
        );
        loop {
            // A code that was burned is answered by its last receipt.
            stage.doing = "the code".to_owned();
            let handled = host.statement(
                self.code.bytes(),
                Release::Found(self.release.manifest.bytes()),
            )?;
            assert_eq!(handled, Handled::Answered);
            let receipts = host.receipts(&self.key);
            let told = receipts
                .iter()
                .rev()
                .find(|receipt| receipt.statement == self.code.id());
            match told.map(|receipt| receipt.outcome) {
                Some(Outcome::InstallStarted) => {}
                Some(Outcome::InstallConfirmed) => return Ok(()),
                other => panic!("the installation has ended otherwise: {other:?}"),
            }
            while let Some(wanted) = host.wanted.take() {
                let mut next = wanted.pages.next;
                loop {
                    stage.doing = format!("page {next}");
                    match host.page(&self.release.page(next))? {
                        Paged::Kept(wanted) => next = wanted.next,
                        Paged::Complete => break,
                        other => panic!("page {next}: {other:?}"),
                    }
                }
            }
            // Whatever comes next, a start of the machine or a receipt, comes by itself.
            stage.doing = "arming, or the trial".to_owned();
            host.wait("the end of the trial", |host| {
                let mut receipts = host.receipts(&self.key).into_iter();
                receipts.find(|receipt| receipt.outcome == Outcome::InstallConfirmed)
            })?;
        }
    }

    /// One device, and one or two losses of power; an account of them.
    fn trial(&self, number: u32) -> String {
        let mut chance = Chance(0x9e37_79b9 ^ number.wrapping_mul(0x85eb_ca6b) | 1);
        // Most begin with the last pages, where more than pages is at stake.
        let last = self.flash.len() - 1;
        let (begin, reach) = match (number, chance.below(3)) {
            // The confirmation, operation by operation.
            (0..CONFIRMATION, _) => (last, self.to_the_end),
            (_, 0) => (chance.below(self.flash.len() as u32) as usize, REACH),
            _ => (last - chance.below(2) as usize, self.to_the_end),
        };
        let mut machine = Machine::with_flash(&self.flash[begin]);
        let mut account = format!("cut {number:3}: from page {begin:2}");
        let cuts = match number {
            0..CONFIRMATION => 1,
            _ => 1 + u32::from(chance.below(3) == 0),
        };
        for cut in 0..cuts {
            let after = match (number, cut) {
                (0..CONFIRMATION, _) => reach - 1 - number,
                // The second strikes the start after the first.
                (_, 0) => chance.below(reach),
                _ => chance.below(REACH / 4),
            };
            machine.plan_cut(after, chance.next());
            let mut stage = Stage::default();
            machine.start();
            let mut host = Host::at(&machine.line(), chance.next());
            while !machine.was_cut() {
                if self.finish(&mut host, &mut stage).is_ok() {
                    panic!("{account}: the cut after {after} operations was not reached");
                }
                machine.wait_if_cut(&host);
            }
            account += &format!(", power lost in operation {after:2} ({})", stage.doing);
        }
        machine.plan_nothing();
        machine.start();
        let mut host = Host::at(&machine.line(), chance.next());
        let mut stage = Stage::default();
        while self.finish(&mut host, &mut stage).is_err() {
            assert!(!machine.was_cut(), "{account}: no cut was planned");
        }
        let (version, why) = stage.met.expect("it was met");
        let runs = host.standing.as_ref().map(|standing| standing.version);
        assert_eq!(runs, Some(self.release.version), "{account}");
        assert_eq!(
            &machine.slot(1)[..self.release.image.len()],
            &self.release.image[..],
            "{account}"
        );
        account
            + &format!(
                "; came back as {version} ({why:?}), finished as {}",
                self.release.version
            )
    }
}

/// How far a drive has come.
struct Stage {
    /// What the device was when it was met first.
    met: Option<(Version, Why)>,
    doing: String,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            met: None,
            doing: "its start".to_owned(),
        }
    }
}

/// Numbers drawn from a seed (Marsaglia, "Xorshift RNGs", 2003).
struct Chance(u32);

impl Chance {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }
}

#[test]
fn an_update_is_finished_wherever_the_power_goes() {
    let course = Course::shared();
    let next = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= TRIALS * effort() {
                        break;
                    }
                    println!("{}", course.trial(number));
                }
            });
        }
    });
}
