//! The private keys that a project names, by what they are for.

use std::path::PathBuf;

use latch_issue::RoleKey;
use latch_verify::types::KeyId;

use super::{Project, ProjectError};

impl Project {
    /// Keys to issue codes and countersign enrolments with: those named, or else the project's.
    ///
    /// # Errors
    /// [`ProjectError::Key`], [`ProjectError::NoKey`].
    pub fn operator_keys(&self, named: &[PathBuf]) -> Result<Vec<RoleKey>, ProjectError> {
        self.keys(named, &self.settings.keys.operator, "operator")
    }

    /// Keys to sign release manifests with: those named, or else the project's.
    ///
    /// # Errors
    /// As [`operator_keys`](Self::operator_keys).
    pub fn release_keys(&self, named: &[PathBuf]) -> Result<Vec<RoleKey>, ProjectError> {
        self.keys(named, &self.settings.keys.release, "release")
    }

    /// Keys to sign trust roots with: those named, or else the project's.
    ///
    /// # Errors
    /// As [`operator_keys`](Self::operator_keys).
    pub fn root_keys(&self, named: &[PathBuf]) -> Result<Vec<RoleKey>, ProjectError> {
        self.keys(named, &self.settings.keys.root, "root")
    }

    /// Keys to attest the time with: those named, or else the project's.
    ///
    /// # Errors
    /// As [`operator_keys`](Self::operator_keys).
    pub fn time_keys(&self, named: &[PathBuf]) -> Result<Vec<RoleKey>, ProjectError> {
        self.keys(named, &self.settings.keys.time, "time")
    }

    /// Keys to take back what an issuer has signed: those named, or else the issuer's own if
    /// the project has it, or else the project's root keys.
    ///
    /// # Errors
    /// As [`operator_keys`](Self::operator_keys).
    pub fn revoking_keys(
        &self,
        issuer: KeyId,
        named: &[PathBuf],
    ) -> Result<Vec<RoleKey>, ProjectError> {
        if named.is_empty() && !self.settings.keys.operator.is_empty() {
            let mut operators = self.operator_keys(&[])?;
            operators.retain(|key| key.id() == issuer);
            if !operators.is_empty() {
                return Ok(operators);
            }
        }
        self.root_keys(named)
    }

    fn keys(
        &self,
        named: &[PathBuf],
        usual: &[PathBuf],
        role: &'static str,
    ) -> Result<Vec<RoleKey>, ProjectError> {
        let paths: Vec<PathBuf> = if named.is_empty() {
            usual.iter().map(|path| self.folder.join(path)).collect()
        } else {
            named.to_vec()
        };
        if paths.is_empty() {
            return Err(ProjectError::NoKey { role });
        }
        Ok(paths
            .iter()
            .map(|path| RoleKey::load(path))
            .collect::<Result<_, _>>()?)
    }
}
