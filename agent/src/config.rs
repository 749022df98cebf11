//! The configuration file.

mod posture;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use latch_mqtt::{DEFAULT_PREFIX, Endpoint, EndpointError};
use latch_verify::{
    limits::{MAX_COMPONENTS, MAX_IMAGE},
    types::Version,
    verdict::Factory,
};
use serde::{Deserialize, Deserializer, de::Error as _};

pub(crate) use self::posture::Probe;
use self::posture::{ProbeSchema, Twice};
use crate::flash::ERASE;

/// Slots of 4 MiB hold the images of most microcontrollers and many applications.
const SLOT_SIZE: u32 = 4 << 20;
/// A hook that takes longer than a minute is one that hangs, unless its owner says otherwise.
const HOOK_TIMEOUT_S: u64 = 60;
/// Longest time that a hook may be given: a day, in seconds.
const HOOK_TIMEOUT_LONGEST_S: u64 = 86_400;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file could not be read.
    #[error("{}: the configuration cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not a configuration.
    #[error("{}: this is not a configuration of latch-agent: {cause}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, what was found and what was expected.
        cause: Box<toml::de::Error>,
    },
    /// The broker cannot be named so.
    #[error("{}: the broker cannot be used as it is configured: {cause}", path.display())]
    Broker {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: EndpointError,
    },
    /// A password without a user, or the other way round.
    #[error("{}: username and password-file belong together: give both, or neither", path.display())]
    HalfCredentials {
        /// The file.
        path: PathBuf,
    },
    /// Two facts with one number.
    #[error("{}: posture.{} and posture.{} are both fact {bit}: give each fact one probe", path.display(), names[0], names[1])]
    FactTwice {
        /// The file.
        path: PathBuf,
        /// The number.
        bit: u8,
        /// The facts.
        names: [String; 2],
    },
    /// A certificate without its key, or the other way round.
    #[error("{}: client-certificate and client-key belong together: give both, or neither", path.display())]
    HalfIdentity {
        /// The file.
        path: PathBuf,
    },
}

/// What the file says, checked.
pub(crate) struct Config {
    /// The file itself.
    pub(crate) file: PathBuf,
    pub(crate) endpoint: Endpoint,
    pub(crate) topic_prefix: String,
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

/// The programs that carry out what the device unlatches.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Hooks {
    pub(crate) twin: Option<Program>,
    pub(crate) command: Option<Program>,
    pub(crate) latch: Option<Program>,
    pub(crate) activate: Option<Program>,
    pub(crate) health: Option<Program>,
    pub(crate) timeout: Duration,
}

/// A program and its arguments; never a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Schema {
    broker: String,
    topic_prefix: Option<String>,
    ca_file: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    state_dir: PathBuf,
    bundle: Option<PathBuf>,
    #[serde(deserialize_with = "version")]
    firmware_version: Version,
    #[serde(default, deserialize_with = "component_versions")]
    component_versions: [Option<Version>; MAX_COMPONENTS],
    #[serde(default = "slot_size_default", deserialize_with = "slot_size")]
    slot_size: u32,
    #[serde(default)]
    clock: ClockTrust,
    #[serde(default)]
    hooks: HookSchema,
    #[serde(default)]
    posture: BTreeMap<String, ProbeSchema>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HookSchema {
    #[serde(default, deserialize_with = "program")]
    twin: Option<Program>,
    #[serde(default, deserialize_with = "program")]
    command: Option<Program>,
    #[serde(default, deserialize_with = "program")]
    latch: Option<Program>,
    #[serde(default, deserialize_with = "program")]
    activate: Option<Program>,
    #[serde(default, deserialize_with = "program")]
    health: Option<Program>,
    #[serde(default, deserialize_with = "timeout")]
    timeout_s: Option<u64>,
}

impl Config {
    /// Reads the file. Paths in it are seen from its folder.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        let path = file.to_owned();
        let text = fs::read_to_string(file).map_err(|cause| ConfigError::Read {
            path: path.clone(),
            cause,
        })?;
        let schema: Schema = toml::from_str(&text).map_err(|cause| ConfigError::Syntax {
            path: path.clone(),
            cause: Box::new(cause),
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        if schema.username.is_some() != schema.password_file.is_some() {
            return Err(ConfigError::HalfCredentials { path });
        }
        if schema.client_certificate.is_some() != schema.client_key.is_some() {
            return Err(ConfigError::HalfIdentity { path });
        }
        let endpoint = endpoint(&schema, folder).map_err(|cause| ConfigError::Broker {
            path: path.clone(),
            cause,
        })?;
        let probes = posture::resolve(schema.posture, folder).map_err(|Twice { bit, names }| {
            ConfigError::FactTwice {
                path: path.clone(),
                bit,
                names,
            }
        })?;
        Ok(Self {
            file: path,
            endpoint,
            topic_prefix: schema
                .topic_prefix
                .unwrap_or_else(|| DEFAULT_PREFIX.to_owned()),
            state_dir: folder.join(schema.state_dir),
            bundle: schema.bundle.map(|bundle| folder.join(bundle)),
            firmware: Factory {
                main: schema.firmware_version,
                others: schema.component_versions,
            },
            slot_size: schema.slot_size,
            clock: schema.clock,
            hooks: schema.hooks.resolve(folder),
            probes,
        })
    }
}

fn endpoint(schema: &Schema, folder: &Path) -> Result<Endpoint, EndpointError> {
    let mut endpoint = Endpoint::parse(&schema.broker)?;
    if let (Some(user), Some(password)) = (&schema.username, &schema.password_file) {
        endpoint = endpoint
            .with_credentials(user, "")
            .with_password_file(&folder.join(password))?;
    }
    if let Some(authorities) = &schema.ca_file {
        endpoint = endpoint.with_ca_file(&folder.join(authorities))?;
    }
    if let (Some(certificate), Some(key)) = (&schema.client_certificate, &schema.client_key) {
        endpoint =
            endpoint.with_client_certificate(&folder.join(certificate), &folder.join(key))?;
    }
    Ok(endpoint)
}

impl HookSchema {
    fn resolve(self, folder: &Path) -> Hooks {
        let seen = |program: Option<Program>| program.map(|program| seen_from(folder, program));
        Hooks {
            twin: seen(self.twin),
            command: seen(self.command),
            latch: seen(self.latch),
            activate: seen(self.activate),
            health: seen(self.health),
            timeout: Duration::from_secs(self.timeout_s.unwrap_or(HOOK_TIMEOUT_S)),
        }
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// Reads `{ 1 = "2.0.0", 3 = "1.1.0" }`.
fn component_versions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[Option<Version>; MAX_COMPONENTS], D::Error> {
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
    Ok(versions)
}

fn program<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Program>, D::Error> {
    program_of(Vec::deserialize(deserializer)?)
        .map(Some)
        .ok_or_else(|| D::Error::custom("a hook is a list: the program, then its arguments"))
}

fn program_of(words: Vec<String>) -> Option<Program> {
    let mut words = words.into_iter();
    let path = words.next().filter(|path| !path.is_empty())?;
    Some(Program {
        path: path.into(),
        arguments: words.collect(),
    })
}

fn seen_from(folder: &Path, program: Program) -> Program {
    Program {
        path: folder.join(program.path),
        arguments: program.arguments,
    }
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    if (1..=HOOK_TIMEOUT_LONGEST_S).contains(&seconds) {
        return Ok(Some(seconds));
    }
    Err(D::Error::custom(format_args!(
        "timeout-s is 1 to {HOOK_TIMEOUT_LONGEST_S} seconds"
    )))
}

fn slot_size_default() -> u32 {
    SLOT_SIZE
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

fn slot_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let bytes = match Size::deserialize(deserializer)? {
        Size::Bytes(bytes) => Some(bytes),
        Size::Text(text) => bytes_of(&text),
    };
    let whole =
        |bytes: &u32| usize::try_from(*bytes).is_ok_and(|bytes| bytes.is_multiple_of(ERASE));
    bytes
        .filter(|bytes| (1..=MAX_IMAGE).contains(bytes))
        .filter(whole)
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

#[cfg(test)]
mod tests;
