//! The device's challenges: replaced by every burn, by every boot and by age; never by what is refused.

use latch_verify::{
    Reason,
    limits::{CHALLENGE_AGE_MS, CHALLENGE_ROTATE_MS},
    statement::{Action, Outcome, State},
    types::Challenge,
    wire::{Envelope, Kind, PublicKey},
};

use crate::world::{
    bench::Bench,
    keys::{CREW, DEVICE, seal},
    root::limits,
};

/// A code that answers this challenge and asks for no time.
fn answering(bench: &mut Bench, challenge: Challenge) -> Vec<u8> {
    bench.hardware.clock.trust(None);
    let mut code = bench.code(limits(), Action::Probe);
    code.challenge = Some(challenge);
    seal(&code, &CREW)
}

#[track_caller]
fn accepted(bench: &mut Bench, challenge: Challenge) {
    let code = answering(bench, challenge);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
}

#[track_caller]
fn stale(bench: &mut Bench, challenge: Challenge) {
    let code = answering(bench, challenge);
    bench.refuses(&code, Reason::ChallengeStale);
}

fn current(bench: &Bench) -> Challenge {
    bench.device.status().challenge
}

#[test]
fn a_burn_makes_the_current_challenge_the_previous_one() {
    let mut bench = Bench::new();
    let first = current(&bench);
    accepted(&mut bench, first);
    let second = current(&bench);
    assert_ne!(first, second);
    // The previous one is good for whoever signed in the meantime, and old after the next burn.
    accepted(&mut bench, first);
    stale(&mut bench, first);
    accepted(&mut bench, second);
    assert_ne!(current(&bench), second);
}

/// The challenge that the device's state tells.
fn published(bench: &mut Bench) -> Challenge {
    let bytes = bench.state().expect("a state");
    let key = PublicKey::new(DEVICE.public()).expect("a sound key");
    let envelope = Envelope::parse(Kind::State, &bytes).expect("an envelope");
    let state: State<'_> = envelope
        .verify(&key)
        .expect("a signature")
        .body()
        .expect("a state");
    state.status.challenge
}

#[test]
fn a_challenge_is_replaced_at_half_of_its_life_and_good_to_its_end() {
    let mut bench = Bench::new();
    let first = published(&mut bench);
    bench.hardware.clock.advance(CHALLENGE_ROTATE_MS - 1);
    assert_eq!(published(&mut bench), first);
    bench.hardware.clock.advance(1);
    let second = published(&mut bench);
    assert_ne!(second, first);
    bench
        .hardware
        .clock
        .advance(CHALLENGE_AGE_MS - CHALLENGE_ROTATE_MS - 1);
    accepted(&mut bench, first);
}

#[test]
fn a_challenge_past_its_life_is_stale() {
    // Whether somebody asked in the meantime or not.
    for asked in [false, true] {
        let mut bench = Bench::new();
        let first = published(&mut bench);
        bench.hardware.clock.advance(CHALLENGE_ROTATE_MS);
        if asked {
            assert_ne!(published(&mut bench), first);
        }
        bench
            .hardware
            .clock
            .advance(CHALLENGE_AGE_MS - CHALLENGE_ROTATE_MS);
        stale(&mut bench, first);
    }
    // One that a burn has replaced grows no older by that.
    let mut bench = Bench::new();
    let first = published(&mut bench);
    accepted(&mut bench, first);
    bench.hardware.clock.advance(CHALLENGE_AGE_MS);
    stale(&mut bench, first);
}

#[test]
fn the_state_tells_a_challenge_that_can_be_answered() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.hardware.clock.advance(3 * CHALLENGE_AGE_MS);
        let challenge = published(&mut bench);
        accepted(&mut bench, challenge);
    }
}

#[test]
fn a_boot_voids_both_challenges() {
    let mut bench = Bench::new();
    let first = current(&bench);
    accepted(&mut bench, first);
    let second = current(&bench);
    let mut bench = bench.reboot();
    stale(&mut bench, first);
    stale(&mut bench, second);
    let third = current(&bench);
    accepted(&mut bench, third);
}

#[test]
fn what_is_refused_replaces_no_challenge() {
    let mut bench = Bench::new();
    let first = current(&bench);
    for _ in 0..10 {
        stale(&mut bench, Challenge([9; 16]));
        bench.ignores(b"not a statement", Reason::BadMagic);
    }
    assert_eq!(current(&bench), first);
    accepted(&mut bench, first);
}
