//! The order of the checks of a code that opens a latch: of two faults, the one that is looked for first is told. The
//! faults of codes that every action shares have a table of their own, in `order.rs`.

use latch_verify::{
    Reason,
    statement::{Action, Code},
    types::{Challenge, Posture, Sequence},
};

use crate::world::{
    bench::Bench,
    code::moment,
    keys::{CREW, OPERATOR, ROOT, Signer, seal},
    openings::{refused, revocation, slip},
    root::{LIFE_S, SERVICE_OPEN_S, latch, maintenance, service},
};

/// Something that comes before the code: it gets the code's bytes.
type Before = fn(&mut Bench, &[u8]);

/// A code that would open `service`, with all that can be wrong about it and around it.
struct Attempt<'a> {
    code: Code<'a>,
    signers: Vec<Signer>,
    /// What has come before it, in the order of this list.
    around: Vec<(u8, Before)>,
    posture: Option<Posture>,
    late_ms: u64,
}

impl Attempt<'_> {
    fn before(&mut self, turn: u8, act: Before) {
        self.around.push((turn, act));
    }
}

/// One fault. Two with a mark in common change the same thing, and cannot be had together.
struct Fault {
    reason: Reason,
    marks: &'static [&'static str],
    make: fn(&mut Attempt<'_>),
}

const fn fault(
    reason: Reason,
    marks: &'static [&'static str],
    make: fn(&mut Attempt<'_>),
) -> Fault {
    Fault {
        reason,
        marks,
        make,
    }
}

/// In the order in which they must be found.
const FAULTS: &[Fault] = &[
    fault(Reason::OtherIncarnation, &["incarnation"], |attempt| {
        attempt.code.incarnation = Some(1);
    }),
    fault(Reason::Stopped, &["stopped"], |attempt| {
        attempt.before(0, |bench, code| {
            bench.submit(&slip(code, &ROOT)).told();
        });
    }),
    fault(Reason::OtherEpoch, &["epoch"], |attempt| {
        attempt.code.epoch += 1;
    }),
    fault(
        Reason::LockedDown,
        &["locked", "open", "in hand"],
        |attempt| {
            attempt.before(1, |bench, _| drop(bench.locks_down()));
        },
    ),
    fault(Reason::NoSuchLatch, &["latch"], |attempt| {
        attempt.code.latch = latch(9);
    }),
    fault(Reason::TooFewApprovers, &["signers"], |attempt| {
        attempt.signers.truncate(2);
    }),
    fault(Reason::LivesTooLong, &["life", "late"], |attempt| {
        let begin = attempt.code.not_before_ms.get();
        attempt.code.not_after_ms = moment(begin + u64::from(LIFE_S) * 1000 + 1);
    }),
    // The latches that never open ask for other signers and no posture.
    fault(
        Reason::NeverOpens,
        &["latch", "signers", "posture", "open"],
        |attempt| {
            attempt.code.latch = maintenance();
        },
    ),
    fault(Reason::OpenTooLong, &["latch", "seconds"], |attempt| {
        attempt.code.action = Action::Open {
            seconds: SERVICE_OPEN_S + 1,
        };
    }),
    fault(Reason::ChallengeStale, &["challenge"], |attempt| {
        attempt.code.challenge = Some(Challenge([9; 16]));
    }),
    fault(Reason::Expired, &["late", "open"], |attempt| {
        attempt.late_ms = u64::from(LIFE_S) * 1000;
    }),
    fault(Reason::TwinVersion, &["twin"], |attempt| {
        attempt.code.context.twin_version = Some(77);
    }),
    fault(Reason::Posture, &["posture"], |attempt| {
        attempt.posture = Some(Posture::default());
    }),
    fault(
        Reason::Revoked,
        &["revoked", "open", "in hand"],
        |attempt| {
            attempt.before(2, |bench, code| {
                let _ = code;
                let all = Sequence(u64::MAX);
                bench.submit(&revocation(OPERATOR[0], all, &ROOT)).told();
            });
        },
    ),
    fault(Reason::Busy, &["in hand", "locked"], |attempt| {
        attempt.before(3, |bench, _| {
            let change = bench.change("speed", 3);
            drop(bench.open(&change));
        });
    }),
    fault(Reason::AlreadyOpen, &["open", "locked"], |attempt| {
        attempt.before(2, |bench, _| drop(bench.opens(1800)));
    }),
];

/// What a fresh device says to a code with these faults.
fn reason(faults: &[&Fault]) -> Option<Reason> {
    let mut bench = Bench::new();
    let mut attempt = Attempt {
        code: bench.code(service(), Action::Open { seconds: 60 }),
        signers: CREW.to_vec(),
        around: Vec::new(),
        posture: None,
        late_ms: 0,
    };
    // A challenge outlives one burn, and no more than that comes before the code.
    for fault in faults {
        (fault.make)(&mut attempt);
    }
    let rests_on_time =
        attempt.around.len() > 1 && attempt.code.challenge != Some(Challenge([9; 16]));
    if rests_on_time {
        attempt.code.challenge = None;
    }
    let code = seal(&attempt.code, &attempt.signers);
    attempt.around.sort_by_key(|(turn, _)| *turn);
    for (_, act) in &attempt.around {
        act(&mut bench, &code);
    }
    if let Some(posture) = attempt.posture {
        bench.device.set_posture(posture);
    }
    bench.pass(attempt.late_ms);
    refused(&bench.submit(&code))
}

#[test]
fn of_two_faults_the_earlier_is_told() {
    assert_eq!(reason(&[]), None);
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for (place, first) in FAULTS.iter().enumerate() {
        assert_eq!(reason(&[first]), Some(first.reason));
        let shares = |other: &&Fault| first.marks.iter().any(|mark| other.marks.contains(mark));
        for second in FAULTS[place + 1..].iter().filter(|other| !shares(other)) {
            pairs += 1;
            for pair in [[first, second], [second, first]] {
                let found = reason(&pair);
                if found != Some(first.reason) {
                    wrong.push(format!(
                        "{:?} and {:?}: {found:?}",
                        first.reason, second.reason
                    ));
                }
            }
        }
    }
    assert!(pairs > 70, "{pairs} pairs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
