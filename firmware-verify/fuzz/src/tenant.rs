//! The tenant whose device is attacked: its root, its device, and a moment in its life. Names
//! and numbers are those of `tests/vectors/statements.json`, so that what the vectors hold is
//! meant for this device too.

use latch_verify::{
    statement::{
        CommandAssignment, Enrolment, Freshness, KeyKept, Latch, PropertyAssignment, Root, RootKey,
        Rule, RuleChoice, Thresholds,
    },
    twin::Path,
    types::{DeviceId, Digest, LatchId, PostureRule, ProductId, TenantId, Version},
    verdict::{Identity, TrustRoot},
    wire::{Item, Run, RunWriter},
};

use crate::keys::{
    APPROVER, BREAK_GLASS, Crew, DEVICE, OPERATOR, RELEASE, ROOT, SECOND_OPERATOR, Signer, TIME,
    seal,
};

pub(crate) const TENANT: TenantId = TenantId(*b"acme\0\0\0\0\0\0\0\0\0\0\0\0");
pub(crate) const PRODUCT: ProductId = ProductId(*b"pump\0\0\0\0\0\0\0\0\0\0\0\0");
pub(crate) const EPOCH: u32 = 3;
pub(crate) const INCARNATION: u32 = 2;
/// The version that the factory has put in.
pub(crate) const FACTORY: Version = Version {
    major: 1,
    minor: 2,
    patch: 3,
};
/// Unix milliseconds at which the device is first switched on.
pub(crate) const START_MS: u64 = 1_795_248_000_000;
/// What must hold before the safety latch opens, and what must not.
pub(crate) const SAFE: PostureRule = PostureRule {
    must_hold: 1 << 31 | 1 << 1,
    must_not_hold: 1 << 0,
};

/// Two operators, an answer to a challenge, and posture; one break-glass key instead.
pub(crate) const SAFETY: u8 = 3;
/// One operator and trusted time.
pub(crate) const LAMP: u8 = 4;

/// Branches of the twin behind another latch than `twin`.
pub(crate) const PROPERTIES: [(&str, u8); 2] = [("pump/limit", SAFETY), ("pump/limit-", SAFETY)];
/// Commands and their latches.
pub(crate) const COMMANDS: [(&str, u8); 2] = [("blink", LAMP), ("restart", SAFETY)];

pub(crate) fn device_id() -> DeviceId {
    "pump-7".parse().expect("a device's name")
}

pub(crate) fn identity() -> Identity {
    Identity {
        tenant: TENANT,
        product: PRODUCT,
        device: device_id(),
        incarnation: INCARNATION,
    }
}

pub(crate) fn latch(number: u8) -> LatchId {
    LatchId::new(number).expect("latches are numbered 0 to 15")
}

const fn rule(operators: u8, approvers: u8, freshness: Freshness, max_life_s: u32) -> Rule {
    Rule {
        operators,
        approvers,
        break_glass: 0,
        freshness,
        max_life_s,
        max_open_s: 0,
        posture: PostureRule {
            must_hold: 0,
            must_not_hold: 0,
        },
        heartbeat_s: 0,
        grace_s: 0,
    }
}

/// The latches' rules, in the order of their numbers.
fn latches() -> [Latch<'static>; 5] {
    let plain = |number, name, rule| Latch {
        id: latch(number),
        name,
        rule,
        break_glass: None,
        trial: None,
    };
    let safety = Rule {
        max_open_s: 3600,
        posture: SAFE,
        // Twice as long as a pulse is out at least.
        heartbeat_s: 120,
        grace_s: 5,
        ..rule(2, 0, Freshness::Challenge, 900)
    };
    let emergency = Rule {
        break_glass: 1,
        max_open_s: 600,
        ..rule(0, 0, Freshness::Challenge, 300)
    };
    [
        plain(0, "twin", rule(1, 0, Freshness::TimeFloor, 3600)),
        plain(1, "firmware", rule(1, 1, Freshness::TrustedTime, 86_400)),
        plain(2, "trust", rule(1, 0, Freshness::Challenge, 3600)),
        Latch {
            break_glass: Some(emergency),
            trial: Some(rule(1, 1, Freshness::Challenge, 600)),
            ..plain(SAFETY, "safety", safety)
        },
        plain(LAMP, "lamp", rule(1, 0, Freshness::TrustedTime, 3600)),
    ]
}

/// What the root asks of a code that opens, if it has such a rule.
pub(crate) fn rule_of(id: LatchId, choice: RuleChoice) -> Option<Rule> {
    let latch = latches().into_iter().find(|latch| latch.id == id)?;
    match choice {
        RuleChoice::Normal => Some(latch.rule),
        RuleChoice::BreakGlass => latch.break_glass,
    }
}

/// What is asked of a code that shuts: that its issuer may issue.
pub(crate) fn closing(rule: Rule) -> Rule {
    Rule {
        operators: rule.operators.min(1),
        approvers: 0,
        break_glass: rule.break_glass.min(1),
        freshness: Freshness::TimeFloor,
        posture: PostureRule::default(),
        ..rule
    }
}

/// The envelope of the first trust root.
pub(crate) fn sealed_root() -> Vec<u8> {
    successor(1, EPOCH, Crew::of(&[ROOT]))
}

/// The envelope of a trust root that differs from the first in its numbers alone.
pub(crate) fn successor(version: u32, epoch: u32, crew: Crew) -> Vec<u8> {
    let people = [
        ROOT,
        OPERATOR,
        SECOND_OPERATOR,
        RELEASE,
        APPROVER,
        BREAK_GLASS,
        TIME,
    ];
    let key = |signer: Signer| RootKey {
        role: signer.role().expect("somebody with a role"),
        key: signer.public(),
    };
    let keys = run(people.map(key));
    let latches = run(latches());
    let properties = run(PROPERTIES.map(|(path, number)| PropertyAssignment {
        path: Path::new(path).expect("a sound path"),
        latch: latch(number),
    }));
    let commands = run(COMMANDS.map(|(name, number)| CommandAssignment {
        name,
        latch: latch(number),
    }));
    let root = Root {
        tenant: TENANT,
        version,
        epoch,
        keys: Run::from_bytes(&keys),
        thresholds: Thresholds {
            root: 1,
            release: 1,
            time: 1,
        },
        latches: Run::from_bytes(&latches),
        properties: Run::from_bytes(&properties),
        commands: Run::from_bytes(&commands),
    };
    seal(&root, crew)
}

pub(crate) fn trust() -> TrustRoot {
    TrustRoot::first(&sealed_root()).expect("a sound root")
}

/// The device's enrolment, countersigned.
pub(crate) fn sealed_enrolment() -> Vec<u8> {
    let enrolment = Enrolment {
        tenant: TENANT,
        product: PRODUCT,
        device: device_id(),
        incarnation: INCARNATION,
        device_key: Digest(DEVICE.public()),
        key_kept: KeyKept::Software,
    };
    seal(&enrolment, Crew::of(&[DEVICE, OPERATOR]))
}

/// Items one after the other, as they lie in a list.
pub(crate) fn run<'a, T: Item<'a>>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut buffer = [0; 4096];
    let mut writer = RunWriter::new(&mut buffer);
    for item in items {
        writer
            .push(&item)
            .expect("the buffer is larger than any list");
    }
    writer.finish().to_vec()
}
