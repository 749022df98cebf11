//! A probe of any latch goes through every check and is burned, and does nothing.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Freshness, Outcome, RuleChoice},
    types::{LatchId, Posture},
};

use crate::world::{
    answer::Answer,
    bench::{Bench, FIT},
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, seal},
    openings::{emergency, refused},
    root::{RootSpec, service},
};

/// Every latch of the root with its rule.
fn latches() -> Vec<latch_verify::statement::Latch<'static>> {
    RootSpec::default().latches
}

#[test]
fn a_probe_of_each_latch_is_burned_and_does_nothing() {
    let mut bench = Bench::new();
    for latch in latches() {
        let (version, challenge) = (
            bench.device.facts().twin.version,
            bench.device.status().challenge,
        );
        let code = bench.code(latch.id, Action::Probe);
        let sealed = seal(&code, &CREW);
        let told = bench.submit(&sealed).told();
        assert_eq!(told.outcome(), Outcome::Probed, "{}", latch.name);
        // Burned: answered with the same receipt, and another code with its sequence is refused.
        assert_eq!(bench.submit(&sealed).told(), told);
        let mut again = bench.code(latch.id, Action::Probe);
        again.sequence = code.sequence;
        bench.refuses(&seal(&again, &CREW), Reason::SequenceReused);
        assert_ne!(bench.device.status().challenge, challenge);
        // Nothing has come of it.
        assert_eq!(bench.device.facts().twin.version, version);
        assert_eq!(bench.device.open_latches(), 0);
        assert_eq!(bench.device.facts().pending, None);
    }
    assert_eq!(bench.effects, []);
    assert_eq!(bench.idle(), None);
    // Nor after a boot.
    let number = bench.device.facts().chain.number;
    assert_eq!(bench.reboot().device.facts().chain.number, number);
}

#[test]
fn a_probe_of_an_open_latch_leaves_it_as_it_is() {
    let mut bench = Bench::new();
    bench.opens(60);
    bench.pass(10_000);
    let probe = bench.sealed(service(), Action::Probe);
    bench.submit(&probe).told();
    assert_eq!(bench.idle(), Some(50_000));
}

/// The drill fails wherever the real thing would.
#[test]
fn a_probe_asks_for_all_that_its_latch_asks_for() {
    for latch in latches() {
        let rule = latch.rule;
        let mut bench = Bench::new();
        let mut try_by = |signers: &[crate::world::keys::Signer]| {
            let code = bench.code(latch.id, Action::Probe);
            refused(&bench.submit(&seal(&code, signers)))
        };
        if rule.operators > 1 {
            let one = [OPERATOR[0], APPROVER[0], APPROVER[1]];
            assert_eq!(
                try_by(&one),
                Some(Reason::TooFewOperators),
                "{}",
                latch.name
            );
        }
        if rule.approvers > 0 {
            assert_eq!(
                try_by(&OPERATOR),
                Some(Reason::TooFewApprovers),
                "{}",
                latch.name
            );
        }
        assert_eq!(
            try_by(&[OPERATOR[1], APPROVER[0]]),
            Some(Reason::IssuerDidNotSign)
        );

        // Life.
        let mut code = bench.code(latch.id, Action::Probe);
        let longest_ms = u64::from(rule.max_life_s) * 1000;
        let begin = code.not_before_ms.get();
        code.not_after_ms = crate::world::code::moment(begin + longest_ms + 1);
        let expected = Refusal::new(Reason::LivesTooLong, longest_ms, longest_ms + 1);
        bench.refuses(&seal(&code, &CREW), expected);

        // Freshness.
        let mut code = bench.code(latch.id, Action::Probe);
        code.challenge = None;
        bench.hardware.clock.trust(None);
        let asked = match rule.freshness {
            Freshness::Challenge => Some(Reason::ChallengeMissing),
            Freshness::TrustedTime => Some(Reason::NoTrustedTime),
            Freshness::TimeFloor => None,
        };
        let answer = bench.submit(&seal(&code, &CREW));
        assert_eq!(refused(&answer), asked, "{}", latch.name);
        bench.hardware.clock.trust(Some(bench.now_ms()));

        // Posture.
        let (hold, not_hold) = (rule.posture.must_hold, rule.posture.must_not_hold);
        bench.device.set_posture(Posture::default());
        let code = bench.sealed(latch.id, Action::Probe);
        match hold | not_hold {
            0 => assert_eq!(bench.submit(&code).outcome(), Outcome::Probed),
            unmet => {
                bench.refuses(&code, Refusal::new(Reason::Posture, 0, unmet.into()));
            }
        }
        bench.device.set_posture(FIT);

        // Context.
        let mut code = bench.code(latch.id, Action::Probe);
        code.context.twin_version = Some(9);
        bench.refuses(&seal(&code, &CREW), Refusal::new(Reason::TwinVersion, 0, 9));
    }
}

#[test]
fn a_probe_of_break_glass_is_a_drill_of_break_glass() {
    let mut bench = Bench::new();
    for latch in latches() {
        let mut code = bench.code(latch.id, Action::Probe);
        emergency(&mut code);
        assert_eq!(code.rule, RuleChoice::BreakGlass);
        let too_few = bench.submit(&seal(&code, &BREAK_GLASS[..1]));
        let expected = match latch.break_glass {
            Some(_) => Reason::TooFewBreakGlass,
            None => Reason::NoBreakGlass,
        };
        assert_eq!(refused(&too_few), Some(expected));
        if latch.break_glass.is_some() {
            let told = bench.submit(&seal(&code, &BREAK_GLASS)).told();
            assert_eq!(told.outcome(), Outcome::Probed);
            assert!(told.receipt.break_glass);
        }
    }
    assert_eq!(bench.effects, []);
}

/// What a rule on trial would have said is told of a probe as of the real thing.
#[test]
fn a_probe_tells_what_a_rule_on_trial_would_have_said() {
    let mut bench = Bench::new();
    let probe = bench.sealed(crate::world::root::maintenance(), Action::Probe);
    let told = bench.submit(&probe).told();
    assert_eq!(told.receipt.trial, Some(Reason::TooFewApprovers.number()));
}

#[test]
fn a_probe_of_a_latch_that_is_not_listed_is_refused() {
    let mut bench = Bench::new();
    let code = bench.sealed(LatchId::new(15).expect("a latch"), Action::Probe);
    let answer = bench.submit(&code);
    assert_eq!(refused(&answer), Some(Reason::NoSuchLatch));
    assert!(matches!(answer, Answer::Told(_)));
}
