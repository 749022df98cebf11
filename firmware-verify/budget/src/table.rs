//! The numbers as a table for people, in Markdown.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    Outcome,
    file::Limit,
    lines::{self, GROUPS, Lines, TARGETS},
};

const BEGIN: &str = "<!-- as measured -->\n";
const END: &str = "<!-- end -->\n";

/// One table of limits, and one for each group.
pub(crate) fn render(numbers: &Lines, limits: &BTreeMap<String, Limit>) -> String {
    let mut text = String::from("\n| hard limit | at most | measured | met |\n|---|--:|--:|---|\n");
    for (line, limit) in limits {
        let found = numbers.find(line);
        let met = found.is_some_and(|found| found <= limit.most);
        let met = if met { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| `{line}` | {} | {} | {met} |",
            grouped(Some(limit.most)),
            grouped(found)
        );
    }
    for group in GROUPS {
        let _ = write!(text, "\n| {}: `{}` | |", group.title, group.name);
        for (target, _) in TARGETS {
            let _ = write!(text, " {target} |");
        }
        let _ = writeln!(text, "\n|---|---|{}", "--:|".repeat(TARGETS.len()));
        for (name, meaning) in group.lines {
            let _ = write!(text, "| `{name}` | {meaning} |");
            for (target, _) in TARGETS {
                let _ = write!(
                    text,
                    " {} |",
                    grouped(numbers.find(&lines::line(target, group.name, name)))
                );
            }
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

/// A document with this table in the place of the one in it.
pub(crate) fn replace(document: &str, table: &str) -> Outcome<String> {
    let (before, rest) = document
        .split_once(BEGIN)
        .ok_or("README.md has no place for the table")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("README.md has no end of the table")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// Digits in threes.
fn grouped(number: Option<u64>) -> String {
    let Some(number) = number else {
        return "-".to_owned();
    };
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        let texts: Vec<String> = [0, 999, 1000, 12_345_678].map(Some).map(grouped).into();
        assert_eq!(texts, ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn a_table_takes_the_place_of_another() {
        let document = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(
            replace(&document, "new\n").unwrap(),
            format!("a\n{BEGIN}new\n{END}b\n")
        );
        assert!(replace("a\n", "new\n").is_err());
    }
}
