//! An installation, from its code to its confirmation, and on the way back.

use embedded_storage::nor_flash::NorFlash as _;
use latch_verify::{
    device::Release as Offer,
    ledger::InstallPhase,
    limits::TRIAL_BOOTS,
    statement::{Action, Outcome},
    types::{LatchId, StatementId},
    wire::Kind,
};

use super::{
    board::{Board, Chip},
    operation::{Act, Case, Operation, burned, id, journal, nothing},
    rig::Rig,
    sweep::Past,
};
use crate::world::release::{FACTORY, Image, Release, version};

/// A release and the image in it.
pub(crate) struct Rollout {
    image: Image,
    release: Release,
}

/// The security floor that the release brings.
const FLOOR: u32 = 3;

pub(crate) fn operations<const UNIT: usize>() -> Vec<Operation<UNIT>> {
    let operation = |name, make, act, check| Operation {
        name,
        chip: journal,
        make,
        act,
        check,
    };
    let running = |act| Act::Running {
        ready: nothing,
        act,
    };
    let feeding = running(|case, rig, _| {
        let fed = rig.feed(&case.rollout().image);
        assert!(fed.is_ok() || rig.board.is_off(), "{fed:?}");
    });
    let slot: fn(&Board<UNIT>) -> &Chip<UNIT> = |board| &board.slots[1];
    vec![
        operation("installation begun", ready, running(begin), confirms),
        operation("page noted", begun, feeding, confirms),
        Operation {
            chip: slot,
            ..operation("page write", begun, feeding, confirms)
        },
        operation(
            "arm",
            received,
            running(|_, rig, _| {
                let done = rig.arm();
                assert!(done.is_ok() || rig.board.is_off(), "{done:?}");
            }),
            confirms,
        ),
        operation("trial boot", armed, Act::Boot, confirms),
        operation(
            "confirm",
            armed,
            running(|_, rig, past| match rig.confirm() {
                Ok(told) => past.keep(&told),
                Err(refusal) => assert!(rig.board.is_off(), "{refusal}"),
            }),
            confirms,
        ),
        operation(
            "revert",
            armed,
            running(|_, rig, past| match rig.give_up() {
                Ok(told) => past.keep(&told),
                Err(refusal) => assert!(rig.board.is_off(), "{refusal}"),
            }),
            reverts,
        ),
        operation("boot reverts", tried, Act::Boot, reverts),
        Operation {
            chip: slot,
            ..operation("page restored", lost, feeding, restores)
        },
    ]
}

impl<const UNIT: usize> Case<UNIT> {
    fn rollout(&self) -> &Rollout {
        self.rollout.as_ref().expect("a case with a release")
    }

    fn statement(&self) -> StatementId {
        id(Kind::Code, &self.statements[0])
    }

    /// The device goes on from where it stands.
    fn then(mut self, act: impl FnOnce(&Self, &mut Rig<UNIT>)) -> Self {
        let mut rig = Rig::start(self.board.clone()).expect("a boot");
        act(&self, &mut rig);
        self.board = rig.board;
        self
    }
}

fn begin<const UNIT: usize>(case: &Case<UNIT>, rig: &mut Rig<UNIT>, past: &mut Past) {
    let offer = Offer::Found(&case.rollout().release.bytes);
    rig.submit_with(&case.statements[0], offer, past);
}

pub(crate) fn ready<const UNIT: usize>() -> Case<UNIT> {
    offered(Rig::seasoned(Board::new()))
}

fn offered<const UNIT: usize>(mut rig: Rig<UNIT>) -> Case<UNIT> {
    // Five full pages and a bit: two erase blocks, left in the middle of both.
    let image = Image::new(5 * 1024 + 100, 1);
    let release = image.release(version(2), FLOOR);
    let manifest = release.id;
    let code = rig.lasting(LatchId::FIRMWARE, Action::Install { manifest });
    Case {
        rollout: Some(Rollout { image, release }),
        ..Case::new(rig, vec![code])
    }
}

/// A device that has installed the release.
pub(crate) fn updated<const UNIT: usize>(rig: Rig<UNIT>) -> Rig<UNIT> {
    let case = offered(rig);
    let mut past = Past::default();
    let rig = Rig::start(case.board.clone()).expect("a boot");
    let mut rig = confirms(&case, rig, &mut past);
    assert_eq!(rig.device.facts().firmware.security_floor, FLOOR);
    rig.skip_sequences(10);
    rig
}

/// A device whose confirmed image is damaged, and that has no other.
fn lost<const UNIT: usize>() -> Case<UNIT> {
    let case = received().then(|_, rig| rig.arm().expect("an armed image"));
    let case = case.then(|_, rig| drop(rig.confirm().expect("a confirmation")));
    case.board.slots[1].probe().erase(0, 4096).expect("power");
    case
}

fn begun<const UNIT: usize>() -> Case<UNIT> {
    ready().then(|case, rig| begin(case, rig, &mut Past::default()))
}

fn received<const UNIT: usize>() -> Case<UNIT> {
    begun().then(|case, rig| rig.feed(&case.rollout().image).expect("pages"))
}

pub(crate) fn armed<const UNIT: usize>() -> Case<UNIT> {
    received().then(|_, rig| rig.arm().expect("an armed image"))
}

/// The last of its trial boots is over.
fn tried<const UNIT: usize>() -> Case<UNIT> {
    (0..TRIAL_BOOTS).fold(armed(), |case, _| case.then(|_, _| {}))
}

/// What the device says of the installation is what is so; none if it never began.
#[track_caller]
fn told_truly<const UNIT: usize>(
    case: &Case<UNIT>,
    rig: &mut Rig<UNIT>,
    past: &mut Past,
) -> Option<Outcome> {
    let was_burned = burned(rig, &case.statements[0]);
    let phase = rig.device.install_phase();
    let left = past.last(case.statement()).cloned();
    let Ok(told) = rig.receipt(case.statement()) else {
        assert!(!was_burned && phase.is_none(), "burned, and not told");
        assert!(left.is_none(), "what has left the device is forgotten");
        return None;
    };
    assert!(was_burned, "an installation without a burned code");
    past.keep(&told);
    assert!(left.is_none_or(|left| left.receipt.number <= told.receipt.number));
    let firmware = rig.device.facts().firmware;
    let (confirmed, floor) = (firmware.confirmed.version, firmware.security_floor);
    match told.outcome() {
        Outcome::InstallStarted => {
            assert!(phase.is_some() && confirmed == FACTORY && floor == 0);
        }
        Outcome::InstallConfirmed => {
            assert!(phase.is_none() && confirmed == version(2) && floor == FLOOR);
        }
        Outcome::InstallReverted { .. } => {
            assert!(phase.is_none() && confirmed == FACTORY && floor == 0);
        }
        outcome => panic!("{outcome:?} in phase {phase:?}"),
    }
    let on_trial = matches!(phase, Some(InstallPhase::Trial { .. }));
    let running = rig.device.running();
    if on_trial || confirmed == version(2) {
        assert_eq!(running.version, version(2));
        let slot = rig.board.slots[usize::from(running.slot)].look();
        let whole = slot.contents().starts_with(&case.rollout().image.bytes);
        assert!(whole, "what runs is not the image");
    } else {
        assert_eq!(running.version, FACTORY);
    }
    Some(told.outcome())
}

/// The installation goes on from wherever it is to its confirmation.
fn confirms<const UNIT: usize>(
    case: &Case<UNIT>,
    mut rig: Rig<UNIT>,
    past: &mut Past,
) -> Rig<UNIT> {
    if told_truly(case, &mut rig, past).is_none() {
        begin(case, &mut rig, past);
    }
    loop {
        match rig.device.install_phase() {
            None => break,
            Some(InstallPhase::Receiving { .. }) => {
                rig.feed(&case.rollout().image).expect("pages");
            }
            Some(InstallPhase::Received) => rig.arm().expect("an armed image"),
            Some(InstallPhase::Armed) => rig = rig.reboot(),
            Some(InstallPhase::Trial { .. }) => {
                past.keep(&rig.confirm().expect("a confirmation"));
            }
        }
    }
    match told_truly(case, &mut rig, past) {
        Some(Outcome::InstallConfirmed) => {}
        // Each cut may have used up one of the boots that the image has to confirm itself.
        Some(Outcome::InstallReverted { .. }) => assert!(past.cuts >= u32::from(TRIAL_BOOTS) - 1),
        outcome => panic!("{outcome:?}"),
    }
    rig
}

/// The confirmed image comes back without a code, and runs.
fn restores<const UNIT: usize>(
    case: &Case<UNIT>,
    mut rig: Rig<UNIT>,
    past: &mut Past,
) -> Rig<UNIT> {
    rig.feed(&case.rollout().image).expect("pages");
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running().version, version(2));
    assert_eq!(
        told_truly(case, &mut rig, past),
        Some(Outcome::InstallConfirmed)
    );
    rig
}

/// The installation is given up, and the image before it runs.
fn reverts<const UNIT: usize>(case: &Case<UNIT>, mut rig: Rig<UNIT>, past: &mut Past) -> Rig<UNIT> {
    told_truly(case, &mut rig, past);
    if rig.device.install_phase().is_some() {
        past.keep(&rig.give_up().expect("a receipt"));
        rig = rig.reboot();
    }
    let outcome = told_truly(case, &mut rig, past);
    assert!(matches!(outcome, Some(Outcome::InstallReverted { .. })));
    assert_eq!(rig.device.running().version, FACTORY);
    rig
}
