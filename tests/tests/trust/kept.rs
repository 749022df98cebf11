//! What a root of the same epoch keeps: codes, what they hold open, what was used, and every floor; unless it takes away
//! what these rest on.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_BURNED, MAX_OUTCOMES},
    statement::{Action, CloseCause, Outcome, Revocation, StopSlip},
    types::{LatchId, Sequence},
    wire::{Envelope, Kind},
};

use crate::world::{
    answer::Looked,
    bench::Bench,
    code::command,
    keys::{CREW, OPERATOR, ROOT, Signer, seal},
    release::{Image, version},
    root::{RootSpec, SERVICE_OPEN_S, TENANT, maintenance, service},
};

fn next_version(bench: &mut Bench) {
    bench.succeed(&RootSpec::default().next(), &ROOT);
}

#[test]
fn codes_that_were_signed_before() {
    let mut bench = Bench::new();
    let answered = bench.sealed(LatchId::TWIN, Action::Probe);
    let mut timed = bench.code(LatchId::TWIN, Action::Probe);
    timed.challenge = None;
    next_version(&mut bench);
    for code in [answered, seal(&timed, &CREW)] {
        assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    }
}

/// They are held to the rules in force now.
#[test]
fn but_not_the_rules_that_they_were_signed_under() {
    let mut bench = Bench::new();
    let run = bench.sealed(maintenance(), command("restart"));
    let mut root = RootSpec::default().next();
    root.latch_mut(maintenance()).rule.operators = 3;
    bench.succeed(&root, &ROOT);
    bench.refuses(&run, Refusal::new(Reason::TooFewOperators, 3, 2));
    assert_eq!(bench.effects, []);
}

/// A device with the service latch open.
fn opened() -> Bench {
    let mut bench = Bench::new();
    let open = bench.sealed(service(), Action::Open { seconds: 200 });
    let outcome = bench.submit(&open).outcome();
    assert_eq!(outcome, Outcome::Opened { seconds: 200 });
    bench
}

#[test]
fn an_open_latch() {
    let mut bench = opened();
    next_version(&mut bench);
    assert!(bench.device.is_open(service()));
    assert!(matches!(bench.poll(), Looked::Idle(Some(_))));
    let renew = bench.sealed(service(), Action::Renew { seconds: 250 });
    let outcome = bench.submit(&renew).outcome();
    assert_eq!(outcome, Outcome::Renewed { seconds: 250 });
    assert!(bench.device.is_open(service()));
}

/// It closes where the new root would not hold it open.
#[test]
fn but_not_one_whose_issuer_latch_or_rule_has_gone() {
    type Change = fn(&mut RootSpec);
    let changes: [Change; 3] = [
        |root| root.exchange(CREW[0], Signer(71)),
        |root| root.latches.retain(|latch| latch.id != service()),
        |root| root.latch_mut(service()).rule.max_open_s = 0,
    ];
    for change in changes {
        let mut bench = opened();
        let mut root = RootSpec::default().next();
        change(&mut root);
        bench.succeed(&root, &ROOT);
        assert!(!bench.device.is_open(service()));
        closes(&mut bench, CloseCause::Trust);
    }
}

#[track_caller]
fn closes(bench: &mut Bench, expected: CloseCause) {
    match bench.poll() {
        Looked::Closed {
            latch,
            cause,
            told: Ok(told),
        } => {
            assert_eq!((latch, cause), (service(), expected));
            assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_latch_closes_earlier_under_a_rule_that_has_become_shorter() {
    let mut bench = opened();
    let mut root = RootSpec::default().next();
    root.latch_mut(service()).rule.max_open_s = 100;
    let glass = root.latch_mut(service()).break_glass.as_mut();
    glass.expect("a break-glass rule").max_open_s = 100;
    bench.succeed(&root, &ROOT);
    bench.hardware.clock.advance(100_000 - 1);
    assert!(bench.device.is_open(service()));
    bench.hardware.clock.advance(1);
    assert!(!bench.device.is_open(service()));
    closes(&mut bench, CloseCause::Time);
    // Never later than it was opened for.
    let mut bench = opened();
    let mut root = RootSpec::default().next();
    root.latch_mut(service()).rule.max_open_s = 2 * SERVICE_OPEN_S;
    bench.succeed(&root, &ROOT);
    bench.hardware.clock.advance(200_000);
    closes(&mut bench, CloseCause::Time);
}

#[test]
fn a_download() {
    let image = Image::new(9000, 7);
    let release = image.release(version(2), 0);
    let mut bench = Bench::new();
    bench.begin(&release);
    for index in 0..3 {
        bench
            .device
            .page(&image.page(release.id, index))
            .expect("the next page");
    }
    next_version(&mut bench);
    assert_eq!(bench.device.wanted().map(|wanted| wanted.next), Some(3));
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let mut bench = bench.reboot();
    let told = bench.confirm().expect("a confirmation");
    assert_eq!(told.outcome(), Outcome::InstallConfirmed);
}

/// As an open latch: what its issuer signs is no longer taken, so that its code has lost its force.
#[test]
fn but_not_a_download_whose_issuer_has_gone() {
    let image = Image::new(3000, 7);
    let release = image.release(version(2), 0);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(&image).expect("pages");
    let mut root = RootSpec::default().next();
    root.exchange(CREW[0], Signer(71));
    bench.succeed(&root, &ROOT);
    let told = bench.arm().expect("a verdict").expect("a receipt");
    let reason = Reason::InstallVoid.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
}

#[test]
fn used_codes() {
    let mut bench = Bench::new();
    let run = bench.sealed(maintenance(), command("restart"));
    let told = bench.submit(&run).told();
    let burned = bench.device.facts().replay.burned().count();
    next_version(&mut bench);
    assert_eq!(bench.device.facts().replay.burned().count(), burned);
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&run).told(), told);
    for _ in 0..=MAX_OUTCOMES {
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        bench.submit(&probe).told();
    }
    let number = told.receipt.number;
    bench.refuses(&run, Refusal::new(Reason::AlreadyUsed, number, 0));
    assert_eq!(bench.effects.len(), 1);
}

#[test]
fn the_floors_under_issuers() {
    let mut bench = Bench::new();
    let outdated = bench.code(LatchId::TWIN, Action::Probe);
    let lowest = outdated.sequence.0 + 1;
    for _ in 0..=MAX_BURNED {
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        bench.submit(&probe).told();
    }
    let mut outdated = outdated;
    outdated.challenge = None;
    let mut revoked = bench.code(LatchId::TWIN, Action::Probe);
    revoked.issuer = OPERATOR[1].id();
    let through = revoked.sequence;
    let mut stopped = bench.code(LatchId::TWIN, Action::Probe);
    stopped.challenge = None;
    revoked.challenge = None;
    let stopped_bytes = seal(&stopped, &CREW);
    let slip = StopSlip {
        tenant: TENANT,
        issuer: stopped.issuer,
        sequence: stopped.sequence,
        statement: Envelope::parse(Kind::Code, &stopped_bytes)
            .expect("a code")
            .id(),
    };
    let revocation = Revocation {
        tenant: TENANT,
        issuer: revoked.issuer,
        through,
    };
    bench.submit(&seal(&slip, &CREW[..1])).told();
    bench.submit(&seal(&revocation, &CREW[1..2])).told();
    // A revoked key counts for nothing beside others, so a third stands in.
    let crew = [CREW[0], OPERATOR[2], CREW[2]];
    let floors = |bench: &Bench| bench.device.facts().replay.floors().collect::<Vec<_>>();
    let before = floors(&bench);
    next_version(&mut bench);
    assert_eq!(floors(&bench), before);
    let mut bench = bench.reboot();
    assert_eq!(floors(&bench), before);
    // The slip has a place in the table too.
    let below = Refusal::new(Reason::BelowFloor, lowest + 1, outdated.sequence.0);
    bench.refuses(&seal(&outdated, &crew), below);
    bench.refuses(&stopped_bytes, Reason::Stopped);
    let Sequence(through) = through;
    let expected = Refusal::new(Reason::Revoked, through, revoked.sequence.0);
    bench.refuses(&seal(&revoked, &CREW), expected);
}
