//! What a device answers is what happened: a receipt is neither that of another moment, nor
//! pushed out by somebody who repeats what is refused, nor about the wrong thing.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

use latch_verify::{
    Reason,
    device::{Release as Offer, Settlement},
    limits::{CHALLENGE_AGE_MS, CHALLENGE_ROTATE_MS, MAX_BURNED, MAX_OUTCOMES},
    statement::{Action, Outcome},
    twin::Value,
    types::{LatchId, Sequence},
};

use world::{
    answer::Answer,
    bench::{Bench, enrolment},
    code::{CODE_LIFE_MS, leaves, moment, set},
    keys::{CREW, DEVICE, OPERATOR, seal},
    release::{Image, version},
    root::RootSpec,
};

#[test]
fn a_code_in_hand_is_not_answered_by_its_earlier_refusal() {
    let mut bench = Bench::new();
    let leaves = leaves(&[("speed", Value::Int(3))]);
    let mut code = bench.code(LatchId::TWIN, set(&leaves));
    code.challenge = None;
    code.not_before_ms = moment(bench.now_ms() + 1000);
    let statement = seal(&code, &CREW);
    let refused = bench.submit(&statement).outcome();
    assert!(
        matches!(refused, Outcome::Refused { reason, .. } if reason == Reason::NotYetValid.number())
    );

    bench.hardware.clock.advance(1000);
    let ticket = bench.open(&statement);
    assert!(
        matches!(bench.submit(&statement), Answer::Ignored(refusal) if refusal.reason == Reason::Busy)
    );
    let settled = bench.settle(ticket, Settlement::Done).unwrap();
    assert_eq!(settled.outcome(), Outcome::Applied { twin_version: 1 });
    assert_eq!(bench.submit(&statement).told(), settled);
}

#[test]
fn a_code_that_left_the_table_at_once_is_still_answered_by_its_receipt() {
    let mut bench = Bench::new();
    let probe = |bench: &mut Bench, sequence: u64| {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.challenge = None;
        code.sequence = Sequence(sequence);
        seal(&code, &CREW)
    };
    let latest = bench.next_sequence().0;
    for later in 0..MAX_BURNED as u64 {
        let code = probe(&mut bench, latest + later);
        bench.submit(&code).told();
    }
    let low = probe(&mut bench, latest - 10);
    let receipt = bench.submit(&low).told();
    assert_eq!(receipt.outcome(), Outcome::Probed);
    // The lowest sequence of the full table is the code of a moment ago.
    let after = probe(&mut bench, latest + 100);
    bench.submit(&after).told();
    assert_eq!(bench.submit(&low).told(), receipt);
}

#[test]
fn refusals_do_not_push_out_the_receipt_of_an_effect() {
    let mut bench = Bench::new();
    let change = bench.change("speed", 3);
    let receipt = bench.submit(&change).told();
    for _ in 0..2 * MAX_OUTCOMES {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.epoch -= 1;
        let refused = bench.submit(&seal(&code, &CREW)).outcome();
        assert!(
            matches!(refused, Outcome::Refused { reason, .. } if reason == Reason::OtherEpoch.number())
        );
    }
    assert_eq!(bench.submit(&change).told(), receipt);
    // Effects take each other's place, the oldest first.
    for value in 0..MAX_OUTCOMES as i64 {
        let next = bench.change("speed", value);
        bench.submit(&next).told();
    }
    assert_ne!(bench.submit(&change).told(), receipt);
}

#[test]
fn a_manifest_that_is_none_reads_as_missing_and_not_as_a_fault_of_the_code() {
    let mut bench = Bench::new();
    let image = Image::new(3000, 1);
    let release = image.release(version(2), 0);
    let other = image.release(version(3), 0);
    for junk in [&b"junk"[..], &[0; 500], &other.bytes] {
        let code = bench.install_code(&release);
        let told = bench.submit_with(&code, Offer::Found(junk)).outcome();
        assert!(
            matches!(told, Outcome::Refused { reason, .. } if reason == Reason::ManifestMissing.number())
        );
    }
    let mut altered = release.bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    let code = bench.install_code(&release);
    let told = bench.submit_with(&code, Offer::Found(&altered)).outcome();
    let (reason, found) = (
        Reason::ManifestNotSigned.number(),
        u64::from(Reason::BadSignature.number()),
    );
    assert_eq!(
        told,
        Outcome::Refused {
            reason,
            expected: 0,
            found
        }
    );
    // None of this has used the code.
    assert_eq!(
        bench.submit_found(&code, &release).outcome(),
        Outcome::InstallStarted
    );
}

#[test]
fn a_newer_code_ends_a_download_and_an_older_one_does_not() {
    let mut bench = Bench::new();
    let image = Image::new(3000, 1);
    let (release, other) = (image.release(version(2), 0), image.release(version(3), 0));
    let older = bench.install_code(&other);
    let first = bench.begin(&release);
    let told = bench.submit_found(&older, &other).outcome();
    assert!(
        matches!(told, Outcome::Refused { reason, .. } if reason == Reason::OutOfOrder.number())
    );
    let second = bench.begin(&other);
    let ended = bench.receipt(first.receipt.statement).unwrap();
    assert_eq!(
        ended.outcome(),
        Outcome::InstallFailed {
            reason: Reason::Superseded.number()
        }
    );
    // Both are told, one after the other.
    assert_eq!(second.receipt.number, ended.receipt.number + 1);
    assert_eq!(bench.device.wanted().unwrap().manifest, other.id);
}

#[test]
fn an_installation_that_is_surely_over_is_not_armed_by_losing_the_clock() {
    let mut bench = Bench::new();
    let image = Image::new(3000, 1);
    let release = image.release(version(2), 0);
    let mut code = bench.code(
        LatchId::FIRMWARE,
        Action::Install {
            manifest: release.id,
        },
    );
    code.challenge = None;
    let code = seal(&code, &CREW);
    assert_eq!(
        bench.submit_found(&code, &release).outcome(),
        Outcome::InstallStarted
    );
    bench.feed(&image).unwrap();
    // A later code raises the time floor past the end; then the clock is lost.
    bench.hardware.clock.advance(CODE_LIFE_MS);
    let later = bench.change("speed", 1);
    bench.submit(&later).told();
    bench.hardware.clock.trust(None);
    let failed = bench
        .arm()
        .unwrap()
        .expect("an installation that has failed");
    assert_eq!(
        failed.outcome(),
        Outcome::InstallFailed {
            reason: Reason::InstallVoid.number()
        }
    );
}

#[test]
fn an_installation_that_answered_a_challenge_does_not_rest_on_the_floor() {
    let mut bench = Bench::new();
    let image = Image::new(3000, 1);
    let release = image.release(version(2), 0);
    bench.begin(&release);
    bench.feed(&image).unwrap();
    bench.hardware.clock.advance(CODE_LIFE_MS);
    let later = bench.change("speed", 1);
    bench.submit(&later).told();
    bench.hardware.clock.trust(None);
    assert_eq!(bench.arm(), Ok(None));
}

#[test]
fn a_page_whose_note_failed_is_erased_before_it_is_written_again() {
    let mut bench = Bench::new();
    let image = Image::new(9000, 1);
    let release = image.release(version(2), 0);
    bench.begin(&release);
    // The first three pages of 1 KiB lie in one erase block; the fourth ends it, and its note fails.
    for index in 0..3 {
        bench.device.page(&image.page(release.id, index)).unwrap();
    }
    bench.hardware.journal.fail_writes();
    bench.device.page(&image.page(release.id, 3)).unwrap_err();
    bench.hardware.journal.probe().clear_faults();
    // The flash model panics when a unit is programmed twice.
    assert_eq!(bench.device.wanted().unwrap().next, 0);
    bench.feed(&image).unwrap();
    assert_eq!(bench.arm(), Ok(None));
}

#[test]
fn a_challenge_can_be_answered_for_half_an_hour_after_another_is_published() {
    let mut bench = Bench::new();
    let early = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.hardware.clock.trust(None);
    bench.hardware.clock.advance(CHALLENGE_ROTATE_MS);
    bench.state().unwrap();
    bench
        .hardware
        .clock
        .advance(CHALLENGE_AGE_MS - CHALLENGE_ROTATE_MS - 1);
    assert_eq!(bench.submit(&early).outcome(), Outcome::Probed);
    let late = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.hardware.clock.advance(CHALLENGE_AGE_MS);
    let told = bench.submit(&late).outcome();
    assert!(
        matches!(told, Outcome::Refused { reason, .. } if reason == Reason::ChallengeStale.number())
    );
}

#[test]
fn a_device_key_is_none_of_the_tenants() {
    use latch_verify::verdict::{TrustRoot, judge_enrolment};
    let trust = TrustRoot::first(&RootSpec::default().sealed(&world::keys::ROOT)).unwrap();
    let genuine = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    judge_enrolment(&genuine, &trust).unwrap();
    let mut double = enrolment();
    double.device_key.0 = OPERATOR[1].public();
    let double = seal(&double, &[OPERATOR[1], OPERATOR[0]]);
    assert_eq!(
        judge_enrolment(&double, &trust).unwrap_err().reason,
        Reason::KeyTwice
    );
}

#[test]
fn a_code_for_one_device_that_names_no_enrolment_is_refused() {
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.incarnation = None;
    bench.refuses(
        &seal(&code, &CREW),
        latch_verify::Refusal::new(Reason::OtherIncarnation, 2, 0),
    );
}

#[test]
fn a_patch_of_nothing_does_not_pass_by_a_lenient_latch() {
    let mut bench = Bench::new();
    let empty = bench.sealed(world::root::remarks(), set(&[]));
    bench.refuses(&empty, Reason::WrongLatch);
}
