//! 8xx, from the first page to the confirmation.

use latch_verify::{
    Reason, Refusal,
    device::{Paged, PagesWanted},
    ledger::InstallPhase,
    limits::TRIAL_BOOTS,
    statement::Outcome,
};

use crate::world::{
    answer::Looked,
    bench::Bench,
    code::CODE_LIFE_MS,
    release::{FACTORY, Image, Release, version},
};

/// A device that waits for the pages of an image.
fn downloading(image: &Image) -> (Bench, Release) {
    let mut bench = Bench::new();
    let release = image.release(version(2), 0);
    bench.begin(&release);
    (bench, release)
}

/// A device whose image is complete.
fn received(image: &Image) -> Bench {
    let (mut bench, _) = downloading(image);
    bench.feed(image).expect("pages");
    bench
}

/// A device that has booted into its new image.
fn on_trial(image: &Image) -> Bench {
    let mut bench = received(image);
    assert_eq!(bench.arm(), Ok(None));
    bench.reboot()
}

/// A page that is refused, counted as junk, and touches neither flash.
#[track_caller]
fn refuses_page(bench: &mut Bench, message: &[u8], expected: impl Into<Refusal>) {
    let expected = expected.into();
    let operations = |bench: &Bench| {
        let slots = bench
            .hardware
            .slots
            .each_ref()
            .map(|slot| slot.look().operations());
        (
            slots,
            bench.journal_operations(),
            bench.hardware.signed.get(),
        )
    };
    let before = (bench.standing(), operations(bench), bench.device.wanted());
    let junk = bench.device.junk().count;
    assert_eq!(bench.device.page(message), Err(expected));
    assert_eq!(
        (bench.standing(), operations(bench), bench.device.wanted()),
        before
    );
    assert_eq!(bench.device.junk().count, junk + 1);
    assert_eq!(bench.device.junk().last_reason, expected.reason.number());
}

#[test]
fn no_install() {
    let image = Image::new(5000, 1);
    let release = image.release(version(2), 0);
    let mut bench = Bench::new();
    refuses_page(&mut bench, &image.page(release.id, 0), Reason::NoInstall);
    let no_install = Refusal::from(Reason::NoInstall);
    assert_eq!(bench.arm(), Err(no_install));
    assert_eq!(bench.confirm(), Err(no_install));
    assert_eq!(bench.give_up(), Err(no_install));
    assert_eq!(bench.device.read_image(0, &mut [0]), Err(no_install));
    // Half a download is not armed, and what is not on trial confirms nothing.
    bench.begin(&release);
    assert_eq!(bench.arm(), Err(no_install));
    assert_eq!(bench.confirm(), Err(no_install));
    assert_eq!(bench.give_up(), Err(no_install));
    bench.feed(&image).expect("pages");
    refuses_page(&mut bench, &image.page(release.id, 4), Reason::NoInstall);
    assert_eq!(bench.device.read_image(0, &mut [0]), Err(no_install));
    assert_eq!(bench.confirm(), Err(no_install));
    assert_eq!(bench.arm(), Ok(None));
    assert_eq!(bench.arm(), Err(no_install));
    assert_eq!(bench.confirm(), Err(no_install));
}

#[test]
fn other_release() {
    let (image, other) = (Image::new(5000, 1), Image::new(5000, 2));
    let (mut bench, _) = downloading(&image);
    let page = other.page(other.release(version(2), 0).id, 0);
    refuses_page(&mut bench, &page, Reason::OtherRelease);
}

#[test]
fn page_order() {
    let image = Image::new(5000, 1);
    let (mut bench, Release { id, .. }) = downloading(&image);
    refuses_page(
        &mut bench,
        &image.page(id, 1),
        Refusal::new(Reason::PageOrder, 0, 1),
    );
    let next = PagesWanted {
        manifest: id,
        next: 1,
        of: 5,
    };
    assert_eq!(bench.device.page(&image.page(id, 0)), Ok(Paged::Kept(next)));
    refuses_page(
        &mut bench,
        &image.page(id, 0),
        Refusal::new(Reason::PageOrder, 1, 0),
    );
    let mut far = image.page(id, 1);
    far[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    refuses_page(
        &mut bench,
        &far,
        Refusal::new(Reason::PageOrder, 1, u32::MAX.into()),
    );
}

#[test]
fn page_length() {
    let image = Image::new(5000, 1);
    let (mut bench, Release { id, .. }) = downloading(&image);
    let page = image.page(id, 0);
    let longer = [page.as_slice(), &[0]].concat();
    // A proof with a hash more or less, the data as it should be.
    let (mut more, mut less) = (page.clone(), page.clone());
    more[20] += 1;
    more.splice(21..21, [0; 32]);
    less[20] -= 1;
    less.drain(21..53);
    let mut proof = page.clone();
    proof[20] = 17;
    for wrong in [
        &page[..0],
        &page[..20],
        &page[..60],
        &page[..page.len() - 1],
        &longer,
        &more,
        &less,
        &proof,
    ] {
        refuses_page(&mut bench, wrong, Reason::PageLength);
    }
}

#[test]
fn page_hash() {
    let image = Image::new(5000, 1);
    let (mut bench, Release { id, .. }) = downloading(&image);
    let page = image.page(id, 0);
    // A bit of the proof, of the data's beginning, and of its end.
    for place in [21, page.len() - 1024, page.len() - 1] {
        let mut wrong = page.clone();
        wrong[place] ^= 1;
        refuses_page(&mut bench, &wrong, Reason::PageHash);
    }
    // Another page of the same image, in this one's place.
    let mut other = image.page(id, 1);
    other[16..20].copy_from_slice(&0_u32.to_le_bytes());
    refuses_page(&mut bench, &other, Reason::PageHash);
    bench.feed(&image).expect("pages");
}

#[test]
fn read_back_past_the_end_is_a_page_length() {
    let mut bench = on_trial(&Image::new(5000, 1));
    assert_eq!(
        bench.device.read_image(4990, &mut [0; 11]),
        Err(Reason::PageLength.into())
    );
    assert_eq!(
        bench.device.read_image(u32::MAX, &mut [0; 1]),
        Err(Reason::PageLength.into())
    );
    assert_eq!(bench.device.read_image(4990, &mut [0; 10]), Ok(()));
}

#[test]
fn slot_mismatch_before_arming() {
    let image = Image::new(5000, 1);
    for place in [0, 4999] {
        let mut bench = received(&image);
        bench.hardware.slots[1].probe().contents_mut()[place] ^= 1;
        let told = bench.arm().expect("a verdict").expect("a receipt");
        let reason = Reason::SlotMismatch.number();
        assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
        let booted = bench.reboot();
        assert_eq!(booted.device.running().version, FACTORY);
        assert_eq!(booted.device.install_phase(), None);
    }
}

#[test]
fn slot_mismatch_at_a_trial_boot() {
    let image = Image::new(5000, 1);
    for boots in 0..TRIAL_BOOTS {
        let mut bench = received(&image);
        assert_eq!(bench.arm(), Ok(None));
        for _ in 0..boots {
            bench = bench.reboot();
        }
        bench.hardware.slots[1].probe().contents_mut()[4999] ^= 1;
        bench = bench.reboot();
        assert_eq!(last_outcome(&mut bench), reverted(Reason::SlotMismatch));
        assert_eq!(bench.device.running().version, FACTORY);
    }
}

#[test]
fn trial_expired() {
    let mut bench = on_trial(&Image::new(5000, 1));
    for left in (0..TRIAL_BOOTS).rev() {
        assert_eq!(
            bench.device.install_phase(),
            Some(InstallPhase::Trial {
                boots_left: left,
                started: false
            })
        );
        assert_eq!(bench.device.running().version, version(2));
        assert_eq!(bench.device.status().firmware.trial_boots_left, left + 1);
        bench = bench.reboot();
    }
    assert_eq!(last_outcome(&mut bench), reverted(Reason::TrialExpired));
    assert_eq!(bench.device.running().version, FACTORY);
    assert_eq!(bench.confirm(), Err(Reason::NoInstall.into()));
}

#[test]
fn trial_failed() {
    let mut bench = on_trial(&Image::new(5000, 1));
    let told = bench.give_up().expect("a receipt");
    assert_eq!(told.outcome(), reverted(Reason::TrialFailed));
    assert_eq!(told.receipt.status.firmware.version, FACTORY);
    let booted = bench.reboot();
    assert_eq!(booted.device.running().version, FACTORY);
    assert_eq!(booted.device.facts().firmware.security_floor, 0);
}

#[test]
fn install_void() {
    let image = Image::new(5000, 1);
    let void = Outcome::InstallFailed {
        reason: Reason::InstallVoid.number(),
    };
    // Complete too late.
    let mut bench = received(&image);
    bench.hardware.clock.advance(CODE_LIFE_MS);
    let told = bench.arm().expect("a verdict").expect("a receipt");
    assert_eq!(told.outcome(), void);
    // Given up before it is complete, and not a moment too early.
    let (mut bench, _) = downloading(&image);
    let begun_ms = crate::world::code::BEGUN_MS;
    bench.hardware.clock.advance(CODE_LIFE_MS - begun_ms - 1);
    assert_eq!(bench.poll(), Looked::Idle(Some(1)));
    bench.hardware.clock.advance(1);
    let Looked::InstallEnded(told) = bench.poll() else {
        panic!("the download goes on");
    };
    assert_eq!(told.outcome(), void);
    assert_eq!(bench.device.wanted(), None);
    // What is armed in time is tried, whatever the time.
    let mut bench = received(&image);
    assert_eq!(bench.arm(), Ok(None));
    bench.hardware.clock.advance(CODE_LIFE_MS);
    assert_eq!(bench.poll(), Looked::Idle(None));
    bench.reboot().confirm().expect("a confirmation");
}

fn reverted(reason: Reason) -> Outcome {
    Outcome::InstallReverted {
        reason: reason.number(),
    }
}

/// The outcome that the newest receipt tells.
fn last_outcome(bench: &mut Bench) -> Outcome {
    let statement = bench.device.recent().last().expect("a receipt");
    bench.receipt(statement).expect("a receipt").outcome()
}
