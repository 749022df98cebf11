//! The order of the checks: a statement with two faults is refused for the one that is looked for first, so that nobody
//! learns of a code's inside by what its outside should have been refused for, and a reason never hides a graver one.

use latch_verify::{
    Reason,
    statement::{Action, Code, Outcome, RuleChoice},
    twin::Value,
    types::{Challenge, Posture, VersionRange},
    wire::Kind,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::{leaves, moment, set},
    keys::{APPROVER, CREW, OPERATOR, STRANGER, Signer, encoded, seal_bytes},
    release::version,
    root::{LIFE_S, OTHER_PRODUCT, OTHER_TENANT, RootSpec, latch, limits},
};

/// A code that would be accepted, with all that can be wrong about it.
struct Attempt<'a> {
    code: Code<'a>,
    used: Code<'a>,
    elsewhere: Action<'a>,
    trailing: bool,
    signers: Vec<Signer>,
    /// Changes of the sealed bytes.
    bytes: Vec<fn(&mut Vec<u8>)>,
    posture: Option<Posture>,
    late_ms: u64,
}

/// One fault. Two with a mark in common change the same thing, and cannot be had together.
struct Fault {
    reason: Reason,
    marks: &'static [&'static str],
    make: fn(&mut Attempt<'_>),
}

impl Fault {
    fn goes_with(&self, other: &Self) -> bool {
        !self.marks.iter().any(|mark| other.marks.contains(mark))
    }
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
    // Shape.
    fault(Reason::BadMagic, &["magic"], |attempt| {
        attempt.bytes.push(|bytes| bytes[0] ^= 1);
    }),
    fault(Reason::WrongKind, &["kind"], |attempt| {
        attempt.bytes.push(|bytes| bytes[8] = 9);
    }),
    fault(Reason::UnknownBodyVersion, &["body version"], |attempt| {
        attempt.bytes.push(|bytes| bytes[9] = 2);
    }),
    fault(Reason::LengthMismatch, &["length"], |attempt| {
        attempt.bytes.push(|bytes| bytes.push(0));
    }),
    fault(Reason::DuplicateKey, &["twice"], |attempt| {
        attempt.signers.insert(0, OPERATOR[0]);
    }),
    // Keys and signatures.
    fault(Reason::UnknownKey, &["stranger"], |attempt| {
        attempt.signers.push(STRANGER);
    }),
    fault(Reason::BadSignature, &["signature"], |attempt| {
        // The first signature's last byte but one lies before whatever else was added at the end.
        attempt.bytes.push(|bytes| {
            let body = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
            bytes[12 + body + 1 + 70] ^= 1;
        });
    }),
    // The body.
    fault(Reason::TrailingBytes, &["trailing"], |attempt| {
        attempt.trailing = true;
    }),
    // The address.
    fault(Reason::OtherTenant, &["tenant"], |attempt| {
        attempt.code.tenant = OTHER_TENANT;
    }),
    fault(Reason::OtherDevice, &["audience"], |attempt| {
        let other = "pump-0043".parse().expect("a device's name");
        attempt.code.audience = latch_verify::statement::Audience::Device(other);
    }),
    fault(Reason::OtherProduct, &["product"], |attempt| {
        attempt.code.product = Some(OTHER_PRODUCT);
    }),
    // From here on the device answers.
    fault(Reason::OtherIncarnation, &["incarnation"], |attempt| {
        attempt.code.incarnation = Some(1);
    }),
    fault(Reason::SequenceReused, &["sequence", "issuer"], |attempt| {
        attempt.code.sequence = attempt.used.sequence;
    }),
    fault(Reason::OtherEpoch, &["epoch"], |attempt| {
        attempt.code.epoch += 1;
    }),
    // The rule.
    fault(Reason::NoSuchLatch, &["latch"], |attempt| {
        attempt.code.latch = latch(9);
    }),
    fault(Reason::NoBreakGlass, &["rule"], |attempt| {
        attempt.code.rule = RuleChoice::BreakGlass;
    }),
    fault(Reason::IssuerDidNotSign, &["issuer"], |attempt| {
        attempt.code.issuer = OPERATOR[2].id();
    }),
    fault(Reason::IssuerRole, &["issuer"], |attempt| {
        attempt.signers.push(APPROVER[1]);
        attempt.code.issuer = APPROVER[1].id();
    }),
    fault(Reason::TooFewOperators, &["operators"], |attempt| {
        attempt.signers.retain(|signer| *signer != OPERATOR[1]);
    }),
    fault(Reason::TooFewApprovers, &["approvers"], |attempt| {
        attempt.signers.retain(|signer| *signer != APPROVER[0]);
    }),
    fault(Reason::LivesTooLong, &["life"], |attempt| {
        let begin = attempt.code.not_before_ms.get();
        attempt.code.not_after_ms = moment(begin + u64::from(LIFE_S) * 1000 + 1);
    }),
    fault(Reason::SequenceAfterEnd, &["sequence"], |attempt| {
        attempt.code.sequence.0 = u64::MAX;
    }),
    fault(Reason::PropertyElsewhere, &["action"], |attempt| {
        attempt.code.action = attempt.elsewhere;
    }),
    // Freshness.
    fault(Reason::ChallengeStale, &["challenge"], |attempt| {
        attempt.code.challenge = Some(Challenge([9; 16]));
    }),
    fault(Reason::Expired, &["late"], |attempt| {
        attempt.late_ms = u64::from(LIFE_S) * 1000;
    }),
    fault(Reason::ChallengeMissing, &["challenge"], |attempt| {
        attempt.code.challenge = None;
    }),
    // Context and posture.
    fault(Reason::FirmwareOutside, &["firmware"], |attempt| {
        attempt.code.context.firmware = Some(VersionRange {
            least: version(7),
            most: version(8),
        });
    }),
    fault(Reason::TwinVersion, &["twin"], |attempt| {
        attempt.code.context.twin_version = Some(77);
    }),
    fault(Reason::OtherBoot, &["boot"], |attempt| {
        attempt.code.context.boot = Some(77);
    }),
    fault(Reason::Posture, &["posture"], |attempt| {
        attempt.posture = Some(Posture::default());
    }),
    // Floors.
    fault(Reason::OutOfOrder, &["sequence"], |attempt| {
        attempt.code.sequence.0 = attempt.used.sequence.0 - 1;
    }),
];

/// A device that has applied one change, under a rule for which every threshold can be missed.
fn primed<'a>(limit: &'a [u8]) -> (Bench, Code<'a>) {
    let mut root = RootSpec::default();
    root.latch_mut(limits()).rule.operators = 2;
    let mut bench = Bench::with_root(&root);
    bench.next_sequence();
    let used = bench.code(limits(), set(limit));
    let told = bench.submit(&seal_bytes(Kind::Code, &encoded(&used), &CREW));
    assert!(matches!(told.outcome(), Outcome::Applied { .. }));
    (bench, used)
}

/// What a fork of the device says to a code with these faults.
fn answer(primed: &(Bench, Code<'_>), faults: &[&Fault]) -> Answer {
    let (bench, used) = primed;
    let mut bench = bench.fork();
    let (limit, elsewhere) = (
        leaves(&[("limits/max", Value::Int(7))]),
        leaves(&[("speed", Value::Int(7))]),
    );
    let mut attempt = Attempt {
        code: bench.code(limits(), set(&limit)),
        used: used.clone(),
        elsewhere: set(&elsewhere),
        trailing: false,
        signers: CREW.to_vec(),
        bytes: Vec::new(),
        posture: None,
        late_ms: 0,
    };
    for fault in faults {
        (fault.make)(&mut attempt);
    }
    let mut body = encoded(&attempt.code);
    if attempt.trailing {
        body.push(0);
    }
    let mut statement = seal_bytes(Kind::Code, &body, &attempt.signers);
    for change in attempt.bytes {
        change(&mut statement);
    }
    if let Some(posture) = attempt.posture {
        bench.device.set_posture(posture);
    }
    bench.hardware.clock.advance(attempt.late_ms);
    bench.submit(&statement)
}

/// The reason in an answer, counted or told.
fn reason(answer: &Answer) -> Option<Reason> {
    match answer {
        Answer::Ignored(refusal) => Some(refusal.reason),
        Answer::Wanted(_) | Answer::Noted => None,
        Answer::Told(told) => match told.outcome() {
            Outcome::Refused { reason, .. } => Reason::from_number(reason),
            _ => None,
        },
    }
}

#[test]
fn of_two_faults_the_earlier_is_told() {
    let limit = leaves(&[("limits/max", Value::Int(5))]);
    let primed = primed(&limit);
    let sound = answer(&primed, &[]).outcome();
    assert_eq!(sound, Outcome::Applied { twin_version: 2 });
    let mut wrong = Vec::new();
    for (place, first) in FAULTS.iter().enumerate() {
        let later = FAULTS[place + 1..].iter();
        for second in later.filter(|second| second.goes_with(first)) {
            // Whichever is made first, the same is found first.
            for pair in [[first, second], [second, first]] {
                let found = answer(&primed, &pair);
                if reason(&found) != Some(first.reason) {
                    wrong.push(format!(
                        "{:?} and {:?}: {found:?}",
                        first.reason, second.reason
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not addressed to the device is counted, and the rest answered: nobody makes a device sign and write by
/// statements that are not for it.
#[test]
fn what_is_addressed_to_others_is_counted_and_the_rest_is_answered() {
    let limit = leaves(&[("limits/max", Value::Int(5))]);
    let primed = primed(&limit);
    let mut for_this_device = false;
    for fault in FAULTS {
        for_this_device |= fault.reason == Reason::OtherIncarnation;
        let found = answer(&primed, &[fault]);
        assert_eq!(reason(&found), Some(fault.reason));
        assert_eq!(
            matches!(found, Answer::Told(_)),
            for_this_device,
            "{found:?}"
        );
    }
}
