//! The trust roots of a project: the first, and those that followed it.
//!
//! `root.latch` is version 1. Its successors lie in `roots/`, each in a file named by its
//! version; the last that follows is in force, and devices are provisioned with that one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use latch_issue::{Statement, verify_succession};
use latch_verify::{
    Refusal,
    limits::MAX_ENVELOPE,
    types::{KeyId, TenantId},
    verdict::TrustRoot,
};

use super::{Project, ProjectError, ROOT_FILE, ROOTS_FOLDER};
use crate::{
    files::{FileError, read_bounded, write_over},
    registry::RegistryError,
};

impl Project {
    /// Where the first trust root lies.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.folder.join(ROOT_FILE)
    }

    /// The trust root in force, found by following each root to its successor.
    ///
    /// # Errors
    /// [`ProjectError::File`], [`ProjectError::Statement`], [`ProjectError::Root`],
    /// [`ProjectError::OtherTenant`].
    pub fn trust(&self) -> Result<TrustRoot, ProjectError> {
        self.follow().map(|(trust, _)| trust)
    }

    /// The successors of the first trust root, in the order of their versions: what a broker
    /// keeps for devices that have been away.
    ///
    /// # Errors
    /// As [`trust`](Self::trust).
    pub fn successors(&self) -> Result<Vec<Statement>, ProjectError> {
        self.follow().map(|(_, successors)| successors)
    }

    /// The trust root in force, as it was signed.
    ///
    /// # Errors
    /// As [`trust`](Self::trust).
    pub fn root_in_force(&self) -> Result<Statement, ProjectError> {
        match self.successors()?.pop() {
            Some(successor) => Ok(successor),
            None => read_root(&self.root_file()),
        }
    }

    /// Puts a successor in force here. It was checked by
    /// [`verify_succession`](latch_issue::verify_succession).
    ///
    /// # Errors
    /// [`ProjectError::File`].
    pub fn succeed(&self, version: u32, successor: &Statement) -> Result<(), ProjectError> {
        let folder = self.folder.join(ROOTS_FOLDER);
        fs::create_dir_all(&folder).map_err(|cause| FileError::Write {
            path: folder,
            cause,
        })?;
        Ok(write_over(
            &self.successor_file(version),
            successor.bytes(),
        )?)
    }

    /// The ids of the enrolled devices' own keys: no trust root may list one of them.
    ///
    /// # Errors
    /// As [`Registry::all`](crate::Registry::all).
    pub fn device_keys(&self) -> Result<Vec<KeyId>, RegistryError> {
        let records = self.registry().all()?;
        Ok(records.iter().map(|record| record.key.id()).collect())
    }

    fn successor_file(&self, version: u32) -> PathBuf {
        self.folder
            .join(ROOTS_FOLDER)
            .join(format!("{version}.latch"))
    }

    fn follow(&self) -> Result<(TrustRoot, Vec<Statement>), ProjectError> {
        let refused = |path: &Path, cause: Refusal| ProjectError::Root {
            path: path.into(),
            cause,
        };
        let first = self.root_file();
        let mut trust =
            TrustRoot::first(&read_envelope(&first)?).map_err(|cause| refused(&first, cause))?;
        let (root, settings): (TenantId, _) = (
            trust.tenant().map_err(|cause| refused(&first, cause))?,
            self.tenant(),
        );
        if root != settings {
            return Err(ProjectError::OtherTenant { root, settings });
        }
        let mut successors = Vec::new();
        loop {
            let version = trust
                .root()
                .map_err(|cause| refused(&first, cause))?
                .version;
            let path = self.successor_file(version.saturating_add(1));
            if !path.exists() {
                return Ok((trust, successors));
            }
            let successor = read_root(&path)?;
            trust = verify_succession(&trust, &successor, &[])
                .map_err(|cause| refused(&path, cause))?;
            successors.push(successor);
        }
    }
}

fn read_root(path: &Path) -> Result<Statement, ProjectError> {
    Statement::from_bytes(read_envelope(path)?).map_err(|cause| ProjectError::Statement {
        path: path.into(),
        cause,
    })
}

fn read_envelope(path: &Path) -> Result<Vec<u8>, FileError> {
    read_bounded(path, u64::try_from(MAX_ENVELOPE).unwrap_or(u64::MAX))
}
