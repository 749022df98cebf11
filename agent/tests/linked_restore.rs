//! A device that has lost its images: its recovery program takes the confirmed one again, by way of
//! the relay.

mod done;
mod quay;
mod tenant;

use latch_agent::{Notice, QUEUE_LEN, SILENCE_MS, WINDOW};
use latch_link::{Program, timing::SILENT_MS};
use latch_mqtt::{PageServer, Want};
use latch_verify::{Reason, statement::Outcome};
use serde_json::json;

use quay::{BEGIN_MS, DEVICE, Quay};
use tenant::Manifest;

const PAGES: u32 = 10;
/// Long enough for both ends to see that a line is dead, and to say hello on it again.
const LONG_MS: u64 = 2 * SILENT_MS;

/// A device that runs a release of ten pages.
fn installed() -> (Quay, Manifest, PageServer) {
    let mut quay = Quay::connected();
    let image = tenant::image(PAGES as usize);
    let release = quay.tenant.release("1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let code = quay.tenant.install(DEVICE, quay.now_ms(), release.id);
    quay.send(&code.bytes);
    quay.message(&quay.topics.release(release.id), &release.bytes);
    quay.serve(&server);
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(
        done.outcomes().last(),
        Some(&(code.id, Outcome::InstallConfirmed))
    );
    (quay, release, server)
}

fn page(quay: &mut Quay, server: &PageServer, index: u32) {
    let topic = quay.topics.device_page(&DEVICE.parse().unwrap());
    quay.message(&topic, &server.page(index).unwrap());
}

fn programs(notices: &[Notice]) -> Vec<Program> {
    let program = |notice: &Notice| match notice {
        Notice::Standing(standing) => Some(standing.program),
        _ => None,
    };
    notices.iter().filter_map(program).collect()
}

fn faults(notices: &[Notice]) -> usize {
    let is_fault = |notice: &&Notice| {
        matches!(
            notice,
            Notice::Fault { .. } | Notice::Ignored { .. } | Notice::PageRefused { .. }
        )
    };
    notices.iter().filter(is_fault).count()
}

#[test]
fn the_confirmed_image_is_brought_back_without_a_code() {
    let (mut quay, release, server) = installed();
    quay.board.lose_images();
    quay.pass(LONG_MS);
    let done = quay.done();
    let wanted = Want::Pages {
        manifest: release.id,
        first: 0,
        count: PAGES.min(WINDOW),
    };
    assert_eq!(done.wants().first(), Some(&wanted));
    assert!(
        done.subscribed()
            .contains(&quay.topics.page_filter(server.root()))
    );
    assert_eq!((done.receipts().len(), done.states()), (0, 0));
    assert_eq!(programs(&done.notices()), [Program::Recovery]);
    assert_eq!(faults(&done.notices()), 0, "{:?}", done.notices());

    // What comes for it meanwhile waits: nobody judges it there.
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.send(&code.bytes);
    for index in 0..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    let done = quay.done();
    let notices = done.notices();
    let complete = Notice::ImageComplete {
        manifest: release.id,
    };
    assert!(notices.contains(&complete), "{notices:?}");
    assert_eq!(programs(&notices), [Program::Application]);
    assert_eq!(faults(&notices), 0, "{notices:?}");
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(
        done.outcomes(),
        [(code.id, outcome)],
        "no receipt is told twice"
    );
    assert_eq!(done.status().firmware.manifest, release.id);
}

#[test]
fn pages_of_another_image_are_refused_and_the_right_ones_asked_for_until_they_come() {
    let (mut quay, release, server) = installed();
    quay.board.lose_images();
    quay.pass(LONG_MS);
    quay.done();
    // Whoever serves has the release's name, and another image.
    let mut wrong = server.page(0).unwrap();
    *wrong.last_mut().unwrap() ^= 1;
    let topic = quay.topics.device_page(&DEVICE.parse().unwrap());
    quay.message(&topic, &wrong);
    let notices = quay.done().notices();
    let [Notice::PageRefused { refusal }] = notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(refusal.reason, Reason::PageHash);
    // Another release's pages are nobody's.
    let image = tenant::image(3);
    let other = quay.tenant.release("1.2.0", &image);
    let other = PageServer::new(&other.bytes, image).unwrap();
    page(&mut quay, &other, 0);
    assert_eq!(quay.done().notices(), []);
    // Nobody serves the right one for a while. It is said once.
    quay.pass(60 * SILENCE_MS);
    let done = quay.done();
    assert!(done.wants().len() > 3, "{:?}", done.wants());
    let missing = Notice::PagesMissing {
        manifest: release.id,
        next: 0,
    };
    assert_eq!(done.notices(), [missing]);
    quay.pass(60_000);
    quay.serve(&server);
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(programs(&done.notices()), [Program::Application]);
}

#[test]
fn a_queue_that_is_full_keeps_no_pages_away() {
    let (mut quay, _, server) = installed();
    quay.board.lose_images();
    quay.pass(LONG_MS);
    for value in 0..=QUEUE_LEN {
        let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value}));
        quay.send(&code.bytes);
    }
    let notices = quay.done().notices();
    assert_eq!(notices.last(), Some(&Notice::QueueFull));
    assert!(quay.core.has_room(), "its pages come from there");
    for index in 0..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    assert_eq!(quay.done().outcomes().len(), QUEUE_LEN);
}

#[test]
fn an_agent_that_starts_during_it_brings_the_image_too() {
    let (mut quay, release, server) = installed();
    quay.board.lose_images();
    quay.restart_agent();
    quay.pass(LONG_MS);
    quay.connect(false);
    let done = quay.done();
    assert_eq!(done.served(), [DEVICE]);
    assert!(matches!(done.wants()[..], [Want::Pages { manifest, .. }] if manifest == release.id));
    // It sleeps between its wants.
    let at_ms = quay.core.wake_at_ms().unwrap();
    assert!(BEGIN_MS + at_ms > quay.now_ms());
    for index in 0..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(programs(&done.notices()), [Program::Application]);
    assert!(done.states() > 0);
    let outcomes = done.outcomes();
    assert!(
        matches!(
            outcomes[..],
            [(_, Outcome::InstallStarted), (_, Outcome::InstallConfirmed)]
        ),
        "{outcomes:?}"
    );
}

#[test]
fn a_reset_during_it_begins_with_the_first_page() {
    let (mut quay, release, server) = installed();
    quay.board.lose_images();
    quay.pass(LONG_MS);
    for index in 0..4 {
        page(&mut quay, &server, index);
    }
    quay.done();
    quay.board.reset();
    quay.pass(LONG_MS);
    let first = Want::Pages {
        manifest: release.id,
        first: 0,
        count: PAGES,
    };
    assert_eq!(quay.done().wants().first(), Some(&first));
    for index in 0..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    assert_eq!(programs(&quay.done().notices()), [Program::Application]);
}
