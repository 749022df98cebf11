//! The power goes at every operation of the flash while a latch opens, is renewed or closes, and while a lockdown begins
//! or ends. After the boot nothing is open, a lockdown is in force exactly if its code is burned, and what is told is so.

use std::cell::RefCell;

use latch_verify::{
    statement::{Action, CloseCause, Outcome},
    types::{LatchId, StatementId},
};

use crate::sweep::{Past, Scene, crowded, journal, seasoned, start};
use crate::world::{
    answer::{Answer, Effect},
    bench::Bench,
    hardware::Hardware,
    keys::{CREW, seal},
    openings::read,
    root::service,
};

/// A code that rests on the clock: it is as good after a boot as before it.
fn lasting(bench: &mut Bench, latch: LatchId, action: Action<'_>) -> Vec<u8> {
    let mut code = bench.code(latch, action);
    code.challenge = None;
    seal(&code, &CREW)
}

fn id(code: &[u8]) -> StatementId {
    read(code).0
}

/// Whether the device knows that it has used a code.
fn burned(bench: &Bench, code: &[u8]) -> bool {
    let mut used = bench.device.facts().replay.burned();
    used.any(|used| used.is(id(code)))
}

/// A device, and codes for it, which are submitted one after the other.
struct Case {
    bench: Bench,
    codes: Vec<Vec<u8>>,
}

/// Sweeps codes on a journal with room, and on one where they begin a new sector.
fn sweep(
    name: &'static str,
    make: fn(&mut Bench) -> Vec<Vec<u8>>,
    check: fn(&[Vec<u8>], &mut Bench, &mut Past),
) {
    let case = |mut bench: Bench| {
        let codes = make(&mut bench);
        Case { bench, codes }
    };
    let act = |case: &Case, hardware: &Hardware, past: &mut Past| {
        let Some(mut bench) = start(hardware) else {
            return;
        };
        for code in &case.codes {
            past.hear(&bench.submit(code));
            past.effects.append(&mut bench.effects);
        }
    };
    let roomy = case(seasoned());
    let crowded = crowded(case, |case| &case.bench.hardware, act);
    for case in [roomy, crowded] {
        Scene {
            name,
            start: &case.bench.hardware,
            chip: journal,
            act: &|hardware, past| act(&case, hardware, past),
            check: &|mut bench, mut past| {
                assert_eq!(bench.device.open_latches(), 0, "open after a boot");
                assert!(bench.device.facts().open.is_empty());
                let effects_told = past.effects.len();
                check(&case.codes, &mut bench, &mut past);
                assert_eq!(past.effects.len(), effects_told);
            },
        }
        .sweep();
    }
}

/// What the device says now to a code that it has burned; the same each time, and nothing comes of it.
#[track_caller]
fn told_of(bench: &mut Bench, past: &mut Past, code: &[u8]) -> Outcome {
    let effects = bench.effects.len();
    let told = bench.submit(code).told();
    past.keep(&told);
    assert_eq!(bench.submit(code).told(), told);
    assert_eq!(bench.effects.len(), effects, "a second effect");
    told.outcome()
}

/// A new code opens the latch, unless the device is locked down.
#[track_caller]
fn goes_on(bench: &mut Bench, past: &mut Past) {
    let told = bench.opens(60);
    past.keep(&told);
    let told = bench.renews(60);
    past.keep(&told);
    bench.pass(60_000);
    assert!(!bench.device.is_open(service()));
}

fn did(past: &Past, effect: impl Fn(&Effect) -> bool) -> bool {
    past.effects.iter().any(effect)
}

/// What is told of the code that has opened the latch.
#[track_caller]
fn opening_is_told(bench: &mut Bench, past: &mut Past, code: &[u8]) {
    let was_open = past
        .last(id(code))
        .is_some_and(|told| matches!(told.outcome(), Outcome::Opened { .. }));
    let acted = did(past, |effect| matches!(effect, Effect::Open { .. }));
    if !burned(bench, code) {
        assert!(!acted && !was_open, "an effect without a burned code");
        return;
    }
    let (latch, cause) = (service(), CloseCause::Reboot);
    match told_of(bench, past, code) {
        // Cut off between the burn and the outcome: it may have been open for a moment.
        Outcome::Interrupted => assert!(!was_open),
        outcome => {
            assert_eq!(outcome, Outcome::Closed { latch, cause });
            assert!(acted, "told that it was open, and nobody has opened it");
        }
    }
}

#[test]
fn an_opening_is_shut_by_the_boot_and_told_as_it_was() {
    let make = |bench: &mut Bench| vec![lasting(bench, service(), Action::Open { seconds: 250 })];
    sweep("open", make, |codes, bench, past| {
        opening_is_told(bench, past, &codes[0]);
        goes_on(bench, past);
    });
}

#[test]
fn a_renewal_is_shut_by_the_boot_and_told_as_it_was() {
    let make = |bench: &mut Bench| {
        let open = lasting(bench, service(), Action::Open { seconds: 100 });
        vec![
            open,
            lasting(bench, service(), Action::Renew { seconds: 250 }),
        ]
    };
    sweep("renew", make, |codes, bench, past| {
        opening_is_told(bench, past, &codes[0]);
        let told = past.last(id(&codes[1])).map(|told| told.outcome());
        if burned(bench, &codes[1]) {
            let outcome = told_of(bench, past, &codes[1]);
            let renewed = Outcome::Renewed { seconds: 250 };
            assert!(
                outcome == renewed || outcome == Outcome::Interrupted && told.is_none(),
                "{outcome:?} after {told:?}"
            );
        } else {
            assert!(!did(past, |effect| matches!(effect, Effect::Renew { .. })));
        }
        goes_on(bench, past);
    });
}

#[test]
fn a_closing_is_shut_and_told_whatever_was_cut() {
    let make = |bench: &mut Bench| {
        let open = lasting(bench, service(), Action::Open { seconds: 250 });
        vec![open, lasting(bench, service(), Action::Close)]
    };
    sweep("close", make, |codes, bench, past| {
        let was_burned = burned(bench, &codes[1]);
        assert!(was_burned || !did(past, |effect| matches!(effect, Effect::Close { .. })));
        if was_burned {
            let (latch, cause) = (service(), CloseCause::Code);
            let outcome = told_of(bench, past, &codes[1]);
            assert_eq!(outcome, Outcome::Closed { latch, cause });
            // Closed by that code, so the boot had nothing to close.
            let opened = told_of(bench, past, &codes[0]);
            assert_eq!(opened, Outcome::Opened { seconds: 250 });
        } else {
            opening_is_told(bench, past, &codes[0]);
        }
        goes_on(bench, past);
    });
}

#[test]
fn a_lockdown_is_in_force_exactly_if_its_code_is_burned() {
    let make = |bench: &mut Bench| {
        let open = lasting(bench, service(), Action::Open { seconds: 250 });
        vec![open, lasting(bench, LatchId::TRUST, Action::Lockdown)]
    };
    sweep("lockdown", make, |codes, bench, past| {
        let locked = bench.device.status().locked_down;
        assert_eq!(locked, burned(bench, &codes[1]));
        if !locked {
            assert_eq!(past.last(id(&codes[1])), None, "told, and not in force");
            assert!(!did(past, |effect| *effect == Effect::Lockdown));
            opening_is_told(bench, past, &codes[0]);
            return goes_on(bench, past);
        }
        assert_eq!(told_of(bench, past, &codes[1]), Outcome::LockedDown);
        let unlock = bench.sealed(LatchId::TRUST, Action::Unlock);
        let told = bench.submit(&unlock).told();
        past.keep(&told);
        assert_eq!(told.outcome(), Outcome::Unlocked);
        goes_on(bench, past);
    });
}

/// The code answers the challenge of the boot that is cut, so it is made there.
#[test]
fn a_lockdown_is_over_exactly_if_the_code_that_lifts_it_is_burned() {
    let release: RefCell<Vec<u8>> = RefCell::default();
    let act = |_: &Bench, hardware: &Hardware, past: &mut Past| {
        release.borrow_mut().clear();
        let Some(mut bench) = start(hardware) else {
            return;
        };
        bench.skip_sequences(900);
        assert!(bench.device.status().locked_down, "lifted by a cut");
        let code = bench.sealed(LatchId::TRUST, Action::Unlock);
        release.borrow_mut().extend(&code);
        past.hear(&bench.submit(&code));
    };
    let locked = |mut bench: Bench| {
        let lock = lasting(&mut bench, LatchId::TRUST, Action::Lockdown);
        assert!(matches!(bench.submit(&lock), Answer::Told(_)));
        bench
    };
    let crowded = crowded(locked, |bench| &bench.hardware, act);
    for bench in [locked(seasoned()), crowded] {
        Scene {
            name: "unlock",
            start: &bench.hardware,
            chip: journal,
            act: &|hardware, past| act(&bench, hardware, past),
            check: &|mut bench, mut past| {
                let code = release.borrow().clone();
                let used = !code.is_empty() && burned(&bench, &code);
                assert_eq!(bench.device.status().locked_down, !used);
                if used {
                    let outcome = told_of(&mut bench, &mut past, &code);
                    assert_eq!(outcome, Outcome::Unlocked);
                } else {
                    if !code.is_empty() {
                        assert_eq!(past.last(id(&code)), None, "told, and not in force");
                    }
                    let unlock = bench.sealed(LatchId::TRUST, Action::Unlock);
                    let told = bench.submit(&unlock).told();
                    past.keep(&told);
                    assert_eq!(told.outcome(), Outcome::Unlocked);
                }
                assert_eq!(bench.device.open_latches(), 0);
                goes_on(&mut bench, &mut past);
            },
        }
        .sweep();
    }
}

/// The power goes while a boot tells of the latches that it has closed.
#[test]
fn a_boot_tells_of_what_was_open_once_however_often_it_is_cut() {
    let case = |mut bench: Bench| {
        let code = lasting(&mut bench, service(), Action::Open { seconds: 250 });
        bench.submit(&code).told();
        Case {
            bench,
            codes: vec![code],
        }
    };
    let boot = |_: &Case, hardware: &Hardware, _: &mut Past| drop(start(hardware));
    let crowded = crowded(case, |case| &case.bench.hardware, boot);
    for case in [case(seasoned()), crowded] {
        let number = case.bench.device.facts().chain.number;
        Scene {
            name: "a boot that closes",
            start: &case.bench.hardware,
            chip: journal,
            act: &|hardware, past| boot(&case, hardware, past),
            check: &|mut bench, mut past| {
                assert_eq!(bench.device.facts().chain.number, number + 1);
                let (latch, cause) = (service(), CloseCause::Reboot);
                let outcome = told_of(&mut bench, &mut past, &case.codes[0]);
                assert_eq!(outcome, Outcome::Closed { latch, cause });
                goes_on(&mut bench, &mut past);
            },
        }
        .sweep();
    }
}
