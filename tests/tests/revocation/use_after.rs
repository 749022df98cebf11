//! What a code has begun ends when the code is taken back: an open latch, a download.

use latch_verify::{
    Reason,
    device::Release as Offer,
    limits::{MAX_BURNED, RESERVED_REFILL_MS, WRITE_BUDGET},
    statement::{Action, CloseCause, Outcome, StopSlip},
    types::Sequence,
};

use crate::world::{
    answer::{Answer, Looked, Told},
    bench::Bench,
    keys::{CREW, OPERATOR, ROOT, Signer, seal},
    openings::{revocation, service_rule, slip, slip_for},
    release::{Image, version},
    root::{maintenance, service},
};

fn image() -> Image {
    Image::new(5 * 1024 + 100, 1)
}

/// A device in the middle of a download, and the download's code.
fn downloading() -> (Bench, Vec<u8>, Told) {
    let (image, mut bench) = (image(), Bench::new());
    let release = image.release(version(2), 3);
    let code = bench.install_code(&release);
    let told = bench.submit_found(&code, &release).told();
    for index in 0..2 {
        bench
            .device
            .page(&image.page(release.id, index))
            .expect("a page");
    }
    (bench, code, told)
}

#[track_caller]
fn ends_void(bench: &mut Bench, begun: &Told) {
    let Looked::InstallEnded(told) = bench.poll() else {
        panic!("the download goes on");
    };
    let reason = Reason::InstallVoid.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
    assert_eq!(told.receipt.statement, begun.receipt.statement);
    assert_eq!(bench.device.wanted(), None);
    assert_eq!(bench.poll(), Looked::Idle(None));
}

#[test]
fn a_slip_ends_a_download_at_once() {
    for signers in [&OPERATOR[..1], &ROOT] {
        let (mut bench, code, begun) = downloading();
        let stopped = bench.submit(&slip(&code, signers)).outcome();
        let statement = begun.receipt.statement;
        assert_eq!(
            stopped,
            Outcome::Stopped {
                statement,
                used: true
            }
        );
        ends_void(&mut bench, &begun);
        // No page is taken any more.
        let release = image().release(version(2), 3);
        let page = image().page(release.id, 2);
        let refusal = bench.device.page(&page).expect_err("no installation");
        assert_eq!(refusal.reason, Reason::NoInstall);
    }
}

#[test]
fn a_revocation_ends_a_download_at_once_and_so_does_a_boot_after_it() {
    for boots in [false, true] {
        let (mut bench, _, begun) = downloading();
        let through = begun.receipt.sequence.expect("a code's receipt");
        let revoke = revocation(OPERATOR[0], through, &OPERATOR[..1]);
        assert_eq!(bench.submit(&revoke).outcome(), Outcome::Revoked);
        if boots {
            bench = bench.reboot();
        }
        ends_void(&mut bench, &begun);
    }
}

#[test]
fn what_voids_other_codes_leaves_a_download_alone() {
    let (mut bench, _, begun) = downloading();
    let through = begun.receipt.sequence.expect("a code's receipt");
    let before = Sequence(through.0 - 1);
    bench.submit(&revocation(OPERATOR[0], before, &ROOT)).told();
    let all = Sequence(u64::MAX);
    bench.submit(&revocation(OPERATOR[1], all, &ROOT)).told();
    let other = bench.sealed(maintenance(), Action::Probe);
    bench.submit(&slip(&other, &OPERATOR[..1])).told();
    assert!(matches!(bench.poll(), Looked::Idle(_)));
    bench.feed(&image()).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
}

/// All pages are there, and the code is taken back before the image is armed.
#[test]
fn what_was_taken_back_is_not_armed() {
    let (mut bench, code, _) = downloading();
    bench.feed(&image()).expect("pages");
    bench.submit(&slip(&code, &ROOT)).told();
    let told = bench.arm().expect("a verdict").expect("a failure");
    let reason = Reason::InstallVoid.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
}

/// Somebody who is to look again is told when: the code's end is one of the moments.
#[test]
fn a_download_asks_to_be_looked_at_when_its_code_is_over() {
    let (mut bench, _, begun) = downloading();
    let Looked::Idle(wake_in_ms) = bench.poll() else {
        panic!("the download has ended");
    };
    let life_ms = crate::world::code::CODE_LIFE_MS - crate::world::code::BEGUN_MS;
    bench.pass(life_ms);
    ends_void(&mut bench, &begun);
    assert_eq!(wake_in_ms, Some(life_ms), "nobody was asked to look then");
}

/// Uses up places in the table of used codes.
fn use_many(bench: &mut Bench) {
    for _ in 0..=MAX_BURNED {
        let mut code = bench.code(maintenance(), Action::Probe);
        code.challenge = None;
        bench.submit(&seal(&code, &CREW[..1])).told();
    }
}

/// The table of used codes forgets the oldest of an issuer that signs much. A slip for one whose work is still under way
/// ends that all the same.
#[test]
fn a_slip_ends_a_download_whose_code_was_used_long_ago() {
    let (mut bench, code, begun) = downloading();
    use_many(&mut bench);
    let answer = bench.submit_reserved(&slip(&code, &OPERATOR[..1]));
    assert!(
        matches!(bench.poll(), Looked::InstallEnded(_)),
        "the download {:?} goes on after {answer:?}",
        begun.receipt.statement
    );
}

#[test]
fn a_slip_closes_a_latch_whose_code_was_used_long_ago() {
    let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = 0));
    let code = bench.sealed(service(), Action::Open { seconds: 1800 });
    let opened = bench.submit(&code).told();
    use_many(&mut bench);
    assert!(bench.device.is_open(service()));
    let answer = bench.submit_reserved(&slip(&code, &OPERATOR[..1]));
    assert!(
        !bench.device.is_open(service()),
        "the latch stays open after {answer:?}"
    );
    bench.closes(&opened, service(), CloseCause::Revoked);
}

/// An operator may take back what it has signed itself: another's code it can name by its id, and as its own only.
#[test]
fn a_slip_in_another_operators_name_ends_nothing() {
    let (mut bench, code, begun) = downloading();
    let in_own_name = StopSlip {
        issuer: OPERATOR[1].id(),
        ..slip_for(&code)
    };
    bench.submit(&seal(&in_own_name, &OPERATOR[1..2])).told();
    assert!(bench.device.wanted().is_some());
    assert!(matches!(bench.poll(), Looked::Idle(_)));
    bench = bench.reboot();
    assert!(
        bench.device.wanted().is_some(),
        "{:?} has ended",
        begun.receipt.statement
    );

    let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = 0));
    let code = bench.sealed(service(), Action::Open { seconds: 1800 });
    bench.submit(&code).told();
    for (issuer, sequence) in [(1, 0), (0, 1)] {
        let named = slip_for(&code);
        let wrong = StopSlip {
            issuer: OPERATOR[issuer].id(),
            sequence: Sequence(named.sequence.0 + sequence),
            ..named
        };
        let told = bench
            .submit(&seal(&wrong, &OPERATOR[issuer..=issuer]))
            .told();
        assert!(matches!(
            told.outcome(),
            Outcome::Stopped { used: false, .. }
        ));
        assert!(bench.device.is_open(service()));
    }
}

/// Another operator puts the id of a code that is still to come beside its own name: the code is told of as ever.
#[test]
fn a_used_code_is_told_of_by_its_own_receipt() {
    let mut bench = Bench::new();
    let code = bench.sealed(maintenance(), Action::Probe);
    let in_own_name = StopSlip {
        issuer: OPERATOR[1].id(),
        ..slip_for(&code)
    };
    bench.submit(&seal(&in_own_name, &OPERATOR[1..2])).told();
    let probed = bench.submit(&code).told();
    let of = |issuer: Signer| {
        let mut used = bench.device.facts().replay.burned();
        used.find(|used| used.issuer == issuer.id())
            .map(|used| used.receipt)
    };
    assert_eq!(of(OPERATOR[0]), Some(probed.receipt.number));
    assert_eq!(of(OPERATOR[1]), Some(0));
}

/// A revocation needs no memory of the code.
#[test]
fn a_revocation_closes_a_latch_whose_code_was_used_long_ago() {
    let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = 0));
    let opened = bench.opens(1800);
    use_many(&mut bench);
    let through = opened.receipt.sequence.expect("a code's receipt");
    let revoke = revocation(OPERATOR[0], through, &OPERATOR[..1]);
    bench.submit(&revoke).told();
    bench.closes(&opened, service(), CloseCause::Revoked);
    assert_eq!(bench.device.open_latches(), 0);
}

/// Another operator has used up what may be written at the wish of one signature, and keeps it so.
#[test]
fn another_that_takes_back_much_keeps_no_slip_from_ending_a_download() {
    let (mut bench, code, begun) = downloading();
    for number in 0..u64::from(WRITE_BUDGET) + 4 {
        let own = revocation(OPERATOR[1], Sequence(number + 1), &OPERATOR[1..2]);
        bench.submit_once(&own, Offer::NotAsked);
        bench.pass(RESERVED_REFILL_MS);
    }
    let stop = slip(&code, &OPERATOR[..1]);
    let answer = bench.submit_once(&stop, Offer::NotAsked);
    let Looked::InstallEnded(told) = bench.poll() else {
        panic!("{:?} goes on after {answer:?}", begun.receipt.statement);
    };
    let reason = Reason::InstallVoid.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
}

/// And an operator that has used it up itself still takes back what is under way: a download, or an open latch.
#[test]
fn an_operator_that_takes_back_much_still_ends_what_it_has_begun() {
    let exhausted = |bench: &mut Bench| {
        let mut number = 0;
        loop {
            number += 1;
            assert!(number < 100, "never throttled");
            let own = revocation(OPERATOR[0], Sequence(number), &OPERATOR[..1]);
            let answer = bench.submit_once(&own, Offer::NotAsked);
            if answer == Answer::Ignored(Reason::Throttled.into()) {
                break;
            }
            bench.pass(RESERVED_REFILL_MS);
        }
        bench.pass(RESERVED_REFILL_MS);
    };
    let (mut bench, _, begun) = downloading();
    exhausted(&mut bench);
    let through = begun.receipt.sequence.expect("a code's receipt");
    let revoke = revocation(OPERATOR[0], through, &OPERATOR[..1]);
    assert_eq!(
        bench.submit_once(&revoke, Offer::NotAsked).outcome(),
        Outcome::Revoked
    );
    ends_void(&mut bench, &begun);

    let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = 0));
    let opened = bench.opens(1800);
    exhausted(&mut bench);
    let through = opened.receipt.sequence.expect("a code's receipt");
    let revoke = revocation(OPERATOR[0], through, &OPERATOR[..1]);
    assert_eq!(
        bench.submit_once(&revoke, Offer::NotAsked).outcome(),
        Outcome::Revoked
    );
    bench.closes(&opened, service(), CloseCause::Revoked);
}
