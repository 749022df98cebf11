//! Each condition, left unmet.

use latch_verify::{
    statement::Code,
    types::{KeyId, Sequence, TenantId, TimeMs},
    wire::{Envelope, Kind},
};

use super::*;
use crate::{
    device::ordinary_code,
    keys::{APPROVER, OPERATOR, SECOND_OPERATOR},
    tenant::{EPOCH, FACTORY, SAFE, START_MS},
};

const ANSWER: Challenge = Challenge([9; 16]);

fn moment(ms: u64) -> TimeMs {
    TimeMs::new(ms).expect("a moment")
}

fn trusted(ms: u64) -> TimeStatus {
    TimeStatus::Trusted(moment(ms))
}

/// The verdict after a change of an ordinary code, of who signed it, or of the moment.
fn verdict(change: impl FnOnce(&mut Code<'_>, &mut Crew, &mut Moment)) -> Result<(), &'static str> {
    let bytes = ordinary_code(ANSWER);
    let envelope = Envelope::parse(Kind::Code, &bytes).expect("an envelope");
    let mut code: Code<'_> = envelope.read().expect("a body");
    let mut crew = Crew::on(&envelope);
    let mut moment = Moment {
        epoch: EPOCH,
        time: trusted(START_MS),
        locked_down: false,
        challenges: vec![ANSWER],
        firmware: FACTORY,
        twin_version: 0,
        boot: 1,
        posture: Posture {
            known: u32::MAX,
            value: SAFE.must_hold,
        },
    };
    change(&mut code, &mut crew, &mut moment);
    permits(&code, crew, &moment)
}

#[test]
fn every_condition_is_looked_at() {
    assert_eq!(verdict(|_, _, _| ()), Ok(()));
    let refused = [
        verdict(|code, _, _| code.tenant = TenantId([1; 16])),
        verdict(|code, _, _| code.epoch += 1),
        verdict(|code, _, _| code.product = Some(latch_verify::types::ProductId([1; 16]))),
        verdict(|code, _, _| code.incarnation = None),
        verdict(|code, _, _| code.incarnation = Some(INCARNATION + 1)),
        verdict(|code, _, _| code.audience = Audience::Tenant),
        verdict(|code, _, _| code.latch = latch(4)),
        verdict(|code, _, _| code.rule = RuleChoice::BreakGlass),
        verdict(|code, _, _| code.issuer = KeyId([1; 8])),
        verdict(|code, _, _| code.issuer = APPROVER.id()),
        verdict(|_, crew, _| *crew = Crew::of(&[OPERATOR])),
        verdict(|_, crew, _| *crew = Crew::of(&[SECOND_OPERATOR, APPROVER])),
        verdict(|code, _, _| code.challenge = None),
        verdict(|code, _, _| code.challenge = Some(Challenge([1; 16]))),
        verdict(|code, _, _| code.not_after_ms = code.not_before_ms),
        verdict(|code, _, _| code.not_after_ms = moment(START_MS + 10_000_000)),
        verdict(|code, _, _| code.sequence = Sequence(u64::MAX)),
        verdict(|_, _, now| now.time = trusted(START_MS + 10_000_000)),
        verdict(|_, _, now| now.time = trusted(START_MS - 10_000)),
        verdict(|_, _, now| now.locked_down = true),
        verdict(|code, _, _| code.action = Action::Open { seconds: 3601 }),
        verdict(|code, _, _| code.action = Action::Unlock),
        verdict(|_, _, now| now.posture.known = 0),
        verdict(|_, _, now| now.posture.value |= SAFE.must_not_hold),
        verdict(|code, _, _| code.context.boot = Some(2)),
        verdict(|code, _, _| code.context.twin_version = Some(2)),
        verdict(|code, _, _| code.action = Action::SetTwin(Entries::default())),
        verdict(|code, _, _| {
            code.action = Action::Command {
                name: "melt",
                arguments: Entries::default(),
            };
        }),
    ];
    for (place, verdict) in refused.into_iter().enumerate() {
        assert!(verdict.is_err(), "change {place}");
    }
}

#[test]
fn closing_asks_for_less() {
    let close = |code: &mut Code<'_>, crew: &mut Crew| {
        code.action = Action::Close;
        code.challenge = None;
        *crew = Crew::of(&[OPERATOR]);
    };
    assert_eq!(verdict(|code, crew, _| close(code, crew)), Ok(()));
    let shut = verdict(|code, crew, now| {
        close(code, crew);
        now.locked_down = true;
    });
    assert_eq!(shut, Ok(()));
    let open = verdict(|code, crew, _| {
        close(code, crew);
        code.action = Action::Open { seconds: 1 };
    });
    assert!(open.is_err());
}

#[test]
fn a_latch_stands_before_its_branch_alone() {
    let patch = |path| {
        crate::tenant::run([latch_verify::twin::Entry {
            path: Path::new(path).expect("a path"),
            value: latch_verify::twin::Value::Null,
        }])
    };
    let guards = |number, path| guards(latch(number), Entries::from_bytes(&patch(path)));
    assert!(guards(0, "name") && guards(0, "pump/limits") && guards(3, "pump/limit/max"));
    assert!(!guards(3, "name") && !guards(0, "pump/limit") && !guards(0, "pump"));
}
