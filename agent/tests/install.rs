//! Installations through the relay, with a device in memory: from the code over manifest and
//! pages to the confirmed boot, or back.

mod done;
mod rig;
mod tenant;

use latch_agent::{Event, FAULT_REST_MS, Hook, MANIFEST_PATIENCE_MS, Notice, SILENCE_MS, WINDOW};
use latch_mqtt::{PageServer, Want};
use latch_verify::{Reason, statement::Outcome, types::StatementId};

use rig::{DEVICE, Rig};
use tenant::{Code, Manifest};

/// A rig with a release of 20 pages, and a code for it that was sent.
fn asked() -> (Rig, Manifest, PageServer, Code) {
    let mut rig = Rig::connected();
    let image = tenant::image(20);
    let release = rig.tenant.release("1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let code = rig.tenant.install(DEVICE, rig.now_ms(), release.id);
    rig.send(&code.bytes);
    (rig, release, server, code)
}

/// The same, with the manifest delivered.
fn begun() -> (Rig, Manifest, PageServer, Code) {
    let (mut rig, release, server, code) = asked();
    let topic = rig.topics.release(release.id);
    rig.message(&topic, &release.bytes);
    (rig, release, server, code)
}

/// The same, with the new image on trial.
fn on_trial() -> (Rig, Manifest, Code) {
    let (mut rig, release, server, code) = begun();
    rig.serve(&server);
    (rig, release, code)
}

fn activated(hooks: &[Hook]) -> Vec<(String, bool)> {
    let image = |hook: &Hook| match hook {
        Hook::Activate { image, reverting } => (image.version.to_string(), *reverting),
        other => panic!("{other:?}"),
    };
    hooks.iter().map(image).collect()
}

#[test]
fn an_image_is_fetched_tried_and_confirmed() {
    let (mut rig, release, server, code) = begun();
    rig.serve(&server);
    let done = rig.done();
    assert_eq!(done.outcomes(), [(code.id, Outcome::InstallStarted)]);
    let windows = [(0, WINDOW), (WINDOW, 20 - WINDOW)];
    let wants = windows.map(|(first, count)| Want::Pages {
        manifest: release.id,
        first,
        count,
    });
    assert_eq!(done.wants(), wants);
    let pages = done
        .notices()
        .iter()
        .filter(|notice| matches!(notice, Notice::PageKept { .. }))
        .count();
    assert_eq!(pages, 20);
    assert!(done.notices().contains(&Notice::Armed {
        manifest: release.id
    }));
    assert_eq!(activated(&done.hooks()), [("1.1.0".to_owned(), false)]);
    let shared = rig.topics.page_filter(server.root());
    assert!(done.subscribed().contains(&shared) && done.unsubscribed().contains(&shared));

    let mut read = vec![0; 20 * tenant::PAGE];
    rig.core
        .device_mut()
        .unwrap()
        .read_image(0, &mut read)
        .unwrap();
    assert_eq!(read, tenant::image(20));

    rig.end(Ok(()));
    let done = rig.done();
    assert!(matches!(done.hooks()[..], [Hook::Health { image }] if image.manifest == release.id));
    assert_eq!(done.receipts().len(), 0);
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(done.outcomes(), [(code.id, Outcome::InstallConfirmed)]);
    assert!(
        done.notices()
            .iter()
            .any(|notice| matches!(notice, Notice::Confirmed { .. }))
    );
    assert_eq!(rig.device().running().manifest, release.id);
}

/// The image of another component is installed by the same hook, and what runs runs on.
#[test]
fn a_component_is_installed_and_confirmed() {
    let mut rig = Rig::with_component();
    let image = tenant::image(5);
    let release = rig.tenant.release_for(1, "1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let code = rig.tenant.install(DEVICE, rig.now_ms(), release.id);
    rig.send(&code.bytes);
    let topic = rig.topics.release(release.id);
    rig.message(&topic, &release.bytes);
    rig.serve(&server);
    let running = rig.device().running();
    assert_eq!(running.version.to_string(), "1.0.0");
    let done = rig.done();
    assert!(
        matches!(done.hooks()[..], [Hook::Activate { image, reverting: false }] if image.component == 1)
    );
    rig.end(Ok(()));
    assert!(matches!(rig.done().hooks()[..], [Hook::Health { image }] if image.component == 1));
    rig.end(Ok(()));
    assert_eq!(
        rig.done().outcomes(),
        [(code.id, Outcome::InstallConfirmed)]
    );
    assert_eq!(rig.device().running(), running);
    let component = rig.device().facts().components.get(1).unwrap();
    assert_eq!(component.version.to_string(), "1.1.0");
}

#[test]
fn an_image_that_does_not_work_gives_way_to_the_one_before() {
    for (health, ends) in [(true, vec![Ok(()), Err(1)]), (false, vec![Err(3)])] {
        let (mut rig, _, code) = on_trial();
        rig.done();
        ends.into_iter().for_each(|end| rig.end(end));
        let done = rig.done();
        let reason = Reason::TrialFailed.number();
        assert_eq!(
            done.outcomes(),
            [(code.id, Outcome::InstallReverted { reason })]
        );
        let hooks = &done.hooks()[usize::from(health)..];
        assert_eq!(activated(hooks), [("1.0.0".to_owned(), true)]);
        let Hook::Activate { image, .. } = &hooks[0] else {
            unreachable!()
        };
        assert_eq!(image.manifest, StatementId::default());
        rig.end(Ok(()));
        assert_eq!(rig.device().running().version.to_string(), "1.0.0");
        assert_eq!(rig.done().hooks(), []);
    }
}

#[test]
fn what_a_revert_has_to_undo_is_undone_after_a_restart_too() {
    let (mut rig, ..) = on_trial();
    rig.end(Err(3));
    rig.restart();
    assert_eq!(activated(&rig.done().hooks()), [("1.0.0".to_owned(), true)]);
}

#[test]
fn a_trial_uses_up_its_boots_and_ends() {
    let (mut rig, _, code) = on_trial();
    let version = |hooks: &[Hook]| activated(hooks).pop().unwrap();
    for _ in 0..2 {
        rig.restart();
        assert_eq!(version(&rig.done().hooks()), ("1.1.0".to_owned(), false));
    }
    rig.restart();
    assert_eq!(version(&rig.done().hooks()), ("1.0.0".to_owned(), true));
    rig.event(Event::Connected {
        session_present: false,
    });
    let reason = Reason::TrialExpired.number();
    let reverted = Outcome::InstallReverted { reason };
    assert_eq!(
        rig.done().outcomes(),
        [(code.id, Outcome::InstallStarted), (code.id, reverted)]
    );
}

#[test]
fn a_download_goes_on_after_a_restart() {
    let (mut rig, release, server, _) = begun();
    let topic = rig.topics.device_page(&DEVICE.parse().unwrap());
    for index in 0..6 {
        rig.message(&topic, &server.page(index).unwrap());
    }
    rig.restart();
    rig.event(Event::Connected {
        session_present: false,
    });
    let done = rig.done();
    // Back to the beginning of the erase block of four pages in which it stopped.
    assert_eq!(
        done.wants(),
        [Want::Pages {
            manifest: release.id,
            first: 4,
            count: WINDOW - 4
        }]
    );
    assert!(
        done.subscribed()
            .contains(&rig.topics.page_filter(server.root()))
    );
}

#[test]
fn without_its_manifest_a_code_is_refused_and_not_burned() {
    let (mut rig, release, server, code) = asked();
    let done = rig.done();
    let topic = rig.topics.release(release.id);
    assert_eq!(
        done.notices(),
        [Notice::ManifestWanted {
            manifest: release.id
        }]
    );
    assert_eq!(done.subscribed(), std::slice::from_ref(&topic));
    // What is not the manifest that was asked for does not end the wait.
    rig.message(&topic, b"junk");
    rig.message(
        &topic,
        &rig.tenant.release("9.9.9", &tenant::image(1)).bytes.clone(),
    );
    assert_eq!(rig.core.wake_at_ms(), Some(MANIFEST_PATIENCE_MS));
    rig.wake();
    let done = rig.done();
    let [(_, Outcome::Refused { reason, .. })] = done.outcomes()[..] else {
        panic!("{:?}", done.outcomes())
    };
    assert_eq!(reason, Reason::ManifestMissing.number());
    assert_eq!(done.unsubscribed(), std::slice::from_ref(&topic));

    // The same code, sent again, is as good as new.
    rig.send(&code.bytes);
    rig.message(&topic, &release.bytes);
    rig.serve(&server);
    let done = rig.done();
    assert_eq!(
        done.outcomes().last(),
        Some(&(code.id, Outcome::InstallStarted))
    );
    assert_eq!(done.hooks().len(), 1);
}

#[test]
fn other_codes_do_not_wait_for_a_manifest() {
    let (mut rig, ..) = asked();
    rig.done();
    let twin = rig
        .tenant
        .set(DEVICE, rig.now_ms(), &serde_json::json!({"a": 1}));
    rig.send(&twin.bytes);
    assert!(matches!(rig.done().hooks()[..], [Hook::Twin { .. }]));
}

#[test]
fn only_the_page_that_is_wanted_reaches_the_device() {
    let (mut rig, _, server, _) = begun();
    rig.done();
    let topic = rig.topics.device_page(&DEVICE.parse().unwrap());
    let next = server.page(0).unwrap();
    let mut altered = next.clone();
    *altered.last_mut().unwrap() ^= 1;
    rig.message(&topic, &server.page(1).unwrap());
    rig.message(&topic, b"junk");
    assert_eq!(rig.device().junk().count, 0, "dropped before the device");
    rig.message(&topic, &altered);
    let done = rig.done();
    let [Notice::PageRefused { refusal }] = done.notices()[..] else {
        panic!("{:?}", done.notices())
    };
    assert_eq!(refusal.reason, Reason::PageHash);
    let shared = rig.topics.page(server.root(), 0);
    rig.message(&shared, &next);
    assert_eq!(rig.done().notices(), [Notice::PageKept { next: 1, of: 20 }]);
}

#[test]
fn a_silent_server_is_asked_again() {
    let (mut rig, release, server, _) = begun();
    rig.done();
    let topic = rig.topics.device_page(&DEVICE.parse().unwrap());
    rig.pass(1_000);
    rig.message(&topic, &server.page(0).unwrap());
    assert_eq!(rig.done().wants(), []);
    assert_eq!(rig.core.wake_at_ms(), Some(1_000 + SILENCE_MS));
    rig.wake();
    let again = Want::Pages {
        manifest: release.id,
        first: 1,
        count: WINDOW - 1,
    };
    assert_eq!(rig.done().wants(), [again]);
    assert_eq!(rig.core.wake_at_ms(), Some(1_000 + 3 * SILENCE_MS));
}

#[test]
fn a_download_whose_code_has_expired_ends() {
    let (mut rig, _, _, code) = begun();
    rig.done();
    rig.pass(25 * 3_600_000);
    let done = rig.done();
    let reason = Reason::InstallVoid.number();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::InstallFailed { reason })]
    );
    assert_eq!(done.wants(), []);
    assert_eq!(done.unsubscribed().len(), 1);
}

#[test]
fn a_newer_release_takes_the_place_of_one_under_way() {
    let (mut rig, _, _, code) = begun();
    rig.done();
    let image = tenant::image(3);
    let release = rig.tenant.release("1.2.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let newer = rig.tenant.install(DEVICE, rig.now_ms(), release.id);
    rig.send(&newer.bytes);
    let topic = rig.topics.release(release.id);
    rig.message(&topic, &release.bytes);
    rig.serve(&server);
    let done = rig.done();
    let reason = Reason::Superseded.number();
    let outcomes = [
        (code.id, Outcome::InstallFailed { reason }),
        (newer.id, Outcome::InstallStarted),
    ];
    assert_eq!(done.outcomes(), outcomes);
    assert_eq!(activated(&done.hooks()), [("1.2.0".to_owned(), false)]);
}

#[test]
fn each_boot_tells_its_challenge() {
    let (mut rig, ..) = on_trial();
    assert_eq!(rig.done().challenge(), rig.device().status().challenge);
    rig.end(Err(3));
    assert_eq!(rig.done().challenge(), rig.device().status().challenge);
}

/// Storage that fails at any moment of a submission, for a while, costs time and nothing else:
/// sent again until it is answered, the code has begun one installation.
#[test]
fn storage_that_fails_while_a_code_is_taken_costs_no_code() {
    let mut operation = 0;
    loop {
        let (mut rig, release, _, code) = asked();
        let topic = rig.topics.release(release.id);
        rig.journal.fail_at(operation);
        rig.message(&topic, &release.bytes);
        if !rig.journal.has_failed() {
            break;
        }
        rig.journal.mend();
        rig.pass(FAULT_REST_MS);
        rig.send(&code.bytes);
        rig.message(&topic, &release.bytes);
        let mut told = rig.done().outcomes();
        told.dedup();
        assert_eq!(
            told,
            [(code.id, Outcome::InstallStarted)],
            "failed at operation {operation}"
        );
        assert!(rig.device().wanted().is_some());
        operation += 1;
    }
    assert!(
        operation > 4,
        "no operation of a burn and its outcome failed"
    );
}

#[test]
fn a_connect_tells_all_that_the_device_keeps() {
    let (mut rig, _, server, code) = begun();
    let set = serde_json::json!({"a": 1});
    let twin = rig.tenant.set(DEVICE, rig.now_ms(), &set);
    rig.send(&twin.bytes);
    rig.end(Ok(()));
    rig.serve(&server);
    rig.end(Ok(()));
    rig.end(Ok(()));
    rig.done();
    rig.event(Event::Connected {
        session_present: true,
    });
    let applied = Outcome::Applied { twin_version: 1 };
    let kept = [
        (code.id, Outcome::InstallStarted),
        (twin.id, applied),
        (code.id, Outcome::InstallConfirmed),
    ];
    assert_eq!(rig.done().outcomes(), kept);
}
