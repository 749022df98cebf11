//! 4xx: what the rule of a latch asks for.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Audience, Code, Outcome, RuleChoice},
    twin::Value,
    types::{LatchId, Sequence, StatementId},
};

use crate::world::{
    bench::Bench,
    code::{command, leaves, moment, set},
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, RELEASE, STRANGER, Signer, seal},
    root::{EPOCH, LIFE_S, latch, limits, maintenance},
};

/// Changes an accepted code, and expects the refusal.
#[track_caller]
fn refused(
    latch: LatchId,
    action: Action<'_>,
    signers: &[Signer],
    change: impl FnOnce(&mut Code<'_>),
    expected: impl Into<Refusal>,
) {
    let mut bench = Bench::new();
    let mut code = bench.code(latch, action);
    change(&mut code);
    bench.refuses(&seal(&code, signers), expected);
}

fn emergency(code: &mut Code<'_>) {
    (code.rule, code.issuer) = (RuleChoice::BreakGlass, BREAK_GLASS[0].id());
}

#[test]
fn other_epoch() {
    for epoch in [EPOCH - 1, EPOCH + 1] {
        let expected = Refusal::new(Reason::OtherEpoch, EPOCH.into(), epoch.into());
        refused(
            LatchId::TWIN,
            Action::Probe,
            &CREW,
            |code| code.epoch = epoch,
            expected,
        );
    }
}

#[test]
fn no_such_latch() {
    refused(latch(9), Action::Probe, &CREW, |_| {}, Reason::NoSuchLatch);
}

#[test]
fn no_break_glass() {
    refused(
        limits(),
        Action::Probe,
        &BREAK_GLASS,
        emergency,
        Reason::NoBreakGlass,
    );
}

#[test]
fn break_glass_audience() {
    let many = |code: &mut Code<'_>| {
        emergency(code);
        code.audience = Audience::Tenant;
    };
    refused(
        maintenance(),
        command("restart"),
        &BREAK_GLASS,
        many,
        Reason::BreakGlassAudience,
    );
}

#[test]
fn issuer_did_not_sign() {
    for issuer in [OPERATOR[2], STRANGER] {
        let change = |code: &mut Code<'_>| code.issuer = issuer.id();
        refused(
            LatchId::TWIN,
            Action::Probe,
            &CREW,
            change,
            Reason::IssuerDidNotSign,
        );
    }
}

#[test]
fn issuer_role() {
    for issuer in [APPROVER[0], RELEASE[0], BREAK_GLASS[0]] {
        let signers = [OPERATOR[0], OPERATOR[1], APPROVER[1], issuer];
        let change = |code: &mut Code<'_>| code.issuer = issuer.id();
        refused(
            limits(),
            Action::Probe,
            &signers,
            change,
            Reason::IssuerRole,
        );
    }
    // An operator is no break-glass key, whoever else has signed.
    let signers = [OPERATOR[0], BREAK_GLASS[0], BREAK_GLASS[1]];
    let change = |code: &mut Code<'_>| code.rule = RuleChoice::BreakGlass;
    refused(
        maintenance(),
        command("restart"),
        &signers,
        change,
        Reason::IssuerRole,
    );
}

#[test]
fn too_few_operators() {
    let expected = Refusal::new(Reason::TooFewOperators, 2, 1);
    // Others do not stand in for an operator.
    let signers = [OPERATOR[0], APPROVER[0], APPROVER[1], BREAK_GLASS[0]];
    refused(LatchId::TWIN, Action::Probe, &signers, |_| {}, expected);
}

#[test]
fn too_few_approvers() {
    let expected = Refusal::new(Reason::TooFewApprovers, 1, 0);
    refused(limits(), command("vent"), &OPERATOR, |_| {}, expected);
}

#[test]
fn too_few_break_glass() {
    let expected = Refusal::new(Reason::TooFewBreakGlass, 2, 1);
    let signers = [BREAK_GLASS[0], OPERATOR[0], OPERATOR[1], APPROVER[0]];
    refused(
        maintenance(),
        command("restart"),
        &signers,
        emergency,
        expected,
    );
}

#[test]
fn ends_before_begin() {
    for early_ms in [0, 1] {
        let change =
            |code: &mut Code<'_>| code.not_after_ms = moment(code.not_before_ms.get() - early_ms);
        refused(
            LatchId::TWIN,
            Action::Probe,
            &CREW,
            change,
            Reason::EndsBeforeBegin,
        );
    }
}

#[test]
fn lives_too_long() {
    let longest = u64::from(LIFE_S) * 1000;
    let live = |life_ms: u64| {
        move |code: &mut Code<'_>| code.not_after_ms = moment(code.not_before_ms.get() + life_ms)
    };
    let expected = Refusal::new(Reason::LivesTooLong, longest, longest + 1);
    refused(
        LatchId::TWIN,
        Action::Probe,
        &CREW,
        live(longest + 1),
        expected,
    );

    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    live(longest)(&mut code);
    bench.submit(&seal(&code, &CREW)).told();

    // A break-glass code is held to its own rule, which asks for a shorter life.
    let shorter = longest / 2;
    let expected = Refusal::new(Reason::LivesTooLong, shorter, shorter + 1);
    let change = |code: &mut Code<'_>| {
        emergency(code);
        live(shorter + 1)(code);
    };
    refused(
        maintenance(),
        command("restart"),
        &BREAK_GLASS,
        change,
        expected,
    );
}

#[test]
fn sequence_after_end() {
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    let end = code.not_after_ms.get();
    code.sequence = Sequence::at(moment(end + 1), 0);
    bench.refuses(
        &seal(&code, &CREW),
        Refusal::new(Reason::SequenceAfterEnd, end, end + 1),
    );
    code.sequence = Sequence::at(moment(end), u16::MAX);
    bench.submit(&seal(&code, &CREW)).told();
}

#[test]
fn wrong_latch() {
    refused(
        limits(),
        command("restart"),
        &CREW,
        |_| {},
        Reason::WrongLatch,
    );
    let manifest = StatementId([3; 16]);
    for action in [Action::Install { manifest }, Action::Downgrade { manifest }] {
        refused(LatchId::TWIN, action, &CREW, |_| {}, Reason::WrongLatch);
    }
    // A patch of nothing belongs behind the most general latch.
    let nothing = leaves(&[]);
    refused(limits(), set(&nothing), &CREW, |_| {}, Reason::WrongLatch);
    let mut bench = Bench::new();
    let code = bench.sealed(LatchId::TWIN, set(&nothing));
    let outcome = bench.submit(&code).outcome();
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
}

#[test]
fn property_elsewhere() {
    let limit = leaves(&[("limits/max", Value::Int(5))]);
    refused(
        LatchId::TWIN,
        set(&limit),
        &CREW,
        |_| {},
        Reason::PropertyElsewhere,
    );
    // The whole branch, and deleting it, is behind the same latch.
    for value in [Value::Null, Value::Empty, Value::Int(1)] {
        let branch = leaves(&[("limits", value)]);
        refused(
            LatchId::TWIN,
            set(&branch),
            &CREW,
            |_| {},
            Reason::PropertyElsewhere,
        );
    }
    // A lenient property does not take a guarded one along, nor the other way round.
    let both = leaves(&[("limits/max", Value::Int(5)), ("speed", Value::Int(3))]);
    refused(
        LatchId::TWIN,
        set(&both),
        &CREW,
        |_| {},
        Reason::PropertyElsewhere,
    );
    refused(
        limits(),
        set(&both),
        &CREW,
        |_| {},
        Reason::PropertyElsewhere,
    );
    // A name that only begins alike is another property.
    let mut bench = Bench::new();
    let alike = leaves(&[("limits2", Value::Int(5))]);
    let code = bench.sealed(LatchId::TWIN, set(&alike));
    bench.submit(&code).told();
}

#[test]
fn command_unassigned() {
    for latch in [LatchId::TWIN, maintenance()] {
        refused(
            latch,
            command("explode"),
            &CREW,
            |_| {},
            Reason::CommandUnassigned,
        );
    }
}

#[test]
fn challenge_audience() {
    let change = |code: &mut Code<'_>| code.audience = Audience::Tenant;
    refused(
        LatchId::TWIN,
        Action::Probe,
        &CREW,
        change,
        Reason::ChallengeAudience,
    );
}
