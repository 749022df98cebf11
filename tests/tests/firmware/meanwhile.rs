//! What changes between the code of an installation and its end.

use latch_verify::{
    Reason,
    boot::{Bootloader, Start},
    limits::MAX_RECORD,
    statement::Outcome,
};

use crate::world::{
    bench::Bench,
    keys::{RELEASE, ROOT, STRANGER},
    release::{FACTORY, Image, version},
    root::RootSpec,
};

/// All pages are there.
fn received(image: &Image) -> Bench {
    let release = image.release(version(2), 3);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(image).expect("pages");
    bench
}

#[track_caller]
fn is_not_armed(mut bench: Bench, reason: Reason) {
    let told = bench.arm().expect("a verdict").expect("a receipt");
    let reason = reason.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
    let bench = bench.reboot();
    assert_eq!(bench.device.running().version, FACTORY);
    assert_eq!(bench.device.facts().firmware.security_floor, 0);
}

#[test]
fn an_image_is_not_armed_under_another_epoch() {
    let mut bench = received(&Image::new(5000, 1));
    bench.succeed(&RootSpec::default().next_epoch(), &ROOT);
    is_not_armed(bench, Reason::InstallVoid);
}

#[test]
fn an_image_is_not_armed_whose_release_key_was_dropped() {
    let mut bench = received(&Image::new(5000, 1));
    let mut root = RootSpec::default().next();
    root.exchange(RELEASE[0], STRANGER);
    bench.succeed(&root, &ROOT);
    is_not_armed(bench, Reason::ManifestNotSigned);
}

#[test]
fn an_image_is_not_armed_while_the_device_is_locked_down() {
    let mut bench = received(&Image::new(5000, 1));
    bench.locks_down();
    is_not_armed(bench, Reason::LockedDown);
}

/// Confirmed images rest on the root that was journalled, not on keys.
#[test]
fn new_release_keys_brick_nothing() {
    let (first, second) = (Image::new(5000, 1), Image::new(6000, 2));
    let bench = Bench::new().install(&first, &first.release(version(2), 3));
    let mut bench = bench.install(&second, &second.release(version(3), 3));
    let mut root = RootSpec::default().next_epoch();
    root.exchange(RELEASE[0], STRANGER);
    bench.succeed(&root, &ROOT);
    let bench = bench.reboot();
    let running = bench.device.running();
    assert_eq!(running.version, version(3));
    let start = |bench: &Bench| {
        let hardware = bench.hardware.fork();
        let mut buffer = [0; MAX_RECORD];
        let mut loader = Bootloader::read(hardware.journal.clone(), &mut buffer).expect("it");
        loader.start(&mut hardware.slots.clone(), &mut buffer).start
    };
    assert_eq!(start(&bench), Start::Confirmed(running));
    // The one before it as well.
    let mut cells = bench.hardware.slots[usize::from(running.slot)].probe();
    embedded_storage::nor_flash::NorFlash::erase(&mut *cells, 0, 4096).expect("power");
    drop(cells);
    assert!(matches!(start(&bench), Start::Fallback(image) if image.version == version(2)));
}
