//! Any sequence of codes, repetitions and boots, against a plain model of what single use means.

use std::collections::BTreeMap;

use latch_tests::effort;
use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    twin::Value,
    types::LatchId,
};
use proptest::prelude::*;

use crate::world::{
    answer::{Answer, Effect, Told},
    bench::Bench,
    code::{command, leaves, set},
    keys::{CREW, OPERATOR, Signer, seal},
    root::maintenance,
};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A code is sent, for the first time or again.
    Send(usize),
    /// The device is reset.
    Reset,
}

/// What a code does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Change,
    Run,
    Probe,
}

const CODES: usize = 48;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![20 => (0..CODES).prop_map(Step::Send), 1 => Just(Step::Reset)]
}

/// Codes of two issuers that rest on the clock, so that only what was used can stand in their way.
fn codes(bench: &mut Bench) -> Vec<(Signer, What, Vec<u8>)> {
    let make = |number: usize| {
        let what = [What::Change, What::Run, What::Probe][number % 3];
        let value = i64::try_from(number).expect("a small number");
        let speed = leaves(&[("speed", Value::Int(value))]);
        let (latch, action) = match what {
            What::Change => (LatchId::TWIN, set(&speed)),
            What::Run => (maintenance(), command("restart")),
            What::Probe => (LatchId::TWIN, Action::Probe),
        };
        let mut code = bench.code(latch, action);
        let issuer = OPERATOR[number / 3 % 2];
        (code.issuer, code.challenge) = (issuer.id(), None);
        (issuer, what, seal(&code, &CREW))
    };
    (0..CODES).map(make).collect()
}

fn check(steps: &[Step]) {
    let mut bench = Bench::new();
    let codes = codes(&mut bench);
    let mut used: BTreeMap<usize, Told> = BTreeMap::new();
    let mut last_change: BTreeMap<u8, usize> = BTreeMap::new();
    let mut number = 0;
    for step in steps {
        let Step::Send(place) = *step else {
            bench = bench.reboot();
            continue;
        };
        let (issuer, what, code) = &codes[place];
        let effects = bench.effects.len();
        let answer = bench.submit(code);
        let refused = match &answer {
            Answer::Ignored(refusal) => Some(refusal.reason),
            other @ (Answer::Wanted(_) | Answer::Noted) => panic!("{other:?} for a code"),
            Answer::Told(told) => {
                assert!(
                    told.receipt.number <= number + 1,
                    "a receipt was left out of the chain"
                );
                number = number.max(told.receipt.number);
                match told.outcome() {
                    Outcome::Refused { reason, .. } => Reason::from_number(reason),
                    _ => None,
                }
            }
        };
        match (used.get(&place), refused) {
            // Used: the same receipt, or a refusal when it is no longer kept, and no effect.
            (Some(first), None) => assert_eq!(&answer.told(), first),
            (Some(_), Some(reason)) => {
                assert!(
                    matches!(
                        reason,
                        Reason::AlreadyUsed | Reason::BelowFloor | Reason::OutOfOrder
                    ),
                    "{reason:?}"
                );
            }
            (None, None) => {
                assert!(
                    *what != What::Change
                        || last_change.get(&issuer.0).is_none_or(|last| *last < place)
                );
                if *what == What::Change {
                    last_change.insert(issuer.0, place);
                    assert!(matches!(bench.effects.last(), Some(Effect::Twin { .. })));
                }
                assert_eq!(
                    bench.effects.len(),
                    effects + usize::from(*what != What::Probe)
                );
                used.insert(place, answer.told());
                continue;
            }
            // Never used: refused only where the device cannot know that, or for its order.
            (None, Some(Reason::BelowFloor)) => assert!(used.len() > 32),
            (None, Some(Reason::OutOfOrder)) => {
                assert!(
                    *what == What::Change
                        && last_change.get(&issuer.0).is_some_and(|last| place < *last)
                );
            }
            (None, Some(reason)) => panic!("{reason:?} for a code that was never used"),
        }
        assert_eq!(bench.effects.len(), effects, "a second effect");
    }
}

#[test]
fn no_order_of_codes_and_resets_gives_a_second_effect() {
    let mut config = ProptestConfig::with_cases(24 * effort());
    config.failure_persistence = None;
    proptest!(config, |(steps in prop::collection::vec(step(), 1..200))| check(&steps));
}
