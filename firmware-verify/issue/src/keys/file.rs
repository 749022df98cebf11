//! Key files: made once, readable by nobody else, never overwritten.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{KeyError, RoleKey};

/// Longest key file that is read: a PEM takes under 200 bytes, this leaves room for notes
/// around it and keeps a mistaken name from filling memory.
pub(super) const MAX_KEY_FILE: u64 = 16 * 1024;

/// Permission bits of a private key: its owner alone.
const PRIVATE: u32 = 0o600;
/// Permission bits of a public key.
pub(super) const PUBLIC: u32 = 0o644;

impl RoleKey {
    /// Reads a private key that its owner alone may read.
    ///
    /// # Errors
    /// [`KeyError::Read`], [`KeyError::OpenToOthers`], or [`KeyError::InFile`] around what
    /// [`from_pem`](Self::from_pem) says.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let mut file = File::open(path).map_err(|cause| read_error(path, cause))?;
        refuse_open_to_others(path, &file)?;
        let text = Zeroizing::new(read_text(path, &mut file)?);
        Self::from_pem(&text).map_err(|cause| in_file(path, cause))
    }

    /// Writes the private key into a new file of mode 0600.
    ///
    /// The file is durable on return; when writing fails, nothing is left behind.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        create(path, self.to_pem()?.as_bytes(), PRIVATE)
    }
}

/// Writes a new file with these permission bits.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => KeyError::Exists { path: path.into() },
        _ => write_error(path, cause),
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|cause| {
        // It is ours and incomplete. If removing fails too, the first cause says more.
        let _ = std::fs::remove_file(path);
        write_error(path, cause)
    })
}

pub(super) fn read_text(path: &Path, file: &mut File) -> Result<String, KeyError> {
    let mut text = String::new();
    file.take(MAX_KEY_FILE)
        .read_to_string(&mut text)
        .map_err(|cause| read_error(path, cause))?;
    Ok(text)
}

pub(super) fn read_error(path: &Path, cause: std::io::Error) -> KeyError {
    KeyError::Read {
        path: path.into(),
        cause,
    }
}

pub(super) fn in_file(path: &Path, cause: KeyError) -> KeyError {
    KeyError::InFile {
        path: path.into(),
        cause: Box::new(cause),
    }
}

fn write_error(path: &Path, cause: std::io::Error) -> KeyError {
    KeyError::Write {
        path: path.into(),
        cause,
    }
}

/// Looks at the open file, so that what was checked is what is read.
#[cfg(unix)]
fn refuse_open_to_others(path: &Path, file: &File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = file.metadata().map_err(|cause| read_error(path, cause))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers {
            path: path.into(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_to_others(_: &Path, _: &File) -> Result<(), KeyError> {
    Ok(())
}
