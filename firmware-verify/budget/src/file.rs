//! `budget.toml`: what was recorded, and the hard limits.

use std::{collections::BTreeMap, fmt::Write as _};

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::{
    Outcome,
    lines::{GROUPS, Lines, TARGETS},
};

const HEAD: &str = "\
# What the verifier costs a microcontroller. README.md says how it is measured, and what each line is.
# `tests/budget --record` writes this file anew; only `most` is written by hand.
";

const LIMITS: &str = "
# Hard limits. One that is met has to stay so; one that is not says by how much.
[limits]
";

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Hard limits by the names of their lines.
    pub(crate) limits: BTreeMap<String, Limit>,
    pub(crate) recorded: Lines,
    /// The compiler that made what was recorded.
    pub(crate) compiler: String,
}

/// What a number may never be above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) most: u64,
    /// What was measured when it was recorded.
    pub(crate) measured: u64,
    /// Whether it was met.
    pub(crate) met: bool,
}

impl Budget {
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let document: DocumentMut = text.parse()?;
        let mut limits = BTreeMap::new();
        let mut recorded = Lines::default();
        for (name, limit) in table(document.as_table(), "limits")?.iter() {
            limits.insert(name.to_owned(), Limit::parse(name, limit)?);
        }
        let compiler = document
            .get("compiler")
            .and_then(Item::as_str)
            .unwrap_or_default()
            .to_owned();
        let tables = document
            .iter()
            .filter(|(name, item)| *name != "limits" && item.is_table_like());
        for (target, groups) in tables {
            for (group, lines) in groups.as_table_like().ok_or("a target is a table")?.iter() {
                for (name, number) in lines.as_table_like().ok_or("a group is a table")?.iter() {
                    recorded.note(target, group, name, whole(name, number)?);
                }
            }
        }
        Ok(Self {
            limits,
            recorded,
            compiler,
        })
    }

    /// The file with these numbers in it.
    ///
    /// # Errors
    /// When a limit that was met is met no more, or a line is missing.
    pub(crate) fn record(mut self, measured: Lines, compiler: &str) -> Outcome<Self> {
        for (line, limit) in &mut self.limits {
            let found = measured
                .find(line)
                .ok_or_else(|| format!("{line} was not measured"))?;
            if limit.met && found > limit.most {
                return Err(format!(
                    "{line} is {found}: it was met, and has to stay at most {}",
                    limit.most
                )
                .into());
            }
            (limit.measured, limit.met) = (found, found <= limit.most);
        }
        self.recorded = measured;
        self.compiler = compiler.to_owned();
        Ok(self)
    }

    pub(crate) fn render(&self) -> String {
        let mut text = format!("{HEAD}compiler = \"{}\"\n{LIMITS}", self.compiler);
        for (
            line,
            Limit {
                most,
                measured,
                met,
            },
        ) in &self.limits
        {
            let _ = writeln!(
                text,
                "\"{line}\" = {{ most = {most}, measured = {measured}, met = {met} }}"
            );
        }
        for (target, triple) in TARGETS {
            for group in GROUPS {
                let _ = writeln!(
                    text,
                    "\n# {triple}: {}\n[{target}.{}]",
                    group.title, group.name
                );
                for (name, _) in group.lines {
                    if let Some(number) = self.recorded.get(target, group.name, name) {
                        let _ = writeln!(text, "{name} = {number}");
                    }
                }
            }
        }
        text
    }
}

impl Limit {
    fn parse(line: &str, item: &Item) -> Outcome<Self> {
        let fields = item
            .as_table_like()
            .ok_or_else(|| format!("{line}: a limit is a table"))?;
        let number = |name: &str| {
            fields.get(name).map_or_else(
                || Err(format!("{line}: no {name}").into()),
                |item| whole(line, item),
            )
        };
        let met = fields.get("met").and_then(Item::as_bool);
        Ok(Self {
            most: number("most")?,
            measured: number("measured")?,
            met: met.ok_or_else(|| format!("{line}: met is true or false"))?,
        })
    }
}

fn table<'a>(document: &'a Table, name: &str) -> Outcome<&'a dyn TableLike> {
    let found = document.get(name).and_then(Item::as_table_like);
    Ok(found.ok_or_else(|| format!("budget.toml has no [{name}]"))?)
}

fn whole(name: &str, item: &Item) -> Outcome<u64> {
    let number = item
        .as_integer()
        .and_then(|number| u64::try_from(number).ok());
    Ok(number.ok_or_else(|| format!("{name}: not a whole number"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(met: bool) -> Budget {
        let mut recorded = Lines::default();
        recorded.note("m4", "flash", "verifier", 90);
        let limit = Limit {
            most: 100,
            measured: 90,
            met,
        };
        Budget {
            limits: [("m4.flash.verifier".to_owned(), limit)].into(),
            recorded,
            compiler: "rustc 1.95.0".to_owned(),
        }
    }

    fn measured(number: u64) -> Lines {
        let mut lines = Lines::default();
        lines.note("m4", "flash", "verifier", number);
        lines
    }

    #[test]
    fn what_is_written_is_read_again() {
        let budget = budget(true);
        assert_eq!(Budget::parse(&budget.render()).unwrap(), budget);
    }

    #[test]
    fn a_limit_once_met_cannot_be_recorded_away() {
        assert!(budget(true).record(measured(101), "").is_err());
        assert_eq!(
            budget(true)
                .record(measured(100), "")
                .unwrap()
                .limits
                .values()
                .next()
                .unwrap()
                .measured,
            100
        );
        let unmet = budget(false).record(measured(101), "").unwrap();
        assert!(!unmet.limits["m4.flash.verifier"].met);
        assert!(unmet.record(measured(99), "").unwrap().limits["m4.flash.verifier"].met);
    }
}
