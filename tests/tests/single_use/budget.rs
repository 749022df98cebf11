//! What refusals may cost: a signed code that is refused is answered from a budget of writes, and everything before its
//! signatures costs none.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    limits::{CODE_REFILL_MS, REPEAT_REFILL_MS, REPEATS, WRITE_BUDGET, WRITE_REFILL_MS},
    statement::{Action, Outcome},
    types::LatchId,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    keys::{CREW, STRANGER, seal},
    root::EPOCH,
};

/// A genuine code that is refused for its epoch.
fn outdated(bench: &mut Bench) -> Vec<u8> {
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.epoch = EPOCH + 1;
    seal(&code, &CREW[..1])
}

fn other_epoch() -> Refusal {
    Refusal::new(Reason::OtherEpoch, EPOCH.into(), u64::from(EPOCH) + 1)
}

#[test]
fn a_refusal_that_is_repeated_is_the_same_receipt_without_a_write() {
    let mut bench = Bench::new();
    let code = outdated(&mut bench);
    let told = bench.refuses(&code, other_epoch());
    let costs = bench.journal_operations();
    for _ in 0..REPEATS / 2 {
        assert_eq!(bench.submit(&code).told(), told);
    }
    assert_eq!(bench.journal_operations(), costs);
    // It took one of the budget, and no more.
    for _ in 1..WRITE_BUDGET {
        let code = outdated(&mut bench);
        bench.refuses(&code, other_epoch());
    }
    let code = outdated(&mut bench);
    bench.ignores(&code, other_epoch());
}

/// Who asks for a receipt again as often as signatures may be checked gets it from a budget: each costs a signature.
#[test]
fn receipts_are_signed_again_from_a_budget() {
    let mut bench = Bench::new();
    let code = outdated(&mut bench);
    bench.refuses(&code, other_epoch());
    let signed = bench.hardware.signed.get();
    let (times, mut answered) = (400, 0);
    for _ in 0..times {
        bench.hardware.clock.advance(CODE_REFILL_MS);
        let answer = bench.submit_once(&code, Offer::NotAsked);
        answered += u64::from(matches!(answer, Answer::Told(_)));
    }
    let refilled = times * CODE_REFILL_MS / REPEAT_REFILL_MS;
    let most = u64::from(REPEATS) + refilled;
    assert!(
        (most - 2..=most).contains(&answered),
        "{answered} of {most}"
    );
    assert_eq!(bench.hardware.signed.get() - signed, answered);
}

#[test]
fn refusals_beyond_the_budget_are_counted_and_nothing_is_written() {
    let mut bench = Bench::new();
    for _ in 0..WRITE_BUDGET {
        let code = outdated(&mut bench);
        bench.refuses(&code, other_epoch());
    }
    for _ in 0..10 {
        let code = outdated(&mut bench);
        bench.ignores(&code, other_epoch());
    }
    // What is accepted needs no budget.
    let code = bench.change("speed", 3);
    let told = bench.submit(&code).told();
    assert_eq!(told.outcome(), Outcome::Applied { twin_version: 1 });
    assert_eq!(told.receipt.status.junk.count, 10);
    // The budget comes back one by one, and no further than it was.
    for _ in 0..2 {
        bench.hardware.clock.advance(WRITE_REFILL_MS - 1);
        let code = outdated(&mut bench);
        bench.ignores(&code, other_epoch());
        bench.hardware.clock.advance(1);
        let code = outdated(&mut bench);
        bench.refuses(&code, other_epoch());
    }
    bench
        .hardware
        .clock
        .advance(3 * u64::from(WRITE_BUDGET) * WRITE_REFILL_MS);
    for _ in 0..WRITE_BUDGET {
        let code = outdated(&mut bench);
        bench.refuses(&code, other_epoch());
    }
    let code = outdated(&mut bench);
    bench.ignores(&code, other_epoch());
}

#[test]
fn a_flood_of_junk_costs_no_write_and_no_signature() {
    let mut bench = Bench::new();
    let code = bench.code(LatchId::TWIN, Action::Probe);
    let forged = seal(&code, &[CREW[0], STRANGER]);
    let costs = (bench.journal_operations(), bench.hardware.signed.get());
    for _ in 0..1000 {
        assert_eq!(
            bench.submit(&forged),
            Answer::Ignored(Reason::UnknownKey.into())
        );
    }
    assert_eq!(
        (bench.journal_operations(), bench.hardware.signed.get()),
        costs
    );
    assert_eq!(bench.device.junk().count, 1000);
    assert_eq!(bench.submit(&seal(&code, &CREW)).outcome(), Outcome::Probed);
}
