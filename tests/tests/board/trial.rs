//! A release on trial stays only if it starts, and if somebody can reach it.

use latch_link::{Paged, Why};
use latch_verify::{Reason, limits::TRIAL_BOOTS, statement::Outcome};

use super::{
    course::{Course, FLOOR},
    host::Host,
    machine::Machine,
    tenant::Tenant,
    update::{Stage, Update},
};

/// What the bootloader says of each start.
const TRIED: &str = "boot: the image on trial";
const NO_PROGRAM: &str = "boot: the image does not begin as a program";
/// Hosts that greet the release on trial, and ask nothing.
const GREETINGS: u32 = 4;

/// Images that are genuine, and no programs of this board: what is wrong with each.
fn no_programs() -> [(&'static str, &'static str, Vec<u8>); 3] {
    let beginning = |stack: u32, reset: u32| {
        let mut image = vec![0x5a; 6_000];
        image[..4].copy_from_slice(&stack.to_le_bytes());
        image[4..8].copy_from_slice(&reset.to_le_bytes());
        image
    };
    [
        ("1.2.0", "a stack in no memory", beginning(0, 0x2020_0101)),
        (
            "1.3.0",
            "a start behind its end",
            beginning(0x2020_0000, 0x2020_0001 + 6_000),
        ),
        (
            "1.4.0",
            "a start that is no Thumb code",
            beginning(0x2020_0000, 0x2020_0100),
        ),
    ]
}

#[test]
fn a_release_that_is_no_program_is_given_up_after_its_boots() {
    let (course, tenant) = (Course::shared(), Tenant::new());
    let key = &course.update.key;
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let running = machine.slot(1);
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    let mut tried = 0;
    for (version, what, image) in no_programs() {
        // A release that did raise the floor would lock the device out of what it runs.
        let release = tenant.release(version, FLOOR + 1, image);
        let update = Update::of(&tenant, release, &mut host, key).expect("it stays");
        let outcome = update.end(&mut host, &mut Stage::default());
        let reason = Reason::TrialExpired.number();
        assert_eq!(outcome, Outcome::InstallReverted { reason }, "{what}");
        tried += usize::from(TRIAL_BOOTS);
        assert_eq!(machine.said(TRIED), tried, "{what}");
        assert_eq!(machine.said(NO_PROGRAM), tried, "{what}");

        let standing = host.meet().expect("it stays");
        assert_eq!(standing.version, course.update.release.version, "{what}");
        let firmware = host.state(key).expect("it stays").status.firmware;
        assert_eq!(firmware.version, course.update.release.version, "{what}");
        assert_eq!(firmware.manifest, course.update.release.id(), "{what}");
        assert_eq!(
            (firmware.security_floor, firmware.trial_boots_left),
            (FLOOR, 0),
            "{what}"
        );
        assert!(
            machine.slot(1) == running,
            "{what}: what runs was written over"
        );
    }
}

#[test]
fn a_release_on_trial_stays_once_it_has_answered_and_not_once_it_was_greeted() {
    let course = Course::shared();
    let key = &course.update.key;
    let mut machine = Machine::with_flash(course.last_page());
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    let wanted = host
        .wait("what it wants", |host| host.wanted.take())
        .expect("it stays");
    let page = course.update.release.page(wanted.pages.next);
    assert_eq!(host.page(&page), Ok(Paged::Complete));
    host.until_gone(&mut machine);

    let left = TRIAL_BOOTS - 1;
    let on_trial = Why::Trial { boots_left: left };
    for id in 0..GREETINGS {
        let standing = host.meet().expect("it stays");
        assert_eq!(standing.version, course.update.release.version);
        assert_eq!(standing.why, on_trial, "after {id} greetings");
        // It says all that it has to say, and knows that it was heard: what it wants comes last.
        host.hears_out().expect("it stays");
        assert_eq!(course.update.ended(&mut host), None, "greeted");
        host.greets_anew(100 + id);
    }
    host.meet().expect("it stays");
    // A state is an answer. In it the release is on trial still: nobody had it yet.
    let state = host.state(key).expect("it stays");
    assert_eq!(
        state.status.firmware.trial_boots_left, TRIAL_BOOTS,
        "with this one"
    );
    let ended = host.wait("the end of the trial", |host| course.update.ended(host));
    assert_eq!(ended, Ok(Outcome::InstallConfirmed));
    assert_eq!(machine.said(TRIED), 1);
}
