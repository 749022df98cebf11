//! `latch publish`

use latch_verify::Reason;

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

#[tokio::test]
async fn statements_go_where_their_kind_belongs() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench.write("image", b"x");
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
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    bench
        .run([
            "install",
            "--all",
            "--release",
            "r.latch",
            "--image",
            "image",
            "--out",
            "all",
        ])
        .ok();
    let sent = run_beside(
        &bench,
        &["publish", "r.latch", "all", "root.latch"],
        std::future::ready(()),
    )
    .await;
    assert_eq!(
        (sent.code, sent.stdout.lines().count()),
        (0, 3),
        "{}",
        sent.stderr
    );

    let topics = topics();
    let (release, all) = (bench.statement("r.latch"), bench.statement("all"));
    // Retained: whoever comes later finds them.
    for (topic, file) in [
        (topics.release(release.id()), "r.latch"),
        (topics.code(all.id()), "all"),
        (topics.trust(1), "root.latch"),
    ] {
        let mut line = Line::listening(&broker, "late", vec![topic.clone()]).await;
        let message = line.message().await;
        assert_eq!(
            (message.topic, message.payload, message.retain),
            (topic, bench.read(file), true)
        );
    }
    let mut online = Online::new(&broker, member).await;
    let answered = run_beside(&bench, &["publish", "code", "--wait"], online.serve())
        .await
        .ok();
    assert_eq!(answered["receipt"]["outcome"]["kind"], "applied");
    // The same code again: the same receipt.
    let again = run_beside(&bench, &["publish", "code", "--wait"], online.serve())
        .await
        .ok();
    assert_eq!(again["receipt"], answered["receipt"]);
}

#[test]
fn what_operators_do_not_publish_is_not_sent() {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    bench
        .run(["publish", "state"])
        .fails(2, "this is a device state");
    bench
        .run(["publish", "root.latch", "--wait"])
        .fails(2, "is not for one device");
    bench
        .run(["publish", "root.toml"])
        .refused(Reason::BadMagic);
    let other = Bench::empty();
    other.run(["init", "--tenant", "emca"]).ok();
    bench.write("foreign", other.read("root.latch"));
    bench
        .run(["publish", "foreign"])
        .refused(Reason::OtherTenant);
    bench
        .run(["publish", "root.latch"])
        .fails(1, "no connection to the broker");
}
