//! Each tier of freshness, with each kind of knowledge of the time: what is accepted, and why the rest is not.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    types::{Challenge, LatchId},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::moment,
    hardware::START_MS,
    keys::{CREW, seal},
    root::{limits, remarks},
    statements::{HOUR_MS, answer_to, at_least, trusted},
};

/// A latch for each tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tier {
    Challenge,
    TrustedTime,
    TimeFloor,
}

/// What the device knows: that it is [`START_MS`], by a clock or an answer, or at least that, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Time {
    Clock,
    Attested,
    Floor,
    Unknown,
}

/// How a code lies to [`START_MS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Past,
    Now,
    Future,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answers {
    Current,
    Other,
    None,
}

fn device(time: Time) -> Bench {
    let mut bench = Bench::new();
    match time {
        Time::Clock => {}
        Time::Unknown => bench.hardware.clock.trust(None),
        Time::Attested => {
            bench.hardware.clock.trust(None);
            let answer = answer_to(bench.pulse(), START_MS);
            bench.submit_reserved(&answer).told();
        }
        Time::Floor => {
            let probe = bench.sealed(LatchId::TWIN, Action::Probe);
            bench.submit(&probe).told();
            bench.hardware.clock.trust(None);
            bench = bench.reboot();
        }
    }
    let knows = bench.time();
    match time {
        Time::Clock | Time::Attested => assert_eq!(knows, trusted(START_MS)),
        Time::Floor => assert_eq!(knows, at_least(START_MS)),
        Time::Unknown => assert_eq!(knows, latch_verify::statement::TimeStatus::Unknown),
    }
    bench
}

fn attempt(bench: &mut Bench, tier: Tier, answers: Answers, life: Life) -> Option<Reason> {
    let latch = match tier {
        Tier::Challenge => limits(),
        Tier::TrustedTime => LatchId::TWIN,
        Tier::TimeFloor => remarks(),
    };
    let mut code = bench.code(latch, Action::Probe);
    let begin = match life {
        Life::Past => START_MS - HOUR_MS,
        Life::Now => START_MS - 1000,
        Life::Future => START_MS + HOUR_MS,
    };
    (code.not_before_ms, code.not_after_ms) = (moment(begin), moment(begin + 60_000));
    code.sequence = latch_verify::types::Sequence::at(moment(begin), 1);
    code.challenge = match answers {
        Answers::Current => code.challenge,
        Answers::Other => Some(Challenge([9; 16])),
        Answers::None => None,
    };
    match bench.submit(&seal(&code, &CREW)) {
        Answer::Told(told) => match told.outcome() {
            Outcome::Probed => None,
            Outcome::Refused { reason, .. } => Reason::from_number(reason),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Verdicts on codes of the past, of now and of the future.
type Verdicts = [Option<Reason>; 3];

/// What a verdict must be: written down, row by row.
fn expected(tier: Tier, time: Time, answers: Answers) -> Verdicts {
    use Reason::{ChallengeMissing, ChallengeStale, Expired, NoTrustedTime, NotYetValid};
    let (past, future) = (Some(Expired), Some(NotYetValid));
    match (tier, time, answers) {
        // A wrong answer is worth less than none.
        (_, _, Answers::Other) => [Some(ChallengeStale); 3],
        // Whoever knows the time looks at it, answered or not.
        (_, Time::Clock | Time::Attested, Answers::Current) => [past, None, future],
        // The device has bounded the age of what it asks, so an answer needs no time.
        (_, Time::Floor | Time::Unknown, Answers::Current) => [None; 3],
        (Tier::Challenge, Time::Clock | Time::Attested, Answers::None) => {
            [past, Some(ChallengeMissing), future]
        }
        (Tier::Challenge, Time::Floor, Answers::None) => {
            [past, Some(ChallengeMissing), Some(ChallengeMissing)]
        }
        (Tier::Challenge, Time::Unknown, Answers::None) => [Some(ChallengeMissing); 3],
        (Tier::TrustedTime | Tier::TimeFloor, Time::Clock | Time::Attested, Answers::None) => {
            [past, None, future]
        }
        (Tier::TrustedTime, Time::Floor, Answers::None) => {
            [past, Some(NoTrustedTime), Some(NoTrustedTime)]
        }
        (Tier::TrustedTime, Time::Unknown, Answers::None) => [Some(NoTrustedTime); 3],
        // A floor refuses what is surely over, and nothing else.
        (Tier::TimeFloor, Time::Floor, Answers::None) => [past, None, None],
        (Tier::TimeFloor, Time::Unknown, Answers::None) => [None; 3],
    }
}

#[test]
fn each_tier_with_each_knowledge_of_the_time() {
    let mut wrong = Vec::new();
    for time in [Time::Clock, Time::Attested, Time::Floor, Time::Unknown] {
        let start = device(time);
        for tier in [Tier::Challenge, Tier::TrustedTime, Tier::TimeFloor] {
            for answers in [Answers::Current, Answers::Other, Answers::None] {
                let lives = [Life::Past, Life::Now, Life::Future];
                let found = lives.map(|life| {
                    // A boot would forget an answer: each code meets a device of its own.
                    let mut bench = if time == Time::Attested {
                        device(time)
                    } else {
                        start.fork()
                    };
                    attempt(&mut bench, tier, answers, life)
                });
                let expected = expected(tier, time, answers);
                if found != expected {
                    wrong.push(format!(
                        "{tier:?}, {time:?}, {answers:?}: {found:?} rather than {expected:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
