//! Trust roots from a rules file: TOML that people write, review and keep under version
//! control.

mod body;
mod duration;
mod plan;
mod rule;
mod schema;
mod starter;
mod succession;

#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use latch_verify::{Refusal, types::TenantId};

use crate::{
    keys::KeyError,
    sign::{Draft, SignError},
};

pub use plan::{Consequence, RootPlan, RuleChange, Shortfall, Weight, review_root};
pub use starter::{StarterKeys, starter_rules};
pub use succession::{RootChain, RootChainError, verify_succession};

/// Longest rules file that is read: a root takes 1.5 KiB when encoded, this leaves room
/// for comments.
const MAX_RULES: usize = 256 * 1024;

/// A rules file that makes no trust root.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct RulesError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: RulesProblem,
}

/// Why a rules file makes no trust root. Places are written as in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesProblem {
    /// The file cannot be read.
    #[error("the rules file cannot be read: {0}")]
    Read(std::io::Error),
    /// Longer than any rules file.
    #[error("this is {0} bytes long, and no rules file needs more than 256 KiB")]
    TooLong(usize),
    /// No TOML, or a field that is missing, unknown or of another type.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// A public key cannot be read.
    #[error("{at}: {cause}")]
    Key {
        /// The place.
        at: String,
        /// What is wrong with the key.
        cause: KeyError,
    },
    /// One key in two places.
    #[error("{at}: the same key stands at {before}: a key has one role, and counts once")]
    KeyTwice {
        /// The place.
        at: String,
        /// The place before it.
        before: String,
    },
    /// Two latches with one name or number.
    #[error("{at}: another latch has this name or id already")]
    LatchTwice {
        /// The place.
        at: String,
    },
    /// A latch without a number, or a usual one with another than its own.
    #[error("{at}: {expected}")]
    LatchId {
        /// The place.
        at: String,
        /// What its id must be.
        expected: &'static str,
    },
    /// A name that no latch has.
    #[error("{at}: there is no latch named `{name}`")]
    NoSuchLatch {
        /// The place.
        at: String,
        /// The name.
        name: String,
    },
    /// A fact that has no number, or none of 0 to 31.
    #[error("{at}: `{name}` is no fact: name it under [facts], with a number of 0 to 31")]
    NoSuchFact {
        /// The place.
        at: String,
        /// The fact.
        name: String,
    },
    /// What the verifier refuses, with its place.
    #[error("{at}: {cause}")]
    At {
        /// The place.
        at: String,
        /// The verifier's reason.
        cause: Refusal,
    },
    /// The verifier refuses the root as a whole.
    #[error(transparent)]
    Refused(#[from] SignError),
}

/// A rules file: TOML that people write, review and keep under version control. With
/// everything in it:
///
/// ```toml
#[doc = include_str!("example.toml")]
/// ```
#[derive(Debug)]
pub struct Rules {
    file: PathBuf,
    schema: schema::Rules,
}

impl Rules {
    /// Reads a rules file.
    ///
    /// # Errors
    /// [`RulesProblem::Read`], [`RulesProblem::TooLong`], [`RulesProblem::Syntax`].
    pub fn load(file: &Path) -> Result<Self, RulesError> {
        let text = fs::read_to_string(file).map_err(|cause| RulesError {
            file: file.into(),
            problem: RulesProblem::Read(cause),
        })?;
        Self::from_text(&text, file)
    }

    /// Reads rules as if they lay in this file: the files of keys are sought beside it.
    ///
    /// # Errors
    /// [`RulesProblem::TooLong`], [`RulesProblem::Syntax`].
    pub fn from_text(text: &str, file: &Path) -> Result<Self, RulesError> {
        let read = || {
            if text.len() > MAX_RULES {
                return Err(RulesProblem::TooLong(text.len()));
            }
            Ok(toml::from_str(text)?)
        };
        let file = file.to_path_buf();
        match read() {
            Ok(schema) => Ok(Self { file, schema }),
            Err(problem) => Err(RulesError { file, problem }),
        }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.schema.tenant
    }

    /// The version of the root that they make.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.schema.version
    }

    /// The trust root that they make, ready to be signed by root keys. Reads the files of
    /// the keys.
    ///
    /// # Errors
    /// Every [`RulesProblem`] but those of [`load`](Self::load).
    pub fn draft(&self) -> Result<Draft, RulesError> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        body::draft(&self.schema, folder).map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: RulesProblem) -> RulesError {
        RulesError {
            file: self.file.clone(),
            problem,
        }
    }

    fn error_at(&self, place: &str, cause: Refusal) -> RulesError {
        self.error(RulesProblem::At {
            at: place.to_owned(),
            cause,
        })
    }
}
