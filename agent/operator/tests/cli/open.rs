//! `latch open`, `renew`, `close` and `probe`

use latch_verify::{
    Reason,
    device::Release,
    statement::{CloseCause, Code, Freshness, Outcome, Root},
    types::LatchId,
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Run, Wish},
    broker::Broker,
    fleet::{Member, outcome_of},
    online::{Online, run_beside},
};

fn bench() -> (Bench, Member) {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    (bench, member)
}

/// Signs for the latch `maintenance`, from the state that was left last.
fn signed(bench: &Bench, verb: &str, more: &[&str], out: &str) -> Run {
    let order = [verb, "pump-7", "maintenance", "--state", "state"];
    bench.run_with(&[&order[..], more, &["--out", out]].concat(), "")
}

fn latch(number: u8) -> LatchId {
    LatchId::new(number).unwrap()
}

#[test]
fn a_latch_is_opened_renewed_and_closed() {
    let (bench, mut member) = bench();
    signed(&bench, "open", &["--for", "10m"], "open").ok();
    let statement = bench.statement("open");
    let code: Code<'_> = statement.body().unwrap();
    assert_eq!((code.latch, code.incarnation), (latch(3), Some(1)));
    assert!(code.challenge.is_some());
    assert_eq!(
        member.outcome(&bench, "open"),
        Some(Outcome::Opened { seconds: 600 })
    );
    member.leave_state(&bench, "state");

    signed(&bench, "renew", &["--for", "20m"], "renew").ok();
    assert_eq!(
        member.outcome(&bench, "renew"),
        Some(Outcome::Renewed { seconds: 1200 })
    );
    assert_eq!(member.pass(1_199_000), Vec::<Vec<u8>>::new());
    assert!(member.device().is_open(latch(3)));

    signed(&bench, "close", &[], "close").ok();
    assert_eq!(
        member.outcome(&bench, "close"),
        Some(Outcome::Closed {
            latch: latch(3),
            cause: CloseCause::Code
        })
    );
    assert!(!member.device().is_open(latch(3)));
}

#[test]
fn what_the_devices_state_says_is_foreseen() {
    let (bench, mut member) = bench();
    signed(&bench, "renew", &["--for", "1m"], "no").refused(Reason::NotOpen);
    let long = signed(&bench, "open", &["--for", "61m"], "no").refused(Reason::OpenTooLong);
    assert_eq!(long["error"]["reason"]["expected"], "3600 s");
    signed(&bench, "open", &["--for", "10m"], "open").ok();
    member.outcome(&bench, "open").unwrap();
    member.leave_state(&bench, "state");
    let again = signed(&bench, "open", &["--for", "10m"], "no");
    again.refused(Reason::AlreadyOpen);
    assert!(again.stderr.contains("latch renew"), "{}", again.stderr);
    assert!(!bench.path("no").exists());

    signed(&bench, "renew", &["--for", "10m"], "renew").ok();
    let check = ["check", "renew", "--device", "pump-7", "--state", "state"];
    let checked = bench.run(check);
    checked.ok();
    assert!(
        checked.stderr.contains("how long the latch has been open"),
        "{}",
        checked.stderr
    );
    let shown = bench.run(["inspect", "state"]).ok();
    assert_eq!(shown["status"]["open"], json!(["maintenance"]));
    assert_eq!(shown["status"]["locked_down"], false);
}

#[test]
fn a_latch_that_never_opens_or_is_not_there_is_said_here() {
    let shut = |rules: String| {
        let lines = rules.split_inclusive('\n');
        lines.filter(|line| !line.starts_with("max-open")).collect()
    };
    let bench = Bench::new().with_rules(shut);
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    let never = signed(&bench, "open", &["--for", "10m"], "no");
    never.refused(Reason::NeverOpens);
    assert!(never.stderr.contains("max-open"), "{}", never.stderr);
    bench
        .run(["open", "pump-7", "cellar", "--for", "10m"])
        .fails(2, "it has twin, firmware, trust, maintenance");
    bench
        .run(["open", "pump-7", "maintenance"])
        .fails(2, "--for");
    bench
        .run(["open", "pump-7", "maintenance", "--for", "0s"])
        .fails(2, "whole number of seconds");
}

#[test]
fn closing_asks_for_one_operator_and_no_challenge() {
    let bench = Bench::new();
    bench.make_key("ben.pem");
    let bench = bench.with_rules(crate::twin::two_operators);
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    let trust = bench.statement("root.latch");
    let root: Root<'_> = trust.body().unwrap();
    assert_eq!(
        root.latch(latch(3)).unwrap().rule.freshness,
        Freshness::Challenge
    );
    // Neither a state nor a broker is needed.
    let found = bench
        .run(["close", "pump-7", "maintenance", "--out", "close"])
        .ok();
    assert_eq!(found["missing"], Value::Null);
    let statement = bench.statement("close");
    let code: Code<'_> = statement.body().unwrap();
    assert_eq!(code.challenge, None);
    assert!(matches!(
        member.outcome(&bench, "close"),
        Some(Outcome::Closed { .. })
    ));
}

#[test]
fn a_probe_is_checked_and_does_nothing() {
    let (bench, mut member) = bench();
    signed(&bench, "probe", &[], "probe").ok();
    assert_eq!(member.outcome(&bench, "probe"), Some(Outcome::Probed));
    // It has used the challenge up like any other code.
    signed(&bench, "probe", &[], "second").ok();
    signed(&bench, "probe", &[], "third").ok();
    assert_eq!(member.outcome(&bench, "second"), Some(Outcome::Probed));
    assert!(matches!(
        member.outcome(&bench, "third"),
        Some(Outcome::Refused { reason, .. }) if reason == Reason::ChallengeStale.number()
    ));
}

#[test]
fn a_latch_that_closed_by_itself_says_so_under_the_code_that_opened_it() {
    let (bench, mut member) = bench();
    signed(&bench, "open", &["--for", "10m"], "open").ok();
    let opened = member.take(&bench.read("open"), Release::NotAsked).unwrap();
    let [closed] = member.pass(600_000).try_into().unwrap();
    assert_eq!(
        outcome_of(closed.clone()),
        Outcome::Closed {
            latch: latch(3),
            cause: CloseCause::Time
        }
    );
    bench.write("r1", opened);
    bench.write("r2", closed);
    bench.run(["receipts", "verify", "r1", "r2"]).ok();
    let shown = bench.run(["inspect", "r2"]).ok();
    assert_eq!(
        shown["outcome"],
        json!({"kind": "closed", "latch": "maintenance", "cause": "time"})
    );
    assert_eq!(shown["statement"], bench.statement("open").id().to_string());
}

#[tokio::test]
async fn the_receipts_of_opening_and_closing_are_waited_for() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let open = ["open", "pump-7", "maintenance", "--for", "10m", "--wait"];
    let found = run_beside(&bench, &open, online.serve()).await.ok();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "opened", "seconds": 600})
    );
    online.leave_state().await;
    let again = run_beside(&bench, &open, std::future::ready(())).await;
    again.refused(Reason::AlreadyOpen);
    let close = ["close", "pump-7", "maintenance", "--wait"];
    let found = run_beside(&bench, &close, online.serve()).await.ok();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "closed", "latch": "maintenance", "cause": "code"})
    );
    assert_eq!(found["receipt"]["status"]["open"], json!([]));
}
