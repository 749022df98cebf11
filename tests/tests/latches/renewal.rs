//! A latch is kept open by further codes, for as long as its rule allows in all.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    statement::{Action, CloseCause, Outcome},
};

use crate::world::{
    answer::Looked,
    bench::Bench,
    keys::{BREAK_GLASS, CREW, seal},
    openings::{emergency, service_rule},
    root::{SERVICE_OPEN_S, service},
};

fn opened_by_break_glass(bench: &mut Bench) -> crate::world::answer::Told {
    let mut code = bench.code(service(), Action::Open { seconds: 100 });
    emergency(&mut code);
    bench.opens_by(&code, &BREAK_GLASS)
}

#[test]
fn a_renewal_counts_from_its_burn() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    bench.pass(40_000);
    let told = bench.renews(100);
    assert_ne!(told.receipt.status.open, 0);
    bench.closes_after(100_000, &opened, service(), CloseCause::Time);
}

/// Whoever may keep it open for longer may do so for shorter.
#[test]
fn a_renewal_may_end_the_time_sooner() {
    let mut bench = Bench::new();
    let opened = bench.opens(250);
    bench.renews(10);
    bench.closes_after(10_000, &opened, service(), CloseCause::Time);
}

#[test]
fn a_failed_renewal_leaves_the_time_as_it_was() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    let code = bench.sealed(service(), Action::Renew { seconds: 200 });
    let ticket = bench.open(&code);
    let told = bench.settle(ticket, Settlement::Failed { code: 7 });
    let outcome = told.expect("a receipt").outcome();
    assert_eq!(outcome, Outcome::ActuatorFailed { code: 7 });
    bench.closes_after(60_000, &opened, service(), CloseCause::Time);
}

#[test]
fn a_renewal_that_is_not_settled_yet_renews_nothing() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    let code = bench.sealed(service(), Action::Renew { seconds: 200 });
    let ticket = bench.open(&code);
    bench.pass(59_999);
    assert_eq!(bench.idle(), Some(1));
    bench.settle(ticket, Settlement::Done).expect("a receipt");
    bench.closes_after(140_001, &opened, service(), CloseCause::Time);
}

/// What has been told closed, and was shut, opens by a code that opens, and by nothing else.
#[test]
fn a_renewal_in_hand_does_not_open_what_has_closed_meanwhile() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    let code = bench.sealed(service(), Action::Renew { seconds: 200 });
    let ticket = bench.open(&code);
    bench.pass(60_000);
    bench.closes(&opened, service(), CloseCause::Time);
    let settled = bench.settle(ticket, Settlement::Done);
    assert!(
        !bench.device.is_open(service()),
        "a renewal has opened a latch that was shut: {settled:?}"
    );
    assert_eq!(bench.device.facts().open_latch(service()), None);
    assert_eq!(bench.poll(), Looked::Idle(None));
}

#[test]
fn the_total_open_time_is_bounded_over_renewals() {
    // Alive throughout by its renewals, the last of them soon before the end.
    let mut bench = Bench::new();
    let (longest, opened) = (SERVICE_OPEN_S, bench.opens(250));
    for passed in (200..longest).step_by(200) {
        bench.stays_open(200_000, service());
        let left = longest - passed;
        let code = bench.sealed(service(), Action::Renew { seconds: left + 1 });
        let expected = Refusal::new(Reason::OpenTooLong, left.into(), (left + 1).into());
        bench.refuses(&code, expected);
        bench.renews(left.min(250));
    }
    bench.closes_after(200_000, &opened, service(), CloseCause::Time);
    // It may be opened again: the bound is on one opening.
    bench.opens(longest);
}

/// A part of a second that is left is no second.
#[test]
fn what_is_left_is_counted_in_whole_seconds() {
    let root = service_rule(|rule| (rule.max_open_s, rule.heartbeat_s) = (100, 0));
    let mut bench = Bench::with_root(&root);
    let opened = bench.opens(100);
    bench.pass(1);
    let code = bench.sealed(service(), Action::Renew { seconds: 100 });
    bench.refuses(&code, Refusal::new(Reason::OpenTooLong, 99, 100));
    bench.renews(99);
    bench.closes_after(99_000, &opened, service(), CloseCause::Time);
}

#[test]
fn break_glass_renews_what_break_glass_has_opened() {
    let mut bench = Bench::new();
    let opened = opened_by_break_glass(&mut bench);
    bench.pass(50_000);
    let normal = bench.sealed(service(), Action::Renew { seconds: 100 });
    bench.refuses(&normal, Reason::OpenedOtherwise);
    let mut code = bench.code(service(), Action::Renew { seconds: 100 });
    emergency(&mut code);
    let told = bench.submit(&seal(&code, &BREAK_GLASS)).told();
    assert_eq!(told.outcome(), Outcome::Renewed { seconds: 100 });
    assert!(told.receipt.break_glass);
    let told = bench.closes_after(100_000, &opened, service(), CloseCause::Time);
    assert!(told.receipt.break_glass);
}

/// The longest total is that of the break-glass rule, too.
#[test]
fn break_glass_renews_within_its_own_bound() {
    let mut bench = Bench::new();
    let opened = opened_by_break_glass(&mut bench);
    bench.pass(90_000);
    for (seconds, accepted) in [(211, false), (210, true)] {
        let mut code = bench.code(service(), Action::Renew { seconds });
        emergency(&mut code);
        let code = seal(&code, &BREAK_GLASS);
        if accepted {
            bench.submit(&code).told();
        } else {
            bench.refuses(&code, Refusal::new(Reason::OpenTooLong, 210, 211));
        }
    }
    bench.closes_after(210_000, &opened, service(), CloseCause::Time);
}

#[test]
fn break_glass_does_not_take_over_what_was_opened_normally() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    let mut code = bench.code(service(), Action::Renew { seconds: 100 });
    emergency(&mut code);
    bench.refuses(&seal(&code, &BREAK_GLASS), Reason::OpenedOtherwise);
    bench.closes_after(60_000, &opened, service(), CloseCause::Time);
}

/// Renewing asks for all that opening asks for.
#[test]
fn a_renewal_that_is_refused_renews_nothing() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    bench.pass(30_000);
    let code = bench.code(service(), Action::Renew { seconds: 100 });
    bench.refuses(
        &seal(&code, &CREW[..2]),
        Refusal::new(Reason::TooFewApprovers, 1, 0),
    );
    bench.closes_after(30_000, &opened, service(), CloseCause::Time);
}
