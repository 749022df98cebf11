//! Reading, writing and erasing: every call is checked and counted here, then meets its cut or its fault.

use core::ops::Range;

use embedded_storage::nor_flash::{self, ErrorType, NorFlash, ReadNorFlash};

use super::{Flash, halt::Halted};
use crate::error::FlashError;
use crate::fault::Fault;
use crate::tear::Tear;

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ErrorType
    for Flash<READ, WRITE, ERASE>
{
    type Error = FlashError;
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash
    for Flash<READ, WRITE, ERASE>
{
    const READ_SIZE: usize = READ;

    #[inline]
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.powered()?;
        nor_flash::check_read(self, offset, bytes.len())?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.reads += 1;
        let start = offset as usize;
        if self.faults.hit(Fault::Read, &(start..start + bytes.len())) {
            return Err(FlashError::ReadError);
        }
        self.cells.read(start, bytes)
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.cells.data.len()
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> NorFlash
    for Flash<READ, WRITE, ERASE>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    #[inline]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.powered()?;
        nor_flash::check_erase(self, from, to)?;
        let range = from as usize..to as usize;
        if range.is_empty() {
            return Ok(());
        }
        self.erases += 1;
        match self.fate(&range)? {
            Fate::Done => {
                self.touch(&range);
                self.wear_out(&range);
                self.cells.erase(range);
            }
            Fate::Cut(tear) => return Err(self.strike(range, None, tear)),
            Fate::Lost => {}
        }
        Ok(())
    }

    #[inline]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.powered()?;
        nor_flash::check_write(self, offset, bytes.len())?;
        if bytes.is_empty() {
            return Ok(());
        }
        let start = offset as usize;
        if self.cells.strict {
            self.cells.check_program(start, bytes);
        }
        self.writes += 1;
        let range = start..start + bytes.len();
        match self.fate(&range)? {
            Fate::Done => {
                self.touch(&range);
                self.cells.program(start, bytes);
            }
            Fate::Cut(tear) => return Err(self.strike(range, Some(bytes), tear)),
            Fate::Lost => {}
        }
        Ok(())
    }
}

/// What happens to one operation.
enum Fate {
    Done,
    /// The power goes; `None` where the tear is decided later.
    Cut(Option<Tear>),
    Lost,
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Flash<READ, WRITE, ERASE> {
    /// What becomes of the operation on `range` that was just counted.
    #[inline]
    fn fate(&mut self, range: &Range<usize>) -> Result<Fate, FlashError> {
        if let Some(cut) = self.cut
            && cut.operation < self.operations()
        {
            self.cut = None;
            self.cut_length = Some(range.len());
            self.off = true;
            return Ok(Fate::Cut(cut.tear));
        }
        if self.faults.hit(Fault::Write, range) {
            return Err(FlashError::WriteError);
        }
        if self.faults.hit(Fault::Lost, range) {
            return Ok(Fate::Lost);
        }
        Ok(Fate::Done)
    }

    /// Lets the power go in an operation.
    #[cold]
    fn strike(
        &mut self,
        range: Range<usize>,
        bytes: Option<&[u8]>,
        tear: Option<Tear>,
    ) -> FlashError {
        match tear {
            Some(tear) => self.land(range, bytes, tear),
            None => {
                self.halted = Some(Halted {
                    range,
                    bytes: bytes.map(<[u8]>::to_vec),
                });
            }
        }
        FlashError::PowerLost
    }

    pub(super) fn wear_out(&mut self, range: &Range<usize>) {
        for wear in &mut self.wear[range.start / ERASE..range.end / ERASE] {
            *wear += 1;
        }
    }

    #[inline]
    fn powered(&self) -> Result<(), FlashError> {
        if self.off {
            return Err(FlashError::PowerLost);
        }
        Ok(())
    }
}
