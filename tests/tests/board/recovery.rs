//! Slots whose contents are lost: what starts then, and how the device comes back.

use latch_link::{Handled, Life, Paged, Program, Why};
use latch_verify::{Reason, device::Release};

use super::{
    course::Course,
    host::Host,
    machine::{FIRST_SLOT, Machine, SLOT_BYTES},
};

const SECOND_SLOT: usize = FIRST_SLOT + SLOT_BYTES;

#[test]
fn a_damaged_image_is_not_started_and_neither_is_one_below_the_floor() {
    let course = Course::shared();
    let mut machine = Machine::with_flash(&course.finished);
    machine.change_flash(|flash| flash[SECOND_SLOT + 70_000] ^= 1);
    machine.start();
    let standing = Host::at(&mut machine, 1).meet().expect("it stays");
    // The factory's image is whole, and has a lower security version than the one that was confirmed.
    assert_eq!(
        (standing.program, standing.why),
        (Program::Recovery, Why::Recovery)
    );
}

#[test]
fn a_device_without_an_image_gets_its_confirmed_one_back_without_a_code() {
    let course = Course::shared();
    let mut machine = Machine::with_flash(&course.finished);
    machine.change_flash(|flash| flash[FIRST_SLOT..SECOND_SLOT + SLOT_BYTES].fill(0xff));
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    let standing = host.meet().expect("it stays");
    assert_eq!(
        (standing.program, standing.why),
        (Program::Recovery, Why::Recovery)
    );
    assert!(
        matches!(standing.life, Life::Provisioned(_)),
        "{standing:?}"
    );
    // It judges no code, and says so.
    let handled = host.statement(course.update.code.bytes(), Release::NotAsked);
    assert_eq!(
        handled,
        Ok(Handled::Ignored(Reason::ActionNotServed.into()))
    );

    let wanted = host
        .wait("what it wants", |host| host.wanted.take())
        .expect("it stays");
    assert_eq!(
        (wanted.pages.manifest, wanted.pages.next),
        (course.update.release.id(), 0)
    );
    let mut forged = course.update.release.page(0);
    *forged.last_mut().expect("a page") ^= 1;
    let refused = host.page(&forged).expect("it stays");
    assert_eq!(refused, Paged::Refused(Reason::PageHash.into()));
    for index in 0..wanted.pages.of {
        let last = index + 1 == wanted.pages.of;
        let paged = host
            .page(&course.update.release.page(index))
            .expect("it stays");
        assert_eq!(
            matches!(paged, Paged::Restored),
            last,
            "page {index}: {paged:?}"
        );
    }
    host.until_gone(&mut machine);
    let standing = host.meet().expect("it stays");
    assert_eq!(
        (standing.program, standing.version, standing.why),
        (
            Program::Application,
            course.update.release.version,
            Why::Confirmed
        )
    );
}

#[test]
fn a_journal_that_is_unreadable_keeps_the_device_shut() {
    let course = Course::shared();
    let mut machine = Machine::with_flash(&course.finished);
    // In the middle of what was committed, where no power cut leaves anything torn.
    machine.change_flash(|flash| {
        let journal = &mut flash[0x1000..FIRST_SLOT];
        for sector in journal.chunks_mut(0x5000) {
            sector[200..400].fill(0x5a);
        }
    });
    machine.start();
    let standing = Host::at(&mut machine, 1).meet().expect("it stays");
    assert_eq!(standing.program, Program::Recovery);
    assert_eq!(standing.life, Life::Shut(Reason::LatchedShut.into()));
}
