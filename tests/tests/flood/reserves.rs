//! In the middle of a flood of ordinary codes the reserves let through what matters.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    types::{Challenge, LatchId, Sequence},
    wire::Kind,
};

use super::bounds::{Flood, Noise, show};
use crate::world::{
    answer::{Answer, Effect},
    bench::Bench,
    keys::{CREW, OPERATOR, ROOT, TIME, seal},
    openings::{refused, revocation, slip},
    root::{RootSpec, TENANT, limits, maintenance, service},
    statements::attested,
};

/// Messages before each statement that matters: one a millisecond, and none of them when a check has just come back.
const BETWEEN: u64 = 10_100;

/// Codes with the ids of known keys, whose signatures are good for nothing.
struct Surge {
    message: Vec<u8>,
    noise: Noise,
}

impl Surge {
    fn new(bench: &mut Bench, challenge: Option<Challenge>) -> Self {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.challenge = challenge;
        // One signature each, so that not a single check is left over.
        let message = seal(&code, &CREW[..1]);
        Self {
            message,
            noise: Noise(9),
        }
    }

    /// Pours over the device until it checks nothing more.
    #[track_caller]
    fn pour(&mut self, flood: &mut Flood) {
        let end = self.message.len();
        let mut last = None;
        for _ in 0..BETWEEN {
            self.noise.fill(&mut self.message[end - 60..]);
            last = refused(&flood.send(&self.message));
        }
        assert_eq!(last, Some(Reason::Throttled));
    }
}

/// A device on which `service` is open, in a flood of codes.
fn flooded() -> (Flood, Surge) {
    let mut bench = Bench::new();
    let opened = bench.opens(250);
    let surge = Surge::new(&mut bench, None);
    (Flood::new(bench, &[opened]), surge)
}

#[test]
fn what_matters_comes_through() {
    let (mut flood, mut surge) = flooded();
    surge.pour(&mut flood);

    let code = flood.bench.sealed(limits(), Action::Probe);
    assert_eq!(flood.slip_in(&code).outcome(), Outcome::Probed);
    surge.pour(&mut flood);

    let answer = attested(
        TENANT,
        flood.bench.now_ms(),
        Some(flood.bench.pulse()),
        &[TIME],
    );
    assert_eq!(flood.slip_in(&answer), Answer::Noted);
    surge.pour(&mut flood);

    let revoke = revocation(OPERATOR[2], Sequence(u64::MAX), &ROOT);
    assert_eq!(flood.slip_in(&revoke).outcome(), Outcome::Revoked);
    surge.pour(&mut flood);

    let wanted = flood.bench.sealed(maintenance(), Action::Probe);
    let stop = slip(&wanted, &OPERATOR[..1]);
    let stopped = flood.slip_in(&stop).outcome();
    assert!(matches!(stopped, Outcome::Stopped { used: false, .. }));
    surge.pour(&mut flood);

    // To close, one operator answers the challenge.
    let close = flood.bench.code(service(), Action::Close);
    let told = flood.slip_in(&seal(&close, &CREW[..1])).told();
    assert!(matches!(told.outcome(), Outcome::Closed { .. }));
    assert_eq!(
        flood.bench.effects.last(),
        Some(&Effect::Close { latch: service() })
    );
    surge.pour(&mut flood);

    let lock = flood.bench.code(LatchId::TRUST, Action::Lockdown);
    let told = flood.slip_in(&seal(&lock, &CREW[..1])).told();
    assert_eq!(told.outcome(), Outcome::LockedDown);
    surge.pour(&mut flood);

    let root = RootSpec::default().next_epoch();
    let told = flood.slip_in(&root.sealed(&ROOT)).told();
    let (version, epoch) = (root.version, root.epoch);
    assert_eq!(told.outcome(), Outcome::RootAccepted { version, epoch });
    surge.pour(&mut flood);

    let cost = flood.cost();
    show("a surge, with what matters", &cost);
    // Every receipt was in its place, and there are as many as there were answers.
    assert_eq!(cost.receipts, 6);
    assert_eq!(cost.answers, 0);
}

/// Whoever closes need not know the challenge: that is what closing asks for less.
#[test]
fn a_code_that_closes_comes_through_without_a_challenge() {
    let (mut flood, mut surge) = flooded();
    surge.pour(&mut flood);
    let close = flood.bench.closing(service(), Action::Close);
    let answer = flood.slip_in(&close);
    assert!(
        !flood.bench.device.is_open(service()),
        "under a flood of codes the latch stays open: {answer:?}"
    );
}

/// The flood knows the challenge, and takes the reserve for those that answer it. The other reserves are untouched.
#[test]
fn roots_and_revocations_come_through_whatever_codes_do() {
    let mut bench = Bench::new();
    let opened = bench.opens(250);
    let challenge = bench.device.status().challenge;
    let mut surge = Surge::new(&mut bench, Some(challenge));
    let mut flood = Flood::new(bench, &[opened]);
    surge.pour(&mut flood);
    let code = flood.bench.sealed(limits(), Action::Probe);
    assert_eq!(refused(&flood.slip_in(&code)), Some(Reason::Throttled));

    let through = Sequence(u64::MAX);
    let revoke = revocation(OPERATOR[0], through, &OPERATOR[..1]);
    assert_eq!(flood.slip_in(&revoke).outcome(), Outcome::Revoked);
    assert!(!flood.bench.device.is_open(service()));
    surge.pour(&mut flood);
    let root = RootSpec::default().next();
    let told = flood.slip_in(&root.sealed(&ROOT)).told();
    assert_eq!(told.receipt.kind, Kind::Root.number());
    surge.pour(&mut flood);
    show("a surge with the challenge", &flood.cost());
    // And when it is over, codes come through again.
    flood.bench.rest();
    let code = flood.bench.sealed(limits(), Action::Probe);
    let answer = flood.slip_in(&code);
    assert_eq!(refused(&answer), Some(Reason::Revoked));
}
