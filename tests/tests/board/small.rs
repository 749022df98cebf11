//! A device whose confirmed image is small, so that all of it can be brought back again and again.
//!
//! No program that could confirm itself is so small: the verifier in it is not. So the last steps are taken for it, by the same
//! verifier on this side, in the journal that the device has written.

use std::{iter, ops::Range};

use latch_flash::Flash;
use latch_link::Paged;
use latch_verify::{
    boot::Started,
    device::{Armed, Clock, Device, Entropy, NoCounter, NoEntropy, Parts, Platform},
    limits::MAX_RECEIPT_ENVELOPE,
    wire::SeedKey,
};

use super::{
    course::{Course, FLOOR},
    host::Host,
    machine::{FIRST_SLOT, Machine, SLOT_BYTES},
    tenant::{Shipped, Tenant},
    update::Update,
};

/// Bytes of the image: three pages, of which the last is not full.
const IMAGE_BYTES: usize = 3 * 4096 - 100;
/// Where the image runs, and its memory, as the board's crate lays it out.
const RUNS_AT: u32 = 0x2020_0000;
/// The journal in the chip: two sectors of 20 KiB.
const JOURNAL: Range<usize> = 0x1000..0xb000;
/// The slots in the chip.
const SLOTS: [Range<usize>; 2] = [
    FIRST_SLOT..FIRST_SLOT + SLOT_BYTES,
    FIRST_SLOT + SLOT_BYTES..FIRST_SLOT + 2 * SLOT_BYTES,
];
/// The leaves that the application's twin may have.
const TWIN: usize = 1024;

/// A program that waits for interrupts, of which none comes, and is ended by the watchdog.
fn program() -> Vec<u8> {
    let mut image = vec![0; IMAGE_BYTES];
    for (place, byte) in image.iter_mut().enumerate() {
        *byte = place.to_le_bytes()[0] ^ place.to_le_bytes()[1];
    }
    // The initial stack, and for each exception the same code behind the table: `wfi`, and back to it (Thumb: odd).
    let vectors = iter::once(RUNS_AT).chain([RUNS_AT + 0x41; 15]);
    for (entry, vector) in image.chunks_exact_mut(4).zip(vectors) {
        entry.copy_from_slice(&vector.to_le_bytes());
    }
    image[0x40..0x44].copy_from_slice(&[0x30, 0xbf, 0xfd, 0xe7]);
    image
}

/// The flash of a device that has confirmed the small image, in its first slot, and can go back to no other; and the image.
pub(crate) fn confirmed(course: &Course) -> (Vec<u8>, Shipped) {
    let (tenant, key) = (Tenant::new(), &course.update.key);
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    let release = tenant.release("1.2.0", FLOOR + 1, program());
    let update = Update::of(&tenant, release, &mut host, key).expect("it stays");
    update.begin(&mut host).expect("it stays");
    let page = host.page(&update.release.page(0)).expect("it stays");
    assert!(matches!(page, Paged::Kept(_)), "{page:?}");
    machine.kill();

    let mut flash = machine.flash();
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    on_this_side(&mut flash, Started::Slot(1), |device| {
        while let Some(wanted) = device.wanted() {
            let page = update.release.page(wanted.next);
            device.page(&page).expect("a genuine page");
        }
        assert!(matches!(device.arm(&mut out), Ok(Armed::Ready)));
    });
    on_this_side(&mut flash, Started::Slot(0), |device| {
        device.confirm(&mut out).expect("it is on trial");
    });
    (flash, update.release)
}

/// Boots the device of a flash here, and keeps what it writes.
fn on_this_side(flash: &mut [u8], started: Started, act: impl FnOnce(&mut Device<Here, TWIN>)) {
    let chip = |place: &Range<usize>| {
        let mut chip = Nor::new(place.len());
        chip.contents_mut().copy_from_slice(&flash[place.clone()]);
        chip
    };
    let seed = flash.first_chunk().expect("the key's block");
    let parts = Parts {
        journal: chip(&JOURNAL),
        slots: [chip(&SLOTS[0]), chip(&SLOTS[1])],
        clock: Here,
        entropy: Here,
        key: SeedKey::new(seed),
        counter: NoCounter,
    };
    let mut device = Device::boot_as(parts, started).expect("it boots");
    act(&mut device);
    let Parts { journal, slots, .. } = device.into_parts();
    let [first, second] = &slots;
    for (place, chip) in [JOURNAL, SLOTS[0].clone(), SLOTS[1].clone()]
        .into_iter()
        .zip([&journal, first, second])
    {
        flash[place].copy_from_slice(chip.contents());
    }
}

/// The chip's geometry.
type Nor = Flash<1, 8, 4096>;

/// The board, as far as it matters here.
#[derive(Clone, Copy)]
struct Here;

impl Platform for Here {
    type Journal = Nor;
    type Slot = Nor;
    type Clock = Self;
    type Entropy = Self;
    type Key = SeedKey;
    type Counter = NoCounter;
}

impl Clock for Here {
    fn ticks_ms(&self) -> u64 {
        0
    }

    fn trusted_ms(&self) -> Option<u64> {
        None
    }
}

impl Entropy for Here {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        // No challenge of it is ever answered.
        buffer.fill(0x5a);
        Ok(())
    }
}
