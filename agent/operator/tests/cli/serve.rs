//! `latch serve`

use latch_mqtt::{Publication, Want};
use latch_verify::{image::Page, statement::Manifest, types::DeviceId};

use crate::{
    bench::Bench,
    broker::Broker,
    online::{Line, run_beside, topics},
};

#[tokio::test]
async fn wants_are_answered_with_pages_that_verify() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    bench.write("image", vec![9; 9000]);
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
    let (release, topics) = (bench.statement("r.latch"), topics());
    let device: DeviceId = "pump-7".parse().unwrap();
    let mut line = Line::listening(&broker, "pump-7", vec![topics.device_page(&device)]).await;
    let want = |manifest, first, count| {
        let want = Want::Pages {
            manifest,
            first,
            count,
        }
        .to_bytes();
        Publication::new(topics.device_want(&device), want)
    };
    let asking = async {
        let manifest: Manifest<'_> = release.body().unwrap();
        // Junk, a want for another release, one past the end: none is answered.
        line.publish(Publication::new(topics.device_want(&device), b"junk"))
            .await;
        line.publish(want(Default::default(), 0, 1)).await;
        line.publish(want(release.id(), 3, 1)).await;
        // The server may not listen yet: ask until it does.
        let first = loop {
            line.publish(want(release.id(), 1, 64)).await;
            tokio::select! {
                message = line.message() => break message,
                () = tokio::time::sleep(std::time::Duration::from_millis(100)) => {}
            }
        };
        let second = line.message().await;
        for (index, message) in [(1, first), (2, second)] {
            let page = Page::parse(&message.payload).unwrap();
            assert_eq!(page.index, index);
            assert_eq!(
                page.verify(&manifest).unwrap().len(),
                if index == 2 { 808 } else { 4096 }
            );
        }
    };
    let serve = [
        "serve",
        "--release",
        "r.latch",
        "--image",
        "image",
        "--idle",
        "1s",
    ];
    let found = run_beside(&bench, &serve, asking).await.ok();
    assert_eq!(found["devices"][0]["device"], "pump-7");
    assert!(found["pages_sent"].as_u64() >= Some(2));
}

#[test]
fn only_the_image_of_the_release_is_served() {
    let bench = Bench::new();
    bench.write("image", vec![9; 9000]);
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
        .run(["serve", "--release", "r.latch", "--image", "image"])
        .fails(1, "no connection to the broker");
    bench
        .run(["serve", "--release", "root.latch", "--image", "image"])
        .fails(3, "cannot be read");
    bench.write("image", vec![8; 9000]);
    bench
        .run(["serve", "--release", "r.latch", "--image", "image"])
        .fails(3, "not the one that the manifest describes");
}
