//! The probes of the configuration.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;

use super::hooks::{Program, program_of, seen_from};

/// A fact that is asked for twice a minute is known soon enough for people, and its probe
/// costs next to nothing.
const EVERY_S: u64 = 30;
/// Longest time between two rounds: a day, in seconds.
const EVERY_LONGEST_S: u64 = 86_400;
/// How many rounds a finding outlives: a probe may fail to start now and then.
const ROUNDS: u64 = 3;
/// Facts that a device knows about itself.
const FACTS: u8 = 32;

/// A program that finds out one fact about the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    /// The fact's name, for the log.
    pub(crate) name: String,
    /// Its number.
    pub(crate) bit: u8,
    pub(crate) program: Program,
    pub(crate) every: Duration,
    /// How long a finding may be relied on.
    pub(crate) max_age: Duration,
}

/// Two facts with one number.
pub(super) struct Twice {
    pub(super) bit: u8,
    pub(super) names: [String; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    bit: u8,
    command: Vec<String>,
    every_s: Option<u64>,
    max_age_s: Option<u64>,
}

/// What the file says of a probe, but for its name.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct ProbeSchema {
    bit: u8,
    program: Program,
    every_s: u64,
    max_age_s: u64,
}

impl TryFrom<Written> for ProbeSchema {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written {
            bit,
            command,
            every_s,
            max_age_s,
        } = written;
        if bit >= FACTS {
            return Err(format!("bit is 0 to {}", FACTS - 1));
        }
        let every_s = every_s.unwrap_or(EVERY_S);
        if !(1..=EVERY_LONGEST_S).contains(&every_s) {
            return Err(format!("every-s is 1 to {EVERY_LONGEST_S} seconds"));
        }
        let max_age_s = max_age_s.unwrap_or(every_s.saturating_mul(ROUNDS));
        if !(every_s..=EVERY_LONGEST_S.saturating_mul(ROUNDS)).contains(&max_age_s) {
            return Err(format!(
                "max-age-s is every-s ({every_s}) or more, up to {} seconds",
                EVERY_LONGEST_S.saturating_mul(ROUNDS)
            ));
        }
        Ok(Self {
            bit,
            program: program_of(command)
                .ok_or("command is a list: the program, then its arguments")?,
            every_s,
            max_age_s,
        })
    }
}

/// The probes, with paths seen from a folder.
pub(super) fn resolve(
    written: BTreeMap<String, ProbeSchema>,
    folder: &Path,
) -> Result<Vec<Probe>, Twice> {
    let mut probes: Vec<Probe> = Vec::new();
    for (name, schema) in written {
        let ProbeSchema {
            bit,
            program,
            every_s,
            max_age_s,
        } = schema;
        if let Some(other) = probes.iter().find(|other| other.bit == bit) {
            let names = [other.name.clone(), name];
            return Err(Twice { bit, names });
        }
        probes.push(Probe {
            name,
            bit,
            program: seen_from(folder, program),
            every: Duration::from_secs(every_s),
            max_age: Duration::from_secs(max_age_s),
        });
    }
    Ok(probes)
}
