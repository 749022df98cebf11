//! A slot that was restored while the journal knows of another image on its way into it.

use embedded_storage::nor_flash::NorFlash as _;
use latch_verify::{
    Reason,
    boot::Started,
    device::{Device, Release as Offer},
    statement::{Action, Outcome},
    types::LatchId,
};

use super::{
    board::Kit,
    loader::{UNIT, damage, image, seasoned, updated},
    rig::Rig,
    sweep::Past,
};
use crate::world::release::{FACTORY, Image, Release, version};

/// Slot 1 holds again what was confirmed, while the journal knows of another image on its way into it.
fn restored_behind_its_back(begin: impl FnOnce(&mut Rig<UNIT>, &Image)) -> Device<Kit<UNIT>> {
    let confirmed = image(1);
    let rig = updated(seasoned(), &confirmed, 2, 0);
    damage(&rig.board, 1);
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running().version, FACTORY, "the fallback runs");
    begin(&mut rig, &image(3));
    let mut bytes = confirmed.bytes.clone();
    bytes.resize(bytes.len().next_multiple_of(UNIT), 0xff);
    {
        let mut slot = rig.board.slots[1].probe();
        slot.erase(0, 8192).expect("power");
        slot.write(0, &bytes).expect("power");
    }
    Device::boot_as(rig.board.parts(), Started::Slot(1)).expect("a device")
}

fn begin_install(rig: &mut Rig<UNIT>, next: &Image) -> Release {
    let release = next.release(version(3), 0);
    let manifest = release.id;
    let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
    let told = rig.submit_with(&code, Offer::Found(&release.bytes), &mut Past::default());
    assert_eq!(told.outcome(), Outcome::InstallStarted);
    release
}

#[test]
fn a_restored_image_is_not_taken_for_the_one_on_trial() {
    let mut device = restored_behind_its_back(|rig, next| {
        begin_install(rig, next);
        rig.feed(next).expect("pages");
        rig.arm().expect("an armed image");
    });
    assert_eq!(device.running().version, version(2));
    let mut out = [0; 1024];
    let confirmed = device.confirm(&mut out).map(<[u8]>::len);
    assert_eq!(
        confirmed.map_err(|refusal| refusal.reason),
        Err(Reason::NoInstall)
    );
}

#[test]
fn the_slot_that_runs_is_not_written_over_by_a_download() {
    let device = restored_behind_its_back(|rig, next| {
        let release = begin_install(rig, next);
        rig.device.page(&next.page(release.id, 0)).expect("a page");
    });
    assert_eq!(device.running().version, version(2));
    assert_eq!(device.wanted(), None);
}
