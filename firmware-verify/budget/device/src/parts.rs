//! The reference device: what it is made of.

use core::{convert::Infallible, hint::black_box, marker::PhantomData};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use latch_verify::{
    device::{Clock, Device, Entropy, Memory, NoCounter, NoEntropy, Parts, Platform},
    limits::MAX_BURNED,
    types::Version,
    wire::{DeviceKey, KeyFault},
};
use static_cell::ConstStaticCell;

/// Bytes of leaves that the reference device's twin may have.
pub const TWIN: usize = 1024;
/// Latches that may be open at a time: all that its root has.
const LATCHES: usize = 4;
/// Issuers with a floor: one for each of its root's eight keys, and as many of roots before it.
const ISSUERS: usize = 16;
/// The version from the factory.
pub const FACTORY: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};
/// The time on the device's clock, in Unix milliseconds. `build.rs` has the same.
const NOW_MS: u64 = 1_795_248_000_000;
/// An erase block, in bytes: a sector of common NOR flash.
const BLOCK: usize = 4096;
/// A write unit, in bytes: a word.
const UNIT: usize = 4;

/// The reference device over some flash, with some key.
pub type Reference<F, K> = Device<Pump<F, K>, TWIN, MAX_BURNED, &'static mut Lent>;

/// The large part of the device.
pub type Lent = Memory<TWIN, MAX_BURNED, LATCHES, ISSUERS>;

/// Where it lies, as a product would have it.
static MEMORY: ConstStaticCell<Lent> = ConstStaticCell::new(Memory::new());

/// The device's memory, once.
pub fn memory() -> &'static mut Lent {
    MEMORY.take()
}

/// What the reference device is made of.
pub struct Pump<F, K>(PhantomData<(F, K)>);

impl<F: NorFlash, K: DeviceKey> Platform for Pump<F, K> {
    type Journal = F;
    type Slot = F;
    type Clock = Fixed;
    type Entropy = Dice;
    type Key = K;
    type Counter = NoCounter;
}

/// Puts the parts together.
pub fn parts_of<F: NorFlash, K: DeviceKey>(journal: F, slots: [F; 2], key: K) -> Parts<Pump<F, K>> {
    Parts {
        journal,
        slots,
        clock: Fixed,
        entropy: Dice(1),
        key,
        counter: NoCounter,
    }
}

/// A clock that stands still, and that the product vouches for.
#[derive(Debug)]
pub struct Fixed;

impl Clock for Fixed {
    fn ticks_ms(&self) -> u64 {
        black_box(1_000)
    }

    fn trusted_ms(&self) -> Option<u64> {
        Some(black_box(NOW_MS))
    }
}

/// Numbers that differ from each other, and are the same in every run.
#[derive(Debug)]
pub struct Dice(u8);

impl Entropy for Dice {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0 = self.0.wrapping_add(1);
        buffer.fill(black_box(self.0));
        Ok(())
    }
}

/// A key whose signatures are a constant: it stands for one in a secure element.
#[derive(Debug)]
pub struct Constant;

impl DeviceKey for Constant {
    fn public(&self) -> [u8; 32] {
        [black_box(7); 32]
    }

    fn sign(&mut self, _: &[u8]) -> Result<[u8; 64], KeyFault> {
        Ok([black_box(7); 64])
    }
}

/// Beyond the end of the flash.
#[derive(Clone, Copy, Debug)]
pub struct Absent;

impl NorFlashError for Absent {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::OutOfBounds
    }
}

/// Flash in RAM: an erase sets all bits, a write clears some.
#[derive(Debug)]
pub struct Nor<'a>(pub &'a mut [u8]);

impl Nor<'_> {
    fn part(&mut self, from: u32, len: usize) -> Result<&mut [u8], Absent> {
        let from = usize::try_from(from).map_err(|_| Absent)?;
        let to = from.checked_add(len).ok_or(Absent)?;
        self.0.get_mut(from..to).ok_or(Absent)
    }
}

impl ErrorType for Nor<'_> {
    type Error = Absent;
}

impl ReadNorFlash for Nor<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Absent> {
        bytes.copy_from_slice(self.part(offset, bytes.len())?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Nor<'_> {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = BLOCK;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Absent> {
        let len = to.checked_sub(from).ok_or(Absent)?;
        self.part(from, usize::try_from(len).map_err(|_| Absent)?)?
            .fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Absent> {
        let cells = self.part(offset, bytes.len())?;
        for (cell, byte) in cells.iter_mut().zip(bytes) {
            *cell &= byte;
        }
        Ok(())
    }
}

/// Flash without a driver behind it, where only the verifier's own code is weighed: reads as some byte, and forgets.
#[derive(Debug)]
pub struct Erased;

impl ErrorType for Erased {
    type Error = Infallible;
}

impl ReadNorFlash for Erased {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        black_box(offset);
        bytes.fill(black_box(0xff));
        Ok(())
    }

    fn capacity(&self) -> usize {
        black_box(64 * 1024)
    }
}

impl NorFlash for Erased {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = BLOCK;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        black_box((from, to));
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        black_box((offset, bytes));
        Ok(())
    }
}
