//! 3xx: used before, or older than what the device remembers.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_BURNED, MAX_OUTCOMES},
    statement::Action,
    types::{LatchId, Sequence},
};

use crate::world::{
    bench::Bench,
    keys::{CREW, seal},
};

/// A code that rests on the clock, so that it does not grow stale by others.
fn probe(bench: &mut Bench) -> (Sequence, Vec<u8>) {
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    (code.sequence, seal(&code, &CREW))
}

#[test]
fn already_used() {
    let mut bench = Bench::new();
    let (_, first) = probe(&mut bench);
    let receipt = bench.submit(&first).told();
    for _ in 0..MAX_OUTCOMES {
        assert_eq!(bench.submit(&first).told(), receipt);
        let (_, other) = probe(&mut bench);
        bench.submit(&other).told();
    }
    let number = receipt.receipt.number;
    bench.refuses(&first, Refusal::new(Reason::AlreadyUsed, number, 0));
}

#[test]
fn sequence_reused() {
    let mut bench = Bench::new();
    let first = bench.code(LatchId::TWIN, Action::Probe);
    bench.submit(&seal(&first, &CREW)).told();
    let mut second = bench.code(LatchId::TWIN, Action::Probe);
    second.sequence = first.sequence;
    bench.refuses(&seal(&second, &CREW), Reason::SequenceReused);
    // The same sequence of another issuer is another code.
    second.issuer = CREW[1].id();
    bench.submit(&seal(&second, &CREW)).told();
}

#[test]
fn below_floor() {
    let mut bench = Bench::new();
    let (_, unused) = probe(&mut bench);
    let (oldest, first) = probe(&mut bench);
    bench.submit(&first).told();
    for _ in 1..MAX_BURNED {
        let (_, code) = probe(&mut bench);
        bench.submit(&code).told();
    }
    // All are in the table, and so nothing is below a floor.
    assert_eq!(
        bench.device.facts().replay.floor(CREW[0].id()).replay,
        Sequence(0)
    );
    let (_, one_more) = probe(&mut bench);
    bench.submit(&one_more).told();
    assert_eq!(
        bench.device.facts().replay.floor(CREW[0].id()).replay,
        oldest
    );
    bench.refuses(&first, Refusal::new(Reason::BelowFloor, oldest.0, oldest.0));
    bench.refuses(
        &unused,
        Refusal::new(Reason::BelowFloor, oldest.0, oldest.0 - 1),
    );
}

#[test]
fn out_of_order() {
    let mut bench = Bench::new();
    let (older, newer) = (bench.change("speed", 3), bench.change("speed", 4));
    bench.submit(&newer).told();
    let newest = bench.device.facts().replay.floor(CREW[0].id()).twin;
    bench.refuses(
        &older,
        Refusal::new(Reason::OutOfOrder, newest.0, newest.0 - 1),
    );
}
