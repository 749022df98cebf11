//! A latch opens by a code, once its opening is settled.

use latch_verify::{
    Reason,
    device::Settlement,
    statement::{Action, CloseCause, Outcome, RuleChoice},
};

use crate::world::{
    answer::{Effect, Looked},
    bench::Bench,
    keys::{BREAK_GLASS, CREW, seal},
    openings::{bit, emergency},
    root::{RootSpec, maintenance, service},
};

#[test]
fn a_latch_opens_for_a_time_and_says_so() {
    let mut bench = Bench::new();
    assert_eq!(bench.device.status().open, 0);
    let told = bench.opens(60);
    let (latch, seconds) = (service(), 60);
    assert_eq!(bench.effects, [Effect::Open { latch, seconds }]);
    // That latch and no other.
    assert_eq!(told.receipt.status.open, bit(latch));
    assert_eq!(bench.device.open_latches(), bit(latch));
    assert_eq!(bench.device.status().open, bit(latch));
    assert!(!told.receipt.break_glass);
    let remembered = bench.device.facts().open_latch(latch);
    assert_eq!(
        remembered.map(|open| open.code.statement),
        Some(told.receipt.statement)
    );
    assert_eq!(bench.idle(), Some(60_000));
}

/// The same code opens nothing a second time, and is told what came of it in the end.
#[test]
fn a_code_opens_its_latch_once() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let opened = bench.submit(&code).told();
    bench.pass(59_999);
    assert_eq!(bench.submit(&code).told(), opened);
    bench.pass(1);
    let closed = bench.closes(&opened, service(), CloseCause::Time);
    assert_eq!(bench.submit(&code).told(), closed);
    assert_eq!(bench.effects.len(), 1);
    assert!(!bench.device.is_open(service()));
}

#[test]
fn nothing_is_open_before_its_opening_is_settled() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let ticket = bench.open(&code);
    assert!(!bench.device.is_open(service()));
    assert_eq!(bench.idle(), None);
    // The time runs from the burn, whenever the deed was done.
    bench.pass(20_000);
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Opened { seconds: 60 });
    bench.closes_after(40_000, &told, service(), CloseCause::Time);
}

#[test]
fn what_was_settled_after_its_time_is_shut_at_once() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let ticket = bench.open(&code);
    bench.pass(60_000);
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    bench.closes(&told, service(), CloseCause::Time);
}

#[test]
fn a_failed_actuator_opens_nothing() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    let ticket = bench.open(&code);
    let failed = bench.settle(ticket, Settlement::Failed { code: -3 });
    let told = failed.expect("a receipt");
    assert_eq!(told.outcome(), Outcome::ActuatorFailed { code: -3 });
    assert_eq!(told.receipt.status.open, 0);
    assert!(!bench.device.is_open(service()));
    assert_eq!(bench.device.facts().open_latch(service()), None);
    assert_eq!(bench.idle(), None);
    // The code is used up; the next one opens.
    assert_eq!(bench.submit(&code).told(), told);
    bench.opens(60);
    // A boot closes that one, and has nothing to tell of the other.
    let number = bench.device.facts().chain.number;
    let bench = bench.reboot();
    assert_eq!(bench.device.facts().chain.number, number + 1);
}

/// Two latches know nothing of each other.
#[test]
fn each_latch_has_a_time_of_its_own() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 600;
    let mut bench = Bench::with_root(&root);
    let first = bench.opens(60);
    let code = bench.code(maintenance(), Action::Open { seconds: 90 });
    let second = bench.opens_by(&code, &CREW);
    assert_eq!(
        bench.device.open_latches(),
        bit(service()) | bit(maintenance())
    );
    assert_eq!(bench.idle(), Some(60_000));
    let code = bench.code(service(), Action::Renew { seconds: 120 });
    bench.submit(&seal(&code, &CREW)).told();
    assert_eq!(bench.idle(), Some(90_000));
    bench.pass(90_000);
    let told = bench.closes(&second, maintenance(), CloseCause::Time);
    assert_eq!(told.receipt.status.open, bit(service()));
    assert_eq!(bench.idle(), Some(30_000));
    // Both are told of, one at each look.
    let code = bench.code(maintenance(), Action::Open { seconds: 30 });
    let third = bench.opens_by(&code, &CREW);
    bench.pass(30_000);
    assert_eq!(bench.device.open_latches(), 0);
    let mut told = [(); 2].map(|()| match bench.poll() {
        Looked::Closed { told, .. } => told.expect("a receipt").receipt.statement,
        other => panic!("{other:?}"),
    });
    told.sort();
    let mut expected = [first.receipt.statement, third.receipt.statement];
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(bench.idle(), None);
}

#[test]
fn break_glass_opens_under_its_own_rule_and_says_so() {
    let mut bench = Bench::new();
    let mut code = bench.code(service(), Action::Open { seconds: 300 });
    emergency(&mut code);
    assert_eq!(code.rule, RuleChoice::BreakGlass);
    // Posture is nothing that its rule asks for.
    bench.tampered(Some(true));
    let told = bench.opens_by(&code, &BREAK_GLASS);
    assert!(told.receipt.break_glass);
    bench.closes_after(300_000, &told, service(), CloseCause::Time);
}

/// A latch that has run out, at which nobody has looked, was not shut: it opens again when it was, and its end is told
/// before.
#[test]
fn an_end_that_nobody_noticed_is_told_before_the_latch_opens_again() {
    let mut bench = Bench::new();
    let first = bench.opens(60);
    bench.pass(61_000);
    let early = bench.sealed(service(), Action::Open { seconds: 60 });
    bench.refuses(&early, Reason::Busy);
    bench.closes(&first, service(), CloseCause::Time);
    let second = bench.opens(60);
    let between = bench.receipt(first.receipt.statement).expect("a receipt");
    assert!(between.receipt.number < second.receipt.number);
    let (latch, cause) = (service(), CloseCause::Time);
    assert_eq!(between.outcome(), Outcome::Closed { latch, cause });
    bench.closes_after(60_000, &second, service(), CloseCause::Time);
}
