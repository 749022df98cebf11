//! From the words of a latch to its rule, and whether enough keys can sign for it.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_LIFE_S, MAX_SIGNATURES},
    statement::{Freshness, Rule},
    types::{LatchId, PostureRule},
    wire::Role,
};

use super::{
    RulesProblem,
    body::at,
    schema::{self, Fact, RuleWords},
};

pub(super) fn rule(
    rules: &schema::Rules,
    id: LatchId,
    words: &RuleWords<'_>,
    place: &str,
) -> Result<Rule, RulesProblem> {
    for (name, asked, role) in [
        ("operators", words.operators, Role::Operator),
        ("approvers", words.approvers, Role::Approver),
        ("signers", words.break_glass, Role::BreakGlass),
    ] {
        reachable(rules, &format!("{place}, {name}"), asked, role)?;
    }
    let together = [words.operators, words.approvers, words.break_glass];
    signable(place, together.into_iter().map(u64::from).sum())?;
    if words.operators == 0 && words.break_glass == 0 {
        return Err(at(place, Reason::ThresholdZero));
    }
    if !(1..=MAX_LIFE_S).contains(&words.max_life.0) {
        return Err(at(format!("{place}, max-life"), Reason::RuleBounds));
    }
    if words.max_open.0 > MAX_LIFE_S {
        return Err(at(format!("{place}, max-open"), Reason::RuleBounds));
    }
    let needs_fresh = matches!(id, LatchId::FIRMWARE | LatchId::TRUST) || words.max_open.0 > 0;
    if needs_fresh && words.freshness == Freshness::TimeFloor {
        return Err(at(format!("{place}, freshness"), Reason::RuleTooWeak));
    }
    let posture = PostureRule {
        must_hold: facts(rules, words.must_hold, &format!("{place}, must-hold"))?,
        must_not_hold: facts(
            rules,
            words.must_not_hold,
            &format!("{place}, must-not-hold"),
        )?,
    };
    if posture.must_hold & posture.must_not_hold != 0 {
        // No fact is true and false.
        return Err(at(format!("{place}, must-not-hold"), Reason::RuleBounds));
    }
    Ok(Rule {
        operators: words.operators,
        approvers: words.approvers,
        break_glass: words.break_glass,
        freshness: words.freshness,
        max_life_s: words.max_life.0,
        max_open_s: words.max_open.0,
        posture,
        heartbeat_s: words.heartbeat.0,
        grace_s: words.grace.0,
    })
}

fn facts(rules: &schema::Rules, facts: &[Fact], place: &str) -> Result<u32, RulesProblem> {
    let mut bits = 0;
    for fact in facts {
        let (number, name) = match fact {
            Fact::Number(number) => (Some(*number), number.to_string()),
            Fact::Name(name) => (rules.facts.get(name).copied(), name.clone()),
        };
        let bit = number.and_then(|number| 1_u32.checked_shl(number.into()));
        bits |= bit.ok_or_else(|| RulesProblem::NoSuchFact {
            at: place.to_owned(),
            name,
        })?;
    }
    Ok(bits)
}

pub(super) fn reachable(
    rules: &schema::Rules,
    place: &str,
    asked: u8,
    role: Role,
) -> Result<(), RulesProblem> {
    signable(place, asked.into())?;
    let keys = rules.keys.count(role);
    if usize::from(asked) > keys {
        let keys = u64::try_from(keys).unwrap_or(u64::MAX);
        let cause = Refusal::new(Reason::ThresholdUnreachable, asked.into(), keys);
        return Err(at(place, cause));
    }
    Ok(())
}

/// Whether one statement has room for so many signatures.
fn signable(place: &str, asked: u64) -> Result<(), RulesProblem> {
    let most = u64::try_from(MAX_SIGNATURES).unwrap_or(u64::MAX);
    if asked > most {
        let cause = Refusal::new(Reason::ThresholdUnreachable, asked, most);
        return Err(at(place, cause));
    }
    Ok(())
}
