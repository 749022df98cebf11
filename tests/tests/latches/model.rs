//! Any order of codes, heartbeats, observations and boots, against a plain model of when a latch is open.

use latch_tests::effort;
use latch_verify::{
    Reason,
    device::Clock as _,
    limits::PULSE_AGE_MS,
    statement::{Action, CloseCause, Outcome},
    types::LatchId,
};
use proptest::prelude::*;

use crate::world::{
    answer::{Answer, Looked},
    bench::Bench,
    code::moment,
    keys::{CREW, seal},
    openings::refused,
    root::{RootSpec, SERVICE_GRACE_S, SERVICE_HEARTBEAT_S, SERVICE_OPEN_S, service},
    statements::answer_to,
};

const LONGEST_MS: u64 = SERVICE_OPEN_S as u64 * 1000;
const HEARTBEAT_MS: u64 = SERVICE_HEARTBEAT_S as u64 * 1000;
const GRACE_MS: u64 = SERVICE_GRACE_S as u64 * 1000;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open(u32),
    Renew(u32),
    Close,
    /// Somebody tampers, or not; `None` when nobody knows.
    Tamper(Option<bool>),
    /// The device signs its state, so that its pulse is known.
    Tell,
    /// The last pulse that was told is answered.
    Attest,
    Pass(u64),
    Reset,
    LockDown,
    Unlock,
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![1..400_u32, 1500..2000_u32];
    prop_oneof![
        6 => seconds.clone().prop_map(Step::Open),
        6 => seconds.prop_map(Step::Renew),
        1 => Just(Step::Close),
        3 => prop_oneof![Just(Some(true)), Just(Some(false)), Just(None)].prop_map(Step::Tamper),
        3 => Just(Step::Tell),
        4 => Just(Step::Attest),
        10 => prop_oneof![1..2_000_u64, 1_000..100_000_u64, 1..400_000_u64].prop_map(Step::Pass),
        1 => Just(Step::Reset),
        1 => Just(Step::LockDown),
        2 => Just(Step::Unlock),
    ]
}

/// The latch, when it is open.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: u64,
    until: u64,
    heard: u64,
    amiss: Option<u64>,
}

/// All that matters to it.
#[derive(Default)]
struct Model {
    open: Option<Open>,
    unfit: bool,
    locked: bool,
    /// The last pulse that was told, and the last that was answered, by when they were made.
    told: Option<u64>,
    answered: Option<u64>,
}

impl Model {
    /// Why the latch has closed by itself by now.
    fn lapse(&mut self, now: u64) -> Option<CloseCause> {
        let unfit = self.unfit;
        let open = self.open.as_mut()?;
        open.amiss = unfit.then(|| open.amiss.unwrap_or(now));
        let cause = if now >= open.until.min(open.since + LONGEST_MS) {
            CloseCause::Time
        } else if now >= open.heard + HEARTBEAT_MS {
            CloseCause::Silence
        } else if open.amiss.is_some_and(|since| now >= since + GRACE_MS) {
            CloseCause::Posture
        } else {
            return None;
        };
        self.open = None;
        Some(cause)
    }

    /// When to look next, from now.
    fn wake(&self, now: u64) -> Option<u64> {
        let open = self.open?;
        let graced = open.amiss.map_or(u64::MAX, |since| since + GRACE_MS);
        let next = open.until.min(open.heard + HEARTBEAT_MS).min(graced);
        Some(next - now)
    }

    /// What a code to open or renew for so long comes to.
    fn expects(&self, renews: bool, seconds: u32, now: u64) -> Result<(), Reason> {
        if self.locked {
            return Err(Reason::LockedDown);
        }
        if seconds > SERVICE_OPEN_S {
            return Err(Reason::OpenTooLong);
        }
        if self.unfit {
            return Err(Reason::Posture);
        }
        match (self.open, renews) {
            (None, true) => Err(Reason::NotOpen),
            (Some(_), false) => Err(Reason::AlreadyOpen),
            (Some(open), true) if now + u64::from(seconds) * 1000 > open.since + LONGEST_MS => {
                Err(Reason::OpenTooLong)
            }
            _ => Ok(()),
        }
    }
}

/// A root under which codes live for long, and such a code: what the device knows about the time is not the question.
fn root() -> RootSpec {
    let mut root = RootSpec::default();
    for latch in [service(), LatchId::TRUST] {
        root.latch_mut(latch).rule.max_life_s = 2 * LIFE_S;
    }
    root
}

/// Longer than any run of the model, in seconds.
const LIFE_S: u32 = 86_400;

fn lasting(bench: &mut Bench, latch: LatchId, action: Action<'_>) -> Vec<u8> {
    let mut code = bench.code(latch, action);
    let (now, half_ms) = (bench.now_ms(), u64::from(LIFE_S) * 1000);
    (code.not_before_ms, code.not_after_ms) = (moment(now - half_ms), moment(now + half_ms));
    if !action.closes() {
        return seal(&code, &CREW);
    }
    code.challenge = None;
    seal(&code, &CREW[..1])
}

fn ticks(bench: &Bench) -> u64 {
    bench.hardware.clock.ticks_ms()
}

/// Looks at the device until it is idle; it must have found what the model has.
fn look(bench: &mut Bench, model: &mut Model) {
    let now = ticks(bench);
    let lapsed = model.lapse(now);
    assert_eq!(bench.device.is_open(service()), model.open.is_some());
    match (bench.poll(), lapsed) {
        (Looked::Closed { cause, told, .. }, Some(expected)) => {
            assert_eq!(cause, expected);
            told.expect("a receipt");
            assert_eq!(bench.poll(), Looked::Idle(None));
        }
        (Looked::Idle(wake), None) => assert_eq!(wake, model.wake(now)),
        (found, expected) => panic!("{found:?} rather than closed for {expected:?}"),
    }
}

/// Puts in a code to open or renew. An opening tells of an end that was not noticed, so what had lapsed is let go first.
fn keep_open(bench: &mut Bench, model: &mut Model, renews: bool, seconds: u32) {
    let action = if renews {
        Action::Renew { seconds }
    } else {
        Action::Open { seconds }
    };
    let code = lasting(bench, service(), action);
    let answer = bench.submit(&code);
    let now = ticks(bench);
    model.lapse(now);
    let expected = model.expects(renews, seconds, now);
    assert_eq!(refused(&answer), expected.err(), "{answer:?}");
    if expected.is_ok() {
        let until = now + u64::from(seconds) * 1000;
        model.open = Some(match model.open {
            Some(open) => Open {
                until,
                heard: now,
                ..open
            },
            None => Open {
                since: now,
                until,
                heard: now,
                amiss: None,
            },
        });
    }
}

fn attest(bench: &mut Bench, model: &mut Model) {
    let Some(made) = model.told else { return };
    let pulse = bench.device.status().pulse;
    let now_ms = bench.now_ms();
    let answer = bench.submit_reserved(&answer_to(pulse, now_ms));
    let now = ticks(bench);
    let fresh = now < made + PULSE_AGE_MS && model.answered.is_none_or(|last| made > last);
    if fresh {
        assert!(
            matches!(answer, Answer::Noted | Answer::Told(_)),
            "{answer:?}"
        );
        model.answered = Some(made);
        model.lapse(now);
        if let Some(open) = &mut model.open {
            open.heard = open.heard.max(made);
        }
    } else {
        assert_eq!(answer, Answer::Ignored(Reason::PulseStale.into()));
    }
}

fn check(steps: &[Step]) {
    let (mut bench, mut model) = (Bench::with_root(&root()), Model::default());
    for step in steps {
        match *step {
            Step::Open(seconds) => {
                // What has lapsed is told before.
                look(&mut bench, &mut model);
                keep_open(&mut bench, &mut model, false, seconds);
            }
            Step::Renew(seconds) => {
                look(&mut bench, &mut model);
                keep_open(&mut bench, &mut model, true, seconds);
            }
            Step::Close => {
                let code = lasting(&mut bench, service(), Action::Close);
                let outcome = bench.submit(&code).outcome();
                assert!(matches!(outcome, Outcome::Closed { .. }));
                model.open = None;
            }
            Step::Tamper(tampered) => {
                bench.tampered(tampered);
                model.unfit = tampered != Some(false);
            }
            Step::Tell => {
                let before = bench.device.status().pulse;
                bench.state().expect("a state");
                if model.told.is_none() || bench.device.status().pulse != before {
                    let made = if bench.device.status().pulse == before {
                        model.told.unwrap_or(0)
                    } else {
                        ticks(&bench)
                    };
                    model.told = Some(made);
                }
            }
            Step::Attest => attest(&mut bench, &mut model),
            Step::Pass(ms) => bench.pass(ms),
            Step::Reset => {
                bench = bench.reboot();
                let now = ticks(&bench);
                // Boots make a pulse of their own.
                model = Model {
                    locked: model.locked,
                    told: Some(now),
                    ..Model::default()
                };
            }
            Step::LockDown => {
                let code = lasting(&mut bench, LatchId::TRUST, Action::Lockdown);
                assert_eq!(bench.submit(&code).outcome(), Outcome::LockedDown);
                (model.locked, model.open) = (true, None);
            }
            Step::Unlock => {
                let code = lasting(&mut bench, LatchId::TRUST, Action::Unlock);
                assert_eq!(bench.submit(&code).outcome(), Outcome::Unlocked);
                model.locked = false;
            }
        }
        look(&mut bench, &mut model);
    }
}

#[test]
fn no_order_of_events_opens_a_latch_or_keeps_it_open() {
    let mut config = ProptestConfig::with_cases(32 * effort());
    config.failure_persistence = None;
    proptest!(config, |(steps in prop::collection::vec(step(), 1..120))| check(&steps));
}
