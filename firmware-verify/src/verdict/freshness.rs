//! Whether a code is meant for now.

use super::conditions::Conditions;
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::{Audience, Code, Freshness, TimeStatus},
};

/// Checks the code's answer to a challenge and its times against a tier of freshness.
///
/// A current answer stands in for trusted time: the device itself has bounded the age of
/// what it answers. Without either, a time floor can only refuse what is surely over.
pub(super) fn check(
    code: &Code<'_>,
    tier: Freshness,
    conditions: &Conditions,
) -> Result<(), Refusal> {
    let answered = match code.challenge {
        Some(answer) => {
            ensure(
                matches!(code.audience, Audience::Device(_)),
                Reason::ChallengeAudience,
            )?;
            ensure(conditions.challenges.accept(answer), Reason::ChallengeStale)?;
            true
        }
        None => false,
    };
    let (begin, end) = (code.not_before_ms, code.not_after_ms);
    match conditions.time {
        TimeStatus::Trusted(now) => {
            ensure(
                begin <= now,
                Refusal::new(Reason::NotYetValid, begin.get(), now.get()),
            )?;
            // It may be later by now, so in doubt the code is over.
            let latest = now.get().saturating_add(conditions.time_doubt_ms);
            ensure(
                latest < end.get(),
                Refusal::new(Reason::Expired, end.get(), latest),
            )?;
        }
        TimeStatus::Floor(floor) if !answered => {
            ensure(
                floor < end,
                Refusal::new(Reason::Expired, end.get(), floor.get()),
            )?;
        }
        TimeStatus::Floor(_) | TimeStatus::Unknown => {}
    }
    match tier {
        Freshness::Challenge => Ok(ensure(answered, Reason::ChallengeMissing)?),
        Freshness::TrustedTime => {
            let trusted = matches!(conditions.time, TimeStatus::Trusted(_));
            Ok(ensure(trusted || answered, Reason::NoTrustedTime)?)
        }
        Freshness::TimeFloor => Ok(()),
    }
}
