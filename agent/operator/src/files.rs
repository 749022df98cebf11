//! Files that are whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It could not be read.
    #[error("{}: cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It could not be written.
    #[error("{}: cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is there already.
    #[error("{}: there is a file already: choose another name, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is longer than what belongs there can be.
    #[error("{}: longer than {bound} bytes, so it is not the file that belongs here", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The bound in bytes.
        bound: u64,
    },
}

impl FileError {
    fn read(path: &Path, cause: std::io::Error) -> Self {
        Self::Read {
            path: path.into(),
            cause,
        }
    }

    fn write(path: &Path, cause: std::io::Error) -> Self {
        Self::Write {
            path: path.into(),
            cause,
        }
    }
}

/// Reads a file of at most `bound` bytes, so that a mistaken name does not fill memory.
///
/// # Errors
/// [`FileError::Read`], [`FileError::TooLong`].
pub fn read_bounded(path: &Path, bound: u64) -> Result<Vec<u8>, FileError> {
    let file = File::open(path).map_err(|cause| FileError::read(path, cause))?;
    let mut bytes = Vec::new();
    file.take(bound.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| FileError::read(path, cause))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= bound) {
        Ok(bytes)
    } else {
        Err(FileError::TooLong {
            path: path.into(),
            bound,
        })
    }
}

/// Writes a file that is not there yet; it is durable on return.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Write`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = options.open(path).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => FileError::Exists { path: path.into() },
        _ => FileError::write(path, cause),
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|cause| {
        // It is ours and incomplete. If removing fails too, the first cause says more.
        let _ = fs::remove_file(path);
        FileError::write(path, cause)
    })
}

/// Writes a file in place of whatever was there: readers see the old one or the new one.
///
/// # Errors
/// [`FileError::Write`].
pub fn write_over(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = write_new(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path).map_err(|cause| FileError::write(path, cause)));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_one_and_an_old_one_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_new(&path, b"one").unwrap();
        assert!(matches!(
            write_new(&path, b"two"),
            Err(FileError::Exists { .. })
        ));
        assert_eq!(read_bounded(&path, 3).unwrap(), b"one");
        write_over(&path, b"three").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"three");
        assert!(matches!(
            read_bounded(&path, 4),
            Err(FileError::TooLong { bound: 4, .. })
        ));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
