//! What was signed serves with its signatures and with no fewer, and a signature serves what was signed and nothing else.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    types::LatchId,
    wire::{Envelope, Kind},
};

use crate::world::{
    bench::Bench,
    code::command,
    keys::{APPROVER, CREW, OPERATOR, Signer, seal},
    openings::refused,
    root::{limits, maintenance},
};

/// A key id and its signature, as they stand in an envelope.
type Signature = Vec<u8>;

/// The signed part of an envelope, and its signatures.
fn taken_apart(envelope: &[u8]) -> (Vec<u8>, Vec<Signature>) {
    let parsed = Envelope::parse(Kind::Code, envelope).expect("an envelope");
    let signatures = parsed
        .signatures()
        .map(|(id, signature)| [id.0.as_slice(), &signature].concat())
        .collect();
    (parsed.message().to_vec(), signatures)
}

fn put_together(message: &[u8], signatures: &[&Signature]) -> Vec<u8> {
    let mut envelope = message.to_vec();
    envelope.push(u8::try_from(signatures.len()).expect("few signatures"));
    for signature in signatures {
        envelope.extend_from_slice(signature);
    }
    envelope
}

/// A code of two operators and an approver, as the trust latch asks for.
fn code(bench: &mut Bench) -> Vec<u8> {
    bench.sealed(LatchId::TRUST, Action::Probe)
}

#[test]
fn no_fewer_signatures_will_do() {
    let mut bench = Bench::new();
    let (message, signatures) = taken_apart(&code(&mut bench));
    assert_eq!(signatures.len(), 3);
    for subset in 0..8_usize {
        let kept: Vec<&Signature> = (0..3)
            .filter(|place| subset >> place & 1 == 1)
            .map(|place| &signatures[place])
            .collect();
        let [issuer, second, approver] = [0, 1, 2].map(|place| subset >> place & 1 == 1);
        let expected = match (issuer, second, approver) {
            (false, false, false) => Some(Reason::SignatureCount),
            (false, ..) => Some(Reason::IssuerDidNotSign),
            (true, false, _) => Some(Reason::TooFewOperators),
            (true, true, false) => Some(Reason::TooFewApprovers),
            (true, true, true) => None,
        };
        let answer = bench.submit(&put_together(&message, &kept));
        assert_eq!(refused(&answer), expected, "{issuer} {second} {approver}");
    }
}

/// In which order they stand says nothing.
#[test]
fn their_order_does_not_matter() {
    let mut bench = Bench::new();
    let (message, signatures) = taken_apart(&code(&mut bench));
    let [first, second, third] = [0, 1, 2].map(|place| &signatures[place]);
    let first_time = bench
        .submit(&put_together(&message, &[third, second, first]))
        .told();
    assert_eq!(first_time.outcome(), Outcome::Probed);
    // And it is the same code, used up.
    for order in [[first, second, third], [second, third, first]] {
        let again = bench.submit(&put_together(&message, &order)).told();
        assert_eq!(again, first_time);
    }
}

/// More than the rule asks for is no harm, and no way to use a code again.
#[test]
fn another_signature_makes_no_other_code() {
    let mut bench = Bench::new();
    let (message, signatures) = taken_apart(&code(&mut bench));
    let mut all: Vec<&Signature> = signatures.iter().collect();
    let first = bench.submit(&put_together(&message, &all)).told();
    let more = APPROVER[1].signature(&message);
    all.push(&more);
    assert_eq!(bench.submit(&put_together(&message, &all)).told(), first);
    // A twin of one that is there is none more.
    all[3] = &signatures[2];
    let twice = put_together(&message, &all);
    bench.ignores(&twice, Reason::DuplicateKey);
}

/// Two codes that are the same but for one thing: what was signed under one stands under the other.
#[test]
fn a_signature_serves_no_other_code() {
    let mut bench = Bench::new();
    let (harmless, grave) = (
        bench.code(LatchId::TRUST, Action::Probe),
        bench.code(LatchId::TRUST, Action::Unlock),
    );
    let mut sooner = harmless.clone();
    sooner.sequence = bench.next_sequence();
    for other in [grave, sooner] {
        let (from, signatures) = taken_apart(&seal(&harmless, &CREW));
        let (message, own) = taken_apart(&seal(&other, &CREW));
        assert_ne!(from, message);
        for moved in 1..8_usize {
            let mixed: Vec<&Signature> = (0..3)
                .map(|place| match moved >> place & 1 {
                    1 => &signatures[place],
                    _ => &own[place],
                })
                .collect();
            bench.ignores(&put_together(&message, &mixed), Reason::BadSignature);
        }
    }
    assert_eq!(bench.effects, []);
}

/// Signatures under the names of other keys.
#[test]
fn a_signature_serves_no_other_key() {
    let mut bench = Bench::new();
    let (message, signatures) = taken_apart(&code(&mut bench));
    let renamed = |signature: &Signature, signer: Signer| {
        [signer.id().0.as_slice(), &signature[8..]].concat()
    };
    let as_approver = renamed(&signatures[1], APPROVER[0]);
    let as_operator = renamed(&signatures[2], OPERATOR[1]);
    let swapped = [&signatures[0], &as_operator, &as_approver];
    bench.ignores(&put_together(&message, &swapped), Reason::BadSignature);
    let by_one = [
        &signatures[0],
        &renamed(&signatures[0], OPERATOR[1]),
        &renamed(&signatures[0], APPROVER[0]),
    ];
    bench.ignores(&put_together(&message, &by_one), Reason::BadSignature);
}

/// The head is signed: a code's signature serves no statement of another kind or version.
#[test]
fn a_signature_serves_no_other_kind() {
    let mut bench = Bench::new();
    let (message, signatures) = taken_apart(&code(&mut bench));
    let all: Vec<&Signature> = signatures.iter().collect();
    for (place, value, expected) in [
        (8, 5, Reason::BadSignature),
        (8, 6, Reason::BadSignature),
        (9, 1, Reason::BadSignature),
    ] {
        let mut other = message.clone();
        other[place] = value;
        let body = other.len() - 12;
        if other[8] != 1 && body > 96 {
            // Longer than a revocation may be.
            bench.ignores(&put_together(&other, &all), Reason::BadLength);
            continue;
        }
        bench.ignores(&put_together(&other, &all), expected);
    }
}

/// The issuer stands in for nobody else, however many roles are asked for.
#[test]
fn the_issuer_does_not_approve_its_own_code() {
    let mut bench = Bench::new();
    let code = bench.code(limits(), Action::Probe);
    for signers in [&OPERATOR[..1], &OPERATOR[..]] {
        let answer = bench.submit(&seal(&code, signers));
        assert_eq!(refused(&answer), Some(Reason::TooFewApprovers));
    }
    // Under a latch that asks for no approver the same code would do.
    let code = bench.code(maintenance(), command("restart"));
    let told = bench.submit(&seal(&code, &OPERATOR[..1])).told();
    assert_eq!(told.outcome(), Outcome::Performed);
}
