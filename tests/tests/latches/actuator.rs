//! The device for products whose hands answer at once: statement in, deed done, receipt out; and shut when it closes.

use latch_verify::{
    Reason,
    device::Handled,
    statement::{Action, CloseCause, Outcome},
    types::{LatchId, StatementId},
};

use crate::world::{
    answer::Effect,
    bench::Bench,
    code::command,
    keys::{CREW, STRANGER, seal},
    openings::{Hands, bit},
    release::{Image, version},
    root::{RootSpec, maintenance, service},
};

/// Opens `service` by these hands.
#[track_caller]
fn open(bench: &mut Bench, hands: &mut Hands, seconds: u32) {
    let code = bench.sealed(service(), Action::Open { seconds });
    assert_eq!(hands.serve(bench, &code), Handled::Answered);
    let told = hands.sent.last().expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Opened { seconds });
}

#[test]
fn a_latch_is_opened_renewed_and_shut_in_time() {
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    assert_eq!(hands.tend(&mut bench), None);
    open(&mut bench, &mut hands, 60);
    assert_eq!(hands.tend(&mut bench), Some(60_000));
    bench.pass(30_000);
    let renewal = bench.sealed(service(), Action::Renew { seconds: 50 });
    assert_eq!(hands.serve(&mut bench, &renewal), Handled::Answered);
    bench.pass(49_999);
    assert_eq!(hands.tend(&mut bench), Some(1));
    assert_eq!(hands.shut, []);
    bench.pass(1);
    assert_eq!(hands.tend(&mut bench), None);
    let latch = service();
    assert_eq!(hands.shut, [(latch, CloseCause::Time)]);
    assert_eq!(
        hands.done,
        [
            Effect::Open { latch, seconds: 60 },
            Effect::Renew { latch, seconds: 50 }
        ]
    );
    let outcomes: Vec<Outcome> = hands.sent.iter().map(|told| told.outcome()).collect();
    let cause = CloseCause::Time;
    assert_eq!(
        outcomes,
        [
            Outcome::Opened { seconds: 60 },
            Outcome::Renewed { seconds: 50 },
            Outcome::Closed { latch, cause }
        ]
    );
    assert_eq!(hands.tend(&mut bench), None);
    assert_eq!(hands.shut.len(), 1);
}

#[test]
fn codes_close_by_the_hands_and_not_by_themselves() {
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    open(&mut bench, &mut hands, 60);
    let close = bench.closing(service(), Action::Close);
    assert_eq!(hands.serve(&mut bench, &close), Handled::Answered);
    let lock = bench.closing(LatchId::TRUST, Action::Lockdown);
    assert_eq!(hands.serve(&mut bench, &lock), Handled::Answered);
    assert_eq!(hands.tend(&mut bench), None);
    let latch = service();
    assert_eq!(hands.done[1..], [Effect::Close { latch }, Effect::Lockdown]);
    assert_eq!(hands.shut, []);
}

#[test]
fn hands_that_fail_open_nothing_and_their_number_is_told() {
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    hands.broken = Some(-17);
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    assert_eq!(hands.serve(&mut bench, &code), Handled::Answered);
    let outcome = hands.sent.last().map(|told| told.outcome());
    assert_eq!(outcome, Some(Outcome::ActuatorFailed { code: -17 }));
    assert!(!bench.device.is_open(service()));
    assert_eq!(hands.tend(&mut bench), None);
    // Mended, the next code is carried out.
    hands.broken = None;
    open(&mut bench, &mut hands, 60);
}

#[test]
fn every_latch_that_has_closed_is_shut_in_one_go() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 60;
    let mut bench = Bench::with_root(&root);
    let mut hands = Hands::default();
    open(&mut bench, &mut hands, 60);
    let code = bench.sealed(maintenance(), Action::Open { seconds: 30 });
    assert_eq!(hands.serve(&mut bench, &code), Handled::Answered);
    assert_eq!(
        bench.device.open_latches(),
        bit(service()) | bit(maintenance())
    );
    assert_eq!(hands.tend(&mut bench), Some(30_000));
    bench.pass(60_000);
    assert_eq!(hands.tend(&mut bench), None);
    hands.shut.sort_by_key(|(latch, _)| latch.number());
    let cause = CloseCause::Time;
    assert_eq!(hands.shut, [(maintenance(), cause), (service(), cause)]);
    assert_eq!(hands.sent.len(), 4);
}

#[test]
fn what_opens_nothing_reaches_no_hand() {
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    let junk = seal(&bench.code(service(), Action::Probe), &[STRANGER]);
    let ignored = Handled::Ignored(Reason::UnknownKey.into());
    assert_eq!(hands.serve(&mut bench, &junk), ignored);
    let root = RootSpec::default().sealed(&crate::world::keys::ROOT);
    assert_eq!(hands.serve(&mut bench, &root), Handled::Noted);
    let manifest = StatementId([1; 16]);
    let install = bench.sealed(LatchId::FIRMWARE, Action::Install { manifest });
    let wanted = Handled::ManifestWanted(manifest);
    assert_eq!(hands.serve(&mut bench, &install), wanted);
    assert_eq!(hands.sent, []);
    let refused = seal(&bench.code(maintenance(), command("vent")), &CREW);
    assert_eq!(hands.serve(&mut bench, &refused), Handled::Answered);
    let probe = bench.sealed(service(), Action::Probe);
    assert_eq!(hands.serve(&mut bench, &probe), Handled::Answered);
    assert_eq!(hands.sent.len(), 2);
    assert_eq!(hands.done, []);
}

/// The hands have opened, and the receipt cannot be made: for the device the latch is shut, so it has to be shut.
#[test]
fn what_was_opened_and_could_not_be_told_is_shut_again() {
    for fault in ["the key", "the storage"] {
        let (mut bench, mut hands) = (Bench::new(), Hands::default());
        let code = bench.sealed(service(), Action::Open { seconds: 60 });
        let handled = match fault {
            "the key" => {
                bench.hardware.key_broken.set(true);
                let handled = hands.serve(&mut bench, &code);
                bench.hardware.key_broken.set(false);
                handled
            }
            _ => {
                let ticket = bench.open(&code);
                hands.done.append(&mut bench.effects);
                bench.hardware.journal.fail_writes();
                let settled = bench.settle(ticket, latch_verify::device::Settlement::Done);
                bench.hardware.journal.probe().clear_faults();
                Handled::Untold(settled.expect_err("no receipt without storage"))
            }
        };
        assert!(matches!(handled, Handled::Untold(_)), "{handled:?}");
        assert_eq!(hands.done.len(), 1);
        if bench.device.is_open(service()) {
            continue;
        }
        hands.tend(&mut bench);
        assert_eq!(
            hands.shut.first().map(|(latch, _)| *latch),
            Some(service()),
            "after a fault of {fault} the device takes the latch for shut, and nobody was asked to shut it"
        );
    }
}

/// Shut first: whether that can be told is another matter.
#[test]
fn what_closes_is_shut_though_nothing_can_be_told() {
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    open(&mut bench, &mut hands, 60);
    bench.pass(60_000);
    bench.hardware.journal.fail_writes();
    assert_eq!(hands.tend(&mut bench), None);
    assert_eq!(hands.shut, [(service(), CloseCause::Time)]);
    assert_eq!(hands.sent.len(), 1);
    assert!(!bench.device.is_open(service()));
}

/// A download that cannot be ended keeps nobody from shutting a latch in time.
#[test]
fn a_download_that_cannot_be_ended_does_not_keep_a_latch_open() {
    let release = Image::new(5000, 1).release(version(2), 3);
    let (mut bench, mut hands) = (Bench::new(), Hands::default());
    open(&mut bench, &mut hands, 250);
    bench.begin(&release);
    // The download's code is over before the latch is.
    bench.pass(245_000);
    bench.hardware.journal.fail_writes();
    let wake_in_ms = hands.tend(&mut bench);
    assert!(bench.device.is_open(service()));
    assert!(
        wake_in_ms.is_some_and(|wake| wake <= 5_000),
        "asked to come again in {wake_in_ms:?} ms, and a latch closes in 5000"
    );
}
