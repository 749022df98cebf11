//! Which topics exist, and what each carries.
//!
//! ```text
//! {prefix}/d/{device}/code|receipt|state|want|page   one device
//! {prefix}/t/trust/{version}                         trust roots, retained
//! {prefix}/t/revoked/{key or statement id}           revocations, retained
//! {prefix}/t/code/{statement id}                     cohort and tenant codes, retained
//! {prefix}/t/release/{manifest id}                   release manifests, retained
//! {prefix}/t/time                                    time attestations for all
//! {prefix}/t/page/{merkle root}/{index}              image pages that many devices asked for
//! ```
//!
//! Identifiers are lower-case hexadecimal, numbers are decimal without leading
//! zeros: each thing has one spelling, so that one retained message holds it.

use std::fmt;
use std::str::FromStr;

use latch_verify::types::{DeviceId, Digest, KeyId, StatementId};

/// The prefix of every topic unless a deployment configures another.
pub const DEFAULT_PREFIX: &str = "latch/v1/{tenant}";

/// What a prefix may contain in place of the tenant's name.
const TENANT_PLACEHOLDER: &str = "{tenant}";

/// The longest name of a tenant: 64 characters hold a UUID and any hash of 32
/// bytes in hexadecimal.
const TENANT_MAX_LEN: usize = 64;

/// The longest prefix after the tenant's name was put in. AWS IoT Core allows
/// topics of 256 bytes; our longest suffix, a page, takes 83.
const PREFIX_MAX_LEN: usize = 160;

/// Why a name cannot be part of a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The tenant's name is empty, too long, or has a character outside `[A-Za-z0-9._-]`.
    #[error(
        "{0:?} is not a tenant name for topics: use 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'"
    )]
    Tenant(String),
    /// The prefix cannot begin a topic that is both published and subscribed to.
    #[error(
        "{0:?} is not a topic prefix: use 1 to 160 printable ASCII characters without '+', '#', '$', spaces, braces or empty levels"
    )]
    Prefix(String),
}

/// What a topic under one device carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceTopic {
    /// To the device: a statement of any kind for it alone, such as a code, or the answer to its
    /// pulse. Never retained.
    Code,
    /// From the device: its account of a verdict or event. Never retained.
    Receipt,
    /// From the device: its present state. Retained.
    State,
    /// From the device: what it asks for by name. Never retained.
    Want,
    /// To the device: image pages for it alone. Never retained.
    Page,
}

impl DeviceTopic {
    const ALL: [Self; 5] = [
        Self::Code,
        Self::Receipt,
        Self::State,
        Self::Want,
        Self::Page,
    ];

    const fn level(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Receipt => "receipt",
            Self::State => "state",
            Self::Want => "want",
            Self::Page => "page",
        }
    }
}

/// What a revocation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevokedId {
    /// An issuer key, by its id.
    Key(KeyId),
    /// One statement, by its id.
    Statement(StatementId),
}

/// One topic of a tenant, without its prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A topic of one device.
    Device(DeviceId, DeviceTopic),
    /// The trust root of one version.
    Trust(u32),
    /// The revocation of a key or of a statement.
    Revoked(RevokedId),
    /// A code for a cohort or a tenant, by its statement id.
    Code(StatementId),
    /// A release manifest, by its statement id.
    Release(StatementId),
    /// Attestations of time that answer no device's pulse.
    Time,
    /// A page of the image with this Merkle root.
    Page {
        /// The Merkle root over the image's pages.
        root: Digest,
        /// Which page, from 0.
        index: u32,
    },
}

impl Topic {
    /// Whether messages on this topic are published retained. Device state,
    /// trust roots, revocations, shared codes and releases are; nothing for one
    /// device alone, no receipt, page, wish or time ever is.
    #[must_use]
    pub const fn retained(&self) -> bool {
        match self {
            Self::Device(_, kind) => matches!(kind, DeviceTopic::State),
            Self::Trust(_) | Self::Revoked(_) | Self::Code(_) | Self::Release(_) => true,
            Self::Time | Self::Page { .. } => false,
        }
    }

    fn parse(suffix: &str) -> Option<Self> {
        let levels: Vec<&str> = suffix.split('/').collect();
        let topic = match levels.as_slice() {
            ["d", device, level] => {
                let kind = DeviceTopic::ALL
                    .into_iter()
                    .find(|kind| kind.level() == *level)?;
                Self::Device(read(device)?, kind)
            }
            ["t", "trust", version] => Self::Trust(read(version)?),
            ["t", "revoked", id] => Self::Revoked(
                read(id)
                    .map(RevokedId::Key)
                    .or_else(|| read(id).map(RevokedId::Statement))?,
            ),
            ["t", "code", id] => Self::Code(read(id)?),
            ["t", "release", id] => Self::Release(read(id)?),
            ["t", "time"] => Self::Time,
            ["t", "page", root, index] => Self::Page {
                root: read(root)?,
                index: read(index)?,
            },
            _ => return None,
        };
        // One spelling: what was read, written again, must be the same.
        (topic.to_string() == suffix).then_some(topic)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(device, kind) => write!(f, "d/{device}/{}", kind.level()),
            Self::Trust(version) => write!(f, "t/trust/{version}"),
            Self::Revoked(RevokedId::Key(id)) => write!(f, "t/revoked/{id}"),
            Self::Revoked(RevokedId::Statement(id)) => write!(f, "t/revoked/{id}"),
            Self::Code(id) => write!(f, "t/code/{id}"),
            Self::Release(id) => write!(f, "t/release/{id}"),
            Self::Time => f.write_str("t/time"),
            Self::Page { root, index } => write!(f, "t/page/{root}/{index}"),
        }
    }
}

/// The topics of one tenant on one broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Ends in `/`.
    prefix: String,
}

impl Topics {
    /// Topics below `prefix`, in which `{tenant}` stands for `tenant`. A prefix
    /// without the placeholder is taken as it is, for brokers that hold one
    /// tenant only.
    ///
    /// # Errors
    /// [`TopicError::Tenant`] and [`TopicError::Prefix`], when either cannot be
    /// part of a topic.
    pub fn new(prefix: &str, tenant: &str) -> Result<Self, TopicError> {
        if !is_name(tenant, TENANT_MAX_LEN) {
            return Err(TopicError::Tenant(tenant.to_owned()));
        }
        let filled = prefix.replace(TENANT_PLACEHOLDER, tenant);
        let printable = filled
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'+' | b'#' | b'$' | b'{' | b'}'));
        let levels_filled = filled.split('/').all(|level| !level.is_empty());
        if !printable || !levels_filled || filled.len() > PREFIX_MAX_LEN {
            return Err(TopicError::Prefix(prefix.to_owned()));
        }
        Ok(Self {
            prefix: filled + "/",
        })
    }

    /// The full name of a topic.
    #[must_use]
    pub fn name(&self, topic: &Topic) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// Reads a full name back. `None` for what is not ours: another prefix, an
    /// unknown level, or another spelling of something that is ours.
    #[must_use]
    pub fn parse(&self, name: &str) -> Option<Topic> {
        Topic::parse(name.strip_prefix(&self.prefix)?)
    }

    /// Whether messages with this full name are published retained; `false`
    /// for what is not ours.
    #[must_use]
    pub fn retained(&self, name: &str) -> bool {
        self.parse(name).is_some_and(|topic| topic.retained())
    }

    /// Statements for one device.
    #[must_use]
    pub fn device_code(&self, device: &DeviceId) -> String {
        self.device(device, DeviceTopic::Code)
    }

    /// Receipts of one device.
    #[must_use]
    pub fn device_receipt(&self, device: &DeviceId) -> String {
        self.device(device, DeviceTopic::Receipt)
    }

    /// The state of one device.
    #[must_use]
    pub fn device_state(&self, device: &DeviceId) -> String {
        self.device(device, DeviceTopic::State)
    }

    /// What one device asks for.
    #[must_use]
    pub fn device_want(&self, device: &DeviceId) -> String {
        self.device(device, DeviceTopic::Want)
    }

    /// Pages for one device.
    #[must_use]
    pub fn device_page(&self, device: &DeviceId) -> String {
        self.device(device, DeviceTopic::Page)
    }

    /// The trust root of one version.
    #[must_use]
    pub fn trust(&self, version: u32) -> String {
        self.name(&Topic::Trust(version))
    }

    /// The revocation of a key or of a statement.
    #[must_use]
    pub fn revoked(&self, id: RevokedId) -> String {
        self.name(&Topic::Revoked(id))
    }

    /// A code for a cohort or a tenant.
    #[must_use]
    pub fn code(&self, id: StatementId) -> String {
        self.name(&Topic::Code(id))
    }

    /// A release manifest.
    #[must_use]
    pub fn release(&self, manifest: StatementId) -> String {
        self.name(&Topic::Release(manifest))
    }

    /// Attestations of time for all devices. The answer to a pulse goes to [`Topics::device_code`].
    #[must_use]
    pub fn time(&self) -> String {
        self.name(&Topic::Time)
    }

    /// A page that several devices asked for.
    #[must_use]
    pub fn page(&self, root: Digest, index: u32) -> String {
        self.name(&Topic::Page { root, index })
    }

    /// What the agent of one device listens to at all times. While it downloads
    /// an image it listens to [`Topics::page_filter`] too.
    #[must_use]
    pub fn agent_filters(&self, device: &DeviceId) -> Vec<String> {
        let mut filters = vec![self.device_code(device), self.device_page(device)];
        filters.extend(
            [
                "t/trust/+",
                "t/revoked/+",
                "t/code/+",
                "t/release/+",
                "t/time",
            ]
            .map(|filter| self.filter(filter)),
        );
        filters
    }

    /// All shared pages of one image.
    #[must_use]
    pub fn page_filter(&self, root: Digest) -> String {
        self.filter(&format!("t/page/{root}/+"))
    }

    /// What an operator listens to: receipts and state, of one device or of all.
    #[must_use]
    pub fn operator_filters(&self, device: Option<&DeviceId>) -> Vec<String> {
        match device {
            Some(device) => vec![self.device_receipt(device), self.device_state(device)],
            None => vec![self.filter("d/+/receipt"), self.filter("d/+/state")],
        }
    }

    /// What a page server listens to: the wants of all devices.
    #[must_use]
    pub fn page_server_filters(&self) -> Vec<String> {
        vec![self.filter("d/+/want")]
    }

    /// What a fleet service listens to: receipts, state and wants of all devices.
    #[must_use]
    pub fn fleet_filters(&self) -> Vec<String> {
        let mut filters = self.operator_filters(None);
        filters.extend(self.page_server_filters());
        filters
    }

    fn device(&self, device: &DeviceId, kind: DeviceTopic) -> String {
        self.name(&Topic::Device(device.clone(), kind))
    }

    fn filter(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.prefix)
    }
}

fn is_name(text: &str, max_len: usize) -> bool {
    (1..=max_len).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn read<T: FromStr>(level: &str) -> Option<T> {
    level.parse().ok()
}

#[cfg(test)]
mod tests;
