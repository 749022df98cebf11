//! What a bootloader starts, and what the device makes of it.

use embedded_storage::nor_flash::NorFlash as _;
use latch_verify::{
    Reason,
    boot::{BootFault, Bootloader, Start, Started},
    device::{Device, JOURNAL_SECTOR, MountFault, Paged, Release as Offer},
    journal::Journal,
    ledger::{Firmware, Image as Slotted, InstallPhase, Record},
    limits::{MAX_RECORD, TRIAL_BOOTS},
    statement::{Action, Manifest, Outcome},
    types::{Digest, LatchId, VersionRange},
    wire::encode,
};

use super::{
    board::{Board, Kit},
    rig::Rig,
    rollout::armed,
    sweep::Past,
};
use crate::world::{
    code::command,
    keys::RELEASE,
    release::{FACTORY, Image, Release, version},
    root::maintenance,
};

pub(super) const UNIT: usize = 4;

pub(super) fn seasoned() -> Rig<UNIT> {
    Rig::seasoned(Board::new())
}

pub(super) fn image(first: u8) -> Image {
    Image::new(5 * 1024 + 100, first)
}

/// A device that has installed an image of this security version.
pub(super) fn updated(rig: Rig<UNIT>, image: &Image, to: u16, security_version: u32) -> Rig<UNIT> {
    let mut rig = armed_with(rig, image, to, security_version).reboot();
    rig.confirm().expect("a confirmation");
    rig
}

/// A device whose next boot tries the image.
fn armed_with(mut rig: Rig<UNIT>, image: &Image, to: u16, security_version: u32) -> Rig<UNIT> {
    let release = image.release(version(to), security_version);
    let manifest = release.id;
    let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
    let told = rig.submit_with(&code, Offer::Found(&release.bytes), &mut Past::default());
    assert_eq!(told.outcome(), Outcome::InstallStarted);
    rig.feed(image).expect("pages");
    rig.arm().expect("an armed image");
    rig
}

pub(super) fn damage(board: &Board<UNIT>, slot: u8) {
    let mut chip = board.slots[usize::from(slot)].probe();
    chip.erase(0, 4096).expect("power");
}

#[test]
fn an_image_that_hangs_is_out_of_boots() {
    let board = armed::<UNIT>().board;
    for left in (0..TRIAL_BOOTS).rev() {
        let choice = board.choose().expect("a journal");
        assert!(matches!(choice.start, Start::Trial(_)), "{left} boots left");
        assert_eq!(choice.given_up, None);
        let next = board.images().next.expect("an image on trial");
        let (boots_left, started) = (left, true);
        assert_eq!(
            next.phase,
            InstallPhase::Trial {
                boots_left,
                started
            }
        );
    }
    let choice = board.choose().expect("a journal");
    assert!(matches!(choice.start, Start::Confirmed(image) if image.version == FACTORY));
    assert_eq!(choice.given_up, Some(Reason::TrialExpired));
    let mut rig = Rig::start(board).expect("a boot");
    rig.skip_sequences(1000);
    let statement = rig.device.recent().last().expect("a receipt");
    let told = rig.receipt(statement).expect("a receipt");
    let reason = Reason::TrialExpired.number();
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
    rig.goes_on(&mut Past::default());
}

#[test]
fn a_boot_that_a_bootloader_has_counted_is_not_counted_again() {
    let mut rig = armed_with(seasoned(), &image(1), 2, 0).reboot();
    for left in (0..TRIAL_BOOTS).rev() {
        let status = rig.device.status().firmware;
        assert_eq!(
            (status.version, status.trial_boots_left),
            (version(2), left + 1)
        );
        rig = rig.reboot();
    }
    assert_eq!(rig.device.running().version, FACTORY);
}

#[test]
fn an_image_on_trial_that_was_damaged_is_given_up() {
    let rig = armed_with(seasoned(), &image(1), 2, 0);
    damage(&rig.board, 1);
    let mut rig = rig.reboot();
    let statement = rig.device.recent().last().expect("a receipt");
    let reason = Reason::SlotMismatch.number();
    let told = rig.receipt(statement).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
    assert_eq!(rig.device.running().version, FACTORY);
}

#[test]
fn a_start_that_cannot_be_noted_does_not_happen() {
    let rig = armed_with(seasoned(), &image(1), 2, 0);
    let board = rig.board.fork();
    let end = u32::try_from(board.journal.look().contents().len()).expect("a small flash");
    board.journal.probe().fail_writes_at(0..end);
    let choice = board.choose().expect("a journal");
    assert!(matches!(choice.start, Start::Confirmed(image) if image.version == FACTORY));
    assert_eq!(choice.given_up, Some(Reason::StorageFault));
    board.give_power_back();
    let booted = Device::<Kit<UNIT>>::boot_as(board.parts(), Started::Slot(0));
    let mut device = booted.expect("a boot");
    let statement = device.recent().last().expect("a receipt");
    let mut out = [0; latch_verify::limits::MAX_RECEIPT_ENVELOPE];
    let told = crate::world::answer::Told::read(device.receipt(statement, &mut out).expect("it"));
    let reason = Reason::StorageFault.number();
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
}

/// However full the journal is when the power goes, the bootloader can note every start of a trial.
#[test]
fn there_is_always_room_to_note_a_start() {
    let mut rig = armed_with(seasoned(), &image(1), 2, 0).reboot();
    let (mut past, mut least) = (Past::default(), usize::MAX);
    for _ in 0..60 {
        let code = rig.fresh(maintenance(), command("restart"));
        assert_eq!(rig.submit(&code, &mut past).outcome(), Outcome::Performed);
        let board = rig.board.fork();
        // The boot under way was the first of the trial.
        for _ in 1..TRIAL_BOOTS {
            let before = board.journal.look().operations();
            let choice = board.choose().expect("a journal");
            assert!(matches!(choice.start, Start::Trial(_)));
            let took = board.journal.look().operations() - before;
            assert!(took > 0, "nothing was noted");
        }
        least = least.min(board.room());
    }
    // The tail of a sector was reached, or all this proves nothing.
    assert!(least < 2048, "{least} bytes were left at least");
}

#[test]
fn what_was_confirmed_before_runs_when_the_confirmed_image_is_damaged() {
    let (first, second) = (image(1), image(2));
    let rig = updated(updated(seasoned(), &first, 2, 3), &second, 3, 3);
    assert_eq!(rig.device.running().version, version(3));
    damage(&rig.board, 0);
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running().version, version(2));
    assert_eq!(rig.device.status().firmware.version, version(2));
    rig.goes_on(&mut Past::default());
    // What is installed next goes into the damaged slot, not over what runs.
    let rig = updated(rig, &image(3), 4, 3);
    let running = rig.device.running();
    assert_eq!((running.version, running.slot), (version(4), 0));
    let fallback = rig.device.facts().firmware.fallback;
    assert_eq!(fallback.map(|image| image.version), Some(version(2)));
    damage(&rig.board, 0);
    assert_eq!(rig.reboot().device.running().version, version(2));
}

#[test]
fn nothing_below_the_floor_runs_again() {
    let (first, second) = (image(1), image(2));
    let rig = updated(updated(seasoned(), &first, 2, 3), &second, 3, 4);
    assert_eq!(rig.device.facts().firmware.fallback, None);
    damage(&rig.board, 0);
    let choice = rig.board.choose().expect("a journal");
    assert_eq!(choice.start, Start::Recovery);
}

#[test]
fn the_confirmed_image_comes_back_without_a_code() {
    let lost = image(1);
    let rig = updated(seasoned(), &lost, 2, 3);
    let confirmed = rig.device.running();
    damage(&rig.board, confirmed.slot);
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running(), Slotted::default());
    let wanted = rig.device.wanted().expect("pages");
    assert_eq!(
        (wanted.manifest, wanted.next, wanted.of),
        (confirmed.manifest, 0, 6)
    );
    let other = image(9).page(wanted.manifest, 0);
    assert_eq!(
        rig.device.page(&other).map_err(|refusal| refusal.reason),
        Err(Reason::PageHash)
    );
    for index in 0..6 {
        let paged = rig.device.page(&lost.page(wanted.manifest, index));
        match index {
            5 => assert_eq!(paged, Ok(Paged::Restored)),
            _ => assert!(matches!(paged, Ok(Paged::Kept(_)))),
        }
    }
    assert_eq!(rig.device.wanted(), None);
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running(), confirmed);
    rig.goes_on(&mut Past::default());
}

#[test]
fn the_recovery_program_leaves_an_image_alone_that_is_whole() {
    let rig = updated(seasoned(), &image(1), 2, 3);
    let confirmed = rig.device.running();
    let device = Device::<Kit<UNIT>>::boot_as(rig.board.parts(), Started::Recovery);
    assert_eq!(device.expect("a boot").wanted(), None);
    assert_eq!(rig.reboot().device.running(), confirmed);
}

#[test]
fn the_recovery_program_takes_a_release_under_a_code_that_answers_its_challenge() {
    let rig = updated(seasoned(), &image(1), 2, 3);
    damage(&rig.board, 1);
    let mut rig = rig.reboot();
    let (next, mut past) = (image(2), Past::default());
    let release = next.release(version(3), 3);
    let manifest = release.id;
    let offer = Offer::Found(&release.bytes);
    let recorded = rig.lasting(LatchId::FIRMWARE, Action::Install { manifest });
    let refused = rig.submit_with(&recorded, offer, &mut past);
    assert_eq!(refused.reason(), Reason::ChallengeMissing);
    let below = next.release(version(9), 2);
    let manifest = below.id;
    let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
    let refused = rig.submit_with(&code, Offer::Found(&below.bytes), &mut past);
    assert_eq!(refused.reason(), Reason::BelowSecurityFloor);
    // What is no newer than what was confirmed takes leave to go back, here as ever.
    let same = next.release(version(2), 3);
    let manifest = same.id;
    let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
    let refused = rig.submit_with(&code, Offer::Found(&same.bytes), &mut past);
    assert_eq!(refused.reason(), Reason::NotNewer);
    let rig = updated(rig, &next, 3, 3);
    let running = rig.device.running();
    assert_eq!((running.version, running.slot), (version(3), 0));
}

#[test]
fn a_program_from_a_slot_that_holds_no_known_image_is_no_device() {
    let rig = seasoned();
    let booted = Device::<Kit<UNIT>>::boot_as(rig.board.parts(), Started::Slot(1));
    let Err(MountFault::Refused(refusal)) = booted else {
        panic!("booted from nowhere");
    };
    assert_eq!(refusal.reason, Reason::SlotMismatch);
}

#[test]
fn a_journal_that_cannot_be_read_starts_nothing() {
    let rig = seasoned();
    // The last record but one, in the middle of the sector: no cut leaves this.
    let places = rig.board.journal.look().contents().to_vec();
    let end = places
        .iter()
        .rposition(|byte| *byte != 0xff)
        .expect("records");
    let at = u32::try_from(end / 2 / 4 * 4).expect("a small flash");
    rig.board
        .journal
        .probe()
        .write(at, &[0; 64])
        .expect("power");
    assert!(matches!(rig.board.choose(), Err(MountFault::Journal(_))));
    assert!(
        matches!(Board::<UNIT>::new().choose(), Err(MountFault::Refused(refusal))
        if refusal.reason == Reason::Unprovisioned)
    );
}

#[test]
fn what_cannot_be_read_is_not_started() {
    let rig = armed_with(updated(seasoned(), &image(1), 2, 0), &image(2), 3, 0);
    let start = |board: &Board<UNIT>| board.fork().choose().expect("a journal");
    let board = rig.board;
    assert!(matches!(start(&board).start, Start::Trial(_)));
    board.slots[0].probe().fail_reads_at(1000..1004);
    let choice = start(&board);
    assert!(matches!(choice.start, Start::Confirmed(image) if image.version == version(2)));
    assert_eq!(choice.given_up, Some(Reason::SlotMismatch));
    board.slots[1].probe().fail_reads_at(2000..2004);
    assert_eq!(start(&board).start, Start::Recovery);
}

/// Records that are well formed, and are not what every device's journal holds.
#[test]
fn a_journal_without_its_counters_starts_nothing() {
    let board = Board::<UNIT>::new();
    let mut buffer = [0; MAX_RECORD];
    let mut journal: Journal<_, JOURNAL_SECTOR> =
        Journal::mount(board.journal.clone(), &mut buffer, &mut |_| Ok(())).expect("flash");
    let firmware = Firmware {
        confirmed: Slotted::default(),
        fallback: None,
        security_floor: 0,
    };
    let body = encode(&Record::Firmware(firmware), &mut buffer).expect("a record");
    let who = Record::Identity {
        identity: seasoned().device.identity().clone(),
        device_key: Digest::default(),
    };
    let mut room = [0; MAX_RECORD];
    let who = encode(&who, &mut room).expect("a record");
    let written = journal.rotate(|snapshot| {
        snapshot.put(1, who)?;
        snapshot.put(1, body).map(drop)
    });
    written.expect("a journal");
    let read = Bootloader::read(board.journal.clone(), &mut [0; MAX_RECORD]);
    assert_eq!(read.err(), Some(BootFault::Incomplete));
}

/// It still runs, and the slot beside it holds what runs after the next boot.
#[test]
fn an_image_that_gave_itself_up_installs_nothing() {
    let first = image(1);
    for before in [
        seasoned(),
        updated(updated(seasoned(), &image(7), 2, 0), &image(8), 3, 0),
    ] {
        let stands = before.device.running();
        let mut rig = armed_with(before, &first, 9, 0).reboot();
        assert_eq!(rig.device.running().version, version(9));
        rig.give_up().expect("a receipt");
        assert_eq!(rig.device.running(), Slotted::default());
        let release = image(2).release(version(10), 0);
        let manifest = release.id;
        let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
        let refused = rig.submit_with(&code, Offer::Found(&release.bytes), &mut Past::default());
        assert_eq!(refused.reason(), Reason::Busy);
        assert_eq!(rig.device.wanted(), None);
        let rig = rig.reboot();
        assert_eq!(rig.device.running(), stands);
        assert_eq!(
            updated(rig, &image(2), 10, 0).device.running().version,
            version(10)
        );
    }
}

/// What is held against a release at its code is held against it when it is armed.
#[test]
fn a_release_for_the_fallback_that_runs_is_installed() {
    let rig = updated(updated(seasoned(), &image(1), 2, 3), &image(2), 3, 3);
    damage(&rig.board, 0);
    let mut rig = rig.reboot();
    assert_eq!(rig.device.running().version, version(2));
    let next = image(3);
    let over = VersionRange {
        least: version(2),
        most: version(2),
    };
    let manifest = Manifest {
        current: Some(over),
        ..next.manifest(version(4), 3)
    };
    let release = Release::sealed(&manifest, &RELEASE);
    let manifest = release.id;
    let code = rig.fresh(LatchId::FIRMWARE, Action::Install { manifest });
    let told = rig.submit_with(&code, Offer::Found(&release.bytes), &mut Past::default());
    assert_eq!(told.outcome(), Outcome::InstallStarted);
    rig.feed(&next).expect("pages");
    rig.arm().expect("an armed image");
    assert_eq!(rig.reboot().device.running().version, version(4));
}

/// A slot that keeps nothing any more is tried once a boot, or trying would wear it out.
#[test]
fn a_slot_that_does_not_keep_the_image_is_restored_once_a_boot() {
    let lost = image(1);
    let rig = updated(seasoned(), &lost, 2, 3);
    damage(&rig.board, 1);
    rig.board.slots[1].probe().lose_writes_at(2000..2004);
    let mut rig = rig.reboot();
    let fed = rig.feed(&lost).expect_err("a slot that loses a write");
    assert_eq!(fed.reason, Reason::SlotMismatch);
    assert_eq!(rig.device.wanted(), None);
    let rig = rig.reboot();
    assert_eq!(rig.device.wanted().map(|wanted| wanted.next), Some(0));
}
