//! 10xx: the device itself.

use latch_verify::{
    Reason, Refusal,
    device::{Device, JOURNAL_SECTOR, MountFault, Settlement, provision},
    journal::{Journal, MountError},
    ledger::Record,
    limits::{CHALLENGE_AGE_MS, MAX_RECORD},
    statement::Outcome,
    wire::decode,
};

use crate::world::{
    answer::Answer,
    bench::{Bench, enrolment},
    hardware::{Chip, Hardware, Kit},
    keys::{DEVICE, OPERATOR, ROOT, STRANGER, seal},
    openings::service_rule,
    release::{FACTORY, Image, version},
    root::{RootSpec, maintenance},
};

#[track_caller]
fn no_boot(hardware: &Hardware, expected: impl Into<MountFault>) {
    let booted = Device::<Kit>::boot(hardware.parts());
    assert_eq!(booted.err(), Some(expected.into()));
}

#[test]
fn storage_fault_opens_nothing_and_passes() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    bench.hardware.journal.fail_writes();
    assert_eq!(
        bench.submit(&code),
        Answer::Ignored(Reason::StorageFault.into())
    );
    assert_eq!(bench.effects, []);
    assert_eq!(
        bench.device.junk().last_reason,
        Reason::StorageFault.number()
    );
    assert_eq!(bench.device.facts().twin.version, 0);
    bench.hardware.journal.probe().clear_faults();
    assert_eq!(
        bench.submit(&code).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
    assert_eq!(bench.effects.len(), 1);
}

#[test]
fn storage_fault_where_writes_are_lost() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    let end = u32::try_from(bench.hardware.journal.look().contents().len()).expect("a small flash");
    bench.hardware.journal.probe().lose_writes_at(0..end);
    assert_eq!(
        bench.submit(&code),
        Answer::Ignored(Reason::StorageFault.into())
    );
    assert_eq!(bench.effects, []);
}

#[test]
fn storage_fault_of_a_slot_is_no_page() {
    let image = Image::new(5000, 1);
    let release = image.release(version(2), 0);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.hardware.slots[1].fail_writes();
    assert_eq!(bench.feed(&image), Err(Reason::StorageFault.into()));
    bench.hardware.slots[1].probe().clear_faults();
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
}

/// A page whose progress could not be recorded is sent again, and the slot takes it.
#[test]
fn storage_fault_of_the_journal_between_pages_is_mended() {
    for done in 0..5 {
        let image = Image::new(5000, 1);
        let release = image.release(version(2), 0);
        let mut bench = Bench::new();
        bench.begin(&release);
        for index in 0..done {
            bench
                .device
                .page(&image.page(release.id, index))
                .expect("a page");
        }
        bench.hardware.journal.fail_writes();
        assert_eq!(bench.feed(&image), Err(Reason::StorageFault.into()));
        bench.hardware.journal.probe().clear_faults();
        // Told by a page that comes too late, or by what is wanted: it goes back to where the slot is erased again.
        let _ = bench.feed(&image);
        bench.feed(&image).expect("pages");
        assert_eq!(bench.arm(), Ok(None));
    }
}

#[test]
fn no_entropy() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    bench.hardware.entropy.broken.set(true);
    bench.ignores(&code, Reason::NoEntropy);
    bench.hardware.clock.advance(CHALLENGE_AGE_MS);
    assert_eq!(bench.state(), Err(Reason::NoEntropy.into()));
    bench.hardware.entropy.broken.set(false);
    bench.state().expect("a state");

    let hardware = bench.hardware.fork();
    hardware.entropy.broken.set(true);
    no_boot(&hardware, Reason::NoEntropy);
    hardware.entropy.broken.set(false);
    Bench::start(hardware).expect("a boot");
}

#[test]
fn latched_shut() {
    // A journal that is sound in itself, and does not say who the device is.
    let hardware = Hardware::new();
    let mut buffer = [0; MAX_RECORD];
    let journal =
        Journal::<Chip, JOURNAL_SECTOR>::mount(hardware.journal.clone(), &mut buffer, &mut |_| {
            Ok(())
        });
    journal
        .expect("a blank journal")
        .rotate(|_| Ok(()))
        .expect("an empty snapshot");
    no_boot(&hardware, Reason::LatchedShut);

    // One with no numbers of its own: what else it holds would change nothing.
    let mut bench = Bench::with_root(&service_rule(|_| {}));
    bench.opens(600);
    let (from, hardware) = (bench.hardware.fork(), bench.hardware.fork());
    let mut records = Vec::new();
    let whole = Journal::<Chip, JOURNAL_SECTOR>::mount(
        from.journal.clone(),
        &mut [0; MAX_RECORD],
        &mut |entry| {
            records.push((entry.kind, entry.body.to_vec()));
            Ok(())
        },
    );
    let numbers = |body: &[u8]| matches!(decode(body), Ok(Record::Counters { .. }));
    whole
        .expect("a sound journal")
        .rotate(|snapshot| {
            let mut rest = records.iter().filter(|(_, body)| !numbers(body));
            rest.try_for_each(|(kind, body)| snapshot.put(*kind, body).map(|_| ()))
        })
        .expect("a sound snapshot");
    Bench::start(hardware).expect("a boot of what was copied");
    no_boot(&from, Reason::LatchedShut);

    // One that no power cut explains.
    let bench = Bench::new();
    let hardware = bench.hardware.fork();
    hardware.journal.probe().contents_mut()[600..700].fill(0);
    let fault = MountFault::Journal(MountError::Corrupt);
    no_boot(&hardware, fault);
    assert!(
        fault
            .to_string()
            .starts_with(Reason::LatchedShut.sentence())
    );
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    let again = provision::<Kit>(hardware.parts(), &root, &enrolled, FACTORY);
    assert_eq!(again.err(), Some(fault));
}

#[test]
fn key_fault_in_an_answer_loses_no_outcome() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    bench.hardware.key_broken.set(true);
    assert_eq!(
        bench.submit(&code),
        Answer::Ignored(Reason::KeyFault.into())
    );
    assert_eq!(bench.state(), Err(Reason::KeyFault.into()));
    bench.hardware.key_broken.set(false);
    assert_eq!(
        bench.submit(&code).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
    assert_eq!(bench.effects.len(), 1);
}

#[test]
fn key_fault_of_another_device() {
    let mut hardware = Bench::new().hardware;
    hardware.signer = STRANGER;
    no_boot(&hardware, Reason::KeyFault);
    let mut hardware = Hardware::new();
    hardware.signer = STRANGER;
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    let provisioned = provision::<Kit>(hardware.parts(), &root, &enrolled, FACTORY);
    assert_eq!(provisioned.err(), Some(MountFault::from(Reason::KeyFault)));
}

#[test]
fn unprovisioned() {
    no_boot(&Hardware::new(), Reason::Unprovisioned);
}

#[test]
fn buffer_too_small() {
    let mut bench = Bench::new();
    let whole = bench.state().expect("a state").len();
    for room in [0, 11, 12, 13, whole - 1] {
        let mut out = vec![0; room];
        assert_eq!(
            bench.device.state(&mut out),
            Err(Reason::BufferTooSmall.into())
        );
    }
    assert!(bench.device.state(&mut vec![0; whole]).is_ok());
}

/// A caller that gives too little room loses the answer, not the outcome.
#[test]
fn buffer_too_small_for_a_receipt() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    let ticket = bench.open(&code);
    let refusal = bench
        .device
        .settle(ticket, Settlement::Done, &mut [0; 20])
        .err();
    assert_eq!(refusal, Some(Refusal::from(Reason::BufferTooSmall)));
    let mut bench = bench.reboot();
    bench
        .resume()
        .expect("a change to make again")
        .expect("a receipt");
    assert_eq!(
        bench.submit(&code).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
}

#[test]
fn logic_fault_for_the_ticket_of_another_device() {
    let (mut here, mut there) = (Bench::new(), Bench::new());
    let (first, second) = (here.change("speed", 3), here.change("speed", 4));
    let ticket = here.open(&first);
    let logic_fault = Err(Refusal::from(Reason::LogicFault));
    assert_eq!(there.settle(ticket, Settlement::Done), logic_fault);
    let wrong = there.open(&second);
    assert_eq!(here.settle(wrong, Settlement::Done), logic_fault);
    assert_eq!(
        here.device
            .facts()
            .pending
            .map(|pending| pending.code.issuer),
        Some(crate::world::keys::CREW[0].id())
    );
}

#[test]
fn what_should_have_acted_may_fail() {
    let mut bench = Bench::new();
    let code = bench.sealed(maintenance(), crate::world::code::command("restart"));
    let ticket = bench.open(&code);
    let told = bench
        .settle(ticket, Settlement::Failed { code: -5 })
        .expect("a receipt");
    assert_eq!(told.outcome(), Outcome::ActuatorFailed { code: -5 });
    assert_eq!(bench.submit(&code).told(), told);
    assert_eq!(bench.effects.len(), 1);
}
