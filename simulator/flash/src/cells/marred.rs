//! Reading what a cut has marred: weak bits, and torn units behind ECC.

use super::Cells;
use crate::error::FlashError;
use crate::seed::mix;

impl<const WRITE: usize> Cells<WRITE> {
    /// Reads where bits may be weak or units torn.
    pub(super) fn read_marred(
        &mut self,
        offset: usize,
        bytes: &mut [u8],
    ) -> Result<(), FlashError> {
        self.noise = mix(self.noise, 0);
        let first = offset / WRITE;
        let last = (offset + bytes.len()).div_ceil(WRITE);
        for unit in first..last {
            let range = unit * WRITE..(unit + 1) * WRITE;
            let torn = self.ecc && self.torn.contains(unit);
            if !self.has_weak(range.clone()) {
                if torn {
                    return Err(FlashError::Ecc);
                }
                continue;
            }
            let mood = Mood::of(self.noise);
            let spoilt = match mood {
                Mood::Ones | Mood::Zeros => false,
                Mood::Stored => torn,
                Mood::Mixed => self.ecc,
            };
            if spoilt {
                return Err(FlashError::Ecc);
            }
            for at in range.start.max(offset)..range.end.min(offset + bytes.len()) {
                let mask = self.weak[at];
                let noise = match mood {
                    Mood::Ones => 0xff,
                    Mood::Zeros => 0,
                    Mood::Stored => self.data[at],
                    Mood::Mixed => mix(self.noise, at as u64) as u8,
                };
                bytes[at - offset] = self.data[at] & !mask | noise & mask;
            }
        }
        Ok(())
    }
}

/// How the weak bits of one read come out. A read finds all of them as if the torn operation had never been, or as if it
/// had finished, far more often than coins for each bit would: these are the readings that deceive.
#[derive(Clone, Copy)]
enum Mood {
    Ones,
    Zeros,
    Stored,
    Mixed,
}

impl Mood {
    fn of(noise: u64) -> Self {
        match noise >> 62 {
            0 => Self::Ones,
            1 => Self::Zeros,
            2 => Self::Stored,
            _ => Self::Mixed,
        }
    }
}
