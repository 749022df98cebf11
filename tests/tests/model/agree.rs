//! The test: sequences out of proptest, and a look at what they have met.

use std::cell::RefCell;

use latch_verify::Reason;
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use super::{
    both::{Met, Run},
    chance::steps,
    labels::refusal_label,
    step::Step,
};
use latch_tests::effort;

const STEPS: usize = 120;
/// The same sequences in every run: enough for every verdict to be among them.
const KNOWN_CASES: u32 = 200;
/// Other ones in every run.
const NEW_CASES: u32 = 200;

/// Outcomes, and what else becomes of a statement.
const ENDS: &[&str] = &[
    "ActuatorFailed",
    "Applied",
    "Interrupted",
    "LockedDown",
    "Opened",
    "Performed",
    "Probed",
    "Renewed",
    "Revoked",
    "RootAccepted",
    "Stopped",
    "TimeRaised",
    "Unlocked",
    "closed: code",
    "closed: context",
    "closed: posture",
    "closed: reboot",
    "closed: revoked",
    "closed: silence",
    "closed: time",
    "closed: trust",
    "manifest wanted",
    "noted",
    "told again",
    "unlatched",
];

/// Whether a reason has no place here: releases and their pages, provisioning, broken parts, and what a device of this
/// release never says.
fn is_elsewhere(reason: Reason) -> bool {
    match reason {
        Reason::ManifestMissing => false,
        Reason::TooManyEntries | Reason::ActionNotServed | Reason::WeakKey => true,
        other => matches!(other.number(), 802..=899 | 910..=913 | 1000..),
    }
}

fn check(steps: &[Step], met: &RefCell<Met>) -> Result<(), TestCaseError> {
    let mut run = Run::new();
    for (place, step) in steps.iter().enumerate() {
        let agreed = run.step(step);
        agreed.map_err(|wrong| TestCaseError::fail(format!("at step {place}: {wrong}")))?;
    }
    let mut met = met.borrow_mut();
    for (label, count) in run.met {
        *met.entry(label).or_default() += count;
    }
    Ok(())
}

/// Says where a sequence, step by step, finds the two apart.
#[track_caller]
pub(crate) fn agree(steps: &[Step]) {
    if let Err(wrong) = check(steps, &RefCell::default()) {
        panic!("{wrong}");
    }
}

fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = None;
    // A sequence is made short within seconds, if not as short as can be.
    config.max_shrink_iters = 1000;
    config
}

#[track_caller]
fn run(mut runner: TestRunner) -> Met {
    let met = RefCell::default();
    if let Err(wrong) = runner.run(&steps(STEPS), |steps| check(&steps, &met)) {
        panic!("{wrong}");
    }
    met.into_inner()
}

#[test]
fn the_device_and_the_reference_agree() {
    let met = run(TestRunner::new(config(NEW_CASES * effort())));
    if effort() >= 5 {
        println!("{met:#?}");
    }
}

#[test]
fn every_verdict_is_met() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let met = run(TestRunner::new_with_rng(config(KNOWN_CASES), rng));
    let reasons = Reason::ALL.iter().copied();
    let reasons = reasons
        .filter(|reason| !is_elsewhere(*reason))
        .map(refusal_label);
    let expected = reasons.chain(ENDS.iter().map(|end| (*end).to_owned()));
    let missing: Vec<String> = expected.filter(|label| !met.contains_key(label)).collect();
    assert!(missing.is_empty(), "never met: {missing:?}, of {met:#?}");
    // Were nearly all codes refused, or none, little would be compared.
    let (taken, refused) = (met["codes: taken"], met["codes: refused"]);
    let share = taken * 100 / (taken + refused);
    assert!(
        (35..=65).contains(&share),
        "{share} % of the codes are taken"
    );
}
