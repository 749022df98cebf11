//! Devices of several components, and what those need of each other.

use embedded_storage::nor_flash::NorFlash as _;
use latch_verify::{
    Reason, Refusal,
    boot::Started,
    device::{Device, Release as Offer},
    ledger::InstallPhase,
    limits::{MAX_COMPONENTS, MAX_NEEDS, MAX_RECEIPT_ENVELOPE, MAX_REQUIREMENTS, TRIAL_BOOTS},
    statement::{Action, Manifest, Outcome, Requirement, State},
    types::{LatchId, Version, VersionRange},
    wire::{Envelope, Kind, PublicKey, Run},
};

use crate::world::{
    answer::{Answer, Told},
    bench::Bench,
    hardware::Kit,
    keys::{DEVICE, RELEASE},
    release::{FACTORY, Image, Release, version},
    root::run,
};

/// The component that is updated here.
pub(super) const RADIO: u8 = 1;
/// Another, which is there too.
pub(super) const MOTOR: u8 = 2;

pub(super) fn bench() -> Bench {
    Bench::with_components([Some(version(1)), Some(version(1)), None])
}

pub(super) fn needs(component: u8, least: u16, most: u16) -> Requirement {
    let versions = VersionRange {
        least: version(least),
        most: version(most),
    };
    Requirement {
        component,
        versions,
    }
}

/// A release of a component with requirements.
pub(super) fn release(
    image: &Image,
    component: u8,
    to: Version,
    needed: &[Requirement],
) -> Release {
    let bytes = run(needed);
    let manifest = Manifest {
        component,
        requirements: Run::from_bytes(&bytes),
        ..image.manifest(to, 0)
    };
    Release::sealed(&manifest, &RELEASE)
}

#[track_caller]
pub(super) fn refuses(bench: &mut Bench, release: &Release, expected: impl Into<Refusal>) {
    let code = bench.install_code(release);
    bench.refuses_with(&code, Offer::Found(&release.bytes), expected);
}

pub(super) fn installed(bench: &Bench, component: u8) -> (Version, u32) {
    let found = bench.device.facts().components.get(component);
    let found = found.expect("a component");
    (found.version, found.security_floor)
}

#[test]
fn a_component_is_updated_while_the_main_one_runs_on() {
    let image = Image::new(5000, 7);
    let manifest = Manifest {
        component: RADIO,
        ..image.manifest(version(2), 5)
    };
    let update = Release::sealed(&manifest, &RELEASE);
    let mut bench = bench();
    bench.begin(&update);
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let mut bench = bench.reboot();
    // The main component runs as before, and reads what it is to install.
    assert_eq!(bench.device.running().version, FACTORY);
    assert_eq!(
        bench.device.installing().map(|image| image.component),
        Some(RADIO)
    );
    let mut read = vec![0; image.bytes.len()];
    bench.device.read_image(0, &mut read).expect("an image");
    assert_eq!(read, image.bytes);
    // A main program that says that it is healthy itself says nothing of it.
    assert_eq!(bench.confirm(), Err(Reason::NoInstall.into()));
    assert_eq!(
        bench.confirm_component(MOTOR),
        Err(Reason::NoInstall.into())
    );
    let told = bench.confirm_component(RADIO).expect("a confirmation");
    assert_eq!(told.outcome(), Outcome::InstallConfirmed);
    assert_eq!(told.receipt.status.firmware.version, FACTORY);
    assert_eq!(told.receipt.status.firmware.security_floor, 0);
    let mut bench = bench.reboot();
    assert_eq!(bench.device.running().version, FACTORY);
    assert_eq!(
        (installed(&bench, RADIO), installed(&bench, MOTOR)),
        ((version(2), 5), (version(1), 0))
    );
    // Its state tells of it.
    let state = bench.state().expect("a state");
    let key = PublicKey::new(DEVICE.public()).expect("a key");
    let verified = Envelope::parse(Kind::State, &state).and_then(|envelope| envelope.verify(&key));
    let state: State<'_> = verified
        .and_then(|verified| verified.body())
        .expect("a state");
    let told: Vec<_> = state.more.told_components().collect();
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .any(|told| (told.number, told.version) == (RADIO, version(2)))
    );
    // Its floor and its version are its own.
    let lower = Manifest {
        component: RADIO,
        ..image.manifest(version(3), 4)
    };
    let lower = Release::sealed(&lower, &RELEASE);
    refuses(
        &mut bench,
        &lower,
        Refusal::new(Reason::BelowSecurityFloor, 5, 4),
    );
    let same = Release::sealed(&manifest, &RELEASE);
    let ordinal = version(2).ordinal();
    refuses(
        &mut bench,
        &same,
        Refusal::new(Reason::NotNewer, ordinal, ordinal),
    );
    assert_eq!(
        bench.begin(&image.release(version(2), 0)).outcome(),
        Outcome::InstallStarted
    );
}

#[test]
fn a_component_that_the_device_does_not_have_is_none() {
    let image = Image::new(3000, 1);
    refuses(
        &mut bench(),
        &release(&image, 3, version(2), &[]),
        Reason::NoSuchComponent,
    );
}

#[test]
fn a_component_that_does_not_work_is_given_up() {
    let image = Image::new(3000, 1);
    let mut bench = bench();
    bench.begin(&release(&image, RADIO, version(2), &[]));
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let mut failed = bench.fork();
    let reason = Reason::TrialFailed.number();
    let told = failed.give_up().expect("a receipt");
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
    assert_eq!(installed(&failed, RADIO), (version(1), 0));
    // One that nobody confirms is given up after its boots.
    for left in (0..TRIAL_BOOTS).rev() {
        bench = bench.reboot();
        let (boots_left, started) = (left, false);
        let phase = bench.device.install_phase();
        assert_eq!(
            phase,
            Some(InstallPhase::Trial {
                boots_left,
                started
            })
        );
    }
    let mut bench = bench.reboot();
    assert_eq!(bench.device.install_phase(), None);
    let statement = bench.device.recent().last().expect("a receipt");
    let reason = Reason::TrialExpired.number();
    let told = bench.receipt(statement).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
    assert_eq!(installed(&bench, RADIO), (version(1), 0));
}

#[test]
fn a_release_waits_for_the_components_that_it_needs() {
    let (image, other) = (Image::new(3000, 1), Image::new(4000, 2));
    let main = release(
        &image,
        0,
        version(2),
        &[needs(RADIO, 2, 3), needs(MOTOR, 1, 1)],
    );
    let mut bench = bench();
    let expected = Refusal::new(Reason::RequirementUnmet, RADIO.into(), 0);
    refuses(&mut bench, &main, expected);
    let bench = bench.install(&other, &release(&other, RADIO, version(2), &[]));
    let bench = bench.install(&image, &main);
    assert_eq!(bench.device.running().version, version(2));
}

#[test]
fn requirement_broken() {
    let (image, other) = (Image::new(3000, 1), Image::new(4000, 2));
    let main = release(&image, 0, version(2), &[needs(RADIO, 1, 2)]);
    let mut bench = bench().install(&image, &main);
    let ordinal = version(3).ordinal();
    let expected = Refusal::new(Reason::RequirementBroken, 0, ordinal);
    let third = release(&other, RADIO, version(3), &[]);
    refuses(&mut bench, &third, expected);
    // It is remembered through snapshots and boots.
    for _ in 0..80 {
        let code = bench.change("speed", 1);
        assert!(matches!(
            bench.submit(&code).outcome(),
            Outcome::Applied { .. }
        ));
    }
    let mut bench = bench.reboot();
    refuses(&mut bench, &third, expected);
    let bench = bench.install(&other, &release(&other, RADIO, version(2), &[]));
    // The next release of the main component needs what it needs, and no more what the last did.
    let main = release(&image, 0, version(3), &[needs(RADIO, 2, 9)]);
    let bench = bench.install(&image, &main);
    let bench = bench.install(&other, &third);
    assert_eq!(installed(&bench, RADIO), (version(3), 0));
}

#[test]
fn too_many_requirements() {
    let any = |component| needs(component, 0, 9);
    let image = Image::new(3000, 1);
    let full = [any(MOTOR); MAX_REQUIREMENTS];
    let bench = bench().install(&image, &release(&image, 0, version(2), &full));
    let mut bench = bench.install(&image, &release(&image, RADIO, version(2), &full));
    let (room, asked) = (MAX_NEEDS as u64, MAX_NEEDS as u64 + 1);
    let one_more = release(&image, MOTOR, version(2), &[any(RADIO)]);
    let expected = Refusal::new(Reason::TooManyRequirements, room, asked);
    refuses(&mut bench, &one_more, expected);
    // What takes the place of others fits.
    let bench = bench.install(&image, &release(&image, RADIO, version(3), &full[1..]));
    let bench = bench.install(&image, &one_more);
    // Now they need as much as there is room for.
    let mut bench = bench;
    let two_more = release(&image, MOTOR, version(3), &[any(RADIO), any(RADIO)]);
    let expected = Refusal::new(Reason::TooManyRequirements, room, asked);
    refuses(&mut bench, &two_more, expected);
}

/// What is broken when the radio becomes a release that the main component cannot do with.
pub(super) fn broken(by: u8, to: Version) -> Refusal {
    Refusal::new(Reason::RequirementBroken, by.into(), to.ordinal())
}

/// It lies in the journal, and is found there after boots and after any number of rotations.
#[test]
fn what_components_need_is_remembered() {
    let image = Image::new(3000, 1);
    let main = release(&image, 0, version(2), &[needs(RADIO, 1, 2)]);
    let motor = release(&image, MOTOR, version(2), &[needs(RADIO, 0, 4)]);
    let mut bench = bench().install(&image, &main).install(&image, &motor);
    let (third, fifth) = (version(3), version(5));
    let third = (release(&image, RADIO, third, &[]), broken(0, third));
    let fifth = (release(&image, RADIO, fifth, &[]), broken(MOTOR, fifth));
    refuses(&mut bench, &third.0, third.1);
    rotates(&mut bench);
    refuses(&mut bench, &third.0, third.1);
    let mut bench = bench.reboot();
    refuses(&mut bench, &third.0, third.1);
    // One of them changes what it needs; the other stands, as the last rotation has found it.
    let next = release(&image, 0, version(3), &[needs(RADIO, 0, 9)]);
    let mut bench = bench.install(&image, &next);
    refuses(&mut bench, &fifth.0, fifth.1);
    rotates(&mut bench);
    rotates(&mut bench);
    refuses(&mut bench, &fifth.0, fifth.1);
    let bench = bench.install(&image, &third.0);
    assert_eq!(installed(&bench, RADIO), (version(3), 0));
}

/// Uses codes until the journal has begun its next sector.
pub(super) fn rotates(bench: &mut Bench) {
    let erased = |bench: &Bench| {
        let probe = bench.hardware.journal.probe();
        probe
            .contents()
            .iter()
            .filter(|byte| **byte == 0xff)
            .count()
    };
    let mut left = erased(bench);
    for _ in 0..200 {
        bench.rest();
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        assert_eq!(bench.submit(&probe).outcome(), Outcome::Probed);
        let now = erased(bench);
        if now > left {
            return;
        }
        left = now;
    }
    panic!("no sector was erased");
}

/// Flash that fails where a need lies: nothing is burned, and the code can come again.
#[test]
fn needs_that_cannot_be_read_let_nothing_in() {
    let image = Image::new(3000, 1);
    let main = release(&image, 0, version(2), &[needs(RADIO, 1, 2)]);
    let mut bench = bench().install(&image, &main);
    let suits = release(&image, RADIO, version(2), &[]);
    let code = bench.install_code(&suits);
    let places: Vec<_> = {
        let probe = bench.hardware.journal.probe();
        let bytes = main.bytes.as_slice();
        let all = probe.contents().windows(bytes.len()).enumerate();
        let found = all.filter(|(_, window)| *window == bytes);
        found
            .map(|(place, _)| u32::try_from(place).unwrap())
            .collect()
    };
    assert!(!places.is_empty());
    for place in places {
        bench
            .hardware
            .journal
            .probe()
            .fail_reads_at(place..place + 1);
        let answer = bench.submit_found(&code, &suits);
        assert_eq!(answer, Answer::Ignored(Reason::StorageFault.into()));
        bench.hardware.journal.probe().clear_faults();
    }
    let told = bench.submit_found(&code, &suits).told();
    assert_eq!(told.outcome(), Outcome::InstallStarted);
}

/// However a device is made, its components fit what it tells and what it journals.
#[test]
fn a_device_has_up_to_four_components() {
    let longest = Version {
        major: u16::MAX,
        minor: u16::MAX,
        patch: u32::MAX - 1,
    };
    let mut bench = Bench::with_components([Some(longest); MAX_COMPONENTS]).reboot();
    let state = bench.state().expect("a state");
    let key = PublicKey::new(DEVICE.public()).expect("a key");
    let verified = Envelope::parse(Kind::State, &state).and_then(|envelope| envelope.verify(&key));
    let state: State<'_> = verified
        .and_then(|verified| verified.body())
        .expect("a state");
    assert_eq!(state.more.told_components().count(), MAX_COMPONENTS);
}

/// The recovery program installs no component, and does not wait for one that is on trial.
#[test]
fn a_component_on_trial_keeps_nobody_from_recovering() {
    let (image, other) = (Image::new(5000, 1), Image::new(3000, 2));
    let bench = bench().install(&image, &image.release(version(2), 3));
    let confirmed = bench.device.running();
    let mut bench = bench;
    bench.begin(&release(&other, RADIO, version(2), &[]));
    bench.feed(&other).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let slot = usize::from(confirmed.slot);
    let mut cells = bench.hardware.slots[slot].probe();
    cells.erase(0, 4096).expect("power");
    drop(cells);
    let parts = bench.hardware.parts();
    let booted: Result<Device<Kit>, _> = Device::boot_as(parts, Started::Recovery);
    let mut device = booted.expect("a boot");
    assert_eq!(device.install_phase(), None);
    let wanted = device.wanted().expect("pages");
    assert_eq!((wanted.manifest, wanted.next), (confirmed.manifest, 0));
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    let statement = device.recent().last().expect("a receipt");
    let told = Told::read(device.receipt(statement, &mut out).expect("a receipt"));
    let reason = Reason::TrialFailed.number();
    assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
}
