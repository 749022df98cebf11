//! What the host reads and writes: where the program is, and what has come of it.

use core::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use latch_verify::{
    ledger::InstallPhase,
    verdict::{Burned, Use},
};

use crate::{board::Board, inputs::INPUTS};

/// A message that was not answered; the reason's number comes on top.
pub(crate) const IGNORED: u32 = 0x0001_0000;
/// A receipt; the number of the reason comes on top if it refuses.
pub(crate) const ANSWERED: u32 = 0x0002_0000;
pub(crate) const NOTED: u32 = 0x0003_0000;
pub(crate) const MANIFEST: u32 = 0x0004_0000;
pub(crate) const KEPT: u32 = 0x0005_0000;
pub(crate) const COMPLETE: u32 = 0x0006_0000;
pub(crate) const ARMED: u32 = 0x0007_0000;
/// What a bootloader starts; the number of the slot comes on top.
pub(crate) const CONFIRMED: u32 = 0x0008_0000;
pub(crate) const TRIAL: u32 = 0x0009_0000;
pub(crate) const FALLBACK: u32 = 0x000a_0000;
pub(crate) const RECOVERY: u32 = 0x000b_0000;
pub(crate) const UNREADABLE: u32 = 0x000c_0000;

/// Set by the host: which input, and whether to put it to the device or to look at what its flash has become.
static CHOICE: AtomicU32 = AtomicU32::new(0);
/// Where the program is.
static STAGE: AtomicU32 = AtomicU32::new(0);
/// What came of the last attempt.
static ANSWER: AtomicU32 = AtomicU32::new(0);
/// What the device is.
static STANDING: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];

/// The host's choice.
pub(crate) fn choice() -> usize {
    black_box(&CHOICE).load(Relaxed) as usize
}

/// The host puts its choice here.
#[inline(never)]
pub(crate) fn choose() {
    black_box(&STAGE).store(1, Relaxed);
}

/// The device is prepared: the host keeps all memory, and comes back to here.
#[inline(never)]
pub(crate) fn ready() {
    black_box(&STAGE).store(2, Relaxed);
}

/// The attempt is over: what comes after it is not tried.
#[inline(never)]
pub(crate) fn done() {
    black_box(&STAGE).store(4, Relaxed);
}

/// What was asked for is over, and the device has told what it is.
#[inline(never)]
pub(crate) fn inspected() {
    black_box(&STAGE).store(3, Relaxed);
}

/// What the actuator moves. Where an input is tried, the run ends here, as an accept: a count of drives in memory would be told
/// by a fault that writes anywhere, too.
#[inline(never)]
pub(crate) fn drive() {
    black_box(&STAGE).store(5, Relaxed);
}

/// Where a bootloader jumps to. Into some slots it must not: that is asked here, where no instruction is skipped.
#[inline(never)]
pub(crate) fn jump(kind: u32, slot: u8) {
    let input = INPUTS.get(choice());
    if input.is_none_or(|input| input.bad_slots & (1 << (slot & 7)) != 0) {
        drive();
    }
    answer(kind + u32::from(slot));
}

pub(crate) fn answer(answer: u32) {
    black_box(&ANSWER).store(answer, Relaxed);
}

/// Tells what the device is; zeros for one that did not boot.
#[inline(never)]
pub(crate) fn tell(board: Option<&Board>) {
    let words = board.map(standing).unwrap_or_default();
    for (cell, word) in black_box(&STANDING).iter().zip(words) {
        cell.store(word, Relaxed);
    }
}

/// Everything that an accepted input would change.
fn standing(board: &Board) -> [u32; 16] {
    let facts = board.facts();
    let status = board.status();
    let (phase, place) = match facts.install.as_ref().map(|install| install.phase) {
        None => (1, 0),
        Some(InstallPhase::Receiving { next }) => (2, next),
        Some(InstallPhase::Received) => (3, 0),
        Some(InstallPhase::Armed) => (4, 0),
        Some(InstallPhase::Trial { .. }) => (5, 0),
    };
    let used = facts
        .replay
        .burned()
        .filter(|burned: &Burned| burned.used != Use::Never);
    [
        facts.twin.version as u32,
        sum(board.twin().bytes()),
        status.root_version,
        status.epoch,
        phase,
        place,
        u32::from(status.open),
        facts.open.iter().count() as u32,
        u32::from(facts.pending.is_some()),
        used.count() as u32,
        facts.anchor as u32,
        u32::from(status.locked_down),
        sum(&status.firmware.manifest.0),
        status.firmware.security_floor,
        facts.time_floor_ms.get() as u32,
        1,
    ]
}

/// FNV-1a, which tells one content from another where nobody tries to fool it.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
