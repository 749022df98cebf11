//! The board: a device over flash in RAM, and what is put to it.

use core::hint::black_box;

use latch_budget_device::{FACTORY, Nor, Reference, memory, parts_of};
use latch_verify::{
    Refusal,
    device::{Actuator, Armed, Device, Handled, JOURNAL_SECTOR, Opened, Paged, Release},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::CloseCause,
    types::LatchId,
    wire::{DeviceKey, KeyFault},
};
use static_cell::ConstStaticCell;

use crate::{
    inputs::{DEVICE_KEY, ENROLMENT, Input, ROOT},
    probe,
};

/// Whole erase blocks for two sectors of the journal.
const JOURNAL_BYTES: usize = 2 * JOURNAL_SECTOR.next_multiple_of(4096);
const SLOT_BYTES: usize = 4096;

/// The flash. The host reads it by these names.
static JOURNAL: ConstStaticCell<[u8; JOURNAL_BYTES]> = ConstStaticCell::new([0xff; JOURNAL_BYTES]);
static FIRST_SLOT: ConstStaticCell<[u8; SLOT_BYTES]> = ConstStaticCell::new([0xff; SLOT_BYTES]);
static SECOND_SLOT: ConstStaticCell<[u8; SLOT_BYTES]> = ConstStaticCell::new([0xff; SLOT_BYTES]);

pub(crate) type Board = Reference<Nor<'static>, Elsewhere>;

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

/// Something that is put to the device.
#[derive(Clone, Copy)]
pub(crate) enum Attempt {
    Submit(&'static [u8]),
    Install(&'static [u8], &'static [u8]),
    Page(&'static [u8]),
    Arm,
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

/// A device that has taken what comes before its input.
#[inline(never)]
pub(crate) fn prepared(input: &Input) -> Board {
    let slots = [Nor(FIRST_SLOT.take()), Nor(SECOND_SLOT.take())];
    let parts = parts_of(Nor(JOURNAL.take()), slots, Elsewhere);
    let mut board =
        Device::provision_in(memory(), parts, ROOT, ENROLMENT, FACTORY).expect("a blank board");
    for attempt in input.taken {
        put(&mut board, *attempt);
    }
    if input.slot_decays {
        let (memory, mut parts) = board.into_memory_and_parts();
        for slot in &mut parts.slots {
            slot.0[1_234] ^= 0x10;
        }
        board = Device::boot_in(memory, parts).expect("a device");
    }
    board
}

/// The same device after a loss of power.
pub(crate) fn booted(board: Board) -> Option<Board> {
    let (memory, parts) = board.into_memory_and_parts();
    Device::boot_in(memory, parts).ok()
}

/// Puts something to the device, as a product would.
#[inline(never)]
pub(crate) fn put(board: &mut Board, attempt: Attempt) {
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    match attempt {
        Attempt::Submit(statement) => serve(board, statement, Release::NotAsked, &mut out),
        Attempt::Install(code, manifest) => {
            serve(board, code, Release::Found(manifest), &mut out);
        }
        Attempt::Page(page) => probe::answer(match board.page(page) {
            Ok(Paged::Kept(_)) => probe::KEPT,
            Ok(Paged::Complete | Paged::Restored) => probe::COMPLETE,
            Err(refusal) => ignored(refusal),
        }),
        Attempt::Arm => probe::answer(match board.arm(&mut out) {
            Ok(Armed::Ready) => probe::ARMED,
            Ok(Armed::Failed(_)) => answered(board),
            Err(refusal) => ignored(refusal),
        }),
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
    let last = board.facts().recent.back();
    probe::ANSWERED + u32::from(last.and_then(|last| last.refused).unwrap_or_default())
}
