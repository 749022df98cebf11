//! Codes as a script asks for them: of zeros it makes one that is accepted, and every bit
//! makes something else of it.
//!
//! ```text
//! action, oddities (2), crew, what the action needs
//! ```

use latch_verify::{
    statement::{Action, Audience, Code, Context, RuleChoice},
    twin::{Entries, Entry, Path, Value},
    types::{Challenge, ProductId, Sequence, StatementId, TimeMs, Version, VersionRange},
};

use super::{hardware::Dial, releases};
use crate::{
    input::Input,
    keys::{APPROVER, BREAK_GLASS, Crew, OPERATOR, SECOND_OPERATOR, seal},
    tenant::{EPOCH, INCARNATION, LAMP, PRODUCT, SAFETY, START_MS, TENANT, device_id, latch, run},
};

/// Versions that no device here runs.
const OLDEST: VersionRange = VersionRange {
    least: OLDEST_VERSION,
    most: OLDEST_VERSION,
};
const OLDEST_VERSION: Version = Version {
    major: 0,
    minor: 0,
    patch: 1,
};

/// What the device says of itself, as far as codes are made of it.
pub(crate) struct Told {
    /// The newest last.
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) epoch: u32,
    pub(crate) context: Context,
}

/// Makes and signs a code. `issued` counts the codes made so far.
pub(crate) fn code(input: &mut Input<'_>, told: &Told, clock: &Dial, issued: u16) -> Vec<u8> {
    let number = input.byte();
    let oddities = input.number();
    let change = input.byte();
    let odd = |bit: u32| oddities >> bit & 1 == 1;
    let choice = |bit: u32| oddities >> bit & 3;

    let argument = input.byte();
    let leaves = leaves(input, number, argument);
    let (action, guard) = action(number, argument, &leaves);
    let rule = if odd(4) {
        RuleChoice::BreakGlass
    } else {
        RuleChoice::Normal
    };
    let crew = match (rule, guard) {
        (RuleChoice::BreakGlass, _) => Crew::of(&[BREAK_GLASS]),
        (_, SAFETY) => Crew::of(&[OPERATOR, SECOND_OPERATOR]),
        (_, 1) => Crew::of(&[OPERATOR, APPROVER]),
        _ => Crew::of(&[OPERATOR]),
    };
    let audience = match choice(2) {
        0 => Audience::Device(device_id()),
        1 => Audience::Tenant,
        2 => Audience::Cohort {
            salt: StatementId([argument; 16]),
            from: 0,
            below: Audience::PARTS / 2,
        },
        _ => Audience::Device("pump-8".parse().expect("a device's name")),
    };
    let newest = told.challenges.iter().rev();
    let challenge = match choice(0) {
        0 if matches!(audience, Audience::Device(_)) => newest.copied().next(),
        0 | 1 => None,
        2 => newest.copied().nth(1),
        _ => Some(Challenge([argument; 16])),
    };
    let now = clock.now_ms();
    let (begin, end) = match choice(13) {
        0 => (now - 1000, now + 200_000),
        1 => (now - 200_000, now),
        2 => (now + 1000, now + 200_000),
        _ => (now - 1000, now + 100_000_000),
    };
    let back = if odd(5) { u16::from(argument) } else { 0 };
    let mut context = match (odd(6), odd(7)) {
        (false, false) => Context::default(),
        _ => told.context,
    };
    if odd(7) {
        match argument % 3 {
            0 => context.boot = context.boot.map(|boot| boot + 1),
            1 => context.twin_version = context.twin_version.map(|version| version + 1),
            _ => context.firmware = Some(OLDEST),
        }
    }
    let code = Code {
        tenant: TENANT,
        issuer: match (rule, odd(15)) {
            (RuleChoice::BreakGlass, false) => BREAK_GLASS.id(),
            (RuleChoice::Normal, false) => OPERATOR.id(),
            (_, true) => SECOND_OPERATOR.id(),
        },
        epoch: told.epoch + u32::from(odd(8)),
        incarnation: match (odd(9), odd(10)) {
            (true, _) => None,
            (_, other) => Some(INCARNATION + u32::from(other)),
        },
        audience,
        product: match odd(11) {
            true if argument.is_multiple_of(2) => Some(ProductId([argument; 16])),
            true => None,
            false => Some(PRODUCT),
        },
        latch: latch((guard + u8::from(odd(12))) % 16),
        rule,
        sequence: Sequence::at(moment(START_MS), issued.saturating_sub(back)),
        not_before_ms: moment(begin),
        not_after_ms: moment(end),
        challenge,
        context,
        action,
    };
    seal(&code, crew.changed(change))
}

fn moment(unix_ms: u64) -> TimeMs {
    TimeMs::new(unix_ms).expect("a moment of this age")
}

/// The action with this number, and the latch before it.
fn action(number: u8, argument: u8, leaves: &[u8]) -> (Action<'_>, u8) {
    let manifest = releases::with(usize::from(argument), |release| release.id);
    let arguments = Entries::from_bytes(leaves);
    let seconds = u32::from(argument) + 1;
    match number % 16 {
        0 | 3 => (Action::SetTwin(Entries::from_bytes(leaves)), 0),
        1 => (Action::SetTwin(Entries::from_bytes(leaves)), SAFETY),
        2 => (
            Action::Command {
                name: "restart",
                arguments,
            },
            SAFETY,
        ),
        4 => (
            Action::Command {
                name: "blink",
                arguments,
            },
            LAMP,
        ),
        5 => (Action::Install { manifest }, 1),
        6 => (Action::Downgrade { manifest }, 1),
        7 => (Action::Probe, argument % 5),
        8 => (Action::Open { seconds }, SAFETY),
        9 => (Action::Renew { seconds }, SAFETY),
        10 => (Action::Close, SAFETY),
        11 => (Action::Lockdown, 2),
        13 => (Action::Unlock, 2),
        12 => (
            Action::Command {
                name: "melt",
                arguments,
            },
            LAMP,
        ),
        _ => (Action::Probe, LAMP),
    }
}

/// Leaves of a patch, or arguments.
fn leaves(input: &mut Input<'_>, number: u8, argument: u8) -> Vec<u8> {
    let leaf = |path, value| {
        run([Entry {
            path: Path::new(path).expect("a sound path"),
            value,
        }])
    };
    match number % 16 {
        0 if argument == 0xff => leaf("pump", Value::Null),
        0 if argument == 0xfe => leaf("name", Value::Null),
        0 => leaf("name", Value::Int(argument.into())),
        1 => leaf("pump/limit", Value::Int(argument.into())),
        2 | 4 if argument == 0 => Vec::new(),
        2 | 4 => leaf("delay", Value::Int(argument.into())),
        // A patch of any bytes, or of the largest size.
        3 if argument == 0xff => leaf("big", Value::Text(&"x".repeat(1010))),
        3 => input.short().to_vec(),
        _ => Vec::new(),
    }
}

/// A code that a device in order accepts: two operators restart it, in answer to its challenge.
pub(crate) fn ordinary(challenge: Challenge) -> Vec<u8> {
    let told = Told {
        challenges: vec![challenge],
        epoch: EPOCH,
        context: Context::default(),
    };
    code(&mut Input::new(&[2]), &told, &Dial::default(), u16::MAX)
}
