//! The power goes while the application in C takes an update, and while its new release is tried: it comes back each time, and
//! finishes.

use std::thread;

use latch_issue::{Change, Statement};
use latch_link::{Handled, Paged};
use latch_verify::{device::Release, statement::Outcome, types::LatchId, wire::PublicKey};

use super::{
    host::{Gone, Host},
    languages::provisioned,
    machine::Machine,
    programs::Language,
    tenant::{Shipped, Tenant},
};

/// Operations of the flash that go well before each cut of the download, from the start of the machine on.
const WHILE_PAGES_COME: [u32; 4] = [9, 30, 14, 3];
/// Cuts from the last page on: how many operations before the end of the update each strikes. The last one of an update writes that
/// the image is confirmed, with its receipt.
const BEFORE_THE_END: [u32; 4] = [1, 3, 6, 9];

/// An update of a device whose application is in C.
struct Update {
    key: PublicKey,
    code: Statement,
    release: Shipped,
}

impl Update {
    /// Provisions a device, and has it burn a code that updates it, which answers the challenge of that start.
    fn begun(tenant: &Tenant) -> (Self, Machine) {
        let (mut machine, key) = provisioned(tenant, Language::C);
        machine.start();
        let mut host = Host::at(&machine.line(), 1);
        host.meet().expect("the device stays");
        let release = tenant.release("1.1.0", 1, Language::C.application("1.1.0"));
        let install = Change::Install {
            manifest: release.id(),
        };
        let state = host.state(&key).expect("the device stays");
        let code = tenant.code(LatchId::FIRMWARE, install, &state);
        let manifest = Release::Found(release.manifest.bytes());
        let handled = host.statement(code.bytes(), manifest);
        assert_eq!(handled, Ok(Handled::Answered));
        machine.kill();
        (Self { key, code, release }, machine)
    }

    /// Drives it to its end, from wherever it is; shows the flash to `look` before the last page.
    fn drive(&self, host: &mut Host, mut look: impl FnMut()) -> Result<(), Gone> {
        host.meet()?;
        loop {
            let manifest = Release::Found(self.release.manifest.bytes());
            let handled = host.statement(self.code.bytes(), manifest)?;
            assert_eq!(handled, Handled::Answered);
            match self.outcome(host) {
                Some(Outcome::InstallStarted) => {}
                Some(Outcome::InstallConfirmed) => return Ok(()),
                other => panic!("the installation has ended otherwise: {other:?}"),
            }
            while let Some(wanted) = host.wanted.take() {
                let mut next = wanted.pages.next;
                loop {
                    if next + 1 == wanted.pages.of {
                        look();
                    }
                    match host.page(&self.release.page(next))? {
                        Paged::Kept(wanted) => next = wanted.next,
                        Paged::Complete => break,
                        other => panic!("page {next}: {other:?}"),
                    }
                }
            }
            host.wait("the end of the trial", |host| {
                self.outcome(host)
                    .filter(|outcome| *outcome == Outcome::InstallConfirmed)
            })?;
        }
    }

    /// What the device has said last of the code.
    fn outcome(&self, host: &Host) -> Option<Outcome> {
        let told = host.receipts(&self.key).into_iter().rev();
        told.filter(|receipt| receipt.statement == self.code.id())
            .map(|receipt| receipt.outcome)
            .next()
    }

    /// Switches the machine on, and drives the update until the planned cut.
    fn until_cut(&self, machine: &mut Machine, after: u32, id: u32) {
        machine.plan_cut(after, 0x9e37_79b9_u32.wrapping_mul(id));
        machine.start();
        let mut host = Host::at(&machine.line(), id);
        while !machine.was_cut() {
            let finished = self.drive(&mut host, || ()).is_ok();
            assert!(
                !finished,
                "the cut after {after} operations was not reached"
            );
            machine.wait_if_cut(&host);
        }
    }

    /// Switches the machine on, and drives the update to its end.
    fn finish(&self, machine: &mut Machine, id: u32, mut look: impl FnMut(&Machine)) {
        machine.plan_nothing();
        machine.start();
        let mut host = Host::at(&machine.line(), id);
        while self.drive(&mut host, || look(machine)).is_err() {
            assert!(!machine.was_cut(), "no cut was planned");
        }
        let runs = host.standing.as_ref().map(|standing| standing.version);
        assert_eq!(runs, Some(self.release.version));
        let image = &self.release.image[..];
        assert_eq!(&machine.slot(1)[..image.len()], image);
    }

    /// Switches the machine on, and drives the update to its end; the flash as it was before the last page, and the operations since
    /// the start.
    fn to_the_end(&self, machine: &mut Machine, id: u32) -> (Vec<u8>, u32) {
        let mut before = None;
        self.finish(machine, id, |machine| {
            before.get_or_insert_with(|| machine.flash());
        });
        let before = before.expect("the last page came after the last start");
        (before, machine.operations(u32::MAX))
    }
}

#[test]
fn an_application_in_c_finishes_its_update_wherever_the_power_goes() {
    let tenant = Tenant::new();
    let (update, mut machine) = Update::begun(&tenant);
    for (id, after) in (2..).zip(WHILE_PAGES_COME) {
        update.until_cut(&mut machine, after, id);
    }
    let (before, _) = update.to_the_end(&mut machine, 10);
    let (_, left) = update.to_the_end(&mut Machine::with_flash(&before), 11);
    println!(
        "from a start before the last page to the confirmation: {left} operations of the flash"
    );
    thread::scope(|scope| {
        for (id, back) in (20..).zip(BEFORE_THE_END) {
            let (update, before) = (&update, &before);
            scope.spawn(move || {
                let mut machine = Machine::with_flash(before);
                update.until_cut(&mut machine, left - back, id);
                update.finish(&mut machine, id + 40, |_| ());
            });
        }
    });
}
