//! What a latch that opens for a time is refused for, and what keeps a device from answering at all.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    limits::{CODE_REFILL_MS, CODE_SIGNATURES, RESERVED_REFILL_MS, RESERVED_SIGNATURES},
    statement::{Action, CloseCause, RuleChoice},
    types::{LatchId, Sequence},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::command,
    keys::{BREAK_GLASS, CREW, OPERATOR, ROOT, seal},
    openings::{emergency, revocation},
    root::{RootSpec, SERVICE_OPEN_S, maintenance, remarks, service},
    statements::{answer_to, broadcast},
};

#[test]
fn never_opens() {
    let mut bench = Bench::new();
    for latch in [
        LatchId::TWIN,
        LatchId::FIRMWARE,
        LatchId::TRUST,
        maintenance(),
        remarks(),
    ] {
        for action in [Action::Open { seconds: 1 }, Action::Renew { seconds: 1 }] {
            let code = bench.sealed(latch, action);
            bench.refuses(&code, Reason::NeverOpens);
        }
    }
    // Each rule for itself.
    let mut root = RootSpec::default();
    root.latch_mut(service()).rule.max_open_s = 0;
    let mut bench = Bench::with_root(&root);
    let code = bench.sealed(service(), Action::Open { seconds: 1 });
    bench.refuses(&code, Reason::NeverOpens);
    let mut code = bench.code(service(), Action::Open { seconds: 1 });
    emergency(&mut code);
    bench.opens_by(&code, &BREAK_GLASS);
}

#[test]
fn open_too_long() {
    let mut bench = Bench::new();
    let longest = u64::from(SERVICE_OPEN_S);
    for seconds in [SERVICE_OPEN_S + 1, u32::MAX] {
        let expected = Refusal::new(Reason::OpenTooLong, longest, seconds.into());
        for action in [Action::Open { seconds }, Action::Renew { seconds }] {
            let code = bench.sealed(service(), action);
            bench.refuses(&code, expected);
        }
    }
    let mut code = bench.code(service(), Action::Open { seconds: 301 });
    emergency(&mut code);
    let expected = Refusal::new(Reason::OpenTooLong, 300, 301);
    bench.refuses(&seal(&code, &BREAK_GLASS), expected);
    bench.opens(SERVICE_OPEN_S);
    // In all: what has passed is gone.
    bench.pass(100_000);
    let code = bench.sealed(
        service(),
        Action::Renew {
            seconds: SERVICE_OPEN_S,
        },
    );
    let left = Refusal::new(Reason::OpenTooLong, longest - 100, longest);
    bench.refuses(&code, left);
}

/// No time at all is no time that a code can ask for.
#[test]
fn bad_value_where_it_would_open_for_nothing() {
    let mut bench = Bench::new();
    for action in [Action::Open { seconds: 0 }, Action::Renew { seconds: 0 }] {
        let code = bench.sealed(service(), action);
        bench.ignores(&code, Reason::BadValue);
    }
}

#[test]
fn locked_down() {
    let mut bench = Bench::new();
    let accepted = bench.closing(maintenance(), command("restart"));
    bench.locks_down();
    bench.refuses(&accepted, Reason::LockedDown);
    let code = bench.sealed(LatchId::TRUST, Action::Probe);
    bench.refuses(&code, Reason::LockedDown);
    let release = bench.sealed(LatchId::TRUST, Action::Unlock);
    bench.submit(&release).told();
    bench.submit(&accepted).told();
    assert_eq!(bench.effects.len(), 2);
}

#[test]
fn already_open() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    let code = bench.sealed(service(), Action::Open { seconds: 60 });
    bench.refuses(&code, Reason::AlreadyOpen);
    // Under break-glass no less; and the time stays as it was.
    let mut other = bench.code(service(), Action::Open { seconds: 60 });
    emergency(&mut other);
    bench.pass(10_000);
    bench.refuses(&seal(&other, &BREAK_GLASS), Reason::AlreadyOpen);
    bench.closes_after(50_000, &opened, service(), CloseCause::Time);
    // Nothing was burned.
    bench.submit(&code).told();
    assert!(bench.device.is_open(service()));
}

#[test]
fn not_open() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Renew { seconds: 60 });
    bench.refuses(&code, Reason::NotOpen);
    let opened = bench.opens(60);
    bench.pass(60_000);
    // Over, whether that was noticed or not.
    let code = bench.sealed(service(), Action::Renew { seconds: 60 });
    bench.refuses(&code, Reason::NotOpen);
    bench.closes(&opened, service(), CloseCause::Time);
    let code = bench.sealed(service(), Action::Renew { seconds: 60 });
    bench.refuses(&code, Reason::NotOpen);
    bench.opens(60);
    let close = bench.closing(service(), Action::Close);
    bench.submit(&close).told();
    let code = bench.sealed(service(), Action::Renew { seconds: 60 });
    bench.refuses(&code, Reason::NotOpen);
}

#[test]
fn opened_otherwise() {
    for first in [RuleChoice::Normal, RuleChoice::BreakGlass] {
        let mut bench = Bench::new();
        let mut open = bench.code(service(), Action::Open { seconds: 60 });
        let mut renew = bench.code(service(), Action::Renew { seconds: 60 });
        let (opener, renewer) = match first {
            RuleChoice::Normal => (CREW.as_slice(), BREAK_GLASS.as_slice()),
            RuleChoice::BreakGlass => (BREAK_GLASS.as_slice(), CREW.as_slice()),
        };
        emergency(if first == RuleChoice::Normal {
            &mut renew
        } else {
            &mut open
        });
        bench.opens_by(&open, opener);
        bench.refuses(&seal(&renew, renewer), Reason::OpenedOtherwise);
        assert!(bench.device.is_open(service()));
    }
}

/// Puts a statement in that must find its budget used up, and change nothing.
#[track_caller]
fn throttled(bench: &mut Bench, statement: &[u8]) {
    let before = (bench.standing(), bench.effects.clone(), bench.device.work());
    let (costs, signed) = (bench.journal_operations(), bench.hardware.signed.get());
    let count = bench.device.junk().count;
    let answer = bench.submit_once(statement, Offer::NotAsked);
    assert_eq!(answer, Answer::Ignored(Reason::Throttled.into()));
    let after = (bench.standing(), bench.effects.clone(), bench.device.work());
    assert_eq!(after, before);
    assert_eq!(
        (bench.journal_operations(), bench.hardware.signed.get()),
        (costs, signed)
    );
    let junk = bench.device.junk();
    assert_eq!(
        (junk.count, junk.last_reason),
        (count + 1, Reason::Throttled.number())
    );
}

/// Puts in as many statements as take up a budget; whatever comes of them.
fn use_up(bench: &mut Bench, statement: &[u8], signatures: u32, budget: u32) {
    for _ in 0..budget / signatures {
        let answer = bench.submit_once(statement, Offer::NotAsked);
        assert_ne!(answer, Answer::Ignored(Reason::Throttled.into()));
    }
}

#[test]
fn throttled_codes_come_back_with_time() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), command("restart"));
    code.challenge = None;
    let code = seal(&code, &OPERATOR[..1]);
    let mut junk = code.clone();
    *junk.last_mut().expect("a signature") ^= 1;
    use_up(&mut bench, &junk, 1, CODE_SIGNATURES);
    throttled(&mut bench, &code);
    bench.pass(CODE_REFILL_MS - 1);
    throttled(&mut bench, &code);
    bench.pass(1);
    bench.submit_once(&code, Offer::NotAsked).told();
    assert_eq!(bench.effects.len(), 1);
    throttled(&mut bench, &junk);
}

/// A statement costs as many checks as it has signatures: it is served while one is left, and what it takes beyond is
/// waited for afterwards. So no drip of cheap ones starves the dear.
#[test]
fn throttled_is_what_comes_after_more_signatures_than_were_left() {
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    let three = seal(&code, &CREW);
    let mut junk = seal(&code, &OPERATOR[..1]);
    *junk.last_mut().expect("a signature") ^= 1;
    use_up(&mut bench, &junk, 1, CODE_SIGNATURES - 1);
    bench.submit_once(&three, Offer::NotAsked).told();
    throttled(&mut bench, &junk);
    bench.pass(3 * CODE_REFILL_MS - 1);
    throttled(&mut bench, &junk);
    bench.pass(1);
    assert_ne!(
        bench.submit_once(&junk, Offer::NotAsked),
        Answer::Ignored(Reason::Throttled.into())
    );
}

/// Every kind has a reserve of its own.
#[test]
fn throttled_is_each_kind_for_itself() {
    let mut bench = Bench::new();
    let root = {
        let mut other = RootSpec::default().next();
        other.version += 5;
        other.sealed(&ROOT)
    };
    let revoke = revocation(OPERATOR[2], Sequence(1), &ROOT);
    let slip_of_another =
        crate::world::openings::slip(&bench.sealed(maintenance(), Action::Probe), &OPERATOR[1..]);
    let time = broadcast(bench.now_ms());
    for (statement, signatures, burst) in [
        (&root, 2, CODE_SIGNATURES),
        (&revoke, 2, RESERVED_SIGNATURES),
        (&time, 1, RESERVED_SIGNATURES),
    ] {
        use_up(&mut bench, statement, signatures, burst);
        throttled(&mut bench, statement);
    }
    // A slip shares the reserve of revocations, as the answer to a pulse does that of time.
    throttled(&mut bench, &slip_of_another);
    let pulse = bench.device.status().pulse;
    let answer = answer_to(pulse, bench.now_ms());
    throttled(&mut bench, &answer);
    // Codes pass all the while.
    let code = bench.sealed(maintenance(), command("restart"));
    bench.submit_once(&code, Offer::NotAsked).told();
    bench.pass(RESERVED_REFILL_MS);
    assert_eq!(bench.submit_once(&answer, Offer::NotAsked), Answer::Noted);
    bench.submit_once(&root, Offer::NotAsked).told();
    throttled(&mut bench, &root);
    bench.pass(RESERVED_REFILL_MS);
    assert_eq!(bench.submit_once(&revoke, Offer::NotAsked), Answer::Noted);
}
