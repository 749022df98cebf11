use latch_verify::{Reason, types::Challenge};

use super::*;
use crate::fixture::{key, state, tenant, trust};

fn now() -> TimeMs {
    TimeMs::new(1_800_000_000_000).unwrap()
}

#[test]
fn a_pulse_is_answered_to_the_device_that_asked() {
    let state = state((0, 1));
    let attestation = answer_pulse(&state, now())
        .unwrap()
        .sign(&[&key(5)])
        .unwrap();
    let body = verify_time(&attestation, &trust()).unwrap();
    assert_eq!(body.pulse, Some(state.status.pulse));
    assert_ne!(body.pulse, Some(Challenge::default()));
    assert_eq!((body.tenant, body.time_ms), (tenant(), now()));
}

#[test]
fn a_device_without_pulses_gets_no_answer() {
    let refused = answer_pulse(&state((0, 0)), now()).unwrap_err();
    assert!(matches!(refused, TimeError::NoPulse(_)));
    assert!(refused.to_string().starts_with("pump-7 is of a release"));
}

#[test]
fn a_broadcast_answers_nobody() {
    let broadcast = broadcast_time(tenant(), now()).unwrap();
    let broadcast = broadcast.sign(&[&key(5)]).unwrap();
    let body = verify_time(&broadcast, &trust()).unwrap();
    assert_eq!((body.pulse, body.time_ms), (None, now()));
}

#[test]
fn only_time_keys_attest_the_time() {
    let draft = broadcast_time(tenant(), now()).unwrap();
    let by_root = draft.clone().sign(&[&key(1)]).unwrap();
    let too_few = Refusal::new(Reason::TooFewTime, 1, 0);
    assert_eq!(verify_time(&by_root, &trust()), Err(too_few));
    let by_stranger = draft.sign(&[&key(99)]).unwrap();
    assert_eq!(
        verify_time(&by_stranger, &trust()),
        Err(Reason::UnknownKey.into())
    );
    let elsewhere = broadcast_time("other".parse().unwrap(), now()).unwrap();
    let elsewhere = elsewhere.sign(&[&key(5)]).unwrap();
    assert_eq!(
        verify_time(&elsewhere, &trust()),
        Err(Reason::OtherTenant.into())
    );
}
