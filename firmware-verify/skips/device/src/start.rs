//! The bootloader: what it would jump to.

use latch_budget_device::Nor;
use latch_verify::{
    boot::{Bootloader, Start},
    limits::MAX_RECORD,
};

use crate::{board::Kit, probe};

/// Chooses what to start, as a product's bootloader does, and notes it.
#[inline(never)]
pub(crate) fn start(parts: &mut Kit) {
    let mut buffer = [0; MAX_RECORD];
    let journal = Nor(&mut *parts.journal.0);
    let [first, second] = &mut parts.slots;
    let mut slots = [Nor(&mut *first.0), Nor(&mut *second.0)];
    let Ok(mut bootloader) = Bootloader::read(journal, &mut buffer) else {
        return probe::answer(probe::UNREADABLE);
    };
    let start = bootloader.start(&mut slots, &mut buffer).start;
    let (kind, slot) = match start {
        Start::Confirmed(image) => (probe::CONFIRMED, image.slot),
        Start::Trial(image) => (probe::TRIAL, image.slot),
        Start::Fallback(image) => (probe::FALLBACK, image.slot),
        Start::Recovery => return probe::answer(probe::RECOVERY),
    };
    if bootloader.may_jump_to(slot) {
        probe::jump(kind, slot);
    } else {
        probe::answer(probe::RECOVERY);
    }
}
