//! What is brought over the line and was changed after it was signed: the device itself refuses it, and its slot stays as it is.

use latch_issue::Change;
use latch_link::{Handled, Paged};
use latch_verify::{Reason, device::Release, statement::Outcome, types::LatchId};

use super::{
    course::{Course, FLOOR},
    host::Host,
    machine::Machine,
    programs,
    tenant::Tenant,
};

#[test]
fn a_release_that_was_changed_after_signing_never_reaches_the_slot() {
    let (course, tenant) = (Course::shared(), Tenant::new());
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let before = machine.slot(0);
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    let release = tenant.release("1.2.0", FLOOR, programs::application("1.2.0"));
    let install = Change::Install {
        manifest: release.id(),
    };
    // Each byte of the manifest that is signed, its signature, and what is around both.
    let good = release.manifest.bytes();
    for place in [0, 9, 12, 40, 80, good.len() - 70, good.len() - 1] {
        let state = host.state(&course.update.key).expect("it stays");
        let code = tenant.code(LatchId::FIRMWARE, install.clone(), &state);
        let mut changed = good.to_vec();
        changed[place] ^= 1;
        let handled = host
            .statement(code.bytes(), Release::Found(&changed))
            .expect("it stays");
        assert_eq!(handled, Handled::Answered, "byte {place}");
        let told = host.receipts(&course.update.key).iter().rev();
        let outcome = told
            .map(|receipt| (receipt.statement, receipt.outcome))
            .find(|(of, _)| *of == code.id());
        assert!(
            matches!(outcome, Some((_, Outcome::Refused { .. }))),
            "byte {place}: {outcome:?}"
        );
        assert!(host.wanted.is_none(), "byte {place}");
    }
    let state = host.state(&course.update.key).expect("it stays");
    let code = tenant.code(LatchId::FIRMWARE, install, &state);
    let handled = host.statement(code.bytes(), Release::Found(good));
    assert_eq!(handled, Ok(Handled::Answered));
    for place in [0, 16, 20, 21, 100, 1000] {
        let mut page = release.page(0);
        page[place] ^= 1;
        let paged = host.page(&page).expect("it stays");
        assert!(
            matches!(paged, Paged::Refused(_)),
            "byte {place}: {paged:?}"
        );
        assert!(
            machine.slot(0) == before,
            "byte {place}: the slot was written"
        );
    }
    let mut page = release.page(0);
    *page.last_mut().expect("a page") ^= 1;
    assert_eq!(
        host.page(&page),
        Ok(Paged::Refused(Reason::PageHash.into()))
    );
    assert!(machine.slot(0) == before, "the slot was written");
    // It was not the line: what is genuine goes in.
    assert!(matches!(host.page(&release.page(0)), Ok(Paged::Kept(_))));
    assert!(machine.slot(0) != before, "a genuine page is written");
}

#[test]
fn a_release_below_the_security_floor_is_refused_however_it_is_signed() {
    let (course, tenant) = (Course::shared(), Tenant::new());
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let before = machine.slot(0);
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    for version in ["1.0.1", "1.2.0"] {
        let release = tenant.release(version, FLOOR - 1, programs::application("1.0.0"));
        let manifest = release.id();
        for change in [Change::Install { manifest }, Change::Downgrade { manifest }] {
            let state = host.state(&course.update.key).expect("it stays");
            let code = tenant.code(LatchId::FIRMWARE, change, &state);
            let handled = host.statement(code.bytes(), Release::Found(release.manifest.bytes()));
            assert_eq!(handled, Ok(Handled::Answered));
            let told = host.receipts(&course.update.key).last().expect("a receipt");
            let floor = Outcome::Refused {
                reason: Reason::BelowSecurityFloor.number(),
                expected: FLOOR.into(),
                found: (FLOOR - 1).into(),
            };
            assert_eq!(
                (told.statement, told.outcome),
                (code.id(), floor),
                "{version}"
            );
        }
    }
    assert!(machine.slot(0) == before, "the slot was written");
}
