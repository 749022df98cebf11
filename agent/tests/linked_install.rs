//! Installations over a link: manifest, pages in windows, the boot in the middle, and what breaks
//! off on the way.

mod done;
mod quay;
mod tenant;

use latch_agent::{LinkedEffect, LinkedEvent, MANIFEST_PATIENCE_MS, Notice, SILENCE_MS, WINDOW};
use latch_link::{FromDevice, timing::SILENT_MS};
use latch_mqtt::{PageServer, Want};
use latch_verify::{Reason, statement::Outcome};
use serde_json::json;

use quay::{DEVICE, Quay};
use tenant::{Code, Manifest};

const PAGES: u32 = 20;
/// Long enough for both ends to see that a line is dead, and to say hello on it again.
const LONG_MS: u64 = 2 * SILENT_MS;

/// A release of 20 pages, and a code for it that was sent.
fn asked() -> (Quay, Manifest, PageServer, Code) {
    let mut quay = Quay::connected();
    let image = tenant::image(PAGES as usize);
    let release = quay.tenant.release("1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let code = quay.tenant.install(DEVICE, quay.now_ms(), release.id);
    quay.send(&code.bytes);
    (quay, release, server, code)
}

/// The same, with the manifest delivered.
fn begun() -> (Quay, Manifest, PageServer, Code) {
    let (mut quay, release, server, code) = asked();
    let topic = quay.topics.release(release.id);
    quay.message(&topic, &release.bytes);
    (quay, release, server, code)
}

fn page(quay: &mut Quay, server: &PageServer, index: u32) {
    let topic = quay.topics.device_page(&DEVICE.parse().unwrap());
    quay.message(&topic, &server.page(index).unwrap());
}

fn kept(notices: &[Notice]) -> Vec<u32> {
    let next = |notice: &Notice| match notice {
        Notice::PageKept { next, .. } => Some(*next),
        _ => None,
    };
    notices.iter().filter_map(next).collect()
}

#[test]
fn an_image_is_fetched_tried_and_confirmed() {
    let (mut quay, release, server, code) = begun();
    let done = quay.done();
    let manifest = quay.topics.release(release.id);
    assert!(done.subscribed().contains(&manifest) && done.unsubscribed().contains(&manifest));
    assert_eq!(done.outcomes(), [(code.id, Outcome::InstallStarted)]);
    let shared = quay.topics.page_filter(server.root());
    assert!(done.subscribed().contains(&shared));
    let window = |first, count| Want::Pages {
        manifest: release.id,
        first,
        count,
    };
    assert_eq!(done.wants(), [window(0, WINDOW)]);

    for index in 0..WINDOW {
        page(&mut quay, &server, index);
    }
    assert_eq!(quay.done().wants(), [window(WINDOW, PAGES - WINDOW)]);
    for index in WINDOW..PAGES {
        page(&mut quay, &server, index);
    }
    // The device boots, and is met again.
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(kept(&done.notices()), Vec::from_iter(WINDOW + 1..=PAGES));
    let complete = Notice::ImageComplete {
        manifest: release.id,
    };
    assert!(done.notices().contains(&complete));
    assert_eq!(done.outcomes(), [(code.id, Outcome::InstallConfirmed)]);
    assert!(done.unsubscribed().contains(&shared));
    assert_eq!(done.status().firmware.manifest, release.id);
}

#[test]
fn pages_that_come_early_wait_and_others_are_passed_over() {
    let (mut quay, _, server, _) = begun();
    quay.done();
    page(&mut quay, &server, 2);
    page(&mut quay, &server, 1);
    // Beyond what is asked for.
    page(&mut quay, &server, WINDOW);
    assert!(kept(&quay.done().notices()).is_empty());
    page(&mut quay, &server, 0);
    assert_eq!(kept(&quay.done().notices()), [1, 2, 3]);
    quay.pass(SILENCE_MS);
    let wants = quay.done().wants();
    assert!(
        matches!(wants[..], [Want::Pages { first: 3, count, .. }] if count == WINDOW - 3),
        "{wants:?}"
    );
}

#[test]
fn a_false_page_is_refused_and_the_true_one_taken() {
    let (mut quay, _, server, _) = begun();
    quay.done();
    let mut false_page = server.page(0).unwrap();
    *false_page.last_mut().unwrap() ^= 1;
    let topic = quay.topics.device_page(&DEVICE.parse().unwrap());
    quay.message(&topic, &false_page);
    let notices = quay.done().notices();
    let [Notice::PageRefused { refusal }] = notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(refusal.reason, Reason::PageHash);
    page(&mut quay, &server, 0);
    assert_eq!(kept(&quay.done().notices()), [1]);
}

#[test]
fn codes_and_pages_take_turns() {
    let (mut quay, _, server, _) = begun();
    quay.done();
    let (topic, pages) = (
        quay.code_topic(),
        quay.topics.device_page(&DEVICE.parse().unwrap()),
    );
    for index in 0..3 {
        quay.tell(LinkedEvent::Message {
            topic: &pages,
            payload: &server.page(index).unwrap(),
        });
    }
    for value in 0..3 {
        let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value}));
        quay.tell(LinkedEvent::Message {
            topic: &topic,
            payload: &code.bytes,
        });
    }
    quay.settle();
    let order: Vec<bool> = quay
        .done()
        .notices()
        .iter()
        .filter(|notice| !matches!(notice, Notice::Queued { .. }))
        .map(|notice| matches!(notice, Notice::PageKept { .. }))
        .collect();
    assert_eq!(order, [true, false, true, false, true, false]);
}

#[test]
fn a_page_that_the_device_cannot_read_is_not_sent_for_ever() {
    let (mut quay, _, server, _) = begun();
    quay.done();
    quay.cable = false;
    page(&mut quay, &server, 0);
    let said = |effects: &[LinkedEffect]| {
        let tag = |effect: &LinkedEffect| match effect {
            LinkedEffect::Say(request) => Some(request.message().tag()),
            _ => None,
        };
        effects.iter().filter_map(tag).collect::<Vec<u16>>()
    };
    let [tag] = said(&quay.done().effects)[..] else {
        panic!("one page goes over")
    };
    let result = Err(Reason::NotDecodable.into());
    quay.tell(LinkedEvent::Said(FromDevice::Done { tag, result }));
    let done = quay.done();
    assert!(said(&done.effects).is_empty(), "{:?}", done.effects);
    assert!(matches!(done.notices()[..], [Notice::Fault { .. }]));
}

#[test]
fn a_download_goes_on_where_the_flash_says_after_a_reset() {
    let (mut quay, _, server, code) = begun();
    for index in 0..6 {
        page(&mut quay, &server, index);
    }
    quay.done();
    quay.board.reset();
    quay.pass(SILENCE_MS / 2);
    let wants = quay.done().wants();
    // Its flash is erased four pages at a time.
    assert!(
        matches!(wants[..], [Want::Pages { first: 4, .. }, ..]),
        "{wants:?}"
    );
    for index in 4..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    let outcomes = quay.done().outcomes();
    assert_eq!(outcomes.last(), Some(&(code.id, Outcome::InstallConfirmed)));
}

#[test]
fn a_cable_that_is_pulled_during_a_download_delays_it() {
    let (mut quay, _, server, code) = begun();
    quay.done();
    quay.cable = false;
    page(&mut quay, &server, 0);
    quay.pass(LONG_MS);
    quay.cable = true;
    quay.pass(LONG_MS);
    // It was here all the while.
    assert_eq!(kept(&quay.done().notices()), [1]);
    for index in 1..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    let outcomes = quay.done().outcomes();
    assert_eq!(outcomes.last(), Some(&(code.id, Outcome::InstallConfirmed)));
}

#[test]
fn an_agent_that_starts_again_goes_on_with_the_download() {
    let (mut quay, release, server, code) = begun();
    for index in 0..4 {
        page(&mut quay, &server, index);
    }
    quay.restart_agent();
    quay.pass(LONG_MS);
    quay.connect(true);
    let wants = quay.done().wants();
    let count = WINDOW - 4;
    let first = Want::Pages {
        manifest: release.id,
        first: 4,
        count,
    };
    assert_eq!(wants, [first]);
    for index in 4..PAGES {
        page(&mut quay, &server, index);
    }
    quay.pass(LONG_MS);
    let outcomes = quay.done().outcomes();
    assert_eq!(outcomes.last(), Some(&(code.id, Outcome::InstallConfirmed)));
}

#[test]
fn a_manifest_that_does_not_come_is_told_and_one_that_is_another_is_not_taken() {
    let (mut quay, release, _, code) = asked();
    let notices = quay.done().notices();
    assert_eq!(
        notices,
        [Notice::ManifestWanted {
            manifest: release.id
        }]
    );
    let other = quay.tenant.release("1.2.0", &tenant::image(3));
    quay.message(&quay.topics.release(release.id), &other.bytes);
    assert_eq!(quay.done().effects, []);
    quay.pass(MANIFEST_PATIENCE_MS);
    let done = quay.done();
    let missing = Notice::ManifestMissing {
        manifest: release.id,
    };
    assert!(done.notices().contains(&missing));
    let [(statement, Outcome::Refused { reason, .. })] = done.outcomes()[..] else {
        panic!("{:?}", done.outcomes())
    };
    assert_eq!(
        (statement, reason),
        (code.id, Reason::ManifestMissing.number())
    );
}

#[test]
fn patience_for_a_manifest_begins_anew_after_a_lost_link() {
    let (mut quay, release, _, code) = asked();
    quay.cable = false;
    quay.pass(LONG_MS);
    quay.done();
    quay.cable = true;
    while !quay.core.has_room() {
        quay.pass(100);
    }
    quay.message(&quay.topics.release(release.id), &release.bytes);
    let outcomes = quay.done().outcomes();
    assert_eq!(outcomes, [(code.id, Outcome::InstallStarted)]);
}
