//! The folder in which a device lives: who may use it, and what lies where in it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateDirError {
    /// There is none.
    #[error("{}: there is no such folder: make the device first, with `latch-agent new --dir {}`", .0.display(), .0.display())]
    Missing(PathBuf),
    /// The system refuses.
    #[error("{}: the folder of the device cannot be used: {cause}", path.display())]
    Refused {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process uses it.
    #[error("{}: another latch-agent uses this device: stop it first, a device is served by one agent", .0.display())]
    InUse(PathBuf),
}

/// A device's folder, for this process alone.
pub(crate) struct StateDir {
    path: PathBuf,
    /// Held as long as the process lives; the system lets go of it when it dies.
    _lock: File,
}

impl StateDir {
    /// Opens a folder that was made before.
    ///
    /// # Errors
    /// [`StateDirError`].
    pub(crate) fn open(path: &Path) -> Result<Self, StateDirError> {
        let refused = |cause| StateDirError::Refused {
            path: path.to_owned(),
            cause,
        };
        if !fs::exists(path).map_err(refused)? {
            return Err(StateDirError::Missing(path.to_owned()));
        }
        let options = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .clone();
        let lock = options.open(path.join("lock")).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(refused(cause)),
        }
    }

    /// Makes a folder that others cannot enter, unless there is one.
    ///
    /// # Errors
    /// [`StateDirError`].
    pub(crate) fn create(path: &Path) -> Result<Self, StateDirError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|cause| StateDirError::Refused {
            path: path.to_owned(),
            cause,
        })?;
        Self::open(path)
    }

    /// The seed of the device's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.path.join("device.seed")
    }

    /// The request to be enrolled.
    pub(crate) fn request(&self) -> PathBuf {
        self.path.join("request.latch")
    }

    /// The journal's flash.
    pub(crate) fn journal(&self) -> PathBuf {
        self.path.join("journal.flash")
    }

    /// The image slots' flash.
    pub(crate) fn slots(&self) -> [PathBuf; 2] {
        ["slot-0.flash", "slot-1.flash"].map(|name| self.path.join(name))
    }

    /// Images as files, for hooks.
    pub(crate) fn images(&self) -> PathBuf {
        self.path.join("images")
    }
}

/// Writes a file so that after a power cut it is there as a whole or not at all.
///
/// # Errors
/// What the system says; then there is no file of this name, or the one from before.
pub(crate) fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    let mut file = File::create(&beside)?;
    fill(&mut file)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Makes the names in a file's folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_agent_is_turned_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pump-7");
        assert!(matches!(
            StateDir::open(&path),
            Err(StateDirError::Missing(_))
        ));
        let first = StateDir::create(&path).unwrap();
        assert!(matches!(
            StateDir::open(&path),
            Err(StateDirError::InUse(_))
        ));
        drop(first);
        StateDir::open(&path).unwrap();
    }

    #[test]
    fn a_file_that_was_not_finished_does_not_replace_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.bin");
        fs::write(&path, "before").unwrap();
        write_whole(&path, |_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"before");
    }
}
