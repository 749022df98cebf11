//! What the file says of devices behind links.

use std::{
    collections::BTreeMap,
    fs,
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
    let (mut links, mut names) = (BTreeMap::new(), BTreeMap::new());
    let twice = |field, first: String, second: String| ConfigError::DeviceTwice {
        path: file.to_owned(),
        field,
        first,
        second,
    };
    for table in tables {
        let address = match table.address {
            Address::Unix(path) => Address::Unix(folder.join(path)),
            address => address,
        };
        let link = address.to_string();
        if let Some(first) = links.insert(place_of(&address), link.clone()) {
            return Err(twice("link", first, link));
        }
        if let Some(name) = &table.name
            && let Some(first) = names.insert(name.clone(), name.to_string())
        {
            return Err(twice("name", first, name.to_string()));
        }
        devices.push(LinkedDevice {
            address,
            name: table.name,
            bundle: table.bundle.map(|bundle| folder.join(bundle)),
        });
    }
    Ok(devices)
}

/// The same for a port under each of its names, as far as it is there: those of `/dev/serial/by-id` are links.
fn place_of(address: &Address) -> String {
    let path = match address {
        Address::Unix(path) | Address::Serial { path, .. } => path,
        other @ Address::Tcp(_) => return other.to_string(),
    };
    // Without what means nothing, such as `./`.
    let plain = || path.components().collect();
    let place: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| plain());
    place.display().to_string()
}
