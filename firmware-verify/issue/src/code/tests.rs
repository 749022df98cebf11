use latch_verify::{
    Reason,
    statement::{Action, Audience, Code, Root, RuleChoice},
    types::{Challenge, LatchId, Sequence, StatementId, TimeMs},
};
use serde_json::json;

use super::*;
use crate::{
    patch::{Arguments, Patch},
    sign::Draft,
};

const NOW: u64 = 1_800_000_000_000;
/// How far the tests that run beside one may have moved the order of this process, in milliseconds: they sign a few
/// codes each, at [`NOW`].
const MOST_AHEAD_MS: u64 = 1;

fn now_ms() -> TimeMs {
    TimeMs::new(NOW).unwrap()
}

fn builder(audience: Audience, change: Change) -> CodeBuilder {
    let tenant = "acme".parse().unwrap();
    let issuer = "0123456789abcdef".parse().unwrap();
    let named = matches!(audience, Audience::Device(_));
    let builder = CodeBuilder::new(tenant, 3, issuer, audience, LatchId::TWIN, change);
    if named {
        builder.incarnation(1)
    } else {
        builder
    }
}

fn device() -> Audience {
    Audience::Device("pump-7".parse().unwrap())
}

fn code(draft: &Draft) -> Code<'_> {
    draft.body().unwrap()
}

#[test]
fn every_change_is_encoded_as_its_action() {
    let patch = Patch::from_json(&json!({"a": 1})).unwrap();
    let arguments = Arguments::from_json(&json!({"b": 2})).unwrap();
    let manifest = StatementId([5; 16]);
    let name = "restart".to_owned();
    let pairs = [
        (
            Change::SetTwin(patch.clone()),
            Action::SetTwin(patch.entries()),
        ),
        (
            Change::Command {
                name,
                arguments: arguments.clone(),
            },
            Action::Command {
                name: "restart",
                arguments: arguments.entries(),
            },
        ),
        (Change::Open { seconds: 9 }, Action::Open { seconds: 9 }),
        (Change::Renew { seconds: 9 }, Action::Renew { seconds: 9 }),
        (Change::Close, Action::Close),
        (Change::Install { manifest }, Action::Install { manifest }),
        (
            Change::Downgrade { manifest },
            Action::Downgrade { manifest },
        ),
        (Change::Lockdown, Action::Lockdown),
        (Change::Probe, Action::Probe),
        (Change::Unlock, Action::Unlock),
    ];
    for (change, action) in pairs {
        let draft = builder(device(), change).build(now_ms()).unwrap();
        assert_eq!(code(&draft).action, action);
    }
}

#[test]
fn a_latch_opens_for_some_time() {
    for change in [Change::Open { seconds: 0 }, Change::Renew { seconds: 0 }] {
        let built = builder(device(), change).build(now_ms());
        assert_eq!(built, Err(CodeError::NoOpenTime));
    }
}

#[test]
fn a_device_that_cannot_read_a_code_is_not_sent_one() {
    let before = (0, 0);
    let unlock = || builder(device(), Change::Unlock);
    let refused = unlock().understood(before).build(now_ms()).unwrap_err();
    assert_eq!(
        refused,
        CodeError::TooNew {
            needs: 1,
            newest: 0
        }
    );
    assert_eq!(
        refused.to_string(),
        "the device understands bodies up to version 0, and this code needs version 1: update the device's firmware first"
    );
    let now = unlock().understood((0, 1)).build(now_ms()).unwrap();
    assert_eq!(now.version(), 1);
    assert_eq!(unlock().build(now_ms()).unwrap().version(), 1);
    // What an older device can read is written so that it can.
    let probe = builder(device(), Change::Probe).understood(before);
    assert_eq!(probe.build(now_ms()).unwrap().version(), 0);
}

#[test]
fn what_shuts_or_frees_the_whole_device_lies_behind_trust() {
    let draft = crate::fixture::rules().draft();
    let root: Root<'_> = draft.body().unwrap();
    let latch = |change: Change| change.latch(&root);
    assert_eq!(latch(Change::Lockdown), Ok(LatchId::TRUST));
    assert_eq!(latch(Change::Unlock), Ok(LatchId::TRUST));
    for change in [
        Change::Open { seconds: 1 },
        Change::Renew { seconds: 1 },
        Change::Close,
        Change::Probe,
    ] {
        assert_eq!(latch(change), Err(CodeError::AnyLatch));
    }
}

#[test]
fn every_wish_reaches_the_body() {
    let draft = builder(device(), Change::Probe)
        .incarnation(2)
        .product("pump".parse().unwrap())
        .break_glass()
        .challenge("00112233445566778899aabbccddeeff".parse().unwrap())
        .firmware(latch_verify::types::VersionRange {
            least: "1.0.0".parse().unwrap(),
            most: "1.9.9".parse().unwrap(),
        })
        .twin_version(17)
        .boot(4)
        .sequence(Sequence(99))
        .not_before(TimeMs::new(1000).unwrap())
        .life_s(2)
        .build(now_ms())
        .unwrap();
    let code = code(&draft);
    assert_eq!((code.epoch, code.incarnation), (3, Some(2)));
    assert_eq!(code.product.unwrap().to_string(), "pump");
    assert_eq!(code.rule, RuleChoice::BreakGlass);
    assert_eq!(
        code.challenge.unwrap().to_string(),
        "00112233445566778899aabbccddeeff"
    );
    assert_eq!(code.context.firmware.unwrap().to_string(), "1.0.0..=1.9.9");
    assert_eq!(
        (code.context.twin_version, code.context.boot),
        (Some(17), Some(4))
    );
    assert_eq!(code.sequence, Sequence(99));
    assert_eq!(
        (code.not_before_ms.get(), code.not_after_ms.get()),
        (1000, 3000)
    );
}

#[test]
fn a_code_begins_early_enough_for_slow_clocks_and_lives_as_long_as_asked() {
    let valid = |life_s: u32| {
        let draft = builder(device(), Change::Probe)
            .life_s(life_s)
            .build(now_ms());
        let draft = draft.unwrap();
        let code = code(&draft);
        (
            NOW - code.not_before_ms.get(),
            code.not_after_ms.get() - NOW,
        )
    };
    assert_eq!(valid(3600), (60_000, 3_540_000));
    assert_eq!(valid(240), (60_000, 180_000));
    assert_eq!(valid(40), (10_000, 30_000));
    let none = builder(device(), Change::Probe).life_s(0).build(now_ms());
    assert_eq!(none, Err(CodeError::NoLife));
}

#[test]
fn a_sequence_holds_the_time() {
    let draft = builder(device(), Change::Probe).build(now_ms()).unwrap();
    let ahead_ms = code(&draft).sequence.time().get() - NOW;
    assert!(ahead_ms <= MOST_AHEAD_MS);
}

/// Whoever names the code before never has a place twice, nor one out of order, even when the clock is set back.
#[test]
fn a_code_after_another_has_a_place_that_is() {
    let last = Sequence::at(TimeMs::new(NOW + 5).unwrap(), 7);
    for now in [NOW, NOW - 3_600_000] {
        let now = TimeMs::new(now).unwrap();
        let follows = builder(device(), Change::Probe).after(last);
        let draft = follows.build(now).unwrap();
        assert_eq!(code(&draft).sequence, Sequence(last.0 + 1));
    }
}

#[test]
fn what_belongs_to_one_device_is_not_signed_for_many() {
    let cohort = Cohort::percent(StatementId([1; 16]), "0", "1").unwrap();
    for many in [Audience::Tenant, cohort] {
        let with = || builder(many.clone(), Change::Probe);
        let challenged = with().challenge(Challenge([0; 16])).build(now_ms());
        assert_eq!(challenged, Err(CodeError::ChallengeForMany));
        let bound = with().incarnation(1).build(now_ms());
        assert_eq!(bound, Err(CodeError::IncarnationForMany));
        let glass = with().break_glass().build(now_ms());
        assert_eq!(glass, Err(CodeError::BreakGlassForMany));
        assert!(with().build(now_ms()).is_ok());
    }
}

#[test]
fn a_code_for_one_device_names_its_enrolment() {
    let (tenant, issuer) = ("acme".parse().unwrap(), "0123456789abcdef".parse().unwrap());
    let code = CodeBuilder::new(tenant, 3, issuer, device(), LatchId::TWIN, Change::Probe);
    assert_eq!(code.build(now_ms()), Err(CodeError::IncarnationMissing));
}

#[test]
fn a_body_that_a_verifier_refuses_is_not_built() {
    let name = "no name".to_owned();
    let change = Change::Command {
        name,
        arguments: Arguments::default(),
    };
    let error = builder(device(), change).build(now_ms()).unwrap_err();
    assert_eq!(error, latch_verify::Refusal::from(Reason::BadName).into());
}

#[test]
fn percentages_become_parts_of_ten_thousand() {
    let salt = StatementId([1; 16]);
    let percent = |from: &str, below: &str| Cohort::percent(salt, from, below);
    let cohort = |from, below| Ok(Audience::Cohort { salt, from, below });
    assert_eq!(percent("0", "100"), cohort(0, 10_000));
    assert_eq!(percent("2.5", "10.05"), cohort(250, 1005));
    assert_eq!(percent("0.01", "99.9"), cohort(1, 9990));
    let (from, below) = (1000, 1000);
    assert_eq!(
        percent("10", "10"),
        Err(CodeError::NoCohort { from, below })
    );
    assert!(matches!(
        percent("0", "100.01"),
        Err(CodeError::NoCohort { .. })
    ));
    for bad in [
        "", "x", "1.", ".5", "1.234", "-1", "+1", "1000", "999999", "1e1", "1,5",
    ] {
        let error = percent("0", bad).unwrap_err();
        assert_eq!(error, CodeError::NoPercentage(bad.to_owned()));
    }
    assert_ne!(Cohort::salt().unwrap(), Cohort::salt().unwrap());
}
