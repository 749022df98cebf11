//! The image confirmed before the confirmed one: it starts where that one has decayed, says so, and is not started below the floor.

use latch_link::{Life, Program, Why};
use latch_verify::{Reason, statement::Outcome};

use super::{
    course::{Course, FLOOR},
    host::Host,
    machine::{FIRST_SLOT, Machine, SLOT_BYTES},
    programs,
    tenant::Tenant,
    update::{Stage, Update},
};

/// Where a cell decays, in a slot: in the middle of the image.
const DECAYED: usize = 70_000;

/// Switches the machine off, has a cell of a slot decay, and switches it on.
fn decay(machine: &mut Machine, slot: usize, id: u32) -> Host {
    machine.kill();
    machine.change_flash(|flash| flash[FIRST_SLOT + slot * SLOT_BYTES + DECAYED] ^= 1);
    machine.start();
    Host::at(machine, id)
}

#[test]
fn the_image_before_starts_where_the_confirmed_one_has_decayed() {
    let (course, tenant) = (Course::shared(), Tenant::new());
    let before = &course.update;
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    let install = |host: &mut Host, version: &str, floor, image: Vec<u8>| {
        host.meet().expect("it stays");
        let release = tenant.release(version, floor, image);
        let update = Update::of(&tenant, release, host, &before.key).expect("it stays");
        let ended = update.end(host, &mut Stage::default());
        assert_eq!(ended, Outcome::InstallConfirmed, "{version}");
        update.release
    };
    let newer = install(&mut host, "1.2.0", FLOOR, programs::application("1.0.0"));
    let whole = machine.flash();

    let mut host = decay(&mut machine, 0, 2);
    let standing = host.meet().expect("it stays");
    assert_eq!(
        (standing.program, standing.version, standing.why),
        (Program::Application, before.release.version, Why::Fallback)
    );
    assert!(matches!(standing.life, Life::Provisioned(_)));
    let firmware = host.state(&before.key).expect("it stays").status.firmware;
    assert_eq!(
        (firmware.version, firmware.manifest, firmware.security_floor),
        (before.release.version, before.release.id(), FLOOR),
        "the state says what runs"
    );

    // One that does not start goes where that one lay, and is given up.
    let release = tenant.release("1.2.1", FLOOR, vec![0x5a; 6_000]);
    let update = Update::of(&tenant, release, &mut host, &before.key).expect("it stays");
    let outcome = update.end(&mut host, &mut Stage::default());
    let reason = Reason::TrialExpired.number();
    assert_eq!(outcome, Outcome::InstallReverted { reason });
    let told = host.receipts(&before.key).iter().rev();
    let told = told.map(|receipt| (receipt.statement, receipt.status.firmware));
    let firmware = told
        .filter(|(of, _)| *of == update.code.id())
        .map(|(_, firmware)| firmware)
        .next();
    assert_eq!(
        firmware.map(|firmware| firmware.version),
        Some(before.release.version),
        "the receipt says what runs"
    );

    // The release that has decayed, once more: it is newer than what runs.
    install(&mut host, "1.2.0", FLOOR, newer.image.clone());
    let slot = &machine.slot(0)[..newer.image.len()];
    assert!(slot == &newer.image[..], "the slot holds it again");
    assert!(machine.slot(1) == whole[FIRST_SLOT + SLOT_BYTES..]);
    machine.kill();
    machine.start();
    let mut host = Host::at(&mut machine, 3);
    let standing = host.meet().expect("it stays");
    assert_eq!(
        (standing.version, standing.why),
        (newer.version, Why::Confirmed)
    );

    // Into the other slot, and the floor rises: what it would fall back to is whole, and too old.
    let newest = install(
        &mut host,
        "1.3.0",
        FLOOR + 1,
        programs::application("1.1.0"),
    );
    let mut host = decay(&mut machine, 1, 4);
    let standing = host.meet().expect("it stays");
    assert_eq!(
        (standing.program, standing.why),
        (Program::Recovery, Why::Recovery)
    );
    assert!(
        machine.slot(0)[..newer.image.len()] == newer.image[..],
        "the older image is whole"
    );
    let wanted = host.wait("what it wants", |host| host.wanted.take());
    assert_eq!(wanted.map(|wanted| wanted.pages.manifest), Ok(newest.id()));
}
