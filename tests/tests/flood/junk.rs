//! Messages that nobody has signed, and those that everybody may send again.

use latch_verify::{
    Reason,
    limits::{MAX_BURNED, MAX_CODE_BODY},
    statement::{Action, Outcome},
    types::LatchId,
    wire::{Kind, seal_head},
};

use super::bounds::{
    Flood, MESSAGES, Noise, of_codes, of_refusals, of_repeats, of_reserve, of_roots, show,
};
use crate::world::{
    answer::{Answer, Told},
    bench::Bench,
    keys::{CREW, OPERATOR, ROOT, Signer, TIME, seal},
    openings::{revocation, slip},
    root::{RootSpec, maintenance},
    statements::broadcast,
};

/// Neither a write nor a signature of the device: nobody has signed what came.
#[track_caller]
fn costs_only_checks(flood: &Flood, name: &str, checks: u64) {
    let cost = flood.cost();
    show(name, &cost);
    assert_eq!(cost.messages, MESSAGES);
    assert!(cost.checked <= checks, "{} checks", cost.checked);
    let wear = (cost.made, cost.records, cost.writes, cost.erases);
    assert_eq!((wear, cost.receipts), ((0, 0, 0, 0), 0));
    assert_eq!(u64::from(flood.bench.device.junk().count), MESSAGES);
    assert_eq!(flood.bench.effects, []);
}

/// The device is as it was, and serves the next one when its budget is back.
#[track_caller]
fn goes_on(mut flood: Flood) {
    flood.bench.rest();
    let code = flood.bench.sealed(LatchId::TWIN, Action::Probe);
    assert_eq!(flood.slip_in(&code).outcome(), Outcome::Probed);
}

#[test]
fn random_bytes() {
    let (mut flood, mut noise) = (Flood::new(Bench::new(), &[]), Noise(1));
    let mut bytes = [0; 700];
    for _ in 0..MESSAGES {
        let length = usize::try_from(noise.next() % 700).expect("a short message");
        noise.fill(&mut bytes[..length]);
        flood.send(&bytes[..length]);
    }
    costs_only_checks(&flood, "random bytes", 0);
    goes_on(flood);
}

/// Whole envelopes with a random body, under keys that are random or known.
fn forged(noise: &mut Noise, kind: Kind, signers: &[Signer], known: bool) -> Vec<u8> {
    let longest = match kind {
        Kind::Revocation | Kind::StopSlip | Kind::Time => 48,
        _ => MAX_CODE_BODY as u64,
    };
    let length = usize::try_from(noise.next() % longest).expect("a short body");
    let mut envelope = seal_head(kind, 0, length)
        .expect("a body of this length")
        .to_vec();
    envelope.resize(envelope.len() + length, 0);
    noise.fill(&mut envelope[12..]);
    envelope.push(u8::try_from(signers.len()).expect("few signers"));
    for signer in signers {
        let mut signature = [0; 72];
        noise.fill(&mut signature);
        if known {
            signature[..8].copy_from_slice(&signer.id().0);
        }
        envelope.extend_from_slice(&signature);
    }
    envelope
}

const KINDS: [Kind; 5] = [
    Kind::Code,
    Kind::Root,
    Kind::Time,
    Kind::Revocation,
    Kind::StopSlip,
];

#[test]
fn the_right_shape_and_no_known_key() {
    let (mut flood, mut noise) = (Flood::new(Bench::new(), &[]), Noise(2));
    for number in 0..MESSAGES {
        let kind = KINDS[usize::try_from(number % 5).expect("one of five")];
        let message = forged(&mut noise, kind, &CREW, false);
        let answer = flood.send(&message);
        assert_eq!(answer, Answer::Ignored(Reason::UnknownKey.into()));
    }
    costs_only_checks(&flood, "unknown keys", 0);
    goes_on(flood);
}

#[test]
fn known_keys_and_signatures_that_are_not_theirs() {
    let (mut flood, mut noise) = (Flood::new(Bench::new(), &[]), Noise(3));
    // Drawn beforehand, each of another length: to find the ids of keys takes longer than to be ignored.
    let drawn: Vec<Vec<u8>> = (0..500)
        .map(|number| {
            let kind = KINDS[number % 5];
            let signers = match kind {
                Kind::Root => ROOT.as_slice(),
                Kind::Time => &[TIME],
                Kind::Revocation | Kind::StopSlip => &OPERATOR[..1],
                _ => &CREW,
            };
            forged(&mut noise, kind, signers, true)
        })
        .collect();
    for message in drawn.iter().cycle().take(100_000) {
        let mut message = message.clone();
        // Never the same signature twice.
        let end = message.len();
        noise.fill(&mut message[end - 60..]);
        assert!(matches!(flood.send(&message), Answer::Ignored(_)));
    }
    let passed_ms = flood.cost().passed_ms;
    // Slips share the reserve of revocations; noise may look as if it closed something, which has another.
    let checks = of_codes(passed_ms) + of_roots(passed_ms) + 3 * of_reserve(passed_ms);
    costs_only_checks(&flood, "bad signatures", checks);
    assert!(flood.cost().checked > 400);
    goes_on(flood);
}

/// A genuine code, used, comes again and again: it is answered each time from a budget, and nothing is written.
#[test]
fn replays_of_a_used_code() {
    let mut bench = Bench::new();
    let code = bench.closing(maintenance(), Action::Probe);
    let told = bench.submit(&code).told();
    let mut flood = Flood::new(bench, &[told]);
    for _ in 0..MESSAGES {
        flood.send(&code);
    }
    let cost = flood.cost();
    show("replays of a used code", &cost);
    assert!(cost.checked <= of_codes(cost.passed_ms));
    assert!(cost.made <= of_repeats(cost.passed_ms));
    assert!(cost.answers > 64, "{} answers", cost.answers);
    assert_eq!(
        (cost.records, cost.writes, cost.erases, cost.receipts),
        (0, 0, 0, 0)
    );
    goes_on(flood);
}

/// More genuine codes come again than receipts are kept: each is refused anew, from the budget of writes.
#[test]
fn replays_of_many_used_codes() {
    let mut bench = Bench::new();
    let mut told: Vec<Told> = Vec::new();
    let codes: Vec<Vec<u8>> = (0..MAX_BURNED)
        .map(|_| {
            let mut code = bench.code(maintenance(), Action::Probe);
            code.challenge = None;
            let code = seal(&code, &OPERATOR[..1]);
            told.push(bench.submit(&code).told());
            code
        })
        .collect();
    let mut flood = Flood::new(bench, &told);
    for code in codes.iter().cycle().take(100_000) {
        flood.send(code);
    }
    let cost = flood.cost();
    show("replays of many used codes", &cost);
    let passed_ms = cost.passed_ms;
    assert!(cost.checked <= of_codes(passed_ms));
    assert!(cost.receipts <= of_refusals(passed_ms));
    assert_eq!(cost.records, cost.receipts);
    assert!(cost.made <= of_refusals(passed_ms) + of_repeats(passed_ms));
    goes_on(flood);
}

/// What brokers keep and send at every connection says nothing new, and costs no more than its checks.
#[test]
fn replays_of_what_is_in_force() {
    let mut bench = Bench::new();
    let stopped = bench.sealed(maintenance(), Action::Probe);
    let kept = [
        RootSpec::default().sealed(&ROOT),
        revocation(OPERATOR[2], latch_verify::types::Sequence(5), &ROOT),
        slip(&stopped, &OPERATOR[..1]),
        broadcast(bench.now_ms() - 1000),
    ];
    let mut told = Vec::new();
    for statement in &kept {
        if let Answer::Told(receipt) = bench.submit(statement) {
            told.push(receipt);
        }
    }
    assert_eq!(told.len(), 2);
    let mut flood = Flood::new(bench, &told);
    for statement in kept.iter().cycle().take(100_000) {
        let answer = flood.send(statement);
        assert!(
            matches!(answer, Answer::Noted | Answer::Ignored(_)),
            "{answer:?}"
        );
    }
    let cost = flood.cost();
    show("replays of what is in force", &cost);
    assert!(cost.checked <= 3 * of_reserve(cost.passed_ms));
    assert_eq!((cost.made, cost.writes, cost.receipts), (0, 0, 0));
    goes_on(flood);
}
