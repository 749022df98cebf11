//! The durable operations of a device: how each is begun, and what must hold when the power has gone in it.

use latch_verify::{
    types::StatementId,
    wire::{Envelope, Kind},
};

use super::{
    board::{Board, Chip},
    coded, opened,
    rig::Rig,
    rollout,
    rollout::Rollout,
    sweep::Past,
    trusted,
};

/// A device at rest, and what it is given.
pub(crate) struct Case<const UNIT: usize> {
    pub(crate) board: Board<UNIT>,
    pub(crate) statements: Vec<Vec<u8>>,
    pub(crate) rollout: Option<Rollout>,
}

impl<const UNIT: usize> Case<UNIT> {
    pub(crate) fn new(rig: Rig<UNIT>, statements: Vec<Vec<u8>>) -> Self {
        Self {
            board: rig.board,
            statements,
            rollout: None,
        }
    }
}

/// Something done to a running device.
type Doing<const UNIT: usize> = fn(&Case<UNIT>, &mut Rig<UNIT>, &mut Past);

/// When the power may go.
#[derive(Clone, Copy)]
pub(crate) enum Act<const UNIT: usize> {
    /// While a running device does this, after it has done what comes first.
    Running {
        ready: Doing<UNIT>,
        act: Doing<UNIT>,
    },
    /// While the device boots.
    Boot,
    /// While a blank board becomes a device.
    Enrol,
}

/// Something durable that a device does.
#[derive(Clone, Copy)]
pub(crate) struct Operation<const UNIT: usize> {
    pub(crate) name: &'static str,
    /// The chip whose operations are cut.
    pub(crate) chip: fn(&Board<UNIT>) -> &Chip<UNIT>,
    pub(crate) make: fn() -> Case<UNIT>,
    pub(crate) act: Act<UNIT>,
    /// Looks at the device after it has booted again, and brings what was begun to its end.
    pub(crate) check: fn(&Case<UNIT>, Rig<UNIT>, &mut Past) -> Rig<UNIT>,
}

pub(crate) fn journal<const UNIT: usize>(board: &Board<UNIT>) -> &Chip<UNIT> {
    &board.journal
}

pub(crate) fn nothing<const UNIT: usize>(_: &Case<UNIT>, _: &mut Rig<UNIT>, _: &mut Past) {}

/// Puts in the first statement.
pub(crate) fn submit<const UNIT: usize>(case: &Case<UNIT>, rig: &mut Rig<UNIT>, past: &mut Past) {
    rig.submit(&case.statements[0], past);
}

/// What is done by putting one statement in.
pub(crate) const fn submitted<const UNIT: usize>() -> Act<UNIT> {
    Act::Running {
        ready: nothing,
        act: submit,
    }
}

/// Every durable operation.
pub(crate) fn operations<const UNIT: usize>() -> Vec<Operation<UNIT>> {
    let provisioning = Operation {
        name: "provisioning",
        chip: journal,
        make: || Case {
            board: Board::new(),
            statements: Vec::new(),
            rollout: None,
        },
        act: Act::Enrol,
        check: |_, rig, _| rig,
    };
    [
        vec![provisioning],
        coded::operations(),
        opened::operations(),
        trusted::operations(),
        rollout::operations(),
    ]
    .concat()
}

/// The id of a statement.
pub(crate) fn id(kind: Kind, statement: &[u8]) -> StatementId {
    Envelope::parse(kind, statement).expect("a statement").id()
}

/// Whether the device knows that it has used a code.
pub(crate) fn burned<const UNIT: usize>(rig: &Rig<UNIT>, code: &[u8]) -> bool {
    let statement = id(Kind::Code, code);
    let replay = &rig.device.facts().replay;
    let used = replay.burned().find(|used| used.is(statement));
    used.is_some_and(|used| replay.is_used(used.issuer, used.sequence, statement))
}
