//! The device's key: a seed in a file that nobody else can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use latch_verify::wire::SeedKey;
use zeroize::Zeroizing;

use crate::state_dir::sync_folder;

const SEED_LEN: usize = 32;
/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Why there is no device key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The system gave no random bytes.
    #[error("the system's source of randomness failed ({0}): no key was made")]
    NoEntropy(getrandom::Error),
    /// The file could not be written.
    #[error("{}: the device's key cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file could not be read.
    #[error("{}: the device's key cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Others may read or write it.
    #[error("{}: others may read or change the device's key (mode {mode:03o}): run chmod 600 on it, and enrol the device again if somebody may have read it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a seed.
    #[error("{}: the device's key must be {SEED_LEN} bytes and has {found}: restore it, or enrol the device again in a new folder", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// How long it is.
        found: u64,
    },
}

/// Makes a key; a file that is there already is never overwritten.
///
/// # Errors
/// [`KeyError::NoEntropy`], [`KeyError::Write`].
pub(crate) fn make(path: &Path) -> Result<SeedKey, KeyError> {
    let mut seed = Zeroizing::new([0; SEED_LEN]);
    getrandom::fill(seed.as_mut()).map_err(KeyError::NoEntropy)?;
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(seed.as_ref())?;
        file.sync_all()?;
        sync_folder(path)
    };
    write().map_err(|cause| KeyError::Write {
        path: path.to_owned(),
        cause,
    })?;
    Ok(SeedKey::new(&seed))
}

/// Reads the key.
///
/// # Errors
/// [`KeyError::Read`], [`KeyError::OpenToOthers`], [`KeyError::Length`].
pub(crate) fn load(path: &Path) -> Result<SeedKey, KeyError> {
    let read = |cause| KeyError::Read {
        path: path.to_owned(),
        cause,
    };
    let mut file = fs::File::open(path).map_err(read)?;
    let about = file.metadata().map_err(read)?;
    if about.mode() & OTHERS != 0 {
        return Err(KeyError::OpenToOthers {
            path: path.to_owned(),
            mode: about.mode() & 0o777,
        });
    }
    if about.len() != 32 {
        return Err(KeyError::Length {
            path: path.to_owned(),
            found: about.len(),
        });
    }
    let mut seed = Zeroizing::new([0; SEED_LEN]);
    file.read_exact(seed.as_mut()).map_err(read)?;
    Ok(SeedKey::new(&seed))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use latch_verify::wire::DeviceKey as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.seed");
        let made = make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(load(&path).unwrap().public(), made.public());
        assert!(matches!(make(&path), Err(KeyError::Write { .. })));
        assert_eq!(load(&path).unwrap().public(), made.public());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.seed");
        make(&path).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(load(&path), Err(KeyError::OpenToOthers { mode: found, .. }) if found == mode)
            );
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.seed");
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .unwrap();
        file.write_all(&[1; 31]).unwrap();
        assert!(matches!(
            load(&path),
            Err(KeyError::Length { found: 31, .. })
        ));
    }
}
