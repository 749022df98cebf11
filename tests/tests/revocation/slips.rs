//! A stop slip voids one code, wherever that is.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Outcome, StopSlip},
    types::StatementId,
    wire::Kind,
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, ROOT, STRANGER, seal},
    openings::{emergency, read, refused, revocation, slip, slip_for},
    root::{OTHER_TENANT, RootSpec, maintenance},
};

/// A probe that rests on the clock.
fn probe(bench: &mut Bench) -> Vec<u8> {
    let mut code = bench.code(maintenance(), Action::Probe);
    code.challenge = None;
    seal(&code, &CREW[..1])
}

#[track_caller]
fn stops(bench: &mut Bench, statement: &[u8], code: &[u8], used: bool) -> Told {
    let told = bench.submit_reserved(statement).told();
    let statement = read(code).0;
    assert_eq!(told.outcome(), Outcome::Stopped { statement, used });
    told
}

#[test]
fn a_slip_that_comes_first_voids_the_code() {
    for signers in [&OPERATOR[..1], &ROOT] {
        let mut bench = Bench::new();
        let codes = [(); 3].map(|()| probe(&mut bench));
        let statement = slip(&codes[1], signers);
        let told = stops(&mut bench, &statement, &codes[1], false);
        assert_eq!(told.receipt.kind, Kind::StopSlip.number());
        assert_eq!(told.receipt.issuer, Some(OPERATOR[0].id()));
        bench.refuses(&codes[1], Reason::Stopped);
        // Those around it are good.
        for code in [&codes[0], &codes[2]] {
            assert_eq!(bench.submit(code).outcome(), Outcome::Probed);
        }
        assert_eq!(refused(&bench.submit(&codes[1])), Some(Reason::Stopped));
    }
}

/// An author signs the slip together with the code, and whoever is to stop it needs no key.
#[test]
fn a_slip_signed_beforehand_serves_whenever_it_is_needed() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let in_the_drawer = slip(&code, &OPERATOR[..1]);
    bench.pass(600_000);
    let mut bench = bench.reboot();
    stops(&mut bench, &in_the_drawer, &code, false);
}

/// A code that was used stays used: a slip undoes nothing.
#[test]
fn a_slip_for_a_used_code_says_that_it_was_used() {
    let mut bench = Bench::new();
    let change = bench.change("speed", 3);
    let applied = bench.submit(&change).told();
    let statement = slip(&change, &OPERATOR[..1]);
    stops(&mut bench, &statement, &change, true);
    assert_eq!(bench.device.facts().twin.version, 1);
    // What came of it is told as before.
    assert_eq!(bench.submit(&change).told(), applied);
    assert_eq!(bench.effects.len(), 1);
    bench.notes(&statement);
}

#[test]
fn a_slip_that_comes_again_costs_nothing() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let statement = slip(&code, &OPERATOR[..1]);
    stops(&mut bench, &statement, &code, false);
    bench.notes(&statement);
    // Signed by others, it is the same slip.
    bench.notes(&slip(&code, &ROOT));
    let mut bench = bench.reboot();
    bench.notes(&statement);
    bench.refuses(&code, Reason::Stopped);
}

#[test]
fn it_outlives_boots_and_the_journals_sectors() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let statement = slip(&code, &OPERATOR[..1]);
    stops(&mut bench, &statement, &code, false);
    bench = bench.reboot();
    bench.refuses(&code, Reason::Stopped);
    let before = bench.hardware.journal.look().erases();
    while bench.hardware.journal.look().erases() < before + 2 {
        let mut other = bench.code(maintenance(), Action::Probe);
        (other.issuer, other.challenge) = (OPERATOR[1].id(), None);
        let other = seal(&other, &OPERATOR[1..2]);
        bench.submit(&other).told();
    }
    bench = bench.reboot();
    bench.refuses(&code, Reason::Stopped);
}

/// Two codes cannot have one place in an issuer's order: a slip for one of them says nothing about the other.
#[test]
fn a_slip_for_another_code_in_a_used_place_stops_nothing() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 60;
    let mut bench = Bench::with_root(&root);
    let used = bench.sealed(maintenance(), Action::Open { seconds: 60 });
    bench.submit(&used).told();
    assert!(bench.device.is_open(maintenance()));
    let other = StopSlip {
        statement: StatementId([7; 16]),
        ..slip_for(&used)
    };
    // That code is void by its place already.
    bench.notes(&seal(&other, &OPERATOR[..1]));
    assert!(bench.device.is_open(maintenance()));
    let stopped = bench
        .device
        .facts()
        .replay
        .burned()
        .any(|used| used.stopped);
    assert!(!stopped);
}

/// It takes the place: the code that has it is refused, since the device cannot know which of the two was meant.
#[test]
fn a_slip_that_comes_first_keeps_its_place_from_any_other_code() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let other = StopSlip {
        statement: StatementId([7; 16]),
        ..slip_for(&code)
    };
    bench.submit(&seal(&other, &OPERATOR[..1])).told();
    bench.refuses(&code, Reason::SequenceReused);
}

#[test]
fn nobody_else_stops_it() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let another = probe(&mut bench);
    for (signers, of_root) in [
        (&OPERATOR[1..], 0),
        (&APPROVER[..], 0),
        (&BREAK_GLASS, 0),
        (&ROOT[..1], 1),
    ] {
        // A code of its own for each: what is refused for the same reason again is told by the same receipt.
        let code = probe(&mut bench);
        let expected = Refusal::new(Reason::NotRevoker, 2, of_root);
        bench.refuses(&slip(&code, signers), expected);
        assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    }
    // An operator names itself as the issuer: that is another code's place.
    let own = StopSlip {
        issuer: OPERATOR[1].id(),
        ..slip_for(&another)
    };
    bench.submit(&seal(&own, &OPERATOR[1..2])).told();
    assert_eq!(bench.submit(&another).outcome(), Outcome::Probed);
    bench.ignores(&slip(&code, &[STRANGER]), Reason::UnknownKey);
    let elsewhere = StopSlip {
        tenant: OTHER_TENANT,
        ..slip_for(&code)
    };
    bench.ignores(&seal(&elsewhere, &OPERATOR[..1]), Reason::OtherTenant);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
}

#[test]
fn a_slip_of_a_break_glass_code() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), Action::Probe);
    emergency(&mut code);
    let code = seal(&code, &BREAK_GLASS);
    let statement = slip(&code, &BREAK_GLASS[..1]);
    stops(&mut bench, &statement, &code, false);
    bench.refuses(&code, Reason::Stopped);
}

/// Below a floor everything is void already.
#[test]
fn a_slip_below_a_floor_says_nothing_new() {
    let mut bench = Bench::new();
    let (code, last) = (probe(&mut bench), probe(&mut bench));
    let through = read(&last).1.sequence;
    let revoke = revocation(OPERATOR[0], through, &ROOT);
    bench.submit(&revoke).told();
    bench.notes(&slip(&code, &OPERATOR[..1]));
    bench.notes(&slip(&last, &ROOT));
}

/// A new epoch voids the code anyway.
#[test]
fn a_new_epoch_forgets_slips_and_the_code_stays_void() {
    let mut bench = Bench::new();
    let code = probe(&mut bench);
    let statement = slip(&code, &OPERATOR[..1]);
    stops(&mut bench, &statement, &code, false);
    let root = RootSpec::default().next_epoch();
    bench.succeed(&root, &ROOT);
    assert_eq!(bench.device.facts().replay.burned().count(), 0);
    let epoch = Refusal::new(Reason::OtherEpoch, root.epoch.into(), 4);
    bench.refuses(&code, epoch);
}
