//! What a new epoch voids: every code that was signed before it, what such codes hold open, and the time floor. What was
//! revoked stays revoked, and what is shut stays shut.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    limits::PULSE_ROTATE_MS,
    statement::{Action, Audience, CloseCause, Code, Outcome, Revocation, TimeStatus},
    twin::Value,
    types::{LatchId, Sequence, TimeMs},
};

use crate::world::{
    answer::{Answer, Effect, Looked},
    bench::Bench,
    code::{command, leaves, set},
    hardware::START_MS,
    keys::{CREW, OPERATOR, ROOT, seal},
    release::{Image, version},
    root::{EPOCH, RootSpec, TENANT, maintenance, remarks, service},
    statements::{HOUR_MS, at_least, trusted},
};

/// The epoch after the first root's.
const NEXT: u32 = EPOCH + 1;

fn next_epoch(bench: &mut Bench) {
    bench.succeed(&RootSpec::default().next_epoch(), &ROOT);
}

/// A code of the next epoch.
fn of_next<'a>(bench: &mut Bench, latch: LatchId, action: Action<'a>) -> Code<'a> {
    Code {
        epoch: NEXT,
        ..bench.code(latch, action)
    }
}

#[track_caller]
fn serves(bench: &mut Bench) {
    let code = of_next(bench, LatchId::TWIN, Action::Probe);
    assert_eq!(bench.submit(&seal(&code, &CREW)).outcome(), Outcome::Probed);
}

#[test]
fn codes_of_the_epoch_before_are_void() {
    let mut bench = Bench::new();
    let answered = bench.code(LatchId::TWIN, Action::Probe);
    let mut timed = bench.code(LatchId::TWIN, Action::Probe);
    timed.challenge = None;
    let mut to_all = bench.code(remarks(), Action::Probe);
    (to_all.challenge, to_all.audience, to_all.incarnation) = (None, Audience::Tenant, None);
    let closing = bench.code(LatchId::TRUST, Action::Lockdown);
    let mut ahead = of_next(&mut bench, LatchId::TWIN, Action::Probe);
    ahead.challenge = None;
    let early = Refusal::new(Reason::OtherEpoch, EPOCH.into(), NEXT.into());
    bench.refuses(&seal(&ahead, &CREW), early);
    next_epoch(&mut bench);
    let void = Refusal::new(Reason::OtherEpoch, NEXT.into(), EPOCH.into());
    for mut bench in [bench.fork().reboot(), bench] {
        for code in [&answered, &timed, &to_all, &closing] {
            bench.rest();
            bench.refuses(&seal(code, &CREW), void);
        }
        // Signed ahead for the epoch that has come.
        let told = bench.submit(&seal(&ahead, &CREW));
        assert_eq!(told.outcome(), Outcome::Probed);
        serves(&mut bench);
    }
}

#[test]
fn an_open_latch_closes() {
    let mut bench = Bench::new();
    let open = bench.sealed(service(), Action::Open { seconds: 600 });
    let opened = bench.submit(&open).told();
    assert_eq!(opened.outcome(), Outcome::Opened { seconds: 600 });
    assert!(bench.device.is_open(service()));
    let told = bench.succeed(&RootSpec::default().next_epoch(), &ROOT);
    assert_eq!(told.receipt.status.open, 0);
    assert!(!bench.device.is_open(service()));
    let (latch, cause) = (service(), CloseCause::Trust);
    match bench.poll() {
        Looked::Closed {
            latch: found,
            cause: why,
            told: Ok(told),
        } => {
            assert_eq!((found, why), (latch, cause));
            assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
            assert_eq!(told.receipt.statement, opened.receipt.statement);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.poll(), Looked::Idle(None));
    // Told once, and not again by a boot.
    let number = bench.device.facts().chain.number;
    let bench = bench.reboot();
    assert_eq!(bench.device.facts().chain.number, number);
}

#[test]
fn a_download_ends() {
    let image = Image::new(3000, 7);
    let release = image.release(version(2), 0);
    let ended = Outcome::InstallFailed {
        reason: Reason::InstallVoid.number(),
    };
    // While pages come, and when all are there; whether somebody looks or arms it.
    for complete in [false, true] {
        let mut bench = Bench::new();
        let begun = bench.begin(&release);
        if complete {
            bench.feed(&image).expect("pages");
        }
        next_epoch(&mut bench);
        for mut bench in [bench.fork().reboot(), bench.fork()] {
            match bench.poll() {
                Looked::InstallEnded(told) => {
                    assert_eq!(told.outcome(), ended);
                    assert_eq!(told.receipt.statement, begun.receipt.statement);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(bench.device.install_phase(), None);
        }
        if complete {
            let told = bench.arm().expect("a verdict").expect("a receipt");
            assert_eq!(told.outcome(), ended);
        }
    }
}

/// The table of used codes begins anew, and yet no code is used twice.
#[test]
fn a_used_code_stays_used() {
    let mut bench = Bench::new();
    let speed = leaves(&[("speed", Value::Int(2))]);
    let used = bench.sealed(LatchId::TWIN, set(&speed));
    let told = bench.submit(&used).told();
    bench.effects.clear();
    next_epoch(&mut bench);
    assert_eq!(bench.device.facts().replay.burned().count(), 0);
    assert_eq!(bench.device.facts().replay.floors().count(), 0);
    assert_eq!(bench.submit(&used).told(), told);
    let mut bench = bench.reboot();
    assert_eq!(bench.device.facts().replay.burned().count(), 0);
    assert_eq!(bench.submit(&used).told(), told);
    while bench.receipt(told.receipt.statement).is_ok() {
        serves(&mut bench);
    }
    let void = Refusal::new(Reason::OtherEpoch, NEXT.into(), EPOCH.into());
    bench.refuses(&used, void);
    assert_eq!(bench.effects, []);
    // An issuer's order begins anew too: what would have been out of order is not.
    let mut earlier = of_next(&mut bench, LatchId::TWIN, set(&speed));
    earlier.sequence = Sequence(1);
    let outcome = bench.submit(&seal(&earlier, &CREW)).outcome();
    assert_eq!(outcome, Outcome::Applied { twin_version: 2 });
}

#[test]
fn what_is_in_hand_is_settled() {
    let mut bench = Bench::new();
    let run = bench.sealed(maintenance(), command("restart"));
    let ticket = bench.open(&run);
    next_epoch(&mut bench);
    let mut cut = bench.fork();
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Performed);
    assert_eq!(bench.submit(&run).told(), told);
    assert_eq!(bench.effects.len(), 1);
    serves(&mut bench);
    // Cut off, it is not known, and not done again.
    assert_eq!(cut.submit(&run).outcome(), Outcome::Interrupted);
    assert_eq!(cut.effects, []);
    serves(&mut cut);
    // A change of the twin was made by its burn, and is carried out again.
    let mut bench = Bench::new();
    let change = bench.change("speed", 2);
    drop(bench.open(&change));
    next_epoch(&mut bench);
    let mut bench = bench.reboot();
    let told = bench
        .resume()
        .expect("a change in hand")
        .expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Applied { twin_version: 1 });
    assert_eq!(bench.submit(&change).told(), told);
    assert!(matches!(
        bench.effects[..],
        [Effect::Twin { .. }, Effect::Twin { .. }]
    ));
    serves(&mut bench);
}

/// A refusal of the code that is in hand would end it, and its outcome could not be told.
#[test]
fn what_is_in_hand_is_not_refused_when_it_comes_again() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    let ticket = bench.open(&code);
    next_epoch(&mut bench);
    assert_eq!(bench.submit(&code), Answer::Ignored(Reason::Busy.into()));
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Applied { twin_version: 1 });
    assert_eq!(bench.submit(&code), Answer::Told(told));
}

#[test]
fn a_latch_in_hand_does_not_stay_open() {
    let mut bench = Bench::new();
    let open = bench.sealed(service(), Action::Open { seconds: 600 });
    let ticket = bench.open(&open);
    next_epoch(&mut bench);
    bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert!(!bench.device.is_open(service()));
    let cause = CloseCause::Trust;
    let looked = bench.poll();
    assert!(
        matches!(looked, Looked::Closed { cause: found, told: Ok(_), .. } if found == cause),
        "{looked:?}"
    );
}

#[test]
fn a_time_floor_is_forgotten_by_a_new_epoch_only() {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    bench.hardware.clock.trust(None);
    bench.rest_reserves();
    let floor = bench.time();
    assert!(matches!(floor, TimeStatus::Floor(_)), "{floor:?}");
    let second = RootSpec::default().next();
    bench.succeed(&second, &ROOT);
    assert_eq!(bench.time(), floor);
    let mut bench = bench.reboot();
    assert_eq!(bench.time(), at_least(START_MS));
    bench.succeed(&second.next_epoch(), &ROOT);
    assert_eq!(bench.time(), TimeStatus::Unknown);
    let bench = bench.reboot();
    assert_eq!(bench.time(), TimeStatus::Unknown);
    assert_eq!(bench.device.facts().time_floor_ms, TimeMs::default());
}

/// What keys have attested that the next root may not list.
#[test]
fn an_attested_time_is_forgotten() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    bench.attest(START_MS);
    assert_eq!(bench.time(), trusted(START_MS));
    let mut same = bench.fork();
    same.attest(START_MS);
    same.succeed(&RootSpec::default().next(), &ROOT);
    assert_eq!(same.time(), at_least(START_MS));
    next_epoch(&mut bench);
    assert_eq!(bench.time(), TimeStatus::Unknown);
    // An earlier time is as good as any to begin with.
    bench.hardware.clock.advance(PULSE_ROTATE_MS);
    bench.attest(START_MS - HOUR_MS);
    assert_eq!(bench.time(), trusted(START_MS - HOUR_MS));
}

#[test]
fn what_was_revoked_stays_revoked() {
    let mut bench = Bench::new();
    let through = Sequence(u64::MAX);
    let issuer = OPERATOR[1].id();
    let revocation = Revocation {
        tenant: TENANT,
        issuer,
        through,
    };
    let revocation = seal(&revocation, &[OPERATOR[1]]);
    assert_eq!(bench.submit(&revocation).outcome(), Outcome::Revoked);
    next_epoch(&mut bench);
    for mut bench in [bench.fork().reboot(), bench] {
        let mut code = of_next(&mut bench, LatchId::TWIN, Action::Probe);
        code.issuer = issuer;
        let expected = Refusal::new(Reason::Revoked, through.0, code.sequence.0);
        bench.refuses(
            &seal(&code, &[OPERATOR[0], OPERATOR[1], OPERATOR[2]]),
            expected,
        );
        bench.notes(&revocation);
        // Nor does it count beside another's.
        let code = of_next(&mut bench, LatchId::TWIN, Action::Probe);
        let too_few = Refusal::new(Reason::TooFewOperators, 2, 1);
        bench.refuses(&seal(&code, &CREW), too_few);
        bench
            .submit(&seal(&code, &[OPERATOR[0], OPERATOR[2]]))
            .told();
    }
}

#[test]
fn a_lockdown_stays() {
    let mut bench = Bench::new();
    let lockdown = bench.sealed(LatchId::TRUST, Action::Lockdown);
    assert_eq!(bench.submit(&lockdown).outcome(), Outcome::LockedDown);
    next_epoch(&mut bench);
    for mut bench in [bench.fork().reboot(), bench] {
        assert!(bench.device.status().locked_down);
        let probe = of_next(&mut bench, LatchId::TWIN, Action::Probe);
        bench.refuses(&seal(&probe, &CREW), Reason::LockedDown);
        let unlock = of_next(&mut bench, LatchId::TRUST, Action::Unlock);
        assert_eq!(
            bench.submit(&seal(&unlock, &CREW)).outcome(),
            Outcome::Unlocked
        );
        serves(&mut bench);
    }
}
