//! Places in an issuer's order: given out without a memory, and no two codes of one issuer have the same.

use latch_issue::{Change, CodeBuilder, RoleKey};
use latch_verify::{
    Reason,
    statement::{Action, Audience, Code, Outcome},
    types::{Sequence, TimeMs},
};

use crate::world::{
    bench::{Bench, device_id},
    code::moment,
    keys::{OPERATOR, Signer, seal},
    openings::refused,
    root::{EPOCH, TENANT, maintenance},
};

fn builder(issuer: Signer) -> CodeBuilder {
    let audience = Audience::Device(device_id());
    CodeBuilder::new(
        TENANT,
        EPOCH,
        issuer.id(),
        audience,
        maintenance(),
        Change::Probe,
    )
    .incarnation(2)
}

fn signed(builder: CodeBuilder, key: &RoleKey, now: TimeMs) -> (Sequence, Vec<u8>) {
    let draft = builder.build(now).expect("a sound code");
    let statement = draft.sign(&[key]).expect("the issuer's key");
    let code: Code<'_> = statement.body().expect("a code");
    (code.sequence, statement.bytes().to_vec())
}

/// Two issuers have orders of their own.
#[test]
fn two_issuers_may_have_the_same_place() {
    let mut bench = Bench::new();
    let mut place = None;
    for issuer in OPERATOR {
        let mut code = bench.code(maintenance(), Action::Probe);
        (code.issuer, code.challenge) = (issuer.id(), None);
        code.sequence = *place.get_or_insert(code.sequence);
        let code = seal(&code, &[issuer]);
        assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    }
}

/// Two processes with one key may sign in the same millisecond: should they draw the same place, one of their codes is
/// refused, and says why.
#[test]
fn a_place_that_two_codes_have_serves_the_first() {
    let mut bench = Bench::new();
    let key = OPERATOR[0].role_key();
    let now = moment(bench.now_ms());
    let (place, first) = signed(builder(OPERATOR[0]), &key, now);
    let later = moment(bench.now_ms() + 1);
    let (_, second) = signed(builder(OPERATOR[0]).sequence(place), &key, later);
    assert_ne!(first, second);
    assert_eq!(bench.submit(&first).outcome(), Outcome::Probed);
    let answer = bench.submit(&second);
    assert_eq!(refused(&answer), Some(Reason::SequenceReused));
    let (_, third) = signed(builder(OPERATOR[0]), &key, later);
    assert_eq!(bench.submit(&third).outcome(), Outcome::Probed);
}
