//! A new project: keys, rules, and the first trust root.

use std::{
    fs,
    path::{Path, PathBuf},
};

use latch_issue::{
    KeyError, RoleKey, Rules, RulesError, SignError, StarterKeys, Statement, save_public,
    starter_rules,
};
use latch_mqtt::{DEFAULT_PREFIX, Endpoint, EndpointError, TopicError, Topics};
use latch_verify::types::{KeyId, TenantId};

use crate::{
    files::{FileError, write_new},
    project::{DEVICES_FOLDER, PROJECT_FILE, ROOT_FILE, ROOTS_FOLDER, RULES_FILE},
    settings::{KeyFiles, Settings},
};

/// The folder of private keys.
const KEYS_FOLDER: &str = "keys";
/// Keeps private keys out of version control, and lets the public ones in.
const IGNORE_PRIVATE: &str =
    "# Private keys stay out of version control.\n*\n!.gitignore\n!*.pub.pem\n";

/// Why a project was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// Something is in the way; nothing was written.
    #[error("{} is there already: a project is never made over another", .0.display())]
    Exists(PathBuf),
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key could not be made or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The rules make no root.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The root could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The broker's address.
    #[error("this broker cannot be used: {0}")]
    Endpoint(#[from] EndpointError),
    /// The tenant's name cannot be part of a topic.
    #[error(transparent)]
    Topics(#[from] TopicError),
    /// The project file could not be put into words.
    #[error("{PROJECT_FILE} cannot be written: {0}")]
    Settings(#[from] toml::ser::Error),
}

/// A project that was made.
#[derive(Debug)]
pub struct Created {
    /// Its folder.
    pub folder: PathBuf,
    /// Its broker, without user and password.
    pub broker: String,
    /// Roles, their keys' ids, and the files of the private keys.
    pub keys: Vec<(&'static str, KeyId, PathBuf)>,
    /// The trust root that it signed.
    pub root: Statement,
}

/// Makes a project in a folder, which is made if it is not there.
///
/// The project file is written last: a folder that has it is complete.
///
/// # Errors
/// [`InitError`]. On [`InitError::Exists`], [`InitError::Endpoint`] and
/// [`InitError::Topics`] nothing was written.
pub fn create(folder: &Path, tenant: TenantId, broker: &str) -> Result<Created, InitError> {
    let endpoint = Endpoint::parse(broker)?;
    Topics::new(DEFAULT_PREFIX, &tenant.to_string())?;
    for name in [
        PROJECT_FILE,
        RULES_FILE,
        ROOT_FILE,
        ROOTS_FOLDER,
        KEYS_FOLDER,
        DEVICES_FOLDER,
    ] {
        let path = folder.join(name);
        // A dangling link is in the way too.
        if path.symlink_metadata().is_ok() {
            return Err(InitError::Exists(path));
        }
    }
    make_folder(folder)?;
    make_folder(&folder.join(DEVICES_FOLDER))?;
    make_keys_folder(&folder.join(KEYS_FOLDER))?;
    write_new(
        &folder.join(KEYS_FOLDER).join(".gitignore"),
        IGNORE_PRIVATE.as_bytes(),
    )?;

    let root = NamedKey::make(folder, "root")?;
    let operator = NamedKey::make(folder, "operator")?;
    let release = NamedKey::make(folder, "release")?;
    let public = StarterKeys {
        root: root.public_path(),
        operator: operator.public_path(),
        release: release.public_path(),
    };
    let rules_file = folder.join(RULES_FILE);
    let rules = starter_rules(tenant, &public);
    let statement = Rules::from_text(&rules, &rules_file)?
        .draft()?
        .sign(&[&root.key])?;
    write_new(&rules_file, rules.as_bytes())?;
    write_new(&folder.join(ROOT_FILE), statement.bytes())?;

    let settings = Settings {
        tenant,
        broker: broker.to_owned(),
        topic_prefix: None,
        password_file: None,
        ca_file: None,
        certificate_file: None,
        certificate_key_file: None,
        keys: KeyFiles {
            root: vec![root.private_path()],
            operator: vec![operator.private_path()],
            release: vec![release.private_path()],
            time: Vec::new(),
        },
    };
    let text = format!(
        "# A Latch project. Paths are seen from this file.\n{}",
        toml::to_string(&settings)?
    );
    write_new(&folder.join(PROJECT_FILE), text.as_bytes())?;
    let keys = [root, operator, release]
        .map(|key| (key.role, key.key.id(), folder.join(key.private_path())));
    Ok(Created {
        folder: folder.into(),
        broker: endpoint.to_string(),
        keys: keys.into(),
        root: statement,
    })
}

/// A key of a role, in the folder of keys.
struct NamedKey {
    role: &'static str,
    key: RoleKey,
}

impl NamedKey {
    fn make(folder: &Path, role: &'static str) -> Result<Self, InitError> {
        let this = Self {
            role,
            key: RoleKey::generate()?,
        };
        this.key.save(&folder.join(this.private_path()))?;
        save_public(&folder.join(this.public_path()), &this.key.public())?;
        Ok(this)
    }

    fn private_path(&self) -> PathBuf {
        format!("{KEYS_FOLDER}/{}.pem", self.role).into()
    }

    fn public_path(&self) -> String {
        format!("{KEYS_FOLDER}/{}.pub.pem", self.role)
    }
}

fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|cause| FileError::Write {
        path: path.into(),
        cause,
    })
}

/// Nobody else needs to see even the names in it.
fn make_keys_folder(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|cause| FileError::Write {
        path: path.into(),
        cause,
    })
}
