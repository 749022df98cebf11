//! Sequences that matter more than chance would find them.

use latch_verify::statement::RuleChoice;

use super::{
    agree::agree,
    step::{Draft, Revoker, Step, Then, What, Wide},
};

fn draft(what: What, then: Then) -> Draft {
    Draft {
        what,
        rule: RuleChoice::Normal,
        issuer: 0,
        audience: Wide::Device,
        answers: true,
        in_context: false,
        flaws: Vec::new(),
        then,
    }
}

fn code(what: What) -> Step {
    Step::Code(draft(what, Then::Done))
}

fn later(what: What) -> Step {
    Step::Code(draft(what, Then::Later(9)))
}

const SERVICE: u8 = 6;

#[test]
fn a_latch_closes_while_its_renewal_is_under_way() {
    agree(&[
        code(What::Open(SERVICE, 10)),
        Step::Advance(9_000),
        later(What::Renew(SERVICE, 60)),
        Step::Advance(2_000),
        Step::Poll,
        Step::Settle(None),
        Step::Poll,
        Step::Reboot { resume: true },
    ]);
}

#[test]
fn a_lapsed_latch_opens_again_while_somebody_looks() {
    agree(&[
        code(What::Open(SERVICE, 10)),
        Step::Advance(10_000),
        later(What::Open(SERVICE, 60)),
        Step::Poll,
        Step::Settle(None),
        Step::Poll,
    ]);
}

#[test]
fn a_stop_slip_closes_the_latch_of_a_code_that_was_forgotten() {
    let mut steps = vec![code(What::Open(SERVICE, 1800))];
    for _ in 0..4 {
        steps.extend([Step::Drills(0, 10), Step::Advance(20_000)]);
    }
    steps.extend([Step::Slip(40, Revoker::Issuer), Step::Poll]);
    agree(&steps);
}

#[test]
fn a_slip_in_another_name_stops_nothing() {
    agree(&[
        code(What::Open(SERVICE, 600)),
        Step::Slip(0, Revoker::InOwnName),
        Step::Poll,
        Step::SlipAhead(draft(What::Restart, Then::Done), Revoker::InOwnName, true),
    ]);
}

#[test]
fn a_lockdown_is_obeyed_while_the_device_is_busy() {
    agree(&[
        code(What::Open(SERVICE, 600)),
        later(What::Restart),
        code(What::Lockdown),
        Step::Poll,
        Step::Settle(None),
        code(What::Open(SERVICE, 600)),
        later(What::Restart),
        code(What::Close(SERVICE)),
        Step::Poll,
    ]);
}

#[test]
fn a_renewal_is_stopped_while_its_code_is_not() {
    agree(&[
        code(What::Open(SERVICE, 10)),
        code(What::Renew(SERVICE, 60)),
        Step::Slip(0, Revoker::Issuer),
        Step::Advance(11_000),
        Step::Poll,
    ]);
}
