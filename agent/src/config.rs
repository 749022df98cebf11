//! The configuration file.

mod hooks;
mod linked;
mod own;
mod posture;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use latch_mqtt::{DEFAULT_PREFIX, Endpoint, EndpointError, TopicError, Topics};
use latch_verify::{limits::MAX_COMPONENTS, types::Version};
use serde::Deserialize;

#[cfg(test)]
use self::hooks::Hooks;
use self::{hooks::HookSchema, linked::LinkedSchema, own::OwnSchema, posture::ProbeSchema};
pub(crate) use self::{
    hooks::Program,
    linked::LinkedDevice,
    own::{ClockTrust, OwnDevice},
    posture::Probe,
};

/// As long as a tenant's name may be.
const LONGEST_TENANT: &str = "0123456789abcdef";

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
    /// Only a part of what a device in this process needs.
    #[error("{}: {given} is about a device that runs in this process, and {missing} is missing: add {missing}, or leave out what is about such a device", path.display())]
    Half {
        /// The file.
        path: PathBuf,
        /// The field that is there.
        given: &'static str,
        /// The field that is not.
        missing: &'static str,
    },
    /// Nothing to serve.
    #[error("{}: there is no device in it: add state-dir and firmware-version for one that runs in this process, or a [[device]] table with a link for each one behind a link", path.display())]
    NoDevice {
        /// The file.
        path: PathBuf,
    },
    /// Two tables of one device.
    #[error("{}: two [[device]] tables have the {field} {first:?}{}: give each device one table, and each table a {field} of its own", path.display(), if first == second { String::new() } else { format!(", which is {second:?} too") })]
    DeviceTwice {
        /// The file.
        path: PathBuf,
        /// What they share: `link` or `name`.
        field: &'static str,
        /// Its value.
        first: String,
        /// The same as it is written the second time.
        second: String,
    },
    /// The prefix cannot begin topics.
    #[error("{}: the topic-prefix cannot be used: {cause}", path.display())]
    Prefix {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: TopicError,
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
    /// The device that runs in this process.
    pub(crate) own: Option<OwnDevice>,
    /// The devices behind links.
    pub(crate) linked: Vec<LinkedDevice>,
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
    state_dir: Option<PathBuf>,
    bundle: Option<PathBuf>,
    #[serde(default, deserialize_with = "own::version")]
    firmware_version: Option<Version>,
    #[serde(default, deserialize_with = "own::component_versions")]
    component_versions: Option<[Option<Version>; MAX_COMPONENTS]>,
    #[serde(default, deserialize_with = "own::slot_size")]
    slot_size: Option<u32>,
    clock: Option<ClockTrust>,
    hooks: Option<HookSchema>,
    posture: Option<BTreeMap<String, ProbeSchema>>,
    #[serde(default)]
    device: Vec<LinkedSchema>,
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
        let topic_prefix = schema.topic_prefix;
        let topic_prefix = topic_prefix.unwrap_or_else(|| DEFAULT_PREFIX.to_owned());
        Topics::new(&topic_prefix, LONGEST_TENANT).map_err(|cause| ConfigError::Prefix {
            path: path.clone(),
            cause,
        })?;
        let linked = linked::resolve(schema.device, &path)?;
        let own = OwnSchema {
            state_dir: schema.state_dir,
            bundle: schema.bundle,
            firmware_version: schema.firmware_version,
            component_versions: schema.component_versions,
            slot_size: schema.slot_size,
            clock: schema.clock,
            hooks: schema.hooks,
            posture: schema.posture,
        };
        let own = own.resolve(&path)?;
        if own.is_none() && linked.is_empty() {
            return Err(ConfigError::NoDevice { path });
        }
        Ok(Self {
            file: path,
            endpoint,
            topic_prefix,
            own,
            linked,
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

#[cfg(test)]
mod tests;
