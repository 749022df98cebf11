//! The devices that were enrolled, one file each: the keys by which their words are checked.

use std::{fs, io::ErrorKind, path::PathBuf};

use latch_verify::{
    Refusal,
    statement::{Enrolment, KeyKept},
    types::{DeviceId, Digest, ProductId},
    wire::PublicKey,
};
use serde::{Deserialize, Serialize};

use crate::files::{FileError, read_bounded, write_over};

/// Longest record that is read: six short lines, with room for notes.
const MAX_RECORD_FILE: u64 = 16 * 1024;
/// What the name of a record ends in.
const EXTENSION: &str = "toml";

/// Why a device's record cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// There is none.
    #[error("no device `{0}` is enrolled here")]
    Unknown(DeviceId),
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no record.
    #[error("{}: {cause}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The mistake.
        cause: toml::de::Error,
    },
    /// It cannot be written as a record.
    #[error("{}: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: toml::ser::Error,
    },
    /// It is of another device than its name says.
    #[error("{}: this is the record of `{found}`: the file was renamed or copied", path.display())]
    OtherDevice {
        /// The file.
        path: PathBuf,
        /// The device inside.
        found: DeviceId,
    },
    /// Its key is none.
    #[error("{}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The verifier's reason.
        cause: Refusal,
    },
}

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub device: DeviceId,
    /// Its hardware class.
    pub product: ProductId,
    /// Its enrolment.
    pub incarnation: u32,
    /// The key of its receipts and state.
    pub key: PublicKey,
    /// How it keeps that key.
    pub key_kept: KeyKept,
    /// When it was enrolled (RFC 3339).
    pub enrolled_at: String,
}

/// A record as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    device: DeviceId,
    product: ProductId,
    incarnation: u32,
    device_key: Digest,
    key_kept: KeyKept,
    enrolled_at: String,
}

impl Record {
    /// The record of an enrolment that was checked.
    ///
    /// # Errors
    /// [`latch_verify::Reason::WeakKey`].
    pub fn of(enrolment: &Enrolment, enrolled_at: String) -> Result<Self, Refusal> {
        Ok(Self {
            device: enrolment.device.clone(),
            product: enrolment.product,
            incarnation: enrolment.incarnation,
            key: enrolment.key()?,
            key_kept: enrolment.key_kept,
            enrolled_at,
        })
    }
}

/// The folder of records.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: PathBuf,
}

impl Registry {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The record of a device.
    ///
    /// # Errors
    /// [`RegistryError`], but [`RegistryError::Unwritable`].
    pub fn get(&self, device: &DeviceId) -> Result<Record, RegistryError> {
        self.find(device)?
            .ok_or_else(|| RegistryError::Unknown(device.clone()))
    }

    /// The record of a device, if it has one.
    ///
    /// # Errors
    /// As [`get`](Self::get), without [`RegistryError::Unknown`].
    pub fn find(&self, device: &DeviceId) -> Result<Option<Record>, RegistryError> {
        let path = self.path(device);
        let bytes = match read_bounded(&path, MAX_RECORD_FILE) {
            Err(FileError::Read { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            read => read?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let written: Written = toml::from_str(&text).map_err(|cause| RegistryError::Syntax {
            path: path.clone(),
            cause,
        })?;
        if written.device != *device {
            return Err(RegistryError::OtherDevice {
                path,
                found: written.device,
            });
        }
        let key = PublicKey::new(written.device_key.0)
            .map_err(|cause| RegistryError::Key { path, cause })?;
        Ok(Some(Record {
            device: written.device,
            product: written.product,
            incarnation: written.incarnation,
            key,
            key_kept: written.key_kept,
            enrolled_at: written.enrolled_at,
        }))
    }

    /// All records, by name.
    ///
    /// # Errors
    /// As [`find`](Self::find), of the first record that cannot be used.
    pub fn all(&self) -> Result<Vec<Record>, RegistryError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => {
                return Err(FileError::Read {
                    path: self.folder.clone(),
                    cause,
                }
                .into());
            }
        };
        let mut devices: Vec<DeviceId> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name();
                name.to_str()?
                    .strip_suffix(EXTENSION)?
                    .strip_suffix('.')?
                    .parse()
                    .ok()
            })
            .collect();
        devices.sort();
        devices.iter().map(|device| self.get(device)).collect()
    }

    /// Writes a record in place of an earlier one.
    ///
    /// # Errors
    /// [`RegistryError::File`], [`RegistryError::Unwritable`].
    pub fn put(&self, record: &Record) -> Result<(), RegistryError> {
        let path = self.path(&record.device);
        let written = Written {
            device: record.device.clone(),
            product: record.product,
            incarnation: record.incarnation,
            device_key: Digest(*record.key.bytes()),
            key_kept: record.key_kept,
            enrolled_at: record.enrolled_at.clone(),
        };
        let text = toml::to_string(&written).map_err(|cause| RegistryError::Unwritable {
            path: path.clone(),
            cause,
        })?;
        Ok(write_over(&path, text.as_bytes())?)
    }

    fn path(&self, device: &DeviceId) -> PathBuf {
        self.folder.join(format!("{device}.{EXTENSION}"))
    }
}
