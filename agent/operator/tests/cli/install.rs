//! `latch install`

use latch_verify::{
    Reason,
    statement::{Action, Audience, Code},
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Online, run_beside},
};

/// Ten pages, the last one short.
const IMAGE_LEN: usize = 37_000;

fn with_release(bench: Bench) -> Bench {
    let image: Vec<u8> = (0..IMAGE_LEN)
        .map(|place| u8::try_from(place % 251).unwrap_or(0))
        .collect();
    bench.write("image", image);
    bench
        .run([
            "release",
            "build",
            "image",
            "--version",
            "1.1.0",
            "--product",
            "pump",
            "--out",
            "r.latch",
        ])
        .ok();
    bench
}

fn install<'a>(audience: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [
        &["install"],
        audience,
        &["--release", "r.latch", "--image", "image"],
        more,
    ]
    .concat()
}

#[tokio::test]
async fn a_device_downloads_the_image_and_confirms_its_boot() {
    let broker = Broker::open();
    let bench = with_release(Bench::at(&broker.url()));
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let run = run_beside(
        &bench,
        &install(&["--device", "pump-7"], &["--wait"]),
        online.serve(),
    )
    .await;
    let found = run.ok();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "install-confirmed"})
    );
    assert_eq!(found["receipt"]["status"]["firmware"]["version"], "1.1.0");
    assert_eq!(
        found["receipt"]["status"]["firmware"]["manifest"],
        found["manifest"]
    );
    assert!(
        run.stderr.contains("the download has begun"),
        "{}",
        run.stderr
    );
    assert_eq!(
        online.member.device().running().version.to_string(),
        "1.1.0"
    );

    // Its state was left before, so the program does not know yet; the device does.
    let again = run_beside(
        &bench,
        &install(&["--device", "pump-7"], &["--wait"]),
        online.serve(),
    )
    .await;
    again.refused(Reason::ChallengeStale);
}

#[tokio::test]
async fn an_audience_is_waited_for_device_by_device() {
    let broker = Broker::open();
    let bench = with_release(Bench::at(&broker.url()));
    let mut online = Vec::new();
    for (name, seed) in [("a", [1; 32]), ("b", [2; 32])] {
        let member = Member::enrol(
            &bench,
            &Wish {
                seed,
                ..Wish::new(name)
            },
        );
        member.set_clock();
        online.push(Online::new(&broker, member).await);
    }
    bench.enrol(&Wish {
        product: "valve",
        seed: [3; 32],
        ..Wish::new("v")
    });
    let [first, second] = online.as_mut_slice() else {
        panic!("two devices")
    };
    let both = async {
        tokio::join!(first.serve(), second.serve());
    };
    let found = run_beside(&bench, &install(&["--all"], &["--wait"]), both)
        .await
        .ok();
    assert_eq!((&found["confirmed"], &found["of"]), (&2.into(), &2.into()));
    assert_eq!(
        found["audience"],
        json!({"tenant": "all devices", "enrolled": 2})
    );
    assert_eq!(
        found["devices"][1]["receipt"]["outcome"]["kind"],
        "install-confirmed"
    );

    let only_first = run_beside(
        &bench,
        &install(&["--all"], &["--wait", "--timeout", "2s"]),
        first.serve(),
    )
    .await;
    let found = only_first.json();
    assert_eq!(
        (only_first.code, &found["confirmed"]),
        (3, &0.into()),
        "{}",
        only_first.stderr
    );
    assert_eq!(
        found["devices"][0]["receipt"]["outcome"]["reason"]["name"],
        "NotNewer"
    );
    assert_eq!(found["devices"][1]["receipt"], Value::Null);
}

#[tokio::test]
async fn nothing_is_served_without_waiting_and_somebody_else_can() {
    let broker = Broker::open();
    let bench = with_release(Bench::at(&broker.url()));
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let sent = run_beside(
        &bench,
        &install(&["--device", "pump-7"], &[]),
        std::future::ready(()),
    )
    .await;
    assert_eq!(sent.ok()["served"], false);
    assert!(
        sent.stderr
            .contains("latch serve --release r.latch --image image"),
        "{}",
        sent.stderr
    );
    let serve = [
        "serve",
        "--release",
        "r.latch",
        "--image",
        "image",
        "--idle",
        "2s",
    ];
    let served = run_beside(&bench, &serve, online.serve()).await.ok();
    assert_eq!(
        online.member.device().running().version.to_string(),
        "1.1.0"
    );
    assert_eq!(served["devices"][0]["device"], "pump-7");
    assert!(served["pages_sent"].as_u64() >= Some(10), "{served}");
}

#[test]
fn what_no_device_would_take_is_not_sent() {
    let bench = with_release(Bench::new());
    bench
        .run_with(&install(&["--device", "pump-7"], &[]), "")
        .fails(1, "no device `pump-7`");
    bench
        .run_with(&install(&["--all"], &["--wait"]), "")
        .fails(6, "nobody to wait for");
    bench.run_with(&install(&[], &[]), "").fails(2, "--device");
    bench
        .run_with(&install(&["--all", "--cohort", "10"], &[]), "")
        .fails(2, "cannot be used with");
    bench
        .run_with(&install(&["--cohort", "200"], &["--out", "c"]), "")
        .fails(2, "between 0 and 100 percent");
    bench.write("image", b"another");
    bench
        .run_with(&install(&["--all"], &[]), "")
        .fails(3, "not the one that the manifest describes");
    bench.spoil("r.latch");
    bench
        .run_with(&install(&["--all"], &[]), "")
        .refused(Reason::BadSignature);
}

#[test]
fn a_rollout_goes_on_with_the_salt_of_its_first_part() {
    let bench = with_release(Bench::new());
    bench
        .run_with(&install(&["--cohort", "2.5"], &["--out", "first"]), "")
        .ok();
    let statement = bench.statement("first");
    let code: Code<'_> = statement.body().unwrap();
    let Audience::Cohort {
        salt,
        from: 0,
        below: 250,
    } = code.audience
    else {
        panic!("{:?}", code.audience)
    };
    assert_eq!(code.product, Some("pump".parse().unwrap()));
    assert!(
        matches!(code.action, Action::Install { manifest } if manifest == bench.statement("r.latch").id())
    );
    assert_eq!((code.incarnation, code.challenge), (None, None));
    let salt = salt.to_string();
    bench
        .run_with(
            &install(
                &["--cohort", "2.5..100", "--salt", &salt],
                &["--out", "rest"],
            ),
            "",
        )
        .ok();
    let rest = bench.run(["inspect", "rest"]).ok();
    assert_eq!(
        rest["audience"],
        json!({"cohort_salt": salt, "from_part": 250, "below_part": 10000, "of_parts": 10000})
    );
}
