//! A lockdown shuts everything, by one operator, until a release under the rule of the trust latch.

use latch_verify::{
    Reason,
    device::Settlement,
    limits::WRITE_REFILL_MS,
    statement::{Action, Audience, Code, Outcome},
    types::{LatchId, Posture, Sequence, StatementId},
};

use crate::world::{
    answer::{Answer, Effect, Looked},
    bench::{Bench, FIT},
    code::{command, leaves, set},
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, ROOT, Signer, seal},
    openings::{emergency, refused, revocation, slip},
    release::{Image, version},
    root::{RootSpec, limits, maintenance, service},
};

/// A device that is locked down.
fn locked() -> Bench {
    let mut bench = Bench::new();
    bench.locks_down();
    bench
}

/// A code that lifts a lockdown.
fn unlock(bench: &mut Bench) -> Vec<u8> {
    bench.sealed(LatchId::TRUST, Action::Unlock)
}

/// What opens something is refused for the lockdown.
#[track_caller]
fn is_shut(bench: &mut Bench) {
    assert!(bench.device.status().locked_down);
    assert_eq!(bench.device.open_latches(), 0);
    let code = bench.sealed(service(), Action::Open { seconds: 10 });
    bench.refuses(&code, Reason::LockedDown);
}

#[test]
fn it_closes_every_latch_at_once() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 250;
    let mut bench = Bench::with_root(&root);
    bench.opens(250);
    let code = bench.code(maintenance(), Action::Open { seconds: 250 });
    bench.opens_by(&code, &CREW);
    let told = bench.locks_down();
    assert_eq!(bench.effects.last(), Some(&Effect::Lockdown));
    assert_eq!(bench.device.open_latches(), 0);
    assert!(told.receipt.status.locked_down);
    assert_eq!(told.receipt.status.open, 0);
    assert!(bench.device.facts().open.is_empty());
    assert_eq!(bench.idle(), None);
    is_shut(&mut bench);
}

#[test]
fn it_is_in_force_from_the_burn_on_whatever_comes_of_the_deed() {
    let mut bench = Bench::new();
    bench.opens(250);
    let code = bench.closing(LatchId::TRUST, Action::Lockdown);
    let ticket = bench.open(&code);
    assert!(bench.device.status().locked_down);
    assert_eq!(bench.device.open_latches(), 0);
    let told = bench.settle(ticket, Settlement::Failed { code: 2 });
    let outcome = told.expect("a receipt").outcome();
    assert_eq!(outcome, Outcome::ActuatorFailed { code: 2 });
    is_shut(&mut bench);
}

#[test]
fn everything_that_opens_or_changes_something_is_refused() {
    let manifest = StatementId([1; 16]);
    let (speed, limit) = (
        leaves(&[("speed", latch_verify::twin::Value::Int(3))]),
        leaves(&[("limits/max", latch_verify::twin::Value::Int(3))]),
    );
    let mut bench = locked();
    for (latch, action) in [
        (LatchId::TWIN, set(&speed)),
        (limits(), set(&limit)),
        (maintenance(), command("restart")),
        (limits(), command("vent")),
        (service(), Action::Open { seconds: 10 }),
        (service(), Action::Renew { seconds: 10 }),
        (LatchId::FIRMWARE, Action::Install { manifest }),
        (LatchId::FIRMWARE, Action::Downgrade { manifest }),
        (LatchId::TWIN, Action::Probe),
        (LatchId::TRUST, Action::Probe),
    ] {
        let code = bench.sealed(latch, action);
        bench.refuses(&code, Reason::LockedDown);
    }
    // Break-glass, too.
    for action in [command("restart"), Action::Probe] {
        let mut code = bench.code(maintenance(), action);
        emergency(&mut code);
        bench.refuses(&seal(&code, &BREAK_GLASS), Reason::LockedDown);
    }
}

#[test]
fn what_shuts_revokes_or_tells_the_time_is_served() {
    let mut bench = locked();
    let close = bench.closing(service(), Action::Close);
    let told = bench.submit(&close).told();
    assert!(matches!(told.outcome(), Outcome::Closed { .. }));
    bench.locks_down();
    let stop = slip(&bench.sealed(service(), Action::Probe), &OPERATOR[..1]);
    let stopped = bench.submit(&stop).outcome();
    assert!(matches!(stopped, Outcome::Stopped { .. }));
    let revoke = revocation(OPERATOR[2], Sequence(u64::MAX), &OPERATOR[2..]);
    assert_eq!(bench.submit(&revoke).outcome(), Outcome::Revoked);
    assert_eq!(bench.attest(bench.now_ms()), Answer::Noted);
    bench.succeed(&RootSpec::default().next(), &ROOT);
    is_shut(&mut bench);
    // Not even a new epoch lifts it.
    let root = RootSpec::default().next().next_epoch();
    bench.succeed(&root, &ROOT);
    assert!(bench.device.status().locked_down);
    let mut code = bench.code(service(), Action::Open { seconds: 10 });
    code.epoch = root.epoch;
    bench.refuses(&seal(&code, &CREW), Reason::LockedDown);
    let mut code = bench.code(LatchId::TRUST, Action::Unlock);
    code.epoch = root.epoch;
    assert_eq!(
        bench.submit(&seal(&code, &CREW)).outcome(),
        Outcome::Unlocked
    );
}

#[test]
fn it_outlives_boots_and_the_journals_sectors() {
    let mut bench = locked();
    for _ in 0..3 {
        bench = bench.reboot();
        is_shut(&mut bench);
    }
    let before = bench.hardware.journal.look().erases();
    while bench.hardware.journal.look().erases() < before + 2 {
        // What is closed can be closed again, an hour's worth of writes at a time.
        bench.pass(WRITE_REFILL_MS);
        let close = bench.closing(service(), Action::Close);
        bench.submit(&close).told();
    }
    is_shut(&mut bench);
    bench = bench.reboot();
    is_shut(&mut bench);
    let code = unlock(&mut bench);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Unlocked);
    assert!(!bench.reboot().device.status().locked_down);
}

#[test]
fn it_ends_a_download() {
    let release = Image::new(5000, 1).release(version(2), 3);
    for boots in [false, true] {
        let mut bench = Bench::new();
        let begun = bench.begin(&release);
        assert!(bench.device.wanted().is_some());
        bench.locks_down();
        if boots {
            bench = bench.reboot();
        }
        let Looked::InstallEnded(told) = bench.poll() else {
            panic!("the download goes on");
        };
        let reason = Reason::LockedDown.number();
        assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
        assert_eq!(told.receipt.statement, begun.receipt.statement);
        assert_eq!(bench.device.wanted(), None);
        assert_eq!(bench.idle(), None);
    }
}

/// An image that is complete is not armed any more.
#[test]
fn it_ends_an_installation_that_is_not_armed() {
    let image = Image::new(5000, 1);
    let release = image.release(version(2), 3);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(&image).expect("pages");
    bench.locks_down();
    let told = bench.arm().expect("a verdict").expect("a failure");
    let reason = Reason::LockedDown.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
}

/// Locks down by a changed code.
#[track_caller]
fn lockdown_by(bench: &mut Bench, change: impl FnOnce(&mut Code<'_>), by: &[Signer]) -> Answer {
    let mut code = bench.code(LatchId::TRUST, Action::Lockdown);
    code.challenge = None;
    change(&mut code);
    bench.submit(&seal(&code, by))
}

#[test]
fn one_operator_locks_down_at_any_posture_and_without_a_clock() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    bench.device.set_posture(Posture::default());
    let by_third = |code: &mut Code<'_>| code.issuer = OPERATOR[2].id();
    let answer = lockdown_by(&mut bench, by_third, &[OPERATOR[2]]);
    assert_eq!(answer.outcome(), Outcome::LockedDown);
    bench.device.set_posture(FIT);
}

/// One voice shuts one device; many devices are shut by as many as open them.
#[test]
fn many_devices_are_locked_down_by_as_many_as_open_them() {
    let (salt, from, below) = (StatementId([7; 16]), 0, 10_000);
    for audience in [Audience::Tenant, Audience::Cohort { salt, from, below }] {
        let mut bench = Bench::new();
        let to_many = |code: &mut Code<'_>| {
            (code.audience, code.incarnation) = (audience.clone(), None);
        };
        let answer = lockdown_by(&mut bench, to_many, &CREW[..1]);
        assert_eq!(refused(&answer), Some(Reason::TooFewOperators));
        assert!(!bench.device.status().locked_down);
        let answer = lockdown_by(&mut bench, to_many, &CREW);
        assert_eq!(answer.outcome(), Outcome::LockedDown);
    }
}

#[test]
fn nobody_else_does() {
    let mut bench = Bench::new();
    for (issuer, expected) in [
        (APPROVER[0], Reason::IssuerRole),
        (ROOT[0], Reason::IssuerRole),
        (BREAK_GLASS[0], Reason::IssuerRole),
    ] {
        let answer = lockdown_by(&mut bench, |code| code.issuer = issuer.id(), &[issuer]);
        assert_eq!(refused(&answer), Some(expected));
    }
    // The trust latch has no break-glass rule.
    let answer = lockdown_by(&mut bench, emergency, &BREAK_GLASS);
    assert_eq!(refused(&answer), Some(Reason::NoBreakGlass));
    let answer = lockdown_by(&mut bench, |code| code.latch = service(), &CREW);
    assert_eq!(refused(&answer), Some(Reason::WrongLatch));
    assert!(!bench.device.status().locked_down);
}
