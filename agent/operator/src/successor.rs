//! The next trust root: from the rules file to a plan.

use std::path::{Path, PathBuf};

use latch_issue::{RootPlan, Rules, RulesError};
use latch_verify::{Refusal, verdict::TrustRoot};

use crate::files::{FileError, read_bounded};

/// Longest rules file that is read, as in `latch-issue`.
const MAX_RULES_FILE: u64 = 256 * 1024;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessorError {
    /// The rules file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not text.
    #[error("{}: is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// It makes no successor.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The trust root in force.
    #[error(transparent)]
    Root(#[from] Refusal),
}

/// A successor as its rules plan it.
#[derive(Debug)]
pub struct Successor {
    /// What it means, and what is to be signed.
    pub plan: RootPlan,
    /// Its version.
    pub version: u32,
    /// The rules with the numbers that it has, where the file has other ones.
    pub rules: Option<String>,
}

impl Successor {
    /// Plans the successor of the root in force from a rules file. A file that still has the
    /// version in force is read as if it had the next one, and with `raise_epoch`, as if it
    /// had the next epoch.
    ///
    /// # Errors
    /// [`SuccessorError`].
    pub fn plan(
        file: &Path,
        current: &TrustRoot,
        raise_epoch: bool,
    ) -> Result<Self, SuccessorError> {
        let bytes = read_bounded(file, MAX_RULES_FILE)?;
        let text = String::from_utf8(bytes).map_err(|_| SuccessorError::NotText(file.into()))?;
        let root = current.root()?;
        let next = root.version.saturating_add(1);
        let raised = |was| if was == root.version { next } else { was };
        let mut changed = with_number(&text, "version", raised).unwrap_or_else(|| text.clone());
        if raise_epoch {
            let raised = |was: u32| was.max(root.epoch.saturating_add(1));
            changed = with_number(&changed, "epoch", raised).unwrap_or(changed);
        }
        let plan = Rules::from_text(&changed, file)?.succeed(current)?;
        Ok(Self {
            plan,
            version: next,
            rules: (changed != text).then_some(changed),
        })
    }
}

/// TOML text with another number under a key of its top level; everything else, comments too,
/// stays. `None` when no line of the top level gives the key a whole number.
fn with_number(text: &str, key: &str, number: impl FnOnce(u32) -> u32) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n');
    for line in lines.by_ref() {
        if line.trim_start().starts_with('[') {
            return None;
        }
        if let Some((before, after)) = value_of(line, key) {
            let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let was: u32 = after.strip_suffix(rest)?.parse().ok()?;
            changed.push_str(before);
            changed.push_str(&number(was).to_string());
            changed.push_str(rest);
            changed.extend(lines);
            return Some(changed);
        }
        changed.push_str(line);
    }
    None
}

/// A line of a key, split where its value begins.
fn value_of<'a>(line: &'a str, key: &str) -> Option<(&'a str, &'a str)> {
    let after = line.trim_start().strip_prefix(key)?.trim_start();
    let value = after.strip_prefix('=')?.trim_start();
    line.split_at_checked(line.len().checked_sub(value.len())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_changed_and_nothing_else() {
        let text =
            "# version = 7\nversions = 1\nversion  = 1 # raise me\nepoch=10\n[keys]\nepoch = 3\n";
        assert_eq!(
            with_number(text, "version", |was| was + 11).unwrap(),
            "# version = 7\nversions = 1\nversion  = 12 # raise me\nepoch=10\n[keys]\nepoch = 3\n"
        );
        assert_eq!(
            with_number(text, "epoch", |_| 2).unwrap(),
            "# version = 7\nversions = 1\nversion  = 1 # raise me\nepoch=2\n[keys]\nepoch = 3\n"
        );
    }

    #[test]
    fn numbers_below_the_top_level_are_others() {
        for text in ["[keys]\nepoch = 3\n", "", "epoch = \"3\"\n"] {
            assert_eq!(with_number(text, "epoch", |_| 4), None);
        }
    }
}
