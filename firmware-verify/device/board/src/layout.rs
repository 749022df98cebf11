//! What lies where: in the flash chip, and in the machine's memory.
//!
//! The linker scripts of both programs have the same addresses.

use latch_verify::device::JOURNAL_SECTOR;

/// Bytes that the flash erases at once: a sector of common NOR flash.
pub const BLOCK: u32 = 4096;
/// Bytes that the flash writes at once, and only once between two erases: a double word, as parts with ECC have it.
pub const UNIT: u32 = 8;

/// Where the device's key lies, in a block of its own: it outlives every journal.
pub const KEY_AT: u32 = 0;
/// Where the journal lies.
pub const JOURNAL_AT: u32 = KEY_AT + BLOCK;
/// Bytes of the journal: two of its sectors, in whole blocks.
pub const JOURNAL_BYTES: u32 = 2 * (JOURNAL_SECTOR as u32).next_multiple_of(BLOCK);
/// Where the slots lie.
pub const SLOTS_AT: [u32; 2] = [0x1_0000, 0x1_0000 + SLOT_BYTES];
/// Bytes of a slot.
pub const SLOT_BYTES: u32 = 256 * 1024;
/// Bytes of the whole chip.
pub const CHIP_BYTES: u32 = 0x1_0000 + 2 * SLOT_BYTES;

const _: () = assert!(JOURNAL_AT + JOURNAL_BYTES <= SLOTS_AT[0]);

/// Where the bootloader puts the image that it starts: the machine has no flash to run it from.
pub const IMAGE_AT: u32 = 0x2020_0000;
/// Memory of either program, from the start of the machine's RAM to the image.
pub const RAM: core::ops::Range<u32> = 0x2000_0000..IMAGE_AT;
/// Words that the bootloader leaves for the program that it starts: in the last block of RAM, which neither program's
/// linker script has.
pub const HANDOFF_AT: u32 = 0x203f_ff00;
