//! Latches that open and close, and the lockdown.

use latch_verify::{
    statement::{Action, CloseCause, Outcome},
    types::LatchId,
    wire::Kind,
};

use super::{
    board::Board,
    operation::{Act, Case, Operation, burned, id, journal, submit, submitted},
    rig::Rig,
    sweep::Past,
};
use crate::world::{answer::Effect, root::service};

/// How long the latch is to stay open, in seconds: less than its heartbeat asks for.
const OPEN_S: u32 = 200;

pub(crate) fn operations<const UNIT: usize>() -> Vec<Operation<UNIT>> {
    let operation = |name, make, act, check| Operation {
        name,
        chip: journal,
        make,
        act,
        check,
    };
    let closes = Act::Running {
        ready: submit,
        act: |case, rig, past| {
            rig.submit(&case.statements[1], past);
        },
    };
    let lapses = Act::Running {
        ready: submit,
        act: |_, rig, past| {
            rig.pass(u64::from(OPEN_S) * 1000);
            while rig.poll(past) {}
        },
    };
    vec![
        operation("latch open", open, submitted(), opening),
        operation("latch close", close, closes, closing),
        operation("latch close told", open, lapses, opening),
        operation("boot closes a latch", opened, Act::Boot, opening),
        operation("lockdown", lock, submitted(), locking),
    ]
}

fn open<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let code = rig.lasting(service(), Action::Open { seconds: OPEN_S });
    Case::new(rig, vec![code])
}

fn close<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let codes = vec![
        rig.lasting(service(), Action::Open { seconds: OPEN_S }),
        rig.lasting(service(), Action::Close),
    ];
    Case::new(rig, codes)
}

fn opened<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let code = rig.lasting(service(), Action::Open { seconds: OPEN_S });
    rig.submit(&code, &mut Past::default()).told();
    Case::new(rig, vec![code])
}

fn lock<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let code = rig.lasting(LatchId::TRUST, Action::Lockdown);
    Case::new(rig, vec![code])
}

/// What the device says now to a code that it has burned; the same each time, and nothing comes of it.
#[track_caller]
fn told_of<const UNIT: usize>(rig: &mut Rig<UNIT>, past: &mut Past, code: &[u8]) -> Outcome {
    let effects = past.effects.len();
    let told = rig.submit(code, past).told();
    assert_eq!(rig.submit(code, past).told(), told);
    assert_eq!(past.effects.len(), effects, "a second effect");
    told.outcome()
}

fn is_shut<const UNIT: usize>(rig: &Rig<UNIT>) {
    assert_eq!(rig.device.open_latches(), 0, "open after a boot");
    assert!(rig.device.facts().open.is_empty(), "closed, and not told");
}

fn opens(past: &Past) -> usize {
    let open = |effect: &&Effect| matches!(effect, Effect::Open { .. });
    past.effects.iter().filter(open).count()
}

fn opening<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    is_shut(&rig);
    let code = &case.statements[0];
    let left = past.last(id(Kind::Code, code)).map(|told| told.outcome());
    assert!(opens(past) <= 1);
    if !burned(&rig, code) {
        assert!(left.is_none() && opens(past) == 0);
        return rig;
    }
    let outcome = told_of(&mut rig, past, code);
    match (left, outcome) {
        // Shut before the power went, and told so.
        (Some(left @ Outcome::Closed { .. }), _) => assert_eq!(outcome, left),
        (_, Outcome::Closed { latch, cause }) => {
            assert_eq!(latch, service());
            assert!(matches!(cause, CloseCause::Reboot | CloseCause::Time));
        }
        // Cut off between the burn and the outcome: it may have been open for a moment.
        (None, Outcome::Interrupted) => {}
        other => panic!("{other:?}"),
    }
    rig
}

fn closing<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let code = &case.statements[1];
    if !burned(&rig, code) {
        let shut = |effect: &Effect| matches!(effect, Effect::Close { .. });
        assert!(!past.effects.iter().any(shut));
        assert!(past.last(id(Kind::Code, code)).is_none());
        return opening(case, rig, past);
    }
    is_shut(&rig);
    let (latch, cause) = (service(), CloseCause::Code);
    let outcome = told_of(&mut rig, past, code);
    assert_eq!(outcome, Outcome::Closed { latch, cause });
    let opened = told_of(&mut rig, past, &case.statements[0]);
    assert_eq!(opened, Outcome::Opened { seconds: OPEN_S });
    rig
}

fn locking<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let code = &case.statements[0];
    let locked = rig.device.status().locked_down;
    assert_eq!(locked, burned(&rig, code));
    if locked {
        assert_eq!(told_of(&mut rig, past, code), Outcome::LockedDown);
    } else {
        assert!(past.last(id(Kind::Code, code)).is_none());
        assert!(!past.effects.contains(&Effect::Lockdown));
    }
    rig
}
