//! Everything that a key has signed up to a place in its order is void.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Outcome, Revocation},
    types::{LatchId, Sequence},
    wire::Kind,
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, RELEASE, ROOT, STRANGER, Signer, TIME, seal},
    openings::{emergency, revocation},
    root::{OTHER_TENANT, RootSpec, maintenance},
};

const ALL: Sequence = Sequence(u64::MAX);

/// A probe by this operator that rests on the clock, with its place in the operator's order.
fn probe(bench: &mut Bench, issuer: Signer) -> (Sequence, Vec<u8>) {
    let mut code = bench.code(maintenance(), Action::Probe);
    (code.issuer, code.challenge) = (issuer.id(), None);
    (code.sequence, seal(&code, &[issuer]))
}

#[track_caller]
fn revokes(bench: &mut Bench, statement: &[u8]) -> Told {
    let told = bench.submit_reserved(statement).told();
    assert_eq!(told.outcome(), Outcome::Revoked);
    told
}

#[track_caller]
fn revoked(bench: &mut Bench, (sequence, code): &(Sequence, Vec<u8>), through: Sequence) {
    bench.refuses(code, Refusal::new(Reason::Revoked, through.0, sequence.0));
}

#[track_caller]
fn accepted(bench: &mut Bench, (_, code): &(Sequence, Vec<u8>)) {
    assert_eq!(bench.submit(code).outcome(), Outcome::Probed);
}

#[test]
fn codes_up_to_it_are_void_and_those_after_are_not() {
    for signers in [&OPERATOR[..1], &ROOT] {
        let mut bench = Bench::new();
        let codes: Vec<_> = (0..4).map(|_| probe(&mut bench, OPERATOR[0])).collect();
        let others: Vec<_> = (0..4).map(|_| probe(&mut bench, OPERATOR[1])).collect();
        let through = codes[2].0;
        let told = revokes(&mut bench, &revocation(OPERATOR[0], through, signers));
        let receipt = &told.receipt;
        assert_eq!(
            (receipt.kind, receipt.issuer, receipt.sequence),
            (
                Kind::Revocation.number(),
                Some(OPERATOR[0].id()),
                Some(through)
            )
        );
        let floor = bench.device.facts().replay.floor(OPERATOR[0].id());
        assert_eq!(floor.revoked, through);
        for code in &codes[..3] {
            revoked(&mut bench, code, through);
        }
        accepted(&mut bench, &codes[3]);
        // Other issuers have an order of their own.
        for code in &others {
            accepted(&mut bench, code);
        }
    }
}

/// The key is stolen: neither what it has signed nor what it will sign is good.
#[test]
fn the_greatest_number_voids_the_key() {
    let mut bench = Bench::new();
    revokes(&mut bench, &revocation(OPERATOR[0], ALL, &ROOT));
    let code = probe(&mut bench, OPERATOR[0]);
    revoked(&mut bench, &code, ALL);
    // It cannot take that back itself, nor can anybody.
    bench.notes(&revocation(OPERATOR[0], Sequence(1), &OPERATOR[..1]));
    bench.notes(&revocation(OPERATOR[0], Sequence(0), &ROOT));
    let code = probe(&mut bench, OPERATOR[0]);
    revoked(&mut bench, &code, ALL);
    // Nor does it count as one that has signed beside another issuer.
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.issuer = OPERATOR[1].id();
    let too_few = Refusal::new(Reason::TooFewOperators, 2, 1);
    bench.refuses(&seal(&code, &CREW), too_few);
}

/// An approver whose key was stolen approves of nothing any more.
#[test]
fn an_approver_is_revoked_too() {
    for by in [&APPROVER[..1], &ROOT] {
        let mut bench = Bench::new();
        revokes(&mut bench, &revocation(APPROVER[0], ALL, by));
        let code = bench.code(crate::world::root::service(), Action::Open { seconds: 60 });
        let too_few = Refusal::new(Reason::TooFewApprovers, 1, 0);
        bench.refuses(&seal(&code, &[OPERATOR[0], APPROVER[0]]), too_few);
        let told = bench
            .submit(&seal(&code, &[OPERATOR[0], APPROVER[1]]))
            .told();
        assert_eq!(told.outcome(), Outcome::Opened { seconds: 60 });
    }
}

/// A cosigner's floor takes in the sequence that it names, and nothing after it.
#[test]
fn an_approver_is_revoked_through_a_sequence() {
    let mut bench = Bench::new();
    let service = crate::world::root::service();
    let last = bench.code(service, Action::Open { seconds: 60 });
    let next = bench.code(service, Action::Open { seconds: 60 });
    let by = [OPERATOR[0], APPROVER[0]];
    revokes(&mut bench, &revocation(APPROVER[0], last.sequence, &ROOT));
    let too_few = Refusal::new(Reason::TooFewApprovers, 1, 0);
    bench.refuses(&seal(&last, &by), too_few);
    let told = bench.submit(&seal(&next, &by)).told();
    assert_eq!(told.outcome(), Outcome::Opened { seconds: 60 });
}

#[test]
fn it_rises_and_never_falls() {
    let mut bench = Bench::new();
    let codes: Vec<_> = (0..3).map(|_| probe(&mut bench, OPERATOR[0])).collect();
    let floor = |place: usize| revocation(OPERATOR[0], codes[place].0, &OPERATOR[..1]);
    revokes(&mut bench, &floor(1));
    // The same again, and one that lies before, say nothing new.
    bench.notes(&floor(1));
    bench.notes(&floor(0));
    bench.notes(&revocation(OPERATOR[0], codes[0].0, &ROOT));
    revoked(&mut bench, &codes[1], codes[1].0);
    revokes(&mut bench, &floor(2));
    revoked(&mut bench, &codes[2], codes[2].0);
}

#[test]
fn it_outlives_boots_and_the_journals_sectors() {
    let mut bench = Bench::new();
    let code = probe(&mut bench, OPERATOR[0]);
    revokes(&mut bench, &revocation(OPERATOR[0], code.0, &ROOT));
    bench = bench.reboot();
    revoked(&mut bench, &code, code.0);
    let before = bench.hardware.journal.look().erases();
    while bench.hardware.journal.look().erases() < before + 2 {
        let other = probe(&mut bench, OPERATOR[1]);
        accepted(&mut bench, &other);
    }
    bench = bench.reboot();
    revoked(&mut bench, &code, code.0);
    bench.notes(&revocation(OPERATOR[0], code.0, &ROOT));
}

/// A new epoch forgets what was used, and not what was revoked of keys that stay.
#[test]
fn it_outlives_a_new_epoch() {
    let mut bench = Bench::new();
    revokes(&mut bench, &revocation(OPERATOR[0], ALL, &ROOT));
    let root = RootSpec::default().next_epoch();
    bench.succeed(&root, &ROOT);
    for _ in 0..2 {
        let mut code = bench.code(maintenance(), Action::Probe);
        code.epoch = root.epoch;
        let sequence = code.sequence;
        revoked(&mut bench, &(sequence, seal(&code, &CREW)), ALL);
        bench = bench.reboot();
    }
}

#[test]
fn a_break_glass_key_takes_back_what_it_has_given() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), Action::Probe);
    emergency(&mut code);
    let one = &BREAK_GLASS[..1];
    revokes(&mut bench, &revocation(BREAK_GLASS[0], code.sequence, one));
    let code = (code.sequence, seal(&code, &BREAK_GLASS));
    revoked(&mut bench, &code, code.0);
}

/// Whoever revokes is the issuer itself, or enough of root.
#[test]
fn nobody_else_takes_it_back() {
    let mut bench = Bench::new();
    let mut through = 1;
    for (signers, of_root) in [
        (&OPERATOR[1..2], 0),
        (&OPERATOR[1..], 0),
        (&APPROVER, 0),
        (&RELEASE, 0),
        (&[TIME], 0),
        (&BREAK_GLASS, 0),
        (&ROOT[..1], 1),
        (&ROOT[1..], 1),
        (&[ROOT[0], OPERATOR[1], APPROVER[0]], 1),
    ] {
        through += 1;
        let statement = revocation(OPERATOR[0], Sequence(through), signers);
        bench.rest_reserves();
        bench.refuses(&statement, Refusal::new(Reason::NotRevoker, 2, of_root));
    }
    // A key that signs no codes has nothing to take back, whoever asks.
    for signer in [RELEASE[0], TIME, ROOT[0]] {
        let statement = revocation(signer, ALL, &ROOT);
        bench.rest_reserves();
        bench.refuses(&statement, Reason::NotRevocable);
    }
    let code = probe(&mut bench, OPERATOR[0]);
    accepted(&mut bench, &code);
}

#[test]
fn a_stranger_and_another_tenant_are_not_even_answered() {
    let mut bench = Bench::new();
    for signers in [
        [STRANGER].as_slice(),
        &[OPERATOR[0], STRANGER],
        &[ROOT[0], ROOT[1], STRANGER],
    ] {
        let statement = revocation(OPERATOR[0], ALL, signers);
        bench.ignores(&statement, Reason::UnknownKey);
    }
    let elsewhere = Revocation {
        tenant: OTHER_TENANT,
        issuer: OPERATOR[0].id(),
        through: ALL,
    };
    bench.ignores(&seal(&elsewhere, &ROOT), Reason::OtherTenant);
    let mut altered = revocation(OPERATOR[0], Sequence(5), &ROOT);
    let last_of_body = altered.len() - 1 - 2 * 72 - 1;
    altered[last_of_body] ^= 1;
    bench.ignores(&altered, Reason::BadSignature);
    let code = probe(&mut bench, OPERATOR[0]);
    accepted(&mut bench, &code);
}

/// Root may void a key before a new root lists it, or one that no root lists.
#[test]
fn root_takes_back_what_a_key_signs_that_is_not_listed_yet() {
    let mut bench = Bench::new();
    let newcomer = Signer(14);
    revokes(&mut bench, &revocation(newcomer, ALL, &ROOT));
    let mut root = RootSpec::default().next();
    root.list(latch_verify::wire::Role::Operator, newcomer);
    bench.succeed(&root, &ROOT);
    let code = probe(&mut bench, newcomer);
    revoked(&mut bench, &code, ALL);
}
