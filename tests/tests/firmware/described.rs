//! An installation whose image is not the one that its manifest describes: as it lies in the journal of a device that has read the
//! manifest wrong once, before the code was burned.

use latch_verify::{
    Reason,
    ledger::{Effect, Image as Installed, Record},
    limits::MAX_RECORD,
    statement::Outcome,
    wire::{decode, encode},
};

use crate::world::{
    bench::Bench,
    journal::rewrite,
    release::{FACTORY, Image, version},
};

/// A device that has begun to install this image, as the journal says after the change.
fn begun(image: &Image, change: impl Fn(&mut Installed)) -> Bench {
    let mut bench = Bench::new();
    bench.begin(&image.release(version(2), 3));
    let hardware = bench.hardware.fork();
    let mut changed = 0;
    rewrite(&hardware, |body| {
        let mut room = [0; MAX_RECORD];
        let mut record: Record<'_> = decode(body).expect("a record");
        if let Record::Burn {
            effect: Effect::Install { image, .. },
            ..
        } = &mut record
        {
            change(image);
            changed += 1;
        }
        let written = encode(&record, &mut room).expect("a record").to_vec();
        *body = written;
    });
    assert_eq!(changed, 1);
    Bench::start(hardware).expect("a boot")
}

#[track_caller]
fn is_not_armed(mut bench: Bench) {
    let told = bench.arm().expect("a verdict").expect("a receipt");
    let reason = Reason::LogicFault.number();
    assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
    let bench = bench.reboot();
    assert_eq!(bench.device.running().version, FACTORY);
}

#[test]
fn pages_of_another_release_are_not_armed_under_the_name_of_this_one() {
    let (new, old) = (Image::new(5000, 1), Image::new(5000, 7));
    let mut bench = begun(&new, |installed| installed.merkle_root = old.tree.root());
    bench.feed(&old).expect("pages of its tree");
    is_not_armed(bench);
}

#[test]
fn an_image_is_not_armed_under_other_numbers_than_it_was_signed_with() {
    let changes: [fn(&mut Installed); 3] = [
        |installed| installed.version = version(9),
        |installed| installed.security_version = 4,
        |installed| installed.component = 1,
    ];
    let image = Image::new(5000, 1);
    for change in changes {
        let mut bench = begun(&image, change);
        bench.feed(&image).expect("pages");
        is_not_armed(bench);
    }
    let mut bench = begun(&image, |_| {});
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
}
