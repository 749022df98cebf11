//! The device's key: made on its first start, kept in a block of its own.
//!
//! A product has a secure element, or a protected part of its flash. This is a plain one.

use crc::{CRC_32_ISCSI, Crc};
use embedded_storage::nor_flash::{NorFlash as _, ReadNorFlash as _};
use latch_verify::{device::Entropy, wire::SeedKey};

use crate::{Region, layout::BLOCK};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// The seed, its checksum, and the rest of a write unit.
const KEPT: usize = 40;

/// Why there is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyLost {
    /// Its block holds something else, and the device was provisioned: a new key would be another device.
    Damaged,
    /// There is no randomness to make one of.
    NoEntropy,
    /// The flash does not keep it.
    NotKept,
}

/// The key that lies in the block; one is made where there is none yet, for a device that is new.
///
/// # Errors
/// [`KeyLost`].
pub fn load(
    block: &mut Region<'_>,
    entropy: &mut impl Entropy,
    is_new: bool,
) -> Result<SeedKey, KeyLost> {
    if let Some(key) = read(block) {
        return Ok(key);
    }
    if !is_new {
        return Err(KeyLost::Damaged);
    }
    // What a power cut has left of a key was never used.
    let mut kept = [0; KEPT];
    let (seed, rest) = kept.split_at_mut(32);
    entropy.fill(seed).map_err(|_| KeyLost::NoEntropy)?;
    for (byte, check) in rest.iter_mut().zip(CRC.checksum(seed).to_le_bytes()) {
        *byte = check;
    }
    let is_written = block
        .erase(0, BLOCK)
        .and_then(|()| block.write(0, &kept))
        .is_ok();
    read(block).filter(|_| is_written).ok_or(KeyLost::NotKept)
}

fn read(block: &mut Region<'_>) -> Option<SeedKey> {
    let mut kept = [0; KEPT];
    block.read(0, &mut kept).ok()?;
    let (seed, rest) = kept.split_first_chunk::<32>()?;
    let (check, _) = rest.split_first_chunk::<4>()?;
    (CRC.checksum(seed) == u32::from_le_bytes(*check)).then(|| SeedKey::new(seed))
}
