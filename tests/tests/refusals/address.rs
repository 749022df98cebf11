//! 2xx: addressed to somebody else. Counted, and answered by whom it is meant for; only a code for another enrolment of
//! this very device is answered.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Audience, Code},
    types::{LatchId, StatementId},
};

use crate::world::{
    bench::{Bench, device_id},
    keys::{CREW, seal},
    root::{OTHER_PRODUCT, OTHER_TENANT},
};

#[track_caller]
fn ignored(change: impl FnOnce(&mut Code<'_>), expected: impl Into<Refusal>) {
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    change(&mut code);
    bench.ignores(&seal(&code, &CREW), expected);
}

#[test]
fn other_tenant() {
    ignored(|code| code.tenant = OTHER_TENANT, Reason::OtherTenant);
}

#[test]
fn other_device() {
    let other = "pump-0043".parse().expect("a device's name");
    ignored(
        |code| code.audience = Audience::Device(other),
        Reason::OtherDevice,
    );
    let longer = "pump-00420".parse().expect("a device's name");
    ignored(
        |code| code.audience = Audience::Device(longer),
        Reason::OtherDevice,
    );
}

#[test]
fn outside_cohort() {
    let salt = StatementId([5; 16]);
    let part = Audience::part(salt, &device_id());
    assert!((1..9999).contains(&part), "take another salt");
    for (from, below) in [(0, part), (part + 1, 10_000)] {
        let expected = Refusal::new(Reason::OutsideCohort, below.into(), part.into());
        ignored(
            |code| code.audience = Audience::Cohort { salt, from, below },
            expected,
        );
    }
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    (code.audience, code.challenge) = (
        Audience::Cohort {
            salt,
            from: part,
            below: part + 1,
        },
        None,
    );
    bench.submit(&seal(&code, &CREW)).told();
}

#[test]
fn other_product() {
    ignored(
        |code| code.product = Some(OTHER_PRODUCT),
        Reason::OtherProduct,
    );
}

#[test]
fn other_incarnation() {
    // A code for one device has to name one: it would outlive the enrolment otherwise.
    for incarnation in [Some(1), Some(3), None] {
        let mut bench = Bench::new();
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.incarnation = incarnation;
        let found = incarnation.unwrap_or_default().into();
        let expected = Refusal::new(Reason::OtherIncarnation, 2, found);
        bench.refuses(&seal(&code, &CREW), expected);
    }
}
