//! `latch.toml`: what a project says about itself.

use std::path::PathBuf;

use latch_verify::types::TenantId;
use serde::{Deserialize, Serialize};

/// The project file. Paths are seen from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The tenant.
    pub tenant: TenantId,
    /// The broker: `mqtt://` or `mqtts://`.
    pub broker: String,
    /// Prefix of every topic, `{tenant}` in it; without it [`latch_mqtt::DEFAULT_PREFIX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_prefix: Option<String>,
    /// File with the password of the broker's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Authorities that vouch for the broker, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Our certificate for the broker, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of our certificate, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_key_file: Option<PathBuf>,
    /// Keys to sign with where a command names none.
    #[serde(default)]
    pub keys: KeyFiles,
}

/// Private keys by role. The first operator key is the issuer of codes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeyFiles {
    /// Keys for trust roots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub root: Vec<PathBuf>,
    /// Keys for codes and enrolments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operator: Vec<PathBuf>,
    /// Keys for release manifests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub release: Vec<PathBuf>,
    /// Keys for attestations of the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time: Vec<PathBuf>,
}
