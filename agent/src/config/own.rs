//! What the file says of the device in this process.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use latch_verify::{
    limits::{MAX_COMPONENTS, MAX_IMAGE},
    types::Version,
    verdict::Factory,
};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    ConfigError,
    hooks::{HookSchema, Hooks},
    posture::{self, Probe, ProbeSchema, Twice},
};
use crate::flash::ERASE;

/// Slots of 4 MiB hold the images of most microcontrollers and many applications.
const SLOT_SIZE: u32 = 4 << 20;

/// A device whose verifier runs in this process.
pub(crate) struct OwnDevice {
    /// The configuration file.
    pub(crate) file: PathBuf,
    pub(crate) state_dir: PathBuf,
    pub(crate) bundle: Option<PathBuf>,
    pub(crate) firmware: Factory,
    pub(crate) slot_size: u32,
    pub(crate) clock: ClockTrust,
    pub(crate) hooks: Hooks,
    pub(crate) probes: Vec<Probe>,
}

/// Whether the system's clock is vouched for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClockTrust {
    /// A battery keeps it, and only authenticated time (NTS, a modem, GNSS) sets it.
    Trusted,
    /// Anybody on the network may set it, or it begins anew with each boot.
    #[default]
    Untrusted,
}

/// What the file says of it: all or nothing.
#[derive(Default)]
pub(super) struct OwnSchema {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) bundle: Option<PathBuf>,
    pub(super) firmware_version: Option<Version>,
    pub(super) component_versions: Option<[Option<Version>; MAX_COMPONENTS]>,
    pub(super) slot_size: Option<u32>,
    pub(super) clock: Option<ClockTrust>,
    pub(super) hooks: Option<HookSchema>,
    pub(super) posture: Option<BTreeMap<String, ProbeSchema>>,
}

impl OwnSchema {
    /// The device, if the file speaks of one.
    ///
    /// # Errors
    /// [`ConfigError::Half`], [`ConfigError::FactTwice`].
    pub(super) fn resolve(self, file: &Path) -> Result<Option<OwnDevice>, ConfigError> {
        let spoken_of = self.first_field();
        let half = |given, missing| ConfigError::Half {
            path: file.to_owned(),
            given,
            missing,
        };
        let (state_dir, main) = match (self.state_dir, self.firmware_version, spoken_of) {
            (Some(state_dir), Some(version), _) => (state_dir, version),
            (None, _, None) => return Ok(None),
            (None, _, Some(given)) => return Err(half(given, "state-dir")),
            (Some(_), None, _) => return Err(half("state-dir", "firmware-version")),
        };
        let folder = file.parent().unwrap_or(Path::new(""));
        let probes = posture::resolve(self.posture.unwrap_or_default(), folder);
        let probes = probes.map_err(|Twice { bit, names }| ConfigError::FactTwice {
            path: file.to_owned(),
            bit,
            names,
        })?;
        Ok(Some(OwnDevice {
            file: file.to_owned(),
            state_dir: folder.join(state_dir),
            bundle: self.bundle.map(|bundle| folder.join(bundle)),
            firmware: Factory {
                main,
                others: self.component_versions.unwrap_or_default(),
            },
            slot_size: self.slot_size.unwrap_or(SLOT_SIZE),
            clock: self.clock.unwrap_or_default(),
            hooks: self.hooks.unwrap_or_default().resolve(folder),
            probes,
        }))
    }

    /// A field that only makes sense with such a device.
    fn first_field(&self) -> Option<&'static str> {
        let given = [
            ("state-dir", self.state_dir.is_some()),
            ("firmware-version", self.firmware_version.is_some()),
            ("bundle", self.bundle.is_some()),
            ("component-versions", self.component_versions.is_some()),
            ("slot-size", self.slot_size.is_some()),
            ("clock", self.clock.is_some()),
            ("[hooks]", self.hooks.is_some()),
            ("[posture]", self.posture.is_some()),
        ];
        given
            .into_iter()
            .find_map(|(field, is_given)| is_given.then_some(field))
    }
}

pub(super) fn version<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Version>, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map(Some)
        .map_err(D::Error::custom)
}

/// Reads `{ 1 = "2.0.0", 3 = "1.1.0" }`.
pub(super) fn component_versions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<[Option<Version>; MAX_COMPONENTS]>, D::Error> {
    let mut versions = [None; MAX_COMPONENTS];
    for (number, version) in BTreeMap::<String, String>::deserialize(deserializer)? {
        let place = number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
            .and_then(|place| versions.get_mut(place))
            .ok_or_else(|| {
                D::Error::custom(format!(
                    "there is no component {number} besides the main one: they have the numbers 1 to {MAX_COMPONENTS}"
                ))
            })?;
        *place = Some(version.parse().map_err(D::Error::custom)?);
    }
    Ok(Some(versions))
}

/// Bytes as a number, or as text with KiB or MiB.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "slot-size is a number of bytes, or text such as \"4MiB\""
)]
enum Size {
    Bytes(u32),
    Text(String),
}

pub(super) fn slot_size<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    let bytes = match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => Some(bytes),
        Size::Text(text) => bytes_of(&text),
    };
    let whole =
        |bytes: &u32| usize::try_from(*bytes).is_ok_and(|bytes| bytes.is_multiple_of(ERASE));
    bytes
        .filter(|bytes| (1..=MAX_IMAGE).contains(bytes))
        .filter(whole)
        .map(Some)
        .ok_or_else(|| {
            D::Error::custom(format_args!(
                "slot-size is a multiple of {ERASE} bytes up to {MAX_IMAGE}, such as \"4MiB\""
            ))
        })
}

fn bytes_of(text: &str) -> Option<u32> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20)];
    let (number, unit) = units
        .iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))?;
    number.trim().parse::<u32>().ok()?.checked_mul(unit)
}
