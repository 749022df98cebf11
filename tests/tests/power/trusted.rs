//! Statements that change whom and what a device believes: roots, revocations, stop slips, the time.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    types::{LatchId, Sequence, StatementId},
    wire::Kind,
};

use super::{
    board::Board,
    operation::{Case, Operation, id, journal, submitted},
    rig::Rig,
    sweep::Past,
};
use crate::world::{
    answer::Answer,
    code::moment,
    hardware::START_MS,
    keys::{OPERATOR, ROOT},
    openings::{read, refused, revocation, slip},
    root::{EPOCH, RootSpec, maintenance},
    statements::{HOUR_MS, broadcast},
};

/// Everything up to here is revoked; codes that come after a cut are numbered higher.
const THROUGH: u16 = 900;
/// What time keys say that it is, in Unix milliseconds.
const LATER_MS: u64 = START_MS + 2 * HOUR_MS;

pub(crate) fn operations<const UNIT: usize>() -> Vec<Operation<UNIT>> {
    let operation = |name, make, check| Operation {
        name,
        chip: journal,
        make,
        act: submitted(),
        check,
    };
    vec![
        operation("root rotation", rotate, rotated),
        operation("root of a new epoch", begin_epoch, epoch_begun),
        operation("revocation", revoke, revoked),
        operation("stop slip", stop, stopped),
        operation("time floor", raise, raised),
    ]
}

/// The statement has left its mark wholly, and its receipt says so, or it left none, and is taken now. Returns the
/// outcome; the device has kept to it if `done`.
#[track_caller]
fn ended<const UNIT: usize>(
    rig: &mut Rig<UNIT>,
    past: &mut Past,
    (statement, bytes): (StatementId, &[u8]),
    done: bool,
) -> Outcome {
    assert!(past.effects.is_empty());
    let left = past.last(statement).cloned();
    assert!(left.is_none() || done, "told, and not so");
    if !done {
        let told = rig.submit(bytes, past).told();
        assert_eq!(told.receipt.statement, statement);
        return told.outcome();
    }
    let told = rig.receipt(statement).expect("done, and not told");
    past.keep(&told);
    assert!(left.is_none_or(|left| left == told));
    let receipts = rig.device.recent().filter(|recent| *recent == statement);
    assert_eq!(receipts.count(), 1, "told more than once");
    // Nothing new: it changes nothing and is not told again.
    let number = rig.device.facts().chain.number;
    let again = rig.submit(bytes, past);
    assert!(
        again == Answer::Noted || refused(&again) == Some(Reason::TimeBehind),
        "{again:?}"
    );
    assert_eq!(rig.device.facts().chain.number, number);
    told.outcome()
}

/// A device that was told of a revocation and of a stop slip before.
pub(crate) fn told_much<const UNIT: usize>(mut rig: Rig<UNIT>) -> Rig<UNIT> {
    let mut past = Past::default();
    let victim = rig.lasting(LatchId::TWIN, Action::Probe);
    let through = Sequence::at(moment(START_MS), THROUGH);
    let revocation = revocation(OPERATOR[2], through, &OPERATOR[2..]);
    for statement in [slip(&victim, &OPERATOR[..1]), revocation] {
        rig.submit(&statement, &mut past).told();
    }
    rig
}

fn given<const UNIT: usize>(statement: fn(&mut Rig<UNIT>) -> Vec<Vec<u8>>) -> Case<UNIT> {
    let mut rig = Rig::seasoned(Board::new());
    let statements = statement(&mut rig);
    Case::new(rig, statements)
}

fn rotate<const UNIT: usize>() -> Case<UNIT> {
    given(|_| vec![RootSpec::default().next().sealed(&ROOT)])
}

fn begin_epoch<const UNIT: usize>() -> Case<UNIT> {
    given(|_| vec![RootSpec::default().next_epoch().sealed(&ROOT)])
}

fn rotated<const UNIT: usize>(case: &Case<UNIT>, rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    succeeded(case, rig, past, EPOCH)
}

fn epoch_begun<const UNIT: usize>(case: &Case<UNIT>, rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let rig = succeeded(case, rig, past, EPOCH + 1);
    assert_eq!(rig.device.facts().replay.burned().count(), 0);
    rig
}

fn succeeded<const UNIT: usize>(
    case: &Case<UNIT>,
    mut rig: Rig<UNIT>,
    past: &mut Past,
    epoch: u32,
) -> Rig<UNIT> {
    let in_force = |rig: &Rig<UNIT>| {
        let status = rig.device.status();
        (status.root_version, status.epoch)
    };
    let root = &case.statements[0];
    let done = in_force(&rig) == (2, epoch);
    assert!(done || in_force(&rig) == (1, EPOCH));
    let outcome = ended(&mut rig, past, (id(Kind::Root, root), root), done);
    assert_eq!(outcome, Outcome::RootAccepted { version: 2, epoch });
    assert_eq!(in_force(&rig), (2, epoch));
    rig
}

/// A revocation, and a code that it voids.
fn revoke<const UNIT: usize>() -> Case<UNIT> {
    given(|rig| {
        let through = Sequence::at(moment(START_MS), THROUGH);
        let victim = rig.lasting(maintenance(), Action::Probe);
        vec![revocation(OPERATOR[0], through, &OPERATOR[..1]), victim]
    })
}

fn revoked<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let revocation = &case.statements[0];
    let floor = rig.device.facts().replay.floor(OPERATOR[0].id()).revoked;
    let through = Sequence::at(moment(START_MS), THROUGH);
    assert!(floor == through || floor == Sequence(0), "{floor:?}");
    let statement = (id(Kind::Revocation, revocation), revocation.as_slice());
    let outcome = ended(&mut rig, past, statement, floor == through);
    assert_eq!(outcome, Outcome::Revoked);
    voids(&mut rig, past, &case.statements[1], Reason::Revoked);
    rig
}

/// The code opens nothing, for this reason.
#[track_caller]
fn voids<const UNIT: usize>(rig: &mut Rig<UNIT>, past: &mut Past, code: &[u8], reason: Reason) {
    assert_eq!(refused(&rig.submit(code, past)), Some(reason));
    assert!(past.effects.is_empty());
}

fn stop<const UNIT: usize>() -> Case<UNIT> {
    given(|rig| {
        let victim = rig.lasting(LatchId::TWIN, Action::Probe);
        vec![slip(&victim, &OPERATOR[..1]), victim]
    })
}

fn stopped<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let (slip, victim) = (&case.statements[0], &case.statements[1]);
    let (statement, code) = read(victim);
    let replay = &rig.device.facts().replay;
    let done = replay.is_stopped(code.issuer, code.sequence, statement);
    let slip_id = id(Kind::StopSlip, slip);
    let outcome = ended(&mut rig, past, (slip_id, slip), done);
    let used = false;
    assert_eq!(outcome, Outcome::Stopped { statement, used });
    voids(&mut rig, past, victim, Reason::Stopped);
    rig
}

/// The time for a device without a clock.
fn raise<const UNIT: usize>() -> Case<UNIT> {
    given(|rig| {
        rig.board.clock().trust(None);
        vec![broadcast(LATER_MS)]
    })
}

fn raised<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    let attestation = &case.statements[0];
    let floor_ms = moment(LATER_MS);
    let done = rig.device.facts().time_floor_ms >= floor_ms;
    let statement = (id(Kind::Time, attestation), attestation.as_slice());
    let outcome = ended(&mut rig, past, statement, done);
    assert_eq!(outcome, Outcome::TimeRaised { floor_ms });
    assert!(rig.device.facts().time_floor_ms >= floor_ms);
    rig
}
