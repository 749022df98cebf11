//! The table of used and stopped codes is bounded. What it forgets stays void, and whoever fills it forgets only what is
//! its own.

use latch_verify::{
    Reason,
    limits::MAX_BURNED,
    statement::{Action, Outcome},
    types::Sequence,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::command,
    keys::{OPERATOR, ROOT, Signer, seal},
    openings::{read, refused, slip},
    root::maintenance,
};

/// A command of this operator that rests on the clock.
fn run(bench: &mut Bench, issuer: Signer) -> Vec<u8> {
    let mut code = bench.code(maintenance(), command("restart"));
    (code.issuer, code.challenge) = (issuer.id(), None);
    seal(&code, &[issuer])
}

fn runs(bench: &mut Bench, issuer: Signer, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| run(bench, issuer)).collect()
}

#[track_caller]
fn performs(bench: &mut Bench, code: &[u8]) {
    assert_eq!(bench.submit(code).outcome(), Outcome::Performed);
}

#[track_caller]
fn stops(bench: &mut Bench, code: &[u8], signers: &[Signer]) {
    let answer = bench.submit_reserved(&slip(code, signers));
    assert!(matches!(answer.outcome(), Outcome::Stopped { .. }));
}

/// A code that comes again has no second effect, whatever is said of it.
#[track_caller]
fn is_spent(bench: &mut Bench, code: &[u8]) -> Answer {
    let effects = bench.effects.len();
    let answer = bench.submit(code);
    assert_eq!(bench.effects.len(), effects, "{answer:?}");
    answer
}

fn floor(bench: &Bench, issuer: Signer) -> Sequence {
    bench.device.facts().replay.floor(issuer.id()).replay
}

/// How many entries of the table are an issuer's.
fn held(bench: &Bench, issuer: Signer) -> usize {
    let burned = bench.device.facts().replay.burned();
    burned.filter(|burned| burned.issuer == issuer.id()).count()
}

#[test]
fn a_slip_that_is_forgotten_leaves_a_floor() {
    let mut bench = Bench::new();
    let codes = runs(&mut bench, OPERATOR[0], MAX_BURNED + 4);
    // In any order: the oldest code goes first, not the oldest slip.
    for code in codes[..MAX_BURNED].iter().rev() {
        stops(&mut bench, code, &OPERATOR[..1]);
    }
    assert_eq!(floor(&bench, OPERATOR[0]), Sequence(0));
    for (place, code) in codes[MAX_BURNED..MAX_BURNED + 3].iter().enumerate() {
        stops(&mut bench, code, &ROOT);
        assert_eq!(floor(&bench, OPERATOR[0]), read(&codes[place]).1.sequence);
    }
    for bench in [&mut bench.fork(), &mut bench] {
        for (place, code) in codes.iter().enumerate().take(MAX_BURNED + 3) {
            let expected = if place < 3 {
                Reason::BelowFloor
            } else {
                Reason::Stopped
            };
            assert_eq!(refused(&is_spent(bench, code)), Some(expected));
        }
        performs(bench, &codes[MAX_BURNED + 3]);
    }
}

/// Slips, too, forget used codes only for their own issuer, and that is no way to use one again.
#[test]
fn slips_do_not_make_used_codes_good_again() {
    let mut bench = Bench::new();
    let used = runs(&mut bench, OPERATOR[0], 8);
    for code in &used {
        performs(&mut bench, code);
    }
    let codes = runs(&mut bench, OPERATOR[0], 2 * MAX_BURNED);
    for code in &codes {
        stops(&mut bench, code, &OPERATOR[..1]);
    }
    let mut bench = bench.reboot();
    for code in used.iter().chain(&codes) {
        is_spent(&mut bench, code);
    }
}

/// One operator signs as much as it likes.
#[test]
fn whoever_signs_much_pushes_out_nothing_of_another() {
    let share = MAX_BURNED / 2 - 1;
    for stopping in [false, true] {
        let mut bench = Bench::new();
        let (used, unused) = (
            runs(&mut bench, OPERATOR[1], share),
            runs(&mut bench, OPERATOR[1], share),
        );
        // Every other one is used, so that a floor would hurt those between.
        let pairs: Vec<_> = used.iter().zip(&unused).collect();
        for (used, _) in &pairs {
            performs(&mut bench, used);
        }
        for code in runs(&mut bench, OPERATOR[0], 2 * MAX_BURNED) {
            if stopping {
                stops(&mut bench, &code, &OPERATOR[..1]);
            } else {
                performs(&mut bench, &code);
            }
        }
        assert_eq!(held(&bench, OPERATOR[1]), share);
        assert_eq!(floor(&bench, OPERATOR[1]), Sequence(0));
        let mut bench = bench.reboot();
        for (used, unused) in pairs {
            is_spent(&mut bench, used);
            performs(&mut bench, unused);
        }
    }
}

/// What is held of each when all have their share stays so.
#[test]
fn an_issuer_keeps_its_whole_share() {
    for issuers in [2, 3] {
        let share = MAX_BURNED / issuers;
        let mut bench = Bench::new();
        for issuer in &OPERATOR[1..issuers] {
            for code in runs(&mut bench, *issuer, share) {
                performs(&mut bench, &code);
            }
        }
        for code in runs(&mut bench, OPERATOR[0], 2 * MAX_BURNED) {
            performs(&mut bench, &code);
        }
        for issuer in &OPERATOR[1..issuers] {
            assert_eq!(
                (held(&bench, *issuer), floor(&bench, *issuer)),
                (share, Sequence(0)),
                "the share of {issuers} issuers is {share}, and another has taken of it"
            );
        }
    }
}

/// An issuer far ahead of its time settles its own codes, and no other's.
#[test]
fn whoever_signs_far_ahead_settles_only_its_own() {
    let mut bench = Bench::new();
    let code = run(&mut bench, OPERATOR[1]);
    let late = bench.now_ms() + 200_000;
    for number in 0..2 * MAX_BURNED as u64 {
        let mut ahead = bench.code(maintenance(), Action::Probe);
        ahead.sequence = Sequence((late << 16) + number);
        ahead.challenge = None;
        let ahead = seal(&ahead, &OPERATOR[..1]);
        assert_eq!(bench.submit(&ahead).outcome(), Outcome::Probed);
    }
    performs(&mut bench, &code);
    let own = run(&mut bench, OPERATOR[0]);
    assert_eq!(refused(&bench.submit(&own)), Some(Reason::BelowFloor));
}
