//! The flash as the journal sees it: fields in write units of their own, padded, checked after writing.

use embedded_storage::nor_flash::NorFlash;

/// What an erased byte reads as.
pub(super) const ERASED: u8 = 0xff;

/// Bytes moved at once where they do not come from, or go to, the caller's memory.
pub(super) const CHUNK: usize = 64;

/// Bytes looked at at once where all are expected to be erased: to the end of a sector it is a long way.
const STRETCH: usize = 256;

/// Largest write unit and read unit: the design's bound for embedded flash (STM32H7: 32).
pub(crate) const MAX_UNIT: usize = 32;

/// An operation of the flash failed, or the flash does not hold what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fault;

/// What a field was found to hold. These are different findings, and none stands for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Field<const N: usize> {
    /// Every bit is one, padding included.
    Erased,
    /// These bytes, with erased padding.
    Bytes([u8; N]),
    /// Something with padding that nobody wrote.
    Spoilt,
    /// The flash refused to read it.
    Unreadable,
}

/// A flash, counting erases.
#[derive(Debug)]
pub(super) struct Medium<F> {
    flash: F,
    erases: u32,
}

impl<F: NorFlash> Medium<F> {
    /// The granule of every field: what can be written and read on its own.
    pub(super) const UNIT: usize = {
        let unit = if F::WRITE_SIZE > F::READ_SIZE {
            F::WRITE_SIZE
        } else {
            F::READ_SIZE
        };
        assert!(
            F::WRITE_SIZE.is_power_of_two() && F::READ_SIZE.is_power_of_two(),
            "unit sizes must be powers of two"
        );
        assert!(
            unit <= MAX_UNIT,
            "write and read units may be 32 bytes at most"
        );
        assert!(
            F::ERASE_SIZE.is_multiple_of(unit),
            "an erase block must be made of whole units"
        );
        unit
    };

    pub(super) const fn new(flash: F) -> Self {
        Self { flash, erases: 0 }
    }

    pub(super) fn release(self) -> F {
        self.flash
    }

    pub(super) const fn erases(&self) -> u32 {
        self.erases
    }

    pub(super) fn capacity(&self) -> usize {
        self.flash.capacity()
    }

    /// Room that a field of `length` bytes takes.
    pub(super) const fn pad(length: usize) -> usize {
        length.next_multiple_of(Self::UNIT)
    }

    fn read_units(&mut self, at: usize, bytes: &mut [u8]) -> Result<(), Fault> {
        self.flash.read(offset(at)?, bytes).map_err(|_| Fault)
    }

    /// Reads from the start of a unit; the length is free.
    pub(super) fn read(&mut self, at: usize, bytes: &mut [u8]) -> Result<(), Fault> {
        let whole = bytes.len() - bytes.len() % Self::UNIT;
        let (head, tail) = bytes.split_at_mut_checked(whole).ok_or(Fault)?;
        if !head.is_empty() {
            self.read_units(at, head)?;
        }
        if !tail.is_empty() {
            let mut chunk = [0; MAX_UNIT];
            let unit = chunk.get_mut(..Self::UNIT).ok_or(Fault)?;
            self.read_units(at + whole, unit)?;
            tail.copy_from_slice(unit.get(..tail.len()).ok_or(Fault)?);
        }
        Ok(())
    }

    /// Reads a field and its padding.
    pub(super) fn field<const N: usize>(&mut self, at: usize) -> Field<N> {
        let mut chunk = [0; CHUNK];
        let Some(whole) = chunk.get_mut(..Self::pad(N)) else {
            return Field::Unreadable;
        };
        if self.read_units(at, whole).is_err() {
            return Field::Unreadable;
        }
        let Some((bytes, padding)) = whole.split_first_chunk::<N>() else {
            return Field::Unreadable;
        };
        match (is_erased(bytes), is_erased(padding)) {
            (true, true) => Field::Erased,
            (false, true) => Field::Bytes(*bytes),
            (_, false) => Field::Spoilt,
        }
    }

    /// Whether every bit of a range of whole units is one.
    pub(super) fn is_erased(&mut self, from: usize, to: usize) -> Result<bool, Fault> {
        let mut stretch = [0; STRETCH];
        let mut at = from;
        while at < to {
            let part = stretch.get_mut(..STRETCH.min(to - at)).ok_or(Fault)?;
            self.read_units(at, part)?;
            if !is_erased(part) {
                return Ok(false);
            }
            at += part.len();
        }
        Ok(true)
    }

    /// Programs bytes from the start of a unit, the padding stays erased. Every unit is programmed once.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) -> Result<(), Fault> {
        let whole = bytes.len() - bytes.len() % Self::UNIT;
        let (head, tail) = bytes.split_at_checked(whole).ok_or(Fault)?;
        if !head.is_empty() {
            self.flash.write(offset(at)?, head).map_err(|_| Fault)?;
        }
        if !tail.is_empty() {
            let mut chunk = [ERASED; MAX_UNIT];
            chunk
                .get_mut(..tail.len())
                .ok_or(Fault)?
                .copy_from_slice(tail);
            let unit = chunk.get(..Self::UNIT).ok_or(Fault)?;
            self.flash
                .write(offset(at + whole)?, unit)
                .map_err(|_| Fault)?;
        }
        Ok(())
    }

    /// Programs a field and reads it back.
    pub(super) fn write_field<const N: usize>(
        &mut self,
        at: usize,
        bytes: [u8; N],
    ) -> Result<(), Fault> {
        self.write(at, &bytes)?;
        if self.field(at) == Field::Bytes(bytes) {
            Ok(())
        } else {
            Err(Fault)
        }
    }

    /// Erases whole blocks and checks that they read as erased.
    pub(super) fn erase(&mut self, from: usize, to: usize) -> Result<(), Fault> {
        self.erases = self.erases.saturating_add(1);
        self.flash
            .erase(offset(from)?, offset(to)?)
            .map_err(|_| Fault)?;
        if self.is_erased(from, to)? {
            Ok(())
        } else {
            Err(Fault)
        }
    }
}

fn offset(at: usize) -> Result<u32, Fault> {
    u32::try_from(at).map_err(|_| Fault)
}

/// By words: without a jump at every byte.
fn is_erased(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<4>();
    let all = words
        .iter()
        .fold(u32::MAX, |all, word| all & u32::from_ne_bytes(*word));
    all == u32::MAX && rest.iter().all(|byte| *byte == ERASED)
}
