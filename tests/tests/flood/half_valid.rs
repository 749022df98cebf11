//! Statements that were genuinely signed, and by too few; each is another one. And those of one key that only takes back
//! its own.

use latch_verify::{
    Reason,
    statement::{Action, Code, Revocation, StopSlip, TimeAttestation},
    types::{Challenge, Sequence, StatementId},
    wire::{Body, DeviceKey as _, Kind, SeedKey, seal_head},
};

use super::bounds::{
    Cost, Flood, MESSAGES, of_codes, of_refusals, of_repeats, of_reserve, of_roots, show,
};
use crate::world::{
    answer::Answer,
    bench::Bench,
    code::moment,
    keys::{CREW, OPERATOR, ROOT, Signer, TIME, encoded},
    openings::refused,
    root::{RootSpec, TENANT, limits},
};

/// Keys that are ready to sign: to derive one anew for each of so many messages takes longer than to sign.
struct Pen(Vec<(Signer, [u8; 8], SeedKey)>);

impl Pen {
    fn new(signers: &[Signer]) -> Self {
        let ready = |signer: &Signer| (*signer, signer.id().0, SeedKey::new(&signer.seed()));
        Self(signers.iter().map(ready).collect())
    }

    fn seal<'a, B: Body<'a>>(&mut self, body: &B) -> Vec<u8> {
        self.seal_bytes(B::KIND, &encoded(body))
    }

    fn seal_bytes(&mut self, kind: Kind, body: &[u8]) -> Vec<u8> {
        let mut envelope = seal_head(kind, 0, body.len())
            .expect("a short body")
            .to_vec();
        envelope.extend_from_slice(body);
        let message = envelope.len();
        envelope.push(u8::try_from(self.0.len()).expect("few signers"));
        for (_, id, key) in &mut self.0 {
            let signature = key
                .sign(&envelope[..message])
                .expect("a key in memory signs");
            envelope.extend_from_slice(id);
            envelope.extend_from_slice(&signature);
        }
        envelope
    }
}

/// A code of the limits without its approver, which is good but for that.
fn without_approver(bench: &mut Bench, challenge: Option<Challenge>) -> Code<'static> {
    let mut code = bench.code(limits(), Action::Probe);
    code.challenge = challenge;
    code
}

#[track_caller]
fn pours(
    flood: &mut Flood,
    messages: u64,
    mut make: impl FnMut(&Bench, u64) -> Vec<u8>,
    expected: Reason,
) -> Cost {
    for number in 0..messages {
        let message = make(&flood.bench, number);
        let answer = flood.send(&message);
        let reason = refused(&answer);
        assert!(
            reason == Some(expected) || reason == Some(Reason::Throttled),
            "{answer:?}"
        );
    }
    let cost = flood.cost();
    assert_eq!(flood.bench.effects, []);
    assert!(cost.receipts <= of_refusals(cost.passed_ms));
    assert_eq!(cost.records, cost.receipts);
    assert!(cost.made <= of_refusals(cost.passed_ms) + of_repeats(cost.passed_ms));
    // Nothing of it is remembered as used.
    assert_eq!(flood.bench.device.facts().replay.burned().count(), 0);
    cost
}

#[test]
fn codes_without_their_approver() {
    let mut bench = Bench::new();
    let mut code = without_approver(&mut bench, None);
    let (mut flood, mut pen) = (Flood::new(bench, &[]), Pen::new(&CREW[..1]));
    let first = code.sequence.0;
    let cost = pours(
        &mut flood,
        MESSAGES,
        |bench, number| {
            code.sequence = Sequence(first + number);
            let now = bench.now_ms();
            (code.not_before_ms, code.not_after_ms) = (moment(now), moment(now + 60_000));
            pen.seal(&code)
        },
        Reason::TooFewApprovers,
    );
    show("codes without their approver", &cost);
    assert!(cost.checked <= of_codes(cost.passed_ms));
    assert!(cost.receipts >= 64 && cost.throttled > MESSAGES * 9 / 10);
}

/// Whoever reads the device's state knows its challenge, and may put it into what is good for nothing.
#[test]
fn codes_without_their_approver_that_answer_the_challenge() {
    let mut bench = Bench::new();
    let mut code = without_approver(&mut bench, None);
    let (mut flood, mut pen) = (Flood::new(bench, &[]), Pen::new(&CREW[..1]));
    let first = code.sequence.0;
    let cost = pours(
        &mut flood,
        MESSAGES / 5,
        |bench, number| {
            code.sequence = Sequence(first + number);
            code.challenge = Some(bench.device.status().challenge);
            let now = bench.now_ms();
            (code.not_before_ms, code.not_after_ms) = (moment(now), moment(now + 60_000));
            pen.seal(&code)
        },
        Reason::TooFewApprovers,
    );
    show("the same, with the challenge", &cost);
    assert!(cost.checked <= of_codes(cost.passed_ms) + of_reserve(cost.passed_ms));
    assert!(cost.checked > of_codes(cost.passed_ms));
}

#[test]
fn revocations_of_another() {
    let (mut flood, mut pen) = (Flood::new(Bench::new(), &[]), Pen::new(&OPERATOR[1..2]));
    let issuer = OPERATOR[0].id();
    let cost = pours(
        &mut flood,
        MESSAGES / 5,
        |_, number| {
            pen.seal(&Revocation {
                tenant: TENANT,
                issuer,
                through: Sequence(number + 1),
            })
        },
        Reason::NotRevoker,
    );
    show("revocations of another", &cost);
    assert!(cost.checked <= of_reserve(cost.passed_ms));
}

#[test]
fn roots_of_one_root_key() {
    let (mut flood, mut pen) = (Flood::new(Bench::new(), &[]), Pen::new(&ROOT[..1]));
    let mut root = RootSpec::default().next();
    let cost = pours(
        &mut flood,
        MESSAGES / 20,
        |_, number| {
            root.epoch = u32::try_from(number).expect("a small number") + 10;
            pen.seal_bytes(Kind::Root, &root.body())
        },
        Reason::TooFewOldRoot,
    );
    show("roots of one root key", &cost);
    assert!(cost.checked <= of_roots(cost.passed_ms));
    assert_eq!((cost.writes, cost.made), (0, 0));
}

#[test]
fn times_by_an_operator() {
    let (mut flood, mut pen) = (Flood::new(Bench::new(), &[]), Pen::new(&OPERATOR[..1]));
    let cost = pours(
        &mut flood,
        MESSAGES / 5,
        |bench, number| {
            let pulse = bench.device.status().pulse;
            pen.seal(&TimeAttestation {
                tenant: TENANT,
                time_ms: moment(bench.now_ms() + number),
                pulse: Some(pulse),
            })
        },
        Reason::TooFewTime,
    );
    show("times by an operator", &cost);
    assert!(cost.checked <= of_reserve(cost.passed_ms));
    assert_eq!((cost.writes, cost.made), (0, 0));
}

/// The tenant's own time key says every millisecond that it is an hour later: the floor rises by a bound, and is written
/// by steps.
#[test]
fn times_that_leap() {
    let bench = Bench::new();
    // The floor is there after the first boot that has known the time.
    let mut bench = bench.reboot();
    let probe = bench.sealed(limits(), Action::Probe);
    bench.submit(&probe).told();
    let mut flood = Flood::new(bench.reboot(), &[]);
    let mut pen = Pen::new(&[TIME]);
    for number in 0..MESSAGES / 5 {
        let leap = moment(flood.bench.now_ms() + number * 3_600_000);
        let message = pen.seal(&TimeAttestation {
            tenant: TENANT,
            time_ms: leap,
            pulse: None,
        });
        let answer = flood.send(&message);
        assert!(!matches!(answer, Answer::Wanted(_)));
    }
    let cost = flood.cost();
    show("times that leap", &cost);
    assert!(cost.checked <= of_reserve(cost.passed_ms));
    // A day in all, by steps of an hour.
    assert!(cost.records <= 25, "{} records", cost.records);
}

/// One operator takes back its own codes, or closes what is closed, which is its good right and takes no second
/// signature: from a budget of writes.
#[test]
fn an_operator_that_shuts_and_takes_back() {
    for what in ["revocations of its own", "slips of its own", "closings"] {
        let mut bench = Bench::new();
        let mut close = bench.code(limits(), Action::Close);
        close.challenge = None;
        let (mut flood, mut pen) = (Flood::new(bench, &[]), Pen::new(&OPERATOR[..1]));
        let (issuer, first) = (OPERATOR[0].id(), close.sequence.0);
        for number in 1..=MESSAGES {
            let message = match what {
                "slips of its own" => pen.seal(&StopSlip {
                    tenant: TENANT,
                    issuer,
                    sequence: Sequence(number),
                    statement: StatementId([7; 16]),
                }),
                "closings" => {
                    close.sequence = Sequence(first + number);
                    pen.seal(&close)
                }
                _ => pen.seal(&Revocation {
                    tenant: TENANT,
                    issuer,
                    through: Sequence(number),
                }),
            };
            let answer = flood.send(&message);
            assert!(matches!(refused(&answer), None | Some(Reason::Throttled)));
        }
        let cost = flood.cost();
        show(what, &cost);
        let (checks, records) = match what {
            // A burn and an outcome.
            "closings" => (of_codes(cost.passed_ms) + of_reserve(cost.passed_ms), 2),
            _ => (of_reserve(cost.passed_ms), 1),
        };
        assert!(cost.checked <= checks);
        assert!(cost.receipts >= 64 && cost.receipts <= of_refusals(cost.passed_ms));
        assert_eq!(cost.records, records * cost.receipts);
    }
}
