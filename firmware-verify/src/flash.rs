//! Flash, whatever its units: reads and writes of any length at places that fit a unit.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

/// Bytes moved at once.
pub(crate) const CHUNK: usize = 256;
/// Largest read or write unit that is served: 32 bytes, the flash word of the largest
/// microcontrollers (STM32H7, RM0433).
pub(crate) const MAX_UNIT: usize = 32;
/// What flash reads as after an erase.
pub(crate) const ERASED: u8 = 0xff;

/// Flash could not be read, written or erased, or does not hold what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault;

/// Units of a flash that this crate can serve.
pub(crate) struct Served<F>(core::marker::PhantomData<F>);

impl<F: NorFlash> Served<F> {
    /// Does not compile for other flash: powers of two, at most [`MAX_UNIT`], in whole erase blocks.
    pub(crate) const UNITS: () = {
        assert!(
            F::READ_SIZE.is_power_of_two() && F::READ_SIZE <= MAX_UNIT,
            "read units of 1 to 32 bytes"
        );
        assert!(
            F::WRITE_SIZE.is_power_of_two() && F::WRITE_SIZE <= MAX_UNIT,
            "write units of 1 to 32 bytes"
        );
        assert!(
            F::ERASE_SIZE.is_multiple_of(F::WRITE_SIZE),
            "erase blocks of whole write units"
        );
    };
}

/// A length in bytes as an offset.
pub(crate) fn offset_of(len: usize) -> Result<u32, Fault> {
    u32::try_from(len).map_err(|_| Fault)
}

/// Reads any number of bytes from anywhere.
pub(crate) fn read<F: ReadNorFlash>(
    flash: &mut F,
    offset: u32,
    out: &mut [u8],
) -> Result<(), Fault> {
    let unit = offset_of(F::READ_SIZE.max(1))?;
    let longest = CHUNK - CHUNK % F::READ_SIZE.max(1);
    let mut chunk = [0; CHUNK];
    let mut place = offset;
    let mut out = out;
    while !out.is_empty() {
        let start = place - place % unit;
        let skip = usize::try_from(place - start).map_err(|_| Fault)?;
        let wanted = skip
            .saturating_add(out.len())
            .next_multiple_of(F::READ_SIZE.max(1))
            .min(longest);
        let bytes = chunk.get_mut(..wanted).ok_or(Fault)?;
        flash.read(start, bytes).map_err(|_| Fault)?;
        let fresh = bytes.get(skip..).ok_or(Fault)?;
        let taken = fresh.len().min(out.len());
        let (now, later) = out.split_at_mut_checked(taken).ok_or(Fault)?;
        now.copy_from_slice(fresh.get(..taken).ok_or(Fault)?);
        place = place.saturating_add(offset_of(taken)?);
        out = later;
    }
    Ok(())
}

/// Writes bytes at the beginning of a write unit; the last unit is filled up with erased
/// bytes. Each unit is programmed once.
pub(crate) fn write<F: NorFlash>(flash: &mut F, offset: u32, bytes: &[u8]) -> Result<(), Fault> {
    let whole = bytes.len() - bytes.len() % F::WRITE_SIZE.max(1);
    let (body, tail) = bytes.split_at_checked(whole).ok_or(Fault)?;
    if !body.is_empty() {
        flash.write(offset, body).map_err(|_| Fault)?;
    }
    if !tail.is_empty() {
        let mut unit = [ERASED; MAX_UNIT];
        unit.get_mut(..tail.len())
            .ok_or(Fault)?
            .copy_from_slice(tail);
        let unit = unit.get(..F::WRITE_SIZE).ok_or(Fault)?;
        let place = offset.checked_add(offset_of(whole)?).ok_or(Fault)?;
        flash.write(place, unit).map_err(|_| Fault)?;
    }
    Ok(())
}
