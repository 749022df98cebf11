//! Codes that change the twin or run a command, on a journal with room and on one that is full.

use latch_verify::{
    statement::{Action, Outcome},
    twin::Value,
    types::LatchId,
    wire::Kind,
};

use super::{
    board::Board,
    operation::{Act, Case, Operation, burned, id, journal, submitted},
    rig::Rig,
    rollout,
    sweep::Past,
    trusted,
};
use crate::world::{
    answer::Effect,
    code::{command, leaves, set},
    root::maintenance,
};

/// Length of the note that takes much of a sector, in bytes.
const LONG: usize = 900;

pub(crate) fn operations<const UNIT: usize>() -> Vec<Operation<UNIT>> {
    let operation = |name, make, act, check| Operation {
        name,
        chip: journal,
        make,
        act,
        check,
    };
    vec![
        operation("burn of a command", run, submitted(), ran),
        operation("boot after a burn", run_and_off, Act::Boot, ran),
        operation("twin change", change, submitted(), changed),
        operation("compaction", crowded, submitted(), changed),
    ]
}

fn run<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let code = rig.lasting(maintenance(), command("restart"));
    Case::new(rig, vec![code])
}

/// The device was let go between the burn and the outcome.
fn run_and_off<const UNIT: usize>() -> Case<UNIT> {
    let mut case = run();
    let mut rig = Rig::start(case.board).expect("a boot");
    let mut out = [0; latch_verify::limits::MAX_RECEIPT_ENVELOPE];
    let offer = latch_verify::device::Release::NotAsked;
    let submitted = rig.device.submit(&case.statements[0], offer, &mut out);
    assert!(matches!(
        submitted,
        latch_verify::device::Submitted::Unlatched(_)
    ));
    case.board = rig.board;
    case
}

fn change<const UNIT: usize>() -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let patch = leaves(&[("speed", Value::Int(2))]);
    let code = rig.lasting(LatchId::TWIN, set(&patch));
    Case::new(rig, vec![code])
}

/// A change for which the sector has no room left, though there is room for a boot; on a device with every kind of floor.
fn crowded<const UNIT: usize>() -> Case<UNIT> {
    let note = "n".repeat(LONG);
    let patch = leaves(&[("note", Value::Text(&note)), ("speed", Value::Int(2))]);
    let erases = |board: &Board<UNIT>| board.journal.look().erases();
    let mut rig = rollout::updated(trusted::told_much(Rig::seasoned(Board::new())));
    loop {
        let mut probe = Rig::start(rig.board.fork()).expect("a boot");
        probe.skip_sequences(500);
        let code = probe.lasting(LatchId::TWIN, set(&patch));
        let booted = erases(&probe.board);
        assert_eq!(booted, erases(&rig.board), "the boot itself has compacted");
        probe.submit(&code, &mut Past::default()).told();
        if erases(&probe.board) > booted {
            return Case::new(rig, vec![code]);
        }
        let probe = rig.lasting(LatchId::TWIN, Action::Probe);
        rig.submit(&probe, &mut Past::default()).told();
    }
}

/// What is so of every code: its state, its receipt and its repetition agree. Returns the outcome.
#[track_caller]
pub(crate) fn settled<const UNIT: usize>(
    rig: &mut Rig<UNIT>,
    past: &mut Past,
    code: &[u8],
) -> Outcome {
    let was_burned = burned(rig, code);
    assert!(
        past.effects.is_empty() || was_burned,
        "an effect without a burned code"
    );
    let left = past.last(id(Kind::Code, code)).cloned();
    assert!(left.is_none() || was_burned, "told, and not burned");
    rig.resume(past);
    let first = rig.submit(code, past).told();
    if let Some(left) = left {
        assert_eq!(first, left, "what has left the device is told otherwise");
    }
    assert!(burned(rig, code));
    assert_eq!(rig.submit(code, past).told(), first);
    first.outcome()
}

fn ran<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let code = &case.statements[0];
    let (was_burned, before) = (burned(&rig, code), past.effects.len());
    match settled(&mut rig, past, code) {
        Outcome::Performed => assert_eq!(past.effects.len(), 1),
        Outcome::Interrupted => assert!(was_burned && past.effects.len() <= 1),
        outcome => panic!("{outcome:?}"),
    }
    assert!(
        !was_burned || past.effects.len() == before,
        "a second effect"
    );
    rig
}

fn changed<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let code = &case.statements[0];
    let speed = |rig: &Rig<UNIT>| {
        let twin = rig.device.twin();
        twin.bytes().to_vec()
    };
    let was_burned = burned(&rig, code);
    assert_eq!(
        rig.device.facts().twin.version,
        if was_burned { 2 } else { 1 }
    );
    let outcome = settled(&mut rig, past, code);
    assert_eq!(outcome, Outcome::Applied { twin_version: 2 });
    // Made once at least, and each time the same.
    let Some(Effect::Twin { version: 2, twin }) = past.effects.first() else {
        panic!("told, and not made: {:?}", past.effects);
    };
    assert_eq!(*twin, speed(&rig));
    assert!(past.effects.iter().all(|effect| *effect == past.effects[0]));
    rig
}
