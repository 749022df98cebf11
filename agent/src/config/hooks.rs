//! The programs of the configuration.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer, de::Error as _};

/// A hook that takes longer than a minute is one that hangs, unless its owner says otherwise.
const HOOK_TIMEOUT_S: u64 = 60;
/// Longest time that a hook may be given: a day, in seconds.
const HOOK_TIMEOUT_LONGEST_S: u64 = 86_400;

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

/// What the file says of the hooks.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HookSchema {
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

impl HookSchema {
    pub(super) fn resolve(self, folder: &Path) -> Hooks {
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

fn program<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Program>, D::Error> {
    program_of(Vec::deserialize(deserializer)?)
        .map(Some)
        .ok_or_else(|| D::Error::custom("a hook is a list: the program, then its arguments"))
}

pub(super) fn program_of(words: Vec<String>) -> Option<Program> {
    let mut words = words.into_iter();
    let path = words.next().filter(|path| !path.is_empty())?;
    Some(Program {
        path: path.into(),
        arguments: words.collect(),
    })
}

pub(super) fn seen_from(folder: &Path, program: Program) -> Program {
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
