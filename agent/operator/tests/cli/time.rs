//! `latch time attest`

use latch_issue::Statement;
use latch_mqtt::{DeviceTopic, Publication, Topic};
use latch_verify::{
    Reason,
    device::{Release, Submitted},
    limits::{MAX_RECEIPT_ENVELOPE, PULSE_ROTATE_MS},
    statement::{TimeAttestation, TimeStatus},
    types::Challenge,
};
use serde_json::Value;

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

/// A project with time keys of which `threshold` must sign; it holds the first.
fn bench(broker: &str, threshold: u8) -> Bench {
    let bench = Bench::at(broker);
    for name in ["keys/time.pem", "tim.pem"] {
        bench.make_key(name);
    }
    let settings = String::from_utf8(bench.read("latch.toml")).expect("text");
    bench.write("latch.toml", settings + "time = [\"keys/time.pem\"]\n");
    bench.with_rules(|rules| {
        rules
            .replace(
                "# approver    = []",
                "time = [\"keys/time.pub.pem\", \"tim.pub.pem\"]\n# approver    = []",
            )
            .replace("release = 1", &format!("release = 1\ntime = {threshold}"))
    })
}

fn offline() -> (Bench, Member) {
    let bench = bench(crate::bench::NO_BROKER, 1);
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    (bench, member)
}

fn take(member: &mut Member, statement: &[u8]) {
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    let submitted = member
        .device()
        .submit(statement, Release::NotAsked, &mut out);
    assert!(!matches!(submitted, Submitted::Ignored(_)));
}

/// The pulse that an attestation answers.
fn answered(attestation: &[u8]) -> Option<Challenge> {
    let statement = Statement::from_bytes(attestation.to_vec()).expect("a statement");
    let attestation: TimeAttestation = statement.body().expect("an attestation");
    attestation.pulse
}

#[test]
fn the_answer_to_a_pulse_gives_the_device_the_time() {
    let (bench, mut member) = offline();
    assert_eq!(member.device().status().time, TimeStatus::Unknown);
    let attest = ["time", "attest", "pump-7", "--state", "state", "--out", "t"];
    let found = bench.run(attest).ok();
    assert_eq!(
        (&found["device"], &found["missing"]),
        (&"pump-7".into(), &Value::Null)
    );
    let statement = bench.statement("t");
    let attestation: TimeAttestation = statement.body().unwrap();
    assert_eq!(attestation.pulse, Some(member.device().status().pulse));
    let check = ["check", "t", "--device", "pump-7", "--state", "state"];
    bench.run(check).ok();
    take(&mut member, &bench.read("t"));
    assert_eq!(
        member.device().status().time,
        TimeStatus::Trusted(attestation.time_ms)
    );
    member.reboot();
    member.leave_state(&bench, "state");
    bench.run(check).refused(Reason::PulseStale);
}

#[test]
fn what_is_told_to_all_raises_the_floor_only() {
    let (bench, mut member) = offline();
    let found = bench.run(["time", "attest", "--out", "t"]).ok();
    assert_eq!(found["device"], Value::Null);
    let shown = bench.run(["inspect", "t"]).ok();
    assert_eq!(
        (&shown["kind"], &shown["pulse"]),
        (&"attestation of the time".into(), &Value::Null)
    );
    assert_eq!(shown["signatures"][0]["role"], "time");
    // A device that knows nothing has nothing to measure it by.
    let check = ["check", "t", "--device", "pump-7", "--state", "state"];
    bench.run(check).refused(Reason::NoTrustedTime);
    let first = [
        "time", "attest", "pump-7", "--state", "state", "--out", "one",
    ];
    bench.run(first).ok();
    take(&mut member, &bench.read("one"));
    member.reboot();
    member.leave_state(&bench, "state");
    bench.run(check).refused(Reason::TimeBehind);

    bench.run(["time", "attest", "--out", "later"]).ok();
    let statement = bench.statement("later");
    let attestation: TimeAttestation = statement.body().unwrap();
    take(&mut member, &bench.read("later"));
    assert_eq!(
        member.device().status().time,
        TimeStatus::Floor(attestation.time_ms)
    );
    bench
        .run(["time", "attest", "--state", "state"])
        .fails(2, "<DEVICE>");
}

#[test]
fn as_many_time_keys_sign_as_the_root_asks_for() {
    let bench = bench(crate::bench::NO_BROKER, 2);
    bench.enrol(&Wish::new("pump-7"));
    bench.run(["time", "attest"]).refused(Reason::TooFewTime);
    let incomplete = bench.run(["time", "attest", "--out", "t"]).ok();
    assert_eq!(incomplete["missing"]["name"], "TooFewTime");
    let signed = bench.run(["sign", "t", "--key", "tim.pem"]).ok();
    assert_eq!(
        (&signed["role"], &signed["missing"]),
        (&"time".into(), &Value::Null)
    );
    // A tenant without time keys attests nothing.
    let other = Bench::new();
    other.run(["time", "attest"]).fails(1, "no time key");
    other
        .run(["time", "attest", "--key", "keys/operator.pem"])
        .refused(Reason::TooFewTime);
}

#[tokio::test]
async fn attestations_go_to_one_device_or_to_all() {
    let broker = Broker::open();
    let bench = bench(&broker.url(), 1);
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let name = "pump-7".parse().unwrap();
    let to_one = topics().name(&Topic::Device(name, DeviceTopic::Code));
    let to_all = topics().time();
    let mut line = Line::listening(&broker, "ear", vec![to_one.clone(), to_all.clone()]).await;
    let run = async |arguments| run_beside(&bench, arguments, std::future::ready(())).await;
    let wrote = run(&["time", "attest", "pump-7", "--out", "t"]).await;
    wrote.ok();
    assert!(
        wrote.stderr.contains("latch publish t --to pump-7"),
        "{}",
        wrote.stderr
    );
    run(&["publish", "t"]).await.fails(2, "--to DEVICE");
    for (arguments, topic) in [
        (&["time", "attest", "pump-7"][..], to_one.clone()),
        (&["time", "attest"], to_all),
        (&["publish", "t", "--to", "pump-7"], to_one.clone()),
    ] {
        let sent = run(arguments).await;
        assert_eq!(sent.ok()["topic"], topic.as_str());
        let message = line.message().await;
        assert_eq!((&message.topic, message.retain), (&topic, false));
        if message.payload == bench.read("t") {
            take(&mut online.member, &message.payload);
        }
    }
    assert!(matches!(
        online.member.device().status().time,
        TimeStatus::Trusted(_)
    ));
}

#[tokio::test]
async fn every_new_pulse_is_answered_as_it_comes() {
    let broker = Broker::open();
    let bench = bench(&broker.url(), 1);
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let name = "pump-7".parse().unwrap();
    let code = topics().device_code(&name);
    let mut line = Line::listening(&broker, "ear", vec![code]).await;
    let beside = async {
        let first = answered(&line.message().await.payload);
        assert_eq!(first, Some(online.member.device().status().pulse));
        // The same pulse again is nothing new, and junk is nobody's word.
        online.leave_state().await;
        let junk = Publication::new(topics().device_state(&name), b"junk");
        line.publish(junk).await;
        online.member.pass(PULSE_ROTATE_MS);
        online.leave_state().await;
        let second = answered(&line.message().await.payload);
        assert_eq!(second, Some(online.member.device().status().pulse));
        assert_ne!(second, first);
    };
    let serve = ["time", "serve", "--idle", "2s"];
    let run = run_beside(&bench, &serve, beside).await;
    let found = run.ok();
    assert_eq!(
        (&found["answers"], &found["devices"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        run.stderr.matches("passed over").count(),
        1,
        "{}",
        run.stderr
    );
}
