//! Whoever brings pages brings too many, too slowly, or others: that costs the device nothing that lasts.

use latch_verify::{Reason, statement::Outcome};

use crate::world::{
    answer::Looked,
    bench::Bench,
    code::{BEGUN_MS, CODE_LIFE_MS},
    release::{Image, Release, version},
};

fn begun(image: &Image) -> (Bench, Release) {
    let release = image.release(version(2), 0);
    let mut bench = Bench::new();
    bench.begin(&release);
    (bench, release)
}

/// Writes and erases of journal and slots so far.
fn flash_operations(bench: &Bench) -> u64 {
    let slots = bench.hardware.slots.each_ref();
    let of_slots: u64 = slots.map(|slot| slot.look().operations()).iter().sum();
    bench.journal_operations() + of_slots
}

#[test]
fn data_without_end_is_never_written() {
    let image = Image::new(5000, 1);
    let (mut bench, release) = begun(&image);
    let before = flash_operations(&bench);
    let page = image.page(release.id, 0);
    for extra in [1, 1024, 100_000] {
        let longer = [page.clone(), vec![7; extra]].concat();
        let refusal = bench.device.page(&longer).expect_err("too long");
        assert_eq!(refusal.reason, Reason::PageLength);
    }
    // Pages past the end, of a larger image by the same hand, and of this one again and again.
    let larger = Image::new(12_000, 1);
    for index in 0..12 {
        let reason = bench
            .device
            .page(&larger.page(release.id, index))
            .map_err(|refusal| refusal.reason);
        let expected = if index == 0 {
            Reason::PageLength
        } else {
            Reason::PageOrder
        };
        let wrong = reason.expect_err("another image's page");
        assert!(
            wrong == expected || wrong == Reason::PageHash,
            "{index}: {wrong:?}"
        );
    }
    assert_eq!(flash_operations(&bench), before);
    bench.feed(&image).expect("pages");
    let before = flash_operations(&bench);
    for _ in 0..10_000 {
        assert!(bench.device.page(&page).is_err());
    }
    assert_eq!(flash_operations(&bench), before);
    assert_eq!(bench.arm(), Ok(None));
}

/// A page that comes again and again before it is whole wears no flash: it is checked in RAM first.
#[test]
fn pages_that_are_not_genuine_wear_nothing() {
    let image = Image::new(5000, 1);
    let (mut bench, release) = begun(&image);
    bench
        .device
        .page(&image.page(release.id, 0))
        .expect("a page");
    let before = flash_operations(&bench);
    let genuine = image.page(release.id, 1);
    for bit in 0..8 * genuine.len() {
        let mut page = genuine.clone();
        page[bit / 8] ^= 1 << (bit % 8);
        assert!(bench.device.page(&page).is_err(), "bit {bit}");
    }
    assert_eq!(flash_operations(&bench), before);
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
}

/// One who gives a page now and then holds the download for as long as its code lives, and no longer.
#[test]
fn a_slow_drip_ends_with_the_code() {
    let image = Image::new(12_000, 1);
    let (mut bench, release) = begun(&image);
    let left_ms = CODE_LIFE_MS - BEGUN_MS;
    for index in 0..8 {
        bench
            .device
            .page(&image.page(release.id, index))
            .expect("a page");
        bench.pass(left_ms / 10);
    }
    bench.pass(left_ms / 5 + 10);
    let Looked::InstallEnded(told) = bench.poll() else {
        panic!("the download goes on");
    };
    let reason = Reason::InstallVoid.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
    let refusal = bench
        .device
        .page(&image.page(release.id, 8))
        .expect_err("it is over");
    assert_eq!(refusal.reason, Reason::NoInstall);
    // And who comes next is served.
    let other = Image::new(3000, 9);
    let bench = bench.install(&other, &other.release(version(3), 0));
    assert_eq!(bench.device.running().version, version(3));
}
