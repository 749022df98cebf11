//! NOR flash in a file, with the rules of flash: bits fall by writing and rise by erasing.
//!
//! Keeping the rules on a disk has a use: the verifier's proofs about power cuts are about
//! flash, and hold here because a write is durable when it returns.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::state_dir::write_whole;

/// Bytes that are erased at once: a page of most file systems.
pub(crate) const ERASE: usize = 4096;
const WRITE: usize = 4;
const ERASED: [u8; ERASE] = [0xff; ERASE];

/// Why a file cannot serve as flash.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The system refuses.
    #[error("{}: the device's storage cannot be opened: {cause}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It was made with another size.
    #[error("{}: this storage has {found} bytes, and the configuration asks for {expected}: set slot-size as it was when the device was made", path.display())]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// The size that was asked for.
        expected: u64,
        /// The file's size.
        found: u64,
    },
}

/// Why an operation on flash failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlashError {
    /// Not whole units.
    #[error("the operation is not on whole units of the flash")]
    NotAligned,
    /// Past the end.
    #[error("the operation goes past the end of the flash")]
    OutOfBounds,
    /// Something was written there, and not erased since.
    #[error("the flash was written at {0} before and not erased since")]
    NotErased(u32),
    /// The system refuses.
    #[error("the file of the flash failed: {0}")]
    Io(#[from] io::Error),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotErased(_) | Self::Io(_) => NorFlashErrorKind::Other,
        }
    }
}

/// Flash in a file.
#[derive(Debug)]
pub(crate) struct FileFlash {
    file: File,
    capacity: u32,
}

impl FileFlash {
    /// Opens the flash in a file; one that is not there is made, erased.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn open(path: &Path, capacity: u32) -> Result<Self, OpenError> {
        let refused = |cause| OpenError::Refused {
            path: path.to_owned(),
            cause,
        };
        let open = || OpenOptions::new().read(true).write(true).open(path);
        let file = match open() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                write_whole(path, |file| fill(file, capacity)).map_err(refused)?;
                open()
            }
            opened => opened,
        };
        let file = file.map_err(refused)?;
        let found = file.metadata().map_err(refused)?.len();
        let expected = u64::from(capacity);
        if found != expected {
            return Err(OpenError::OtherSize {
                path: path.to_owned(),
                expected,
                found,
            });
        }
        Ok(Self { file, capacity })
    }

    fn check(&self, offset: u32, len: usize, unit: usize) -> Result<(), FlashError> {
        let unit = u64::try_from(unit).unwrap_or(u64::MAX);
        let (offset, len) = (u64::from(offset), u64::try_from(len).unwrap_or(u64::MAX));
        if !offset.is_multiple_of(unit) || !len.is_multiple_of(unit) {
            return Err(FlashError::NotAligned);
        }
        if offset.saturating_add(len) > self.capacity.into() {
            return Err(FlashError::OutOfBounds);
        }
        Ok(())
    }
}

fn fill(file: &mut File, capacity: u32) -> io::Result<()> {
    let mut left = usize::try_from(capacity).map_err(io::Error::other)?;
    while left > 0 {
        let part = ERASED.get(..left).unwrap_or(&ERASED);
        file.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}

impl ErrorType for FileFlash {
    type Error = FlashError;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), Self::READ_SIZE)?;
        Ok(self.file.read_exact_at(bytes, offset.into())?)
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.capacity).unwrap_or(usize::MAX)
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    /// Durable when it returns.
    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let len = to.checked_sub(from).ok_or(FlashError::OutOfBounds)?;
        let len = usize::try_from(len).map_err(|_| FlashError::OutOfBounds)?;
        self.check(from, len, ERASE)?;
        for block in (from..to).step_by(ERASE) {
            self.file.write_all_at(&ERASED, block.into())?;
        }
        Ok(self.file.sync_data()?)
    }

    /// Durable when it returns.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), WRITE)?;
        let mut before = vec![0; bytes.len()];
        self.file.read_exact_at(&mut before, offset.into())?;
        if before.iter().any(|byte| *byte != 0xff) {
            return Err(FlashError::NotErased(offset));
        }
        self.file.write_all_at(bytes, offset.into())?;
        Ok(self.file.sync_data()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 4 * 4096;

    fn flash() -> (tempfile::TempDir, FileFlash) {
        let dir = tempfile::tempdir().unwrap();
        let flash = FileFlash::open(&dir.path().join("a.flash"), SIZE).unwrap();
        (dir, flash)
    }

    #[test]
    fn it_begins_erased_and_keeps_what_was_written() {
        let (dir, mut flash) = flash();
        let mut bytes = [0; 8];
        flash.read(SIZE - 8, &mut bytes).unwrap();
        assert_eq!(bytes, [0xff; 8]);
        flash.write(SIZE - 8, b"durable!").unwrap();
        drop(flash);
        let mut flash = FileFlash::open(&dir.path().join("a.flash"), SIZE).unwrap();
        flash.read(SIZE - 8, &mut bytes).unwrap();
        assert_eq!(&bytes, b"durable!");
    }

    #[test]
    fn it_keeps_the_rules_of_flash() {
        let (_dir, mut flash) = flash();
        flash.write(4096, b"once").unwrap();
        assert!(matches!(
            flash.write(4096, b"once"),
            Err(FlashError::NotErased(4096))
        ));
        assert!(matches!(
            flash.write(4098, b"four"),
            Err(FlashError::NotAligned)
        ));
        assert!(matches!(
            flash.write(4096, b"fiver"),
            Err(FlashError::NotAligned)
        ));
        assert!(matches!(
            flash.write(SIZE, b"four"),
            Err(FlashError::OutOfBounds)
        ));
        assert!(matches!(
            flash.erase(0, SIZE + 4096),
            Err(FlashError::OutOfBounds)
        ));
        assert!(matches!(flash.erase(4, 4096), Err(FlashError::NotAligned)));
        assert!(matches!(
            flash.read(SIZE, &mut [0]),
            Err(FlashError::OutOfBounds)
        ));
        flash.write(0, b"kept").unwrap();
        flash.erase(4096, 8192).unwrap();
        flash.write(4096, b"more").unwrap();
        let mut bytes = [0; 4];
        flash.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"kept");
    }

    #[test]
    fn another_size_is_refused() {
        let (dir, _flash) = flash();
        let opened = FileFlash::open(&dir.path().join("a.flash"), 2 * SIZE);
        assert!(matches!(
            opened,
            Err(OpenError::OtherSize { found: 16384, .. })
        ));
    }
}
