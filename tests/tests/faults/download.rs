//! The agent is killed in the middle of a download.

use std::fs;

use latch_mqtt::{PageServer, Want};
use latch_verify::statement::Outcome;

use crate::stage::{Broker, DeviceHost, Listener, Operator, Release, Settings, topic, until};

const DEVICE: &str = "pump-7";
/// Pages of the image.
const PAGES: usize = 20;
/// Pages that are served before the kill.
const SERVED: u32 = 6;
/// What is whole when the agent comes back: pages of 1 KiB share an erase block of 4 KiB with three others.
const KEPT: u32 = 4;

#[test]
fn a_download_goes_on_where_it_was_cut_off() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.start();
    let release = Release::build(&operator, "1.1.0", PAGES);
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let wants = Listener::new(&broker, DEVICE, "want");
    let install = ["install", "--device", DEVICE]
        .into_iter()
        .chain(release.arguments());
    let published = operator.run(install).ok();
    let code = published["statement"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    assert_eq!(
        receipts.told(code, 1, &key)[0].receipt.outcome,
        Outcome::InstallStarted
    );
    assert_eq!(first_page(&wants.first()), 0);

    // No more than these, by hand: when the agent is killed, it cannot have gone further.
    let manifest = fs::read(operator.path(&release.file)).expect("the release is there");
    let server = PageServer::new(&manifest, release.image.clone()).expect("a page server");
    for index in 0..SERVED {
        let page = operator.write("page", &server.page(index).expect("a page"));
        broker.publish_file(&topic(DEVICE, "page"), &page);
    }
    host.says(&[
        "page kept",
        &format!("next={SERVED} "),
        &format!("of={PAGES}"),
    ]);
    host.kill();

    let serving = operator.begin(
        ["serve"]
            .into_iter()
            .chain(release.arguments())
            .chain(["--idle", "1m"]),
    );
    let wants = Listener::new(&broker, DEVICE, "want");
    host.start_unheard();
    assert_eq!(
        first_page(&wants.first()),
        KEPT,
        "pages that are durable are asked for again"
    );
    let next = host.says(&["page kept"]);
    assert!(next.contains(&format!("next={} ", KEPT + 1)), "{next}");
    host.says(&["image confirmed", "version=1.1.0"]);
    let outcome = until("the last receipt", || {
        receipts
            .receipts(code, &key)
            .pop()
            .map(|told| told.receipt.outcome)
            .filter(|outcome| *outcome != Outcome::InstallStarted)
    });
    assert_eq!(outcome, Outcome::InstallConfirmed);
    drop(serving);
    assert_eq!(
        host.activated(),
        [("1.1.0".to_owned(), Some(release.image.clone()))]
    );
}

fn first_page(want: &[u8]) -> u32 {
    let Want::Pages { first, .. } = Want::parse(want).expect("a want");
    first
}
