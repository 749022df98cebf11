#![no_std]
#![no_main]
//! A device's life from its provisioning to a new image, each step measured. Flash is RAM here, so that its time is not
//! counted; the receipts are signed in software.

use core::hint::black_box;

use cortex_m::Peripherals;
use cortex_m_semihosting::hprintln;
use ed25519_dalek::{Signature, VerifyingKey};
use latch_budget_device::{
    CODE, CODE_KEY, ENROLMENT, FACTORY, FORGED, INSTALL, LARGE_INSTALL, LARGE_MANIFEST, MANIFEST,
    Meter, NEXT_ROOT, Nor, ROOT, Reference, TWIN, finish, large_pages, long_codes, memory, pages,
    parts_of, tell,
};
use latch_verify::{
    Reason,
    boot::{Bootloader, Start},
    device::{Armed, Device, JOURNAL_SECTOR, Paged, Release, Settlement, Submitted, Ticket},
    limits::{MAX_RECORD, MAX_STATE_ENVELOPE},
    wire::{Envelope, Kind, SeedKey},
};
use sha2::{Digest as _, Sha256};
use static_cell::ConstStaticCell;

/// Whole erase blocks for two sectors of the journal.
const JOURNAL: usize = 2 * JOURNAL_SECTOR.next_multiple_of(4096);
const SLOT: usize = 16 * 1024;
/// The slot that is measured as a bootloader does. `build.rs` has the same.
const LARGE: usize = 256 * 1024;
/// Pages are hashed one by one.
const PAGE_LOG2: u8 = 12;
/// Rounds of two instructions each, which show what the timer counts. The host knows the number too.
const ROUNDS: u32 = 1_000_000;
/// Bytes of an array, which show what the paint shows. The host knows the number too.
const ARRAY: usize = 4096;

/// What lies there would be too much for the stack.
static FIRST_SLOT: ConstStaticCell<[u8; LARGE]> = ConstStaticCell::new([0xff; LARGE]);

type Walker<'a> = Reference<Nor<'a>, SeedKey>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else {
        finish(false)
    };
    let mut meter = Meter::new(peripherals.SYST);
    meter.measure("loop", || cortex_m::asm::delay(ROUNDS));
    meter.measure("array", || {
        black_box(&[black_box(1_u8); ARRAY]);
    });
    bare(&mut meter);

    let (mut journal, mut second) = ([0xff; JOURNAL], [0xff; SLOT]);
    let slots = [Nor(FIRST_SLOT.take()), Nor(&mut second)];
    let parts = parts_of(Nor(&mut journal), slots, SeedKey::new(&black_box([61; 32])));
    let mut device: Option<Walker<'_>> = None;
    meter.measure("provision", || {
        let begun = Device::provision_in(memory(), parts, ROOT, ENROLMENT, FACTORY);
        device = Some(begun.expect("a blank board"));
    });
    let mut device = device.expect("a device");
    tell(
        "ram",
        "device",
        u32::try_from(size_of_val(&device)).unwrap_or(u32::MAX),
    );
    tell("ram", "twin", u32::try_from(TWIN).unwrap_or(u32::MAX));
    let page = pages().map(<[u8]>::len).max().unwrap_or(0);
    tell("ram", "page", u32::try_from(page).unwrap_or(u32::MAX));

    let mut out = [0; MAX_STATE_ENVELOPE];
    statements(&mut meter, &mut device, &mut out);
    let mut device = boot(&mut meter, "boot", device);
    update(&mut meter, &mut device, &mut out);
    let mut device = boot(&mut meter, "boot_trial", device);
    meter.measure("confirm", || {
        device
            .confirm(&mut out)
            .map(<[u8]>::len)
            .expect("an image on trial")
    });
    whole_slot(&mut meter, device, &mut out);
    finish(true)
}

/// A bootloader reads a whole slot back, and the same bytes are hashed alone.
fn whole_slot(meter: &mut Meter, mut device: Walker<'_>, out: &mut [u8]) {
    let answer = device.submit(LARGE_INSTALL, Release::Found(LARGE_MANIFEST), out);
    assert!(matches!(answer, Submitted::Answered(_)), "an installation");
    for page in large_pages() {
        let paged = device.page(page);
        assert!(
            matches!(paged, Ok(Paged::Kept(_) | Paged::Complete)),
            "a page"
        );
    }
    assert!(matches!(device.arm(out), Ok(Armed::Ready)), "an image");
    let (_, mut parts) = device.into_memory_and_parts();
    let mut buffer = [0; MAX_RECORD];
    let mut bootloader = Bootloader::read(parts.journal, &mut buffer).expect("a journal");
    meter.measure("slot", || {
        let choice = bootloader.start(&mut parts.slots, &mut buffer);
        assert!(matches!(choice.start, Start::Trial(_)), "a whole image");
    });
    let [first, _] = &parts.slots;
    meter.measure("sha256", || {
        for page in first.0.chunks(1 << PAGE_LOG2) {
            black_box(Sha256::digest(black_box(page)));
        }
    });
}

/// One signature by itself, over what the code says.
fn bare(meter: &mut Meter) {
    let code = Envelope::parse(Kind::Code, CODE).expect("a code");
    let (_, signature) = code.signatures().next().expect("a signature");
    let signature = Signature::from_bytes(&black_box(signature));
    let key = meter
        .measure("key", || VerifyingKey::from_bytes(black_box(CODE_KEY)))
        .expect("a key");
    meter
        .measure("verify_strict", || {
            key.verify_strict(black_box(code.message()), &signature)
        })
        .expect("a good signature");
}

fn statements(meter: &mut Meter, device: &mut Walker<'_>, out: &mut [u8]) {
    let ticket = meter.measure("accept", || burn(device, CODE, out));
    meter.measure("accept_receipt", || settle(device, ticket, out));
    meter.measure("refuse", || {
        let answer = device.submit(FORGED, Release::NotAsked, out);
        let is_refused =
            matches!(answer, Submitted::Ignored(refusal) if refusal.reason == Reason::BadSignature);
        assert!(is_refused, "a forged code");
    });
    for code in long_codes() {
        let ticket = meter.measure("accept_full", || burn(device, code, out));
        meter.measure("accept_full_receipt", || settle(device, ticket, out));
    }
    meter.measure("rotate_root", || {
        let answer = device.submit(NEXT_ROOT, Release::NotAsked, out);
        assert!(matches!(answer, Submitted::Answered(_)), "a successor");
    });
    meter.measure("state", || {
        device.state(out).map(<[u8]>::len).expect("a state")
    });
}

fn update(meter: &mut Meter, device: &mut Walker<'_>, out: &mut [u8]) {
    meter.measure("install", || {
        let answer = device.submit(INSTALL, Release::Found(MANIFEST), out);
        assert!(matches!(answer, Submitted::Answered(_)), "an installation");
    });
    for page in pages() {
        let paged = meter.measure("page", || device.page(page));
        assert!(
            matches!(paged, Ok(Paged::Kept(_) | Paged::Complete)),
            "a page"
        );
    }
    meter.measure("arm", || {
        assert!(matches!(device.arm(out), Ok(Armed::Ready)), "an image");
    });
}

fn boot<'a>(meter: &mut Meter, name: &str, device: Walker<'a>) -> Walker<'a> {
    let (memory, parts) = device.into_memory_and_parts();
    let mut booted = None;
    meter.measure(name, || {
        booted = Some(Device::boot_in(memory, parts).expect("a device boots"));
    });
    booted.expect("a device")
}

fn burn(device: &mut Walker<'_>, code: &[u8], out: &mut [u8]) -> Ticket {
    match device.submit(code, Release::NotAsked, out) {
        Submitted::Unlatched(unlatched) => unlatched.act().1,
        _ => panic!("a good code"),
    }
}

fn settle(device: &mut Walker<'_>, ticket: Ticket, out: &mut [u8]) {
    device
        .settle(ticket, Settlement::Done, out)
        .map(<[u8]>::len)
        .expect("a receipt");
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{info}");
    finish(false)
}
