//! Pages and images of every size.

use latch_verify::{
    limits::{MAX_IMAGE, MAX_PAGE_LOG2, MIN_PAGE_LOG2},
    statement::{Action, Outcome},
    types::LatchId,
};

use crate::world::{
    bench::Bench,
    hardware::{ERASE, Hardware, SLOT},
    release::{Image, version},
};

/// Installs an image with pages of this size, with a boot after every third page.
fn installs(mut bench: Bench, image: &Image, to: u16) -> Bench {
    let release = image.release(version(to), 0);
    bench.begin(&release);
    let mut fed = 0;
    while let Some(wanted) = bench.device.wanted() {
        let page = image.page(wanted.manifest, wanted.next);
        bench.device.page(&page).expect("a page");
        fed += 1;
        if fed % 3 == 0 && fed < 64 {
            bench = bench.reboot();
        }
    }
    assert_eq!(bench.arm(), Ok(None));
    let mut bench = bench.reboot();
    let running = bench.device.running();
    assert_eq!(running.version, version(to));
    let slot = bench.hardware.slots[usize::from(running.slot)].look();
    assert!(slot.contents().starts_with(&image.bytes), "another image");
    drop(slot);
    bench.confirm().expect("a confirmation");
    bench
}

#[test]
fn pages_of_every_size_and_images_around_each_boundary() {
    for log2 in MIN_PAGE_LOG2..=MAX_PAGE_LOG2 {
        let page = 1 << log2;
        let around = [page, ERASE, 2 * ERASE, SLOT];
        let mut lengths: Vec<usize> = around
            .into_iter()
            .flat_map(|edge| [edge - 1, edge, edge + 1])
            .chain([1])
            .filter(|length| *length <= SLOT)
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        let mut bench = Bench::new();
        for (number, length) in lengths.into_iter().enumerate() {
            let number = u16::try_from(number).expect("few");
            let image = Image::paged(length, number as u8, log2);
            bench = installs(bench, &image, number + 2);
            bench.rest();
        }
    }
}

/// What a longer image has left behind a shorter one is no part of it, and nobody is let down by it.
#[test]
fn what_a_longer_image_has_left_in_the_slot_does_no_harm() {
    let mut bench = Bench::new();
    for (to, length) in [(2, SLOT), (3, SLOT), (4, 3000), (5, 100), (6, SLOT - 7)] {
        let image = Image::new(length, to as u8);
        bench = installs(bench, &image, to);
        bench.rest();
    }
    // Going back to a short one over a long one, where that is allowed.
    let image = Image::new(50, 9);
    let older = image.release(version(1), 0);
    let code = bench.sealed(LatchId::FIRMWARE, Action::Downgrade { manifest: older.id });
    let told = bench.submit_found(&code, &older);
    assert_eq!(told.outcome(), Outcome::InstallStarted);
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let mut bench = bench.reboot();
    bench.confirm().expect("a confirmation");
    assert_eq!(bench.device.running().version, version(1));
}

#[test]
fn the_largest_image_is_installed_on_a_host() {
    let size = usize::try_from(MAX_IMAGE).expect("a host");
    let bench = Bench::on(Hardware::with_slots(size));
    let image = Image::paged(size, 1, MAX_PAGE_LOG2);
    let bench = installs(bench, &image, 2);
    assert_eq!(bench.device.running().size, MAX_IMAGE);
}
