//! `latch command`

use latch_verify::{
    Reason,
    statement::{Action, Code, Outcome},
};

use crate::{
    bench::{Bench, Wish},
    fleet::Member,
};

#[test]
fn a_command_answers_the_devices_challenge_and_runs_once() {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    bench
        .run([
            "command",
            "pump-7",
            "identify",
            "seconds=10",
            "--state",
            "state",
            "--out",
            "code",
        ])
        .ok();
    let statement = bench.statement("code");
    let code: Code<'_> = statement.body().unwrap();
    assert!(code.challenge.is_some() && code.incarnation == Some(1));
    assert!(matches!(
        code.action,
        Action::Command {
            name: "identify",
            ..
        }
    ));
    assert_eq!(member.outcome(&bench, "code"), Some(Outcome::Performed));
    // Put before it again, it is answered by the same receipt.
    assert_eq!(member.outcome(&bench, "code"), Some(Outcome::Performed));
    assert_eq!(member.device().facts().chain.number, 1);
}

#[test]
fn a_command_that_no_latch_guards_is_refused_here() {
    let bench = Bench::new();
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run(["command", "pump-7", "explode"])
        .refused(Reason::CommandUnassigned);
    bench
        .run(["command", "pump-7", "identify", "seconds"])
        .fails(2, "is no assignment");
    bench
        .run(["command", "pump-7", "identify", "seconds=null"])
        .fails(2, "null deletes");
}

#[test]
fn a_broker_that_is_not_there_is_named() {
    let bench = Bench::new();
    bench.enrol(&Wish::new("pump-7"));
    let failed = bench.run(["command", "pump-7", "identify"]);
    failed.fails(1, "no connection to the broker at mqtt://127.0.0.1:1");
    assert!(failed.stderr.contains("--broker"), "{}", failed.stderr);
    let elsewhere = bench.run([
        "--broker",
        "mqtt://u:secret@127.0.0.1:2",
        "command",
        "pump-7",
        "identify",
    ]);
    elsewhere.fails(1, "mqtt://127.0.0.1:2");
    assert!(!elsewhere.stderr.contains("secret"));
}

#[test]
fn what_proves_who_we_are_is_kept_from_other_brokers() {
    let bench = Bench::at("mqtt://user@127.0.0.1:1");
    bench.enrol(&Wish::new("pump-7"));
    let settings = String::from_utf8(bench.read("latch.toml")).unwrap();
    let settings = settings.replace("[keys]", "password-file = \"password\"\n[keys]");
    bench.write("latch.toml", settings);
    let own = bench.run(["command", "pump-7", "identify"]);
    own.fails(1, "password");
    // The file is not even opened for another broker.
    let elsewhere = [
        "--broker",
        "mqtt://user@127.0.0.1:2",
        "command",
        "pump-7",
        "identify",
    ];
    let other = bench.run(elsewhere);
    other.fails(1, "no connection to the broker at mqtt://127.0.0.1:2");
}
