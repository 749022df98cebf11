//! A new device: its key, and its request to be enrolled.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use latch_verify::{
    Refusal,
    device::sign_request,
    limits::MAX_REQUEST_ENVELOPE,
    statement::KeyKept,
    types::KeyId,
    verdict::{Identity, judge_request},
    wire::{DeviceKey as _, PublicKey, SeedKey},
};

use crate::{
    key::{self, KeyError},
    state_dir::{StateDir, StateDirError, write_whole},
};

/// Why there is no new device.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// Its folder.
    #[error(transparent)]
    Dir(#[from] StateDirError),
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is one already.
    #[error("{}: a device that was provisioned lives in this folder: choose another one for a new device or enrolment", .0.display())]
    Provisioned(PathBuf),
    /// The request could not be made.
    #[error("the request could not be made: {0}")]
    Refused(#[from] Refusal),
    /// The request could not be written.
    #[error("{}: the request cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// A request that was written.
pub(crate) struct Request {
    pub(crate) path: PathBuf,
    /// What an operator compares before agreeing.
    pub(crate) key: KeyId,
}

/// Makes a device's key in a folder, and its request beside it. A key that is there already,
/// of a device that was not provisioned yet, is kept.
///
/// # Errors
/// [`NewError`].
pub(crate) fn new(dir: &Path, name: &Identity) -> Result<Request, NewError> {
    let dir_path = dir;
    let dir = StateDir::create(dir)?;
    if is_written(&dir.journal()) {
        return Err(NewError::Provisioned(dir_path.to_owned()));
    }
    let key_path = dir.key();
    let key = if fs::exists(&key_path).unwrap_or(true) {
        key::load(&key_path)?
    } else {
        key::make(&key_path)?
    };
    let public = PublicKey::new(key.public())?;
    let envelope = sign(name, key)?;
    let path = dir.request();
    write_whole(&path, |file| file.write_all(&envelope)).map_err(|cause| NewError::Write {
        path: path.clone(),
        cause,
    })?;
    Ok(Request {
        path,
        key: public.id(),
    })
}

/// Whether a journal holds anything; in every doubt it does.
fn is_written(journal: &Path) -> bool {
    match fs::read(journal) {
        Ok(bytes) => bytes.iter().any(|byte| *byte != 0xff),
        Err(cause) => cause.kind() != io::ErrorKind::NotFound,
    }
}

fn sign(name: &Identity, mut key: SeedKey) -> Result<Vec<u8>, NewError> {
    let mut out = [0; MAX_REQUEST_ENVELOPE];
    let request = sign_request(name, KeyKept::Software, &mut key, &mut out)?;
    judge_request(request)?;
    Ok(request.to_vec())
}
