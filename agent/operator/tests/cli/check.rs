//! `latch check`

use latch_issue::DeviceState;
use latch_operator::{Project, Question, Unknown, state_of};
use latch_verify::{Reason, Refusal, device::Release, statement::Outcome};

use crate::{
    bench::{Bench, Run, Wish},
    fleet::{Member, outcome_of},
};

fn bench() -> (Bench, Member) {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    (bench, member)
}

fn check(bench: &Bench, file: &str, more: &[&str]) -> Run {
    bench.run_with(
        &[
            &["check", file, "--device", "pump-7", "--state", "state"],
            more,
        ]
        .concat(),
        "",
    )
}

#[test]
fn a_good_code_would_be_accepted_and_is() {
    let (bench, mut member) = bench();
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    let checked = check(&bench, "code", &[]);
    let found = checked.ok();
    assert_eq!(
        (&found["accepted"], &found["device_time"]),
        (&true.into(), &"unknown".into())
    );
    assert!(
        checked.stderr.contains("was used already"),
        "{}",
        checked.stderr
    );
    assert_eq!(found["not_known"].as_array().unwrap().len(), 2);
    assert_eq!(
        member.outcome(&bench, "code"),
        Some(Outcome::Applied { twin_version: 1 })
    );
}

#[test]
fn a_device_with_a_clock_would_refuse_a_code_that_is_over_or_not_yet_valid() {
    let (bench, mut member) = bench();
    member.set_clock();
    member.leave_state(&bench, "state");
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    assert_eq!(check(&bench, "code", &[]).ok()["device_time"], "trusted");
    let late = check(&bench, "code", &["--at", "2099-01-01T00:00:00Z"]).refused(Reason::Expired);
    assert_eq!(late["error"]["reason"]["found"], "2099-01-01T00:00:00Z");
    assert_eq!(late["accepted"], false);
    check(&bench, "code", &["--at", "2001-01-01T00:00:00Z"]).refused(Reason::NotYetValid);
    check(&bench, "code", &["--at", "soon"]).fails(2, "RFC 3339");
}

#[test]
fn a_device_without_a_clock_would_not_know_that_a_code_is_over() {
    let (bench, _) = bench();
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    check(&bench, "code", &["--at", "2099-01-01T00:00:00Z"]).ok();
}

#[test]
fn each_refusal_has_its_own_reason() {
    let (bench, mut member) = bench();
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    bench
        .run([
            "twin",
            "set",
            "pump-7",
            "a=1",
            "--expect-version",
            "9",
            "--out",
            "version",
        ])
        .ok();
    check(&bench, "version", &[]).refused(Reason::TwinVersion);

    bench
        .run([
            "command", "pump-7", "identify", "--state", "state", "--out", "command",
        ])
        .ok();
    check(&bench, "command", &[]).ok();
    member.reboot();
    member.leave_state(&bench, "state");
    let stale = check(&bench, "command", &[]);
    stale.refused(Reason::ChallengeStale);
    assert!(
        stale.stderr.contains("challenge before the one"),
        "{}",
        stale.stderr
    );

    bench.enrol(&Wish {
        seed: [9; 32],
        ..Wish::new("pump-8")
    });
    bench
        .run(["twin", "set", "pump-8", "a=1", "--out", "other"])
        .ok();
    check(&bench, "other", &[]).refused(Reason::OtherDevice);
    bench.spoil("code");
    check(&bench, "code", &[]).refused(Reason::BadSignature);
    check(&bench, "root.toml", &[]).refused(Reason::BadMagic);
    check(&bench, "state", &[]).fails(2, "this is a device state");
    check(&bench, "root.latch", &[]).ok();
}

#[test]
fn a_release_is_judged_with_the_code_that_names_it() {
    let (bench, mut member) = bench();
    bench.write("image", vec![5; 5000]);
    for (version, file) in [("1.1.0", "new.latch"), ("0.9.0", "old.latch")] {
        bench
            .run([
                "release",
                "build",
                "image",
                "--version",
                version,
                "--product",
                "pump",
                "--out",
                file,
            ])
            .ok();
    }
    let install = |file: &'static str, more: &[&str], out: &'static str| {
        let order = [
            "install",
            "--device",
            "pump-7",
            "--release",
            file,
            "--image",
            "image",
            "--state",
            "state",
            "--out",
            out,
        ];
        bench.run_with(&[&order[..], more].concat(), "")
    };
    install("old.latch", &[], "refused").refused(Reason::NotNewer);
    install("new.latch", &[], "code").ok();
    let alone = check(&bench, "code", &[]);
    alone.ok();
    assert!(alone.stderr.contains("--release"), "{}", alone.stderr);
    check(&bench, "code", &["--release", "new.latch"]).ok();
    check(&bench, "code", &["--release", "old.latch"]).refused(Reason::ManifestMissing);
    check(&bench, "new.latch", &[]).ok();
    let older = check(&bench, "old.latch", &[]).refused(Reason::NotNewer);
    assert_eq!(older["error"]["reason"]["expected"], "1.0.0");
    install("old.latch", &["--downgrade"], "down").ok();
    check(&bench, "down", &["--release", "old.latch"]).ok();

    let (code, release) = (bench.read("code"), bench.read("new.latch"));
    let receipt = member
        .take(&code, Release::Found(&release))
        .expect("an answer");
    assert_eq!(outcome_of(receipt), Outcome::InstallStarted);
}

#[test]
fn a_patch_for_which_the_twin_has_no_room_would_be_refused() {
    let (bench, mut member) = bench();
    let long = "x".repeat(900);
    for name in ["a", "b"] {
        bench
            .run([
                "twin",
                "set",
                "pump-7",
                &format!("{name}={long}"),
                "--out",
                name,
            ])
            .ok();
        assert!(matches!(
            member.outcome(&bench, name),
            Some(Outcome::Applied { .. })
        ));
    }
    member.leave_state(&bench, "state");
    bench
        .run(["twin", "set", "pump-7", &format!("c={long}"), "--out", "c"])
        .ok();
    check(&bench, "c", &[]).refused(Reason::TwinTooLarge);
    let outcome = member.outcome(&bench, "c");
    assert!(
        matches!(outcome, Some(Outcome::Refused { reason, .. }) if reason == Reason::TwinTooLarge.number())
    );
}

#[test]
fn a_device_under_another_epoch_would_refuse() {
    let (bench, _) = bench();
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    let project = Project::open(bench.folder()).unwrap();
    let record = project.registry().get(&"pump-7".parse().unwrap()).unwrap();
    let mut state = state_of(bench.read("state"), &record, project.tenant()).unwrap();
    (state.status.root_version, state.status.epoch) = (2, 2);
    let (code, trust) = (bench.read("code"), project.trust().unwrap());
    let at = latch_issue::now().unwrap();
    let question = Question {
        statement: &code,
        trust: &trust,
        state: &state,
        device_key: record.key.id(),
        at,
        release: None,
    };
    let verdict = question.answer().unwrap();
    assert_eq!(
        verdict.refusal,
        Some(Refusal::new(Reason::OtherEpoch, 2, 1))
    );
    assert!(
        verdict
            .unknown
            .contains(&Unknown::OtherRoot { there: 2, here: 1 })
    );
}

#[test]
fn a_device_of_the_release_before_would_not_understand() {
    let (bench, _) = bench();
    let project = Project::open(bench.folder()).unwrap();
    let record = project.registry().get(&"pump-7".parse().unwrap()).unwrap();
    let mut state = state_of(bench.read("state"), &record, project.tenant()).unwrap();
    bench
        .run(["unlock", "pump-7", "--state", "state", "--out", "unlock"])
        .ok();
    bench
        .run(["close", "pump-7", "maintenance", "--out", "close"])
        .ok();
    bench
        .run(["revoke", "keys/operator.pub.pem", "--out", "revocation"])
        .ok();
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    let trust = project.trust().unwrap();
    let verdict = |state: &DeviceState, file: &str| {
        let question = Question {
            statement: &bench.read(file),
            trust: &trust,
            state,
            device_key: record.key.id(),
            at: latch_issue::now().unwrap(),
            release: None,
        };
        question.answer().unwrap().refusal
    };
    for file in ["unlock", "close", "revocation", "code"] {
        assert_eq!(verdict(&state, file), None, "{file}");
    }
    state.status.body_versions = (0, 0);
    let unknown = Refusal::new(Reason::UnknownBodyVersion, 0, 1);
    assert_eq!(verdict(&state, "unlock"), Some(unknown));
    let unserved = Refusal::from(Reason::ActionNotServed);
    assert_eq!(verdict(&state, "close"), Some(unserved));
    let kind = Refusal::new(Reason::WrongKind, 1, 5);
    assert_eq!(verdict(&state, "revocation"), Some(kind));
    assert_eq!(verdict(&state, "code"), None);
}
