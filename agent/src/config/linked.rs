//! What the file says of devices behind links.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use latch_line::Address;
use latch_verify::types::DeviceId;
use serde::Deserialize;

use super::ConfigError;

/// A device whose verifier is at the other end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkedDevice {
    pub(crate) address: Address,
    /// The only device that may be there.
    pub(crate) name: Option<DeviceId>,
    /// For a device that is new.
    pub(crate) bundle: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    link: String,
    baud: Option<u32>,
    name: Option<DeviceId>,
    bundle: Option<PathBuf>,
}

/// A `[[device]]` table.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct LinkedSchema {
    address: Address,
    name: Option<DeviceId>,
    bundle: Option<PathBuf>,
}

impl TryFrom<Written> for LinkedSchema {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let wrong = |cause: latch_line::AddressError| format!("link: {cause}");
        let address: Address = written.link.parse().map_err(wrong)?;
        let address = match written.baud {
            Some(baud) => address
                .with_baud(baud)
                .map_err(|cause| format!("baud: {cause}"))?,
            None => address,
        };
        Ok(Self {
            address,
            name: written.name,
            bundle: written.bundle,
        })
    }
}

/// The devices, each of which is named once.
pub(super) fn resolve(
    tables: Vec<LinkedSchema>,
    file: &Path,
) -> Result<Vec<LinkedDevice>, ConfigError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut devices: Vec<LinkedDevice> = Vec::new();
    let (mut links, mut names) = (BTreeSet::new(), BTreeSet::new());
    let twice = |field, value| ConfigError::DeviceTwice {
        path: file.to_owned(),
        field,
        value,
    };
    for table in tables {
        let address = match table.address {
            Address::Unix(path) => Address::Unix(folder.join(path)),
            address => address,
        };
        let link = address.to_string();
        if !links.insert(link.clone()) {
            return Err(twice("link", link));
        }
        if let Some(name) = &table.name
            && !names.insert(name.clone())
        {
            return Err(twice("name", name.to_string()));
        }
        devices.push(LinkedDevice {
            address,
            name: table.name,
            bundle: table.bundle.map(|bundle| folder.join(bundle)),
        });
    }
    Ok(devices)
}
