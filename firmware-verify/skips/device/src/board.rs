//! The board: a device over flash in RAM, and what is put to it.

use core::hint::black_box;

use latch_budget_device::{FACTORY, Lent, Nor, Pump, Reference, memory, parts_of};
use latch_verify::{
    Refusal,
    device::{Actuator, Armed, Device, Handled, JOURNAL_SECTOR, Opened, Paged, Parts, Release},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::CloseCause,
    types::LatchId,
    wire::{DeviceKey, KeyFault},
};
use static_cell::ConstStaticCell;

use crate::{
    inputs::{
        DEVICE_KEY, Input,
        given::{ENROLMENT, ROOT},
    },
    probe,
    start::start,
};

/// Whole erase blocks for two sectors of the journal.
const JOURNAL_BYTES: usize = 2 * JOURNAL_SECTOR.next_multiple_of(4096);
const SLOT_BYTES: usize = 4096;

/// The flash. The host reads it by these names.
static JOURNAL: ConstStaticCell<[u8; JOURNAL_BYTES]> = ConstStaticCell::new([0xff; JOURNAL_BYTES]);
static FIRST_SLOT: ConstStaticCell<[u8; SLOT_BYTES]> = ConstStaticCell::new([0xff; SLOT_BYTES]);
static SECOND_SLOT: ConstStaticCell<[u8; SLOT_BYTES]> = ConstStaticCell::new([0xff; SLOT_BYTES]);

pub(crate) type Board = Reference<Nor<'static>, Elsewhere>;
pub(crate) type Kit = Parts<Pump<Nor<'static>, Elsewhere>>;

/// A key in a secure element, whose signatures nobody checks here: how a device signs is no decision.
pub(crate) struct Elsewhere;

impl DeviceKey for Elsewhere {
    fn public(&self) -> [u8; 32] {
        *black_box(DEVICE_KEY)
    }

    fn sign(&mut self, _: &[u8]) -> Result<[u8; 64], KeyFault> {
        Ok([black_box(7); 64])
    }
}

/// Something that is put to the device, or happens to it.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Submit(&'static [u8]),
    Install(&'static [u8], &'static [u8]),
    Page(&'static [u8]),
    Arm,
    Confirm,
    /// It loses its power, and boots.
    Boot,
    /// It loses its power, and a bootloader starts something.
    Start,
    /// It loses its power.
    Off,
    /// It loses its power, and a byte of the second slot changes.
    Decay,
}

/// What the product would move.
pub(crate) struct Drive;

impl Actuator for Drive {
    fn act(&mut self, action: Opened<'_>) -> Result<(), i32> {
        // Shutting is what a device does that is in doubt.
        if !matches!(action, Opened::Close { .. } | Opened::Lockdown) {
            probe::drive();
        }
        black_box(action);
        Ok(())
    }

    fn shut(&mut self, latch: LatchId, cause: CloseCause) {
        black_box((latch, cause));
    }
}

/// A device, and whether it runs.
pub(crate) enum Standing {
    On(Board),
    /// Its power is off, and a bootloader comes next.
    Off(&'static mut Lent, Kit),
}

impl Standing {
    /// The same after a loss of power.
    fn off(self) -> (&'static mut Lent, Kit) {
        match self {
            Self::On(board) => board.into_memory_and_parts(),
            Self::Off(memory, parts) => (memory, parts),
        }
    }

    /// The same after a loss of power, and a boot.
    pub(crate) fn booted(self) -> Option<Board> {
        let (memory, parts) = self.off();
        Device::boot_in(memory, parts).ok()
    }
}

/// A device that has taken what comes before its input.
#[inline(never)]
pub(crate) fn prepared(input: &Input) -> Standing {
    let slots = [Nor(FIRST_SLOT.take()), Nor(SECOND_SLOT.take())];
    let parts = parts_of(Nor(JOURNAL.take()), slots, Elsewhere);
    let board = Device::provision_in(memory(), parts, &ROOT, &ENROLMENT, FACTORY);
    let mut standing = Standing::On(board.expect("a blank board"));
    for step in input.taken {
        standing = match (step, standing) {
            (Step::Boot, standing) => Standing::On(standing.booted().expect("a device")),
            (Step::Start | Step::Decay | Step::Off, standing) => {
                let (memory, mut parts) = standing.off();
                match step {
                    Step::Start => start(&mut parts),
                    Step::Decay => decay(&mut parts),
                    _ => {}
                }
                Standing::Off(memory, parts)
            }
            (step, Standing::On(mut board)) => {
                put(&mut board, *step);
                Standing::On(board)
            }
            (_, Standing::Off(..)) => panic!("a device without power"),
        };
    }
    standing
}

/// Changes a byte of the second slot: to another than lies there, however often this comes.
pub(crate) fn decay(parts: &mut Kit) {
    parts.slots[1].0[1_234] = 0;
}

/// Puts something to the device, as a product would.
#[inline(never)]
pub(crate) fn put(board: &mut Board, step: Step) {
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    match step {
        Step::Submit(statement) => serve(board, statement, Release::NotAsked, &mut out),
        Step::Install(code, manifest) => {
            serve(board, code, Release::Found(manifest), &mut out);
        }
        Step::Page(page) => probe::answer(match board.page(page) {
            Ok(Paged::Kept(_)) => probe::KEPT,
            Ok(Paged::Complete | Paged::Restored) => probe::COMPLETE,
            Err(refusal) => ignored(refusal),
        }),
        Step::Arm => probe::answer(match board.arm(&mut out) {
            Ok(Armed::Ready) => probe::ARMED,
            Ok(Armed::Failed(_)) => answered(board),
            Err(refusal) => ignored(refusal),
        }),
        Step::Confirm => probe::answer(match board.confirm(&mut out) {
            Ok(_) => answered(board),
            Err(refusal) => ignored(refusal),
        }),
        Step::Boot | Step::Start | Step::Off | Step::Decay => {}
    }
}

fn serve(board: &mut Board, statement: &[u8], release: Release<'_>, out: &mut [u8]) {
    let mut send = |receipt: &[u8]| {
        black_box(receipt);
    };
    #[cfg(feature = "naive")]
    if crate::naive::is_wanted(statement) {
        probe::drive();
    }
    let handled = board.serve(statement, release, &mut Drive, out, &mut send);
    probe::answer(match handled {
        Handled::Answered => answered(board),
        Handled::Noted => probe::NOTED,
        Handled::Ignored(refusal) | Handled::Untold(refusal) => ignored(refusal),
        Handled::ManifestWanted(_) => probe::MANIFEST,
    });
}

fn ignored(refusal: Refusal) -> u32 {
    probe::IGNORED + u32::from(refusal.reason.number())
}

/// What the last receipt says.
fn answered(board: &Board) -> u32 {
    let last = board.facts().recent.iter().next_back();
    probe::ANSWERED + u32::from(last.and_then(|last| last.refused).unwrap_or_default())
}
