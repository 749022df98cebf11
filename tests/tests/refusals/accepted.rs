//! What the other tests change in one place is accepted as it stands.

use latch_issue::Statement;
use latch_verify::{
    Reason,
    statement::{Action, Audience, Outcome, RuleChoice},
    twin::Value,
    types::LatchId,
    wire::Kind,
};

use crate::world::{
    bench::Bench,
    code::{command, leaves, set},
    keys::{BREAK_GLASS, CREW, seal},
    release::{Image, version},
    root::{limits, maintenance, remarks},
};

#[test]
fn a_code_for_each_latch_is_accepted() {
    let mut bench = Bench::new();
    let (limit, remark) = (
        leaves(&[("limits/max", Value::Int(5))]),
        leaves(&[("remarks", Value::Text("leaks"))]),
    );
    let speed = leaves(&[("speed", Value::Int(3))]);
    for (latch, action) in [
        (LatchId::TWIN, set(&speed)),
        (limits(), set(&limit)),
        (remarks(), set(&remark)),
        (maintenance(), command("restart")),
        (limits(), command("vent")),
        (LatchId::TRUST, Action::Probe),
    ] {
        let code = bench.sealed(latch, action);
        let told = bench.submit(&code).told();
        let expected = match action {
            Action::SetTwin(_) => Outcome::Applied {
                twin_version: bench.device.facts().twin.version,
            },
            Action::Command { .. } => Outcome::Performed,
            _ => Outcome::Probed,
        };
        assert_eq!(told.outcome(), expected);
    }
    assert_eq!(bench.effects.len(), 5);
    assert_eq!(bench.device.facts().twin.version, 3);
    assert_eq!(bench.device.facts().chain.number, 6);
}

#[test]
fn a_code_for_many_devices_is_accepted_by_the_clock() {
    let mut bench = Bench::new();
    for audience in [
        Audience::Tenant,
        Audience::Cohort {
            salt: Default::default(),
            from: 0,
            below: 10_000,
        },
    ] {
        let speed = leaves(&[("speed", Value::Int(3))]);
        let mut code = bench.code(LatchId::TWIN, set(&speed));
        (
            code.audience,
            code.challenge,
            code.incarnation,
            code.product,
        ) = (audience, None, None, None);
        assert!(matches!(
            bench.submit(&seal(&code, &CREW)).outcome(),
            Outcome::Applied { .. }
        ));
    }
}

#[test]
fn break_glass_is_accepted_and_flagged_and_a_rule_on_trial_is_told() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), command("restart"));
    (code.rule, code.issuer) = (RuleChoice::BreakGlass, BREAK_GLASS[0].id());
    let told = bench.submit(&seal(&code, &BREAK_GLASS)).told();
    assert_eq!(told.outcome(), Outcome::Performed);
    assert!(told.receipt.break_glass);

    let code = bench.sealed(maintenance(), command("restart"));
    let told = bench.submit(&code).told();
    assert_eq!(told.outcome(), Outcome::Performed);
    assert_eq!(told.receipt.trial, Some(Reason::TooFewApprovers.number()));
    assert!(!told.receipt.break_glass);
}

#[test]
fn a_release_is_installed_and_confirmed() {
    let image = Image::new(5000, 7);
    let release = image.release(version(2), 3);
    let bench = Bench::new().install(&image, &release);
    assert_eq!(bench.device.running().version, version(2));
    let firmware = bench.device.facts().firmware;
    assert_eq!(firmware.security_floor, 3);
    // What was confirmed before lies below the floor now.
    assert_eq!(firmware.fallback, None);
    let slot = bench.device.running().slot;
    assert!(
        bench.hardware.slots[usize::from(slot)]
            .look()
            .contents()
            .starts_with(&image.bytes)
    );
}

/// The statements of these tests are those of the issuer, byte for byte.
#[test]
fn what_is_sealed_here_is_what_the_issuer_seals() {
    let mut bench = Bench::new();
    let speed = leaves(&[("speed", Value::Int(3))]);
    let code = bench.code(LatchId::TWIN, set(&speed));
    let keys = CREW.map(|signer| signer.role_key());
    let issued = Statement::seal(&code, &keys.each_ref()).expect("a statement");
    assert_eq!(issued.kind(), Kind::Code);
    assert_eq!(issued.bytes(), seal(&code, &CREW));
}
