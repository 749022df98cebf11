//! Reading, writing and erasing: every call is checked and counted here, then meets its cut or its fault.

use core::ops::Range;

use embedded_storage::nor_flash::{self, ErrorType, NorFlash, ReadNorFlash};

use super::Flash;
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
        let fate = self.fate(&range)?;
        if !matches!(fate, Fate::Lost | Fate::Torn(Tear::Before)) {
            for wear in &mut self.wear[range.start / ERASE..range.end / ERASE] {
                *wear += 1;
            }
        }
        match fate {
            Fate::Done => self.cells.erase(range),
            Fate::Torn(tear) => {
                self.cells.tear_erase(range, tear);
                return Err(FlashError::PowerLost);
            }
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
        match self.fate(&(start..start + bytes.len()))? {
            Fate::Done => self.cells.program(start, bytes),
            Fate::Torn(tear) => {
                self.cells.tear_program(start, bytes, tear);
                return Err(FlashError::PowerLost);
            }
            Fate::Lost => {}
        }
        Ok(())
    }
}

/// What happens to one operation.
enum Fate {
    Done,
    Torn(Tear),
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
            // What would have failed anyway changes nothing when it is cut.
            let fails = self.faults.hit(Fault::Write, range) || self.faults.hit(Fault::Lost, range);
            return Ok(Fate::Torn(if fails { Tear::Before } else { cut.tear }));
        }
        if self.faults.hit(Fault::Write, range) {
            return Err(FlashError::WriteError);
        }
        if self.faults.hit(Fault::Lost, range) {
            return Ok(Fate::Lost);
        }
        Ok(Fate::Done)
    }

    #[inline]
    fn powered(&self) -> Result<(), FlashError> {
        if self.off {
            return Err(FlashError::PowerLost);
        }
        Ok(())
    }
}
