//! What the device is made of on this board.

use core::cell::RefCell;

use latch_device_board::{
    Chip, HostEntropy, Region, Ticks, key,
    key::KeyLost,
    layout::{BLOCK, JOURNAL_AT, JOURNAL_BYTES, KEY_AT, SLOT_BYTES, SLOTS_AT},
};
use latch_verify::{
    device::{Device, Memory, NoCounter, Parts, Platform},
    limits::MAX_BURNED,
    wire::SeedKey,
};
use static_cell::ConstStaticCell;

/// Bytes of leaves that the twin may have.
pub(crate) const TWIN: usize = 1024;
/// The large part of the device.
pub(crate) type Room = Memory<TWIN>;
/// The device.
pub(crate) type PumpDevice = Device<Board, TWIN, MAX_BURNED, &'static mut Room>;

static ROOM: ConstStaticCell<Room> = ConstStaticCell::new(Room::new());
static CHIP: static_cell::StaticCell<RefCell<Chip>> = static_cell::StaticCell::new();

/// This board, as the verifier sees it.
pub(crate) enum Board {}

impl Platform for Board {
    /// What fits the buffer of the line.
    const LARGEST_PAGE: u32 = latch_device_board::line::LARGEST_PAGE;

    type Journal = Region<'static>;
    type Slot = Region<'static>;
    type Clock = Ticks;
    type Entropy = HostEntropy;
    type Key = SeedKey;
    type Counter = NoCounter;
}

/// The large part of the device, once.
pub(crate) fn room() -> &'static mut Room {
    ROOM.take()
}

/// The flash, opened once.
pub(crate) fn chip() -> &'static RefCell<Chip> {
    CHIP.init(RefCell::new(Chip::open()))
}

/// The parts. A device that is new gets its key by this.
pub(crate) fn parts(
    chip: &'static RefCell<Chip>,
    ticks: Ticks,
    is_new: bool,
) -> Result<Parts<Board>, KeyLost> {
    let mut entropy = HostEntropy::open();
    let mut key_block = Region::new(chip, KEY_AT, BLOCK);
    let key = key::load(&mut key_block, &mut entropy, is_new)?;
    Ok(Parts {
        journal: Region::new(chip, JOURNAL_AT, JOURNAL_BYTES),
        slots: SLOTS_AT.map(|from| Region::new(chip, from, SLOT_BYTES)),
        clock: ticks,
        entropy,
        key,
        counter: NoCounter,
    })
}
