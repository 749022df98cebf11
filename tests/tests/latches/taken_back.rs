//! An open latch closes when the code that had opened it loses its force.

use latch_verify::{
    device::Settlement,
    statement::{Action, CloseCause, Outcome},
    types::Sequence,
    wire::Role,
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, ROOT, Signer, seal},
    openings::{emergency, revocation, slip},
    root::{RootSpec, maintenance, service},
};

/// A device on which a code of the first operator holds `service` open.
fn opened() -> (Bench, Told, Vec<u8>) {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 250 });
    let told = bench.submit(&code).told();
    assert!(bench.device.is_open(service()));
    (bench, told, code)
}

fn sequence(told: &Told) -> Sequence {
    told.receipt.sequence.expect("a code's receipt")
}

#[track_caller]
fn revokes(bench: &mut Bench, statement: &[u8]) {
    assert_eq!(bench.submit(statement).outcome(), Outcome::Revoked);
}

#[test]
fn a_revocation_up_to_its_code_closes_it() {
    for signers in [&OPERATOR[..1], &ROOT] {
        for through in [0, 1, 1000, u64::MAX] {
            let (mut bench, opened, _) = opened();
            let through = Sequence(sequence(&opened).0.saturating_add(through));
            revokes(&mut bench, &revocation(OPERATOR[0], through, signers));
            bench.closes(&opened, service(), CloseCause::Revoked);
        }
    }
}

#[test]
fn a_revocation_up_to_the_code_before_leaves_it_open() {
    let (mut bench, opened, _) = opened();
    let before = Sequence(sequence(&opened).0 - 1);
    revokes(&mut bench, &revocation(OPERATOR[0], before, &OPERATOR[..1]));
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// Those who have signed beside the issuer are no issuers of this code.
#[test]
fn a_revocation_of_another_operator_leaves_it_open() {
    let (mut bench, opened, _) = opened();
    let all = Sequence(u64::MAX);
    revokes(&mut bench, &revocation(OPERATOR[1], all, &OPERATOR[1..2]));
    revokes(&mut bench, &revocation(APPROVER[0], all, &ROOT));
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

#[test]
fn a_stop_slip_for_its_code_closes_it() {
    for signers in [&OPERATOR[..1], &ROOT] {
        let (mut bench, opened, code) = opened();
        let stopped = bench.submit(&slip(&code, signers)).outcome();
        let statement = opened.receipt.statement;
        assert_eq!(
            stopped,
            Outcome::Stopped {
                statement,
                used: true
            }
        );
        bench.closes(&opened, service(), CloseCause::Revoked);
    }
}

#[test]
fn a_stop_slip_for_another_code_leaves_it_open() {
    let (mut bench, opened, _) = opened();
    let other = bench.sealed(service(), Action::Open { seconds: 250 });
    bench.submit(&slip(&other, &OPERATOR[..1])).told();
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// What somebody gave whose key is revoked does not count: no more than if it had never come.
#[test]
fn a_revocation_of_whoever_has_renewed_it_takes_the_renewal_back() {
    let (mut bench, _, _) = opened();
    let mut code = bench.code(service(), Action::Renew { seconds: 1000 });
    code.issuer = OPERATOR[1].id();
    bench
        .submit(&seal(&code, &[OPERATOR[1], APPROVER[0]]))
        .told();
    let all = Sequence(u64::MAX);
    revokes(&mut bench, &revocation(OPERATOR[1], all, &OPERATOR[1..2]));
    bench.pass(250_000);
    assert!(
        !bench.device.is_open(service()),
        "kept open by a code that was revoked"
    );
}

/// Revoked or stopped between the burn and the deed.
#[test]
fn what_was_taken_back_while_it_was_in_hand_is_shut_at_once() {
    for stops in [false, true] {
        let mut bench = Bench::new();
        let code = bench.sealed(service(), Action::Open { seconds: 250 });
        let ticket = bench.open(&code);
        if stops {
            bench.submit(&slip(&code, &OPERATOR[..1])).told();
        } else {
            let all = Sequence(u64::MAX);
            revokes(&mut bench, &revocation(OPERATOR[0], all, &OPERATOR[..1]));
        }
        let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
        assert!(!bench.device.is_open(service()));
        assert_eq!(told.receipt.status.open, 0);
        bench.closes(&told, service(), CloseCause::Revoked);
    }
}

/// A renewal in hand is taken back, and takes the opening with it, as a renewal that was settled does.
#[test]
fn a_renewal_that_was_stopped_while_it_was_in_hand_keeps_nothing_open() {
    let (mut bench, _, _) = opened();
    let code = bench.sealed(service(), Action::Renew { seconds: 1000 });
    let ticket = bench.open(&code);
    bench.submit(&slip(&code, &OPERATOR[..1])).told();
    let _ = bench.settle(ticket, Settlement::Done);
    bench.pass(250_000);
    assert!(!bench.device.is_open(service()));
}

#[test]
fn what_break_glass_has_opened_its_own_key_closes() {
    let mut bench = Bench::new();
    let mut code = bench.code(service(), Action::Open { seconds: 250 });
    emergency(&mut code);
    let opened = bench.opens_by(&code, &BREAK_GLASS);
    let one = &BREAK_GLASS[..1];
    revokes(&mut bench, &revocation(BREAK_GLASS[0], code.sequence, one));
    bench.closes(&opened, service(), CloseCause::Revoked);
}

#[test]
fn a_new_epoch_closes_it() {
    let (mut bench, opened, code) = opened();
    bench.succeed(&RootSpec::default().next_epoch(), &ROOT);
    bench.closes(&opened, service(), CloseCause::Trust);
    assert_eq!(bench.effects.len(), 1);
    // Its code opens nothing under the new one.
    bench.submit(&code);
    assert!(!bench.device.is_open(service()));
    assert_eq!(bench.effects.len(), 1);
}

/// A new version of the root leaves open what it would let open.
#[test]
fn a_root_without_a_change_leaves_it_open() {
    let (mut bench, opened, _) = opened();
    bench.succeed(&RootSpec::default().next(), &ROOT);
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// Puts a changed root in force, which must close the latch.
#[track_caller]
fn closed_by_root(change: impl FnOnce(&mut RootSpec)) {
    let (mut bench, opened, _) = opened();
    let mut root = RootSpec::default().next();
    change(&mut root);
    bench.succeed(&root, &ROOT);
    bench.closes(&opened, service(), CloseCause::Trust);
}

#[test]
fn a_root_that_would_not_let_it_open_closes_it() {
    closed_by_root(|root| root.drop_key(OPERATOR[0]));
    closed_by_root(|root| root.exchange(OPERATOR[0], Signer(14)));
    closed_by_root(|root| root.latches.retain(|latch| latch.id != service()));
    closed_by_root(|root| root.latch_mut(service()).rule.max_open_s = 0);
}

/// The key that has opened it is listed, and may not open anything any more.
#[test]
fn a_root_that_makes_its_issuer_an_approver_closes_it() {
    closed_by_root(|root| {
        root.drop_key(OPERATOR[0]);
        root.list(Role::Approver, OPERATOR[0]);
    });
}

#[test]
fn a_root_without_break_glass_closes_what_break_glass_has_opened() {
    let mut bench = Bench::new();
    let mut code = bench.code(service(), Action::Open { seconds: 250 });
    emergency(&mut code);
    let opened = bench.opens_by(&code, &BREAK_GLASS);
    let mut root = RootSpec::default().next();
    root.latch_mut(service()).break_glass = None;
    bench.succeed(&root, &ROOT);
    bench.closes(&opened, service(), CloseCause::Trust);
}

/// The rule in force is the one that counts, from the moment at which it is.
#[test]
fn a_root_with_a_stricter_rule_holds_it_to_that() {
    let stricter = |change: fn(&mut RootSpec)| {
        let mut root = RootSpec::default().next();
        change(&mut root);
        let (mut bench, opened, _) = opened();
        bench.stays_open(60_000, service());
        bench.succeed(&root, &ROOT);
        (bench, opened)
    };
    let (mut bench, opened) = stricter(|root| root.latch_mut(service()).rule.max_open_s = 100);
    bench.closes_after(40_000, &opened, service(), CloseCause::Time);
    let (mut bench, opened) = stricter(|root| root.latch_mut(service()).rule.max_open_s = 30);
    bench.closes(&opened, service(), CloseCause::Time);
    let (mut bench, opened) = stricter(|root| root.latch_mut(service()).rule.heartbeat_s = 90);
    bench.closes_after(30_000, &opened, service(), CloseCause::Silence);
    let (mut bench, opened) = stricter(|root| {
        let rule = &mut root.latch_mut(service()).rule;
        rule.posture.must_not_hold = crate::world::root::IDLE;
    });
    bench.closes_after(20_000, &opened, service(), CloseCause::Posture);
}

/// One statement takes back all that a key has opened.
#[test]
fn a_revocation_closes_every_latch_of_its_issuer() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 250;
    let mut bench = Bench::with_root(&root);
    bench.opens(250);
    let mut code = bench.code(maintenance(), Action::Open { seconds: 250 });
    bench.opens_by(&code, &CREW);
    let mut other = bench.fork();
    let all = Sequence(u64::MAX);
    revokes(&mut bench, &revocation(OPERATOR[0], all, &ROOT));
    assert_eq!(bench.device.open_latches(), 0);
    // Another issuer's stays open.
    other.opens(250);
    code = other.code(maintenance(), Action::Open { seconds: 250 });
    code.issuer = OPERATOR[1].id();
    other.opens_by(&code, &CREW);
    revokes(&mut other, &revocation(OPERATOR[0], all, &ROOT));
    assert!(!other.device.is_open(service()) && other.device.is_open(maintenance()));
}
