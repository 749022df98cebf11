//! A project: the folder with `latch.toml`, its trust roots, its keys and its devices.

mod keys;
mod roots;

use std::{
    fs,
    path::{Path, PathBuf},
};

use latch_issue::{KeyError, SignError};
use latch_mqtt::{DEFAULT_PREFIX, Endpoint, EndpointError, TopicError, Topics};
use latch_verify::{Refusal, types::TenantId};

use crate::{
    files::{FileError, read_bounded},
    registry::Registry,
    settings::Settings,
};

/// The file by which a project is known.
pub const PROJECT_FILE: &str = "latch.toml";
/// The first trust root, signed.
pub(crate) const ROOT_FILE: &str = "root.latch";
/// The folder of the trust roots that followed, a file a version.
pub(crate) const ROOTS_FOLDER: &str = "roots";
/// The rules from which the trust root is built.
pub(crate) const RULES_FILE: &str = "root.toml";
/// The folder of device records.
pub(crate) const DEVICES_FOLDER: &str = "devices";
/// Longest project file that is read: a dozen short lines, with room for comments.
const MAX_PROJECT_FILE: u64 = 64 * 1024;

/// Why a project cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// No project file here or above.
    #[error("there is no {PROJECT_FILE} in {} or above it", from.display())]
    NotFound {
        /// Where the search began.
        from: PathBuf,
    },
    /// The current folder is not known.
    #[error("the current folder cannot be found: {0}")]
    NoFolder(std::io::Error),
    /// The project file is not text.
    #[error("{}: is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// The project file has a mistake.
    #[error("{}: {cause}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The mistake.
        cause: toml::de::Error,
    },
    /// A file of the project cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The trust root is not one.
    #[error("{}: this is no trust root to work with: {cause}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// The verifier's reason.
        cause: Refusal,
    },
    /// A file of the project holds no statement.
    #[error("{}: {cause}", path.display())]
    Statement {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: SignError,
    },
    /// The trust root belongs to another tenant than the project.
    #[error(
        "the trust root is of the tenant {root}, and {PROJECT_FILE} names the tenant {settings}"
    )]
    OtherTenant {
        /// The root's tenant.
        root: TenantId,
        /// The project's tenant.
        settings: TenantId,
    },
    /// The broker's address or what proves who we are.
    #[error("the broker of this project cannot be used: {0}")]
    Endpoint(#[from] EndpointError),
    /// The topic prefix.
    #[error("the topics of this project cannot be used: {0}")]
    Topics(#[from] TopicError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No key to sign with.
    #[error(
        "there is no {role} key to sign with: name one by --key, or under [keys] in {PROJECT_FILE}"
    )]
    NoKey {
        /// The role.
        role: &'static str,
    },
}

/// A project on disk.
#[derive(Debug, Clone)]
pub struct Project {
    folder: PathBuf,
    settings: Settings,
}

impl Project {
    /// The project in this folder.
    ///
    /// # Errors
    /// [`ProjectError::NotFound`], [`ProjectError::File`], [`ProjectError::NotText`],
    /// [`ProjectError::Syntax`].
    pub fn open(folder: &Path) -> Result<Self, ProjectError> {
        let path = folder.join(PROJECT_FILE);
        if !path.is_file() {
            return Err(ProjectError::NotFound {
                from: folder.into(),
            });
        }
        let bytes = read_bounded(&path, MAX_PROJECT_FILE)?;
        let text = String::from_utf8(bytes).map_err(|_| ProjectError::NotText(path.clone()))?;
        let settings =
            toml::from_str(&text).map_err(|cause| ProjectError::Syntax { path, cause })?;
        Ok(Self {
            folder: folder.into(),
            settings,
        })
    }

    /// The project in the current folder or the nearest above it.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`ProjectError::NoFolder`].
    pub fn find() -> Result<Self, ProjectError> {
        let from = std::env::current_dir().map_err(ProjectError::NoFolder)?;
        let folder = from
            .ancestors()
            .find(|folder| folder.join(PROJECT_FILE).is_file());
        match folder {
            Some(folder) => Self::open(folder),
            None => Err(ProjectError::NotFound { from }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the project file says.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.settings.tenant
    }

    /// The devices enrolled here.
    #[must_use]
    pub fn registry(&self) -> Registry {
        Registry::in_folder(self.folder.join(DEVICES_FOLDER))
    }

    /// Where the rules of the trust root stand.
    #[must_use]
    pub fn rules_file(&self) -> PathBuf {
        self.folder.join(RULES_FILE)
    }

    /// The topics of the tenant.
    ///
    /// # Errors
    /// [`ProjectError::Topics`].
    pub fn topics(&self) -> Result<Topics, ProjectError> {
        let prefix = self
            .settings
            .topic_prefix
            .as_deref()
            .unwrap_or(DEFAULT_PREFIX);
        Ok(Topics::new(prefix, &self.tenant().to_string())?)
    }

    /// The broker: the project's, or another one.
    ///
    /// # Errors
    /// [`ProjectError::Endpoint`].
    pub fn endpoint(&self, other: Option<&str>) -> Result<Endpoint, ProjectError> {
        let Settings {
            broker,
            password_file,
            ca_file,
            ..
        } = &self.settings;
        let mut endpoint = Endpoint::parse(other.unwrap_or(broker))?;
        // What proves who we are belongs to the project's broker; another one never sees it.
        if other.is_some_and(|other| other != broker) {
            return Ok(endpoint);
        }
        if let Some(file) = password_file {
            endpoint = endpoint.with_password_file(&self.folder.join(file))?;
        }
        if let Some(file) = ca_file {
            endpoint = endpoint.with_ca_file(&self.folder.join(file))?;
        }
        if let (Some(certificate), Some(key)) = (
            &self.settings.certificate_file,
            &self.settings.certificate_key_file,
        ) {
            endpoint = endpoint
                .with_client_certificate(&self.folder.join(certificate), &self.folder.join(key))?;
        }
        Ok(endpoint)
    }

    /// Makes the folder of device records.
    ///
    /// # Errors
    /// [`ProjectError::File`].
    pub(crate) fn make_devices_folder(&self) -> Result<(), FileError> {
        let path = self.folder.join(DEVICES_FOLDER);
        fs::create_dir_all(&path).map_err(|cause| FileError::Write { path, cause })
    }
}
