//! From a folder to a device that has booted, provisioned on the way where it was not yet.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use latch_agent::Bundle;
use latch_verify::{
    Reason,
    device::{Device, MountFault, provision},
    limits::{ENVELOPE_HEAD, MAX_ENROLMENT_BODY, MAX_ROOT_BODY, MAX_SIGNATURES, SIGNATURE_LEN},
    types::DeviceId,
};

use crate::{
    config::OwnDevice,
    host::{Host, HostClock, PartsError, parts},
    state_dir::StateDir,
};

const SIGNATURES: usize = 1 + MAX_SIGNATURES * SIGNATURE_LEN;
/// A length, a root and an enrolment.
const MAX_BUNDLE: usize = 2 + 2 * (ENVELOPE_HEAD + SIGNATURES) + MAX_ROOT_BODY + MAX_ENROLMENT_BODY;

/// Why there is no device.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvisionError {
    /// Its parts.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// The bundle could not be read.
    #[error("{}: the provisioning bundle cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is no bundle.
    #[error("{}: this is no provisioning bundle: take the file that `latch device enroll` has written", .0.display())]
    NotBundle(PathBuf),
    /// The bundle is of another device than the configuration names.
    #[error("{}: this bundle enrols {found}, and its [[device]] table names {expected}: take the bundle of {expected}, or change the name", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// The device of the configuration.
        expected: DeviceId,
        /// The device of the bundle.
        found: DeviceId,
    },
    /// The device does not take what is in the bundle.
    #[error("{}: the device was not provisioned: {cause}", path.display())]
    Refused {
        /// The bundle.
        path: PathBuf,
        /// Why.
        cause: MountFault,
    },
    /// There is nothing to provision it with.
    #[error("{}: the device is not provisioned: run `latch-agent provision BUNDLE --config {}` with the bundle that `latch device enroll` has written, or set `bundle` in the configuration", dir.display(), config.display())]
    Unprovisioned {
        /// The device's folder.
        dir: PathBuf,
        /// The configuration.
        config: PathBuf,
    },
    /// It does not come up.
    #[error("{}: the device does not come up, and stays shut: {cause}", dir.display())]
    Shut {
        /// The device's folder.
        dir: PathBuf,
        /// Why.
        cause: MountFault,
    },
}

/// Boots the device; the first time it is provisioned with the bundle of the configuration.
///
/// # Errors
/// [`ProvisionError`].
pub(crate) fn start(
    config: &OwnDevice,
    dir: &StateDir,
    clock: HostClock,
) -> Result<Device<Host>, ProvisionError> {
    // Nothing is made for a device before there is a bundle for it.
    let booted = match fs::exists(dir.journal()) {
        Ok(false) => Err(Reason::Unprovisioned.into()),
        _ => Device::boot(parts(config, dir, clock)?),
    };
    match booted {
        Ok(device) => Ok(device),
        Err(MountFault::Refused(refusal)) if refusal.reason == Reason::Unprovisioned => {
            match &config.bundle {
                Some(bundle) => first(config, dir, clock, bundle),
                None => Err(ProvisionError::Unprovisioned {
                    dir: config.state_dir.clone(),
                    config: config.file.clone(),
                }),
            }
        }
        Err(cause) => Err(ProvisionError::Shut {
            dir: config.state_dir.clone(),
            cause,
        }),
    }
}

/// Provisions the device with a bundle.
///
/// # Errors
/// [`ProvisionError`]; a device that is provisioned already stays as it is.
pub(crate) fn first(
    config: &OwnDevice,
    dir: &StateDir,
    clock: HostClock,
    bundle: &Path,
) -> Result<Device<Host>, ProvisionError> {
    let Bundle { root, enrolment } = read_bundle(bundle)?;
    let parts = parts(config, dir, clock)?;
    provision(parts, &root, &enrolment, config.firmware).map_err(|cause| ProvisionError::Refused {
        path: bundle.to_owned(),
        cause,
    })
}

/// Reads a bundle, and looks at its shape only: the device judges what is in it.
///
/// # Errors
/// [`ProvisionError::Read`], [`ProvisionError::NotBundle`].
pub(crate) fn read_bundle(path: &Path) -> Result<Bundle, ProvisionError> {
    let bytes = read(path).map_err(|cause| ProvisionError::Read {
        path: path.to_owned(),
        cause,
    })?;
    let (root, enrolment) =
        split(&bytes).ok_or_else(|| ProvisionError::NotBundle(path.to_owned()))?;
    Ok(Bundle {
        root: root.to_vec(),
        enrolment: enrolment.to_vec(),
    })
}

/// Reads no more than a bundle may have, and one byte, which makes it none.
fn read(bundle: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BUNDLE + 1).unwrap_or(u64::MAX);
    File::open(bundle)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Root and enrolment: a `u16` (little-endian) says how long the root is.
fn split(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    if bundle.len() > MAX_BUNDLE {
        return None;
    }
    rest.split_at_checked(u16::from_le_bytes(*length).into())
}
