//! 3xx and 919: taken back, and by whom.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_BURNED, MAX_FLOORS},
    statement::{Action, Outcome},
    twin::Value,
    types::{LatchId, Sequence},
};

use crate::world::{
    bench::Bench,
    code::{leaves, set},
    keys::{CREW, OPERATOR, ROOT, Signer, seal},
    openings::{read, refused, revocation, slip},
    root::maintenance,
};

/// A probe of an operator that rests on the clock.
fn probe(bench: &mut Bench, issuer: Signer) -> (Sequence, Vec<u8>) {
    let mut code = bench.code(maintenance(), Action::Probe);
    (code.issuer, code.challenge) = (issuer.id(), None);
    (code.sequence, seal(&code, &[issuer]))
}

#[test]
fn revoked() {
    let mut bench = Bench::new();
    let (first, code) = probe(&mut bench, OPERATOR[0]);
    let (last, _) = probe(&mut bench, OPERATOR[0]);
    bench.submit(&revocation(OPERATOR[0], last, &ROOT)).told();
    bench.refuses(&code, Refusal::new(Reason::Revoked, last.0, first.0));
}

#[test]
fn stopped() {
    let mut bench = Bench::new();
    let (_, code) = probe(&mut bench, OPERATOR[0]);
    bench.submit(&slip(&code, &OPERATOR[..1])).told();
    bench.refuses(&code, Reason::Stopped);
}

/// Root has voided as many keys as the device remembers.
fn crowded() -> Bench {
    let mut bench = Bench::new();
    for seed in 100..100 + MAX_FLOORS {
        let seed = u8::try_from(seed).expect("a small seed");
        let statement = revocation(Signer(seed), Sequence(u64::MAX), &ROOT);
        let told = bench.submit_reserved(&statement).told();
        assert_eq!(told.outcome(), Outcome::Revoked);
    }
    bench
}

#[test]
fn issuers_full() {
    let mut bench = crowded();
    let (_, code) = probe(&mut bench, OPERATOR[0]);
    bench.refuses(&code, Reason::IssuersFull);
    // Whatever would have to be remembered of one more.
    let (last, code) = probe(&mut bench, OPERATOR[1]);
    bench.rest_reserves();
    bench.refuses(&slip(&code, &OPERATOR[1..2]), Reason::IssuersFull);
    bench.rest_reserves();
    let statement = revocation(OPERATOR[1], last, &OPERATOR[1..2]);
    bench.refuses(&statement, Reason::IssuersFull);
    // Not of one that is remembered.
    bench.notes(&revocation(Signer(100), Sequence(5), &ROOT));
    // As its sentence says.
    let root = crate::world::root::RootSpec::default().next_epoch();
    bench.succeed(&root, &ROOT);
    let mut code = bench.code(maintenance(), Action::Probe);
    code.epoch = root.epoch;
    assert_eq!(bench.submit(&seal(&code, &CREW)).outcome(), Outcome::Probed);
}

/// An issuer that is known goes on, however full it is.
#[test]
fn issuers_full_is_for_newcomers() {
    let mut bench = Bench::new();
    let (_, code) = probe(&mut bench, OPERATOR[0]);
    bench.submit(&code).told();
    for seed in 100..99 + MAX_FLOORS {
        let seed = u8::try_from(seed).expect("a small seed");
        let statement = revocation(Signer(seed), Sequence(u64::MAX), &ROOT);
        bench.submit_reserved(&statement).told();
    }
    let (_, code) = probe(&mut bench, OPERATOR[0]);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    let (_, code) = probe(&mut bench, OPERATOR[1]);
    bench.refuses(&code, Reason::IssuersFull);
}

#[test]
fn not_revoker() {
    let mut bench = Bench::new();
    let (sequence, code) = probe(&mut bench, OPERATOR[0]);
    let by_another = revocation(OPERATOR[0], sequence, &OPERATOR[1..2]);
    bench.refuses(&by_another, Refusal::new(Reason::NotRevoker, 2, 0));
    let too_few = slip(&code, &ROOT[..1]);
    bench.refuses(&too_few, Refusal::new(Reason::NotRevoker, 2, 1));
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
}

/// Below what was forgotten, and revoked: the device no longer knows whether it was used, which weighs more.
#[test]
fn below_floor_is_told_before_revoked() {
    let mut bench = Bench::new();
    let (first, oldest) = probe(&mut bench, OPERATOR[0]);
    for _ in 0..=MAX_BURNED {
        let (_, code) = probe(&mut bench, OPERATOR[0]);
        bench.submit(&code).told();
    }
    let floor = bench.device.facts().replay.floor(OPERATOR[0].id()).replay;
    assert!(floor > first);
    let all = Sequence(u64::MAX);
    bench.submit(&revocation(OPERATOR[0], all, &ROOT)).told();
    let expected = Refusal::new(Reason::BelowFloor, floor.0, first.0);
    bench.refuses(&oldest, expected);
}

#[test]
fn revoked_is_told_before_out_of_order() {
    let mut bench = Bench::new();
    let (older, newer) = (bench.change("speed", 3), bench.change("speed", 4));
    bench.submit(&newer).told();
    let (sequence, through) = (read(&older).1.sequence, read(&newer).1.sequence);
    bench.submit(&revocation(CREW[0], through, &ROOT)).told();
    let expected = Refusal::new(Reason::Revoked, through.0, sequence.0);
    bench.refuses(&older, expected);
}

#[test]
fn a_used_code_is_told_of_before_it_is_revoked_or_stopped() {
    let mut bench = Bench::new();
    let change = bench.change("speed", 3);
    let told = bench.submit(&change).told();
    bench.submit(&slip(&change, &CREW[..1])).told();
    let all = Sequence(u64::MAX);
    bench.submit(&revocation(CREW[0], all, &ROOT)).told();
    assert_eq!(bench.submit(&change).told(), told);
}

/// What voids it in itself weighs more than what is full.
#[test]
fn revoked_is_told_before_issuers_full() {
    let mut bench = crowded();
    let mut root = crate::world::root::RootSpec::default().next();
    root.list(latch_verify::wire::Role::Operator, Signer(100));
    bench.succeed(&root, &ROOT);
    let (sequence, code) = probe(&mut bench, Signer(100));
    bench.refuses(&code, Refusal::new(Reason::Revoked, u64::MAX, sequence.0));
}

/// A slip says nothing about who may revoke, even where it would change nothing.
#[test]
fn not_revoker_is_told_before_nothing_new() {
    let mut bench = Bench::new();
    let limit = leaves(&[("speed", Value::Int(3))]);
    let code = bench.sealed(LatchId::TWIN, set(&limit));
    let statement = slip(&code, &CREW[..1]);
    bench.submit(&statement).told();
    bench.notes(&statement);
    let by_another = slip(&code, &OPERATOR[1..2]);
    assert_eq!(
        refused(&bench.submit(&by_another)),
        Some(Reason::NotRevoker)
    );
}
