//! A part of the device fails while a latch opens, stays open or closes: in every doubt it is shut.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    limits::CHALLENGE_ROTATE_MS,
    statement::{Action, Audience, CloseCause, Outcome},
    types::LatchId,
};

use crate::world::{
    answer::{Answer, Looked, Told},
    bench::Bench,
    keys::{APPROVER, CREW, seal},
    openings::{refused, service_rule},
    root::service,
};

/// A device on which `service` is open for a minute.
fn opened() -> (Bench, Told) {
    let mut bench = Bench::new();
    let told = bench.opens(60);
    (bench, told)
}

/// The latch has closed, and that cannot be told for this reason.
#[track_caller]
fn closes_untold(bench: &mut Bench, cause: CloseCause, reason: Reason) {
    let latch = service();
    let told = Err(Refusal::from(reason));
    assert_eq!(bench.poll(), Looked::Closed { latch, cause, told });
    assert!(!bench.device.is_open(latch));
    // Once: it does not come again at every look.
    assert_eq!(bench.poll(), Looked::Idle(None));
}

#[test]
fn what_closes_by_itself_closes_without_storage_and_the_next_boot_tells() {
    let (mut bench, opened) = opened();
    bench.pass(60_000);
    bench.hardware.journal.fail_writes();
    closes_untold(&mut bench, CloseCause::Time, Reason::StorageFault);
    bench.hardware.journal.probe().clear_faults();
    let mut bench = bench.reboot();
    let told = bench.receipt(opened.receipt.statement).expect("a receipt");
    let (latch, cause) = (service(), CloseCause::Reboot);
    assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
}

#[test]
fn what_closes_by_itself_closes_without_a_key() {
    let (mut bench, opened) = opened();
    bench.tampered(Some(true));
    bench.idle();
    bench.pass(20_000);
    bench.hardware.key_broken.set(true);
    closes_untold(&mut bench, CloseCause::Posture, Reason::KeyFault);
    bench.hardware.key_broken.set(false);
    // It was recorded, and can be told now.
    let told = bench.receipt(opened.receipt.statement).expect("a receipt");
    let (latch, cause) = (service(), CloseCause::Posture);
    assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
    let number = told.receipt.number;
    assert_eq!(bench.reboot().device.facts().chain.number, number);
}

/// An end that could not be told is told before the latch opens again, or by the next boot: for each opening there is
/// an end.
#[test]
fn an_end_that_could_not_be_told_is_not_forgotten_when_the_latch_opens_again() {
    let (mut bench, first) = opened();
    bench.pass(60_000);
    bench.hardware.journal.fail_writes();
    closes_untold(&mut bench, CloseCause::Time, Reason::StorageFault);
    bench.hardware.journal.probe().clear_faults();
    bench.opens(60);
    let mut bench = bench.reboot();
    let told = bench.receipt(first.receipt.statement).expect("a receipt");
    assert!(
        matches!(told.outcome(), Outcome::Closed { .. }),
        "the last that is told of the first opening is {told:?}"
    );
}

/// Whoever asks to close is obeyed, whether the code can be burned or not.
#[test]
fn a_code_that_closes_does_so_without_storage() {
    for (latch, action) in [
        (service(), Action::Close),
        (LatchId::TRUST, Action::Lockdown),
    ] {
        let (mut bench, _) = opened();
        let code = bench.closing(latch, action);
        bench.hardware.journal.fail_writes();
        let answer = bench.submit(&code);
        assert_eq!(refused(&answer), Some(Reason::StorageFault));
        assert!(
            !bench.device.is_open(service()),
            "{action:?} has left the latch open, for want of storage"
        );
    }
}

/// The rules are read from flash. What nobody can read opens nothing, and uses no code up; what shuts this one device is obeyed
/// at the word of an issuer.
#[test]
fn rules_that_cannot_be_read_open_nothing_and_keep_nothing_open() {
    for (latch, action) in [
        (service(), Action::Close),
        (LatchId::TRUST, Action::Lockdown),
    ] {
        let (mut bench, _) = opened();
        let change = bench.change("speed", 1);
        let mut many = bench.code(LatchId::TRUST, Action::Lockdown);
        (many.audience, many.incarnation, many.challenge) = (Audience::Tenant, None, None);
        let mut approvers = bench.code(latch, action);
        (approvers.issuer, approvers.challenge) = (APPROVER[0].id(), None);
        let shutting = bench.closing(latch, action);
        let mut epoch = bench.code(latch, action);
        (epoch.epoch, epoch.challenge) = (epoch.epoch + 1, None);
        let mut enrolment = bench.code(latch, action);
        (enrolment.incarnation, enrolment.challenge) = (Some(99), None);
        let spoiled = [seal(&epoch, &CREW[..1]), seal(&enrolment, &CREW[..1])];

        let all = 0..u32::try_from(bench.hardware.journal.probe().contents().len()).unwrap();
        bench.hardware.journal.probe().fail_reads_at(all);
        let others = [
            change.clone(),
            seal(&many, &CREW),
            seal(&approvers, &APPROVER[..1]),
        ];
        for code in others {
            let answer = bench.submit(&code);
            assert_eq!(answer, Answer::Ignored(Reason::StorageFault.into()));
            assert!(bench.device.is_open(service()));
        }
        // What is refused whatever the rules say shuts nothing either.
        for code in spoiled {
            let answer = bench.submit(&code);
            assert!(bench.device.is_open(service()), "{answer:?}");
        }
        let answer = bench.submit(&shutting);
        assert_eq!(answer, Answer::Ignored(Reason::StorageFault.into()));
        assert!(!bench.device.is_open(service()));

        bench.hardware.journal.probe().clear_faults();
        let told = bench.submit(&change).outcome();
        assert!(matches!(told, Outcome::Applied { .. }), "{told:?}");
        let told = bench.submit(&shutting).outcome();
        assert!(
            matches!(told, Outcome::Closed { .. } | Outcome::LockedDown),
            "{told:?}"
        );
    }
}

#[test]
fn a_code_that_closes_does_so_without_randomness() {
    // With a young challenge, and with one that should have been replaced long ago.
    for passed_ms in [0, CHALLENGE_ROTATE_MS] {
        let mut bench = Bench::with_root(&service_rule(|rule| {
            (rule.max_open_s, rule.heartbeat_s) = (7200, 0);
        }));
        bench.opens(7200);
        bench.pass(passed_ms);
        let code = bench.closing(service(), Action::Close);
        bench.hardware.entropy.broken.set(true);
        let answer = bench.submit(&code);
        assert!(
            !bench.device.is_open(service()),
            "a challenge could not be replaced, so the latch was left open: {answer:?}"
        );
    }
}

/// The code is burned, and the counter beside the journal fails.
#[test]
fn a_code_that_closes_does_so_without_the_counter() {
    for (latch, action) in [
        (service(), Action::Close),
        (LatchId::TRUST, Action::Lockdown),
    ] {
        let (mut bench, _) = opened();
        let code = bench.closing(latch, action);
        bench.hardware.tally.broken.set(true);
        let answer = bench.submit(&code);
        // To undo a closing would help nobody, so the counter does not count it.
        let expected = (action == Action::Lockdown).then_some(Reason::CounterFault);
        assert_eq!(refused(&answer), expected);
        bench.hardware.tally.broken.set(false);
        assert!(
            !bench.device.is_open(service()),
            "{action:?} is burned, and has left the latch open"
        );
        let mut bench = bench.reboot();
        assert_eq!(bench.device.open_latches(), 0);
        let told = bench.submit(&code).outcome();
        assert!(
            matches!(told, Outcome::Closed { .. } | Outcome::LockedDown),
            "{told:?}"
        );
    }
}

#[test]
fn a_code_opens_nothing_without_the_counter() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    bench.hardware.tally.broken.set(true);
    let answer = bench.submit(&code);
    assert_eq!(answer, Answer::Ignored(Reason::CounterFault.into()));
    assert_eq!(bench.effects, []);
    bench.hardware.tally.broken.set(false);
    assert!(!bench.device.is_open(service()));
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&code).outcome(), Outcome::Interrupted);
    assert!(!bench.device.is_open(service()));
    bench.opens(60);
}

/// What could not be told has not opened, and the boot says what is known.
#[test]
fn an_opening_that_cannot_be_settled_is_shut() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let ticket = bench.open(&code);
    bench.hardware.journal.fail_writes();
    let settled = bench.settle(ticket, Settlement::Done);
    assert_eq!(settled, Err(Reason::StorageFault.into()));
    assert!(!bench.device.is_open(service()));
    bench.hardware.journal.probe().clear_faults();
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&code).outcome(), Outcome::Interrupted);
    assert_eq!(bench.effects.len(), 1);
}

/// The storage is mended before somebody looks: what is told then is what readers of receipts know.
#[test]
fn an_opening_that_could_not_be_settled_is_told_when_it_can_be() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let ticket = bench.open(&code);
    bench.hardware.journal.fail_writes();
    let settled = bench.settle(ticket, Settlement::Done);
    assert_eq!(settled, Err(Reason::StorageFault.into()));
    bench.hardware.journal.probe().clear_faults();
    let Looked::Closed { latch, told, .. } = bench.poll() else {
        panic!("nobody is asked to shut it");
    };
    assert_eq!(latch, service());
    if let Ok(told) = told {
        let cause = CloseCause::Fault;
        assert_ne!(told.outcome(), Outcome::Closed { latch, cause });
    }
    bench.reboot().opens(60);
}

#[test]
fn a_renewal_that_cannot_be_settled_renews_nothing() {
    let (mut bench, opened) = opened();
    bench.pass(30_000);
    let code = bench.sealed(service(), Action::Renew { seconds: 200 });
    let ticket = bench.open(&code);
    bench.hardware.journal.fail_writes();
    let settled = bench.settle(ticket, Settlement::Done);
    assert_eq!(settled, Err(Reason::StorageFault.into()));
    bench.hardware.journal.probe().clear_faults();
    bench.closes_after(30_000, &opened, service(), CloseCause::Time);
}

/// The deed of one code is under way, and another latch has to be shut.
#[test]
fn a_code_in_hand_keeps_nobody_from_closing() {
    let (mut bench, _) = opened();
    let change = bench.change("speed", 3);
    let _ticket = bench.open(&change);
    let code = bench.closing(service(), Action::Close);
    let answer = bench.submit(&code);
    assert!(
        !bench.device.is_open(service()),
        "the latch stays open while another code is in hand: {answer:?}"
    );
}
