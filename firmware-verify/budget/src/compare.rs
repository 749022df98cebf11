//! What is more than it may be.

use crate::{
    file::Budget,
    lines::{self, Lines},
};

/// A number may be this much above the recorded one, in percent, and its group's slack.
const GROWTH_PERCENT: u64 = 2;

/// Everything that fails, a sentence each.
pub(crate) fn findings(measured: &Lines, budget: &Budget) -> Vec<String> {
    let mut findings = Vec::new();
    for (group, target, name) in lines::all() {
        let line = lines::line(target, group.name, name);
        match (
            measured.find(&line),
            budget.recorded.find(&line),
            group.slack,
        ) {
            (None, _, _) => findings.push(format!("{line} was not measured")),
            (_, None, _) => findings.push(format!("{line} is not in budget.toml: record it")),
            (Some(found), Some(recorded), Some(slack)) => {
                let most = recorded + recorded * GROWTH_PERCENT / 100 + slack;
                if found > most {
                    findings.push(format!(
                        "{line} is {found}, at most {most} after the recorded {recorded}"
                    ));
                }
            }
            (Some(_), Some(_), None) => {}
        }
    }
    for line in measured.names().chain(budget.recorded.names()) {
        if !lines::all().any(|(group, target, name)| lines::line(target, group.name, name) == line)
        {
            findings.push(format!("{line} is no line of the budget"));
        }
    }
    for (line, limit) in &budget.limits {
        match measured.find(line) {
            Some(found) if limit.met && found > limit.most => {
                findings.push(format!(
                    "{line} is {found}, and its limit of {} was met",
                    limit.most
                ));
            }
            Some(_) => {}
            None => findings.push(format!("{line} has a limit and was not measured")),
        }
    }
    findings
}

/// What should be known, and fails nothing.
pub(crate) fn notes(measured: &Lines, budget: &Budget) -> Vec<String> {
    let mut notes = Vec::new();
    for (line, limit) in &budget.limits {
        let Some(found) = measured.find(line) else {
            continue;
        };
        match (limit.met, found <= limit.most) {
            (false, true) => notes.push(format!(
                "{line} is {found}, and meets its limit of {}: record it, so that it stays so",
                limit.most
            )),
            (false, false) => notes.push(format!(
                "{line} is {found}, not within its limit of {}",
                limit.most
            )),
            (true, _) => {}
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Limit;

    const LINE: &str = "m4.flash.verifier";

    /// Every line with this number.
    fn lines_of(number: u64) -> Lines {
        let mut lines = Lines::default();
        for (group, target, name) in crate::lines::all() {
            lines.note(target, group.name, name, number);
        }
        lines
    }

    fn budget(most: u64, met: bool) -> Budget {
        let limit = Limit {
            most,
            measured: 10_000,
            met,
        };
        Budget {
            limits: [(LINE.to_owned(), limit)].into(),
            recorded: lines_of(10_000),
            compiler: String::new(),
        }
    }

    fn raised(number: u64) -> Lines {
        let mut lines = lines_of(10_000);
        lines.note("m4", "flash", "verifier", number);
        lines
    }

    #[test]
    fn growth_beyond_two_percent_and_slack_is_found_by_name() {
        let budget = budget(u64::MAX, true);
        assert_eq!(findings(&raised(10_456), &budget), Vec::<String>::new());
        let found = findings(&raised(10_457), &budget);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains(LINE), "{found:?}");
    }

    #[test]
    fn a_limit_that_was_met_is_held_within_the_growth() {
        assert_eq!(findings(&raised(10_200), &budget(10_100, false)).len(), 0);
        assert_eq!(findings(&raised(10_200), &budget(10_100, true)).len(), 1);
        assert_eq!(findings(&raised(10_100), &budget(10_100, true)).len(), 0);
    }

    #[test]
    fn a_limit_that_comes_to_be_met_is_told() {
        assert!(notes(&raised(10_000), &budget(10_000, false))[0].contains("record"));
        assert!(notes(&raised(10_001), &budget(10_000, false))[0].contains("not within"));
        assert!(notes(&raised(10_001), &budget(10_000, true)).is_empty());
    }

    #[test]
    fn a_line_that_is_missing_or_unknown_is_found() {
        let all = crate::lines::all().count();
        assert_eq!(
            findings(&Lines::default(), &budget(1, false)).len(),
            all + 1
        );
        let mut unknown = lines_of(10_000);
        unknown.note("m4", "flash", "sundry", 1);
        assert_eq!(findings(&unknown, &budget(1, false)).len(), 1);
        let mut short = budget(1, false);
        short.recorded = Lines::default();
        assert_eq!(findings(&lines_of(10_000), &short).len(), all);
    }
}
