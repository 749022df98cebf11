#![no_std]
#![no_main]
//! The bootloader: reads the journal, measures the image that may run on its way to where it runs, and starts it.
//!
//! What starts is what was measured: the bytes that are hashed are the bytes that were copied. A program that runs where it
//! lies in flash needs no copy.

mod copying;
mod image_ram;
mod recovery;

use core::cell::RefCell;

use latch_device_board::{
    Chip, Region, Ticks, Watchdog,
    handoff::{Cause, Handoff},
    layout::{JOURNAL_AT, JOURNAL_BYTES, SLOT_BYTES, SLOTS_AT},
    reset,
    semihosting::say,
};
use latch_verify::{
    Reason,
    boot::{BootFault, Bootloader, Start},
    limits::MAX_RECORD,
};

use copying::{Copier, Copying};
use image_ram::ImageRam;
use recovery::Patient;

#[cortex_m_rt::entry]
fn main() -> ! {
    // Before anything else: whatever hangs from here on, the machine starts anew.
    let mut watchdog = Watchdog::start();
    let Some(image) = ImageRam::take() else {
        reset()
    };
    let chip = RefCell::new(Chip::open());
    let journal = Region::new(&chip, JOURNAL_AT, JOURNAL_BYTES);
    let slots = SLOTS_AT.map(|from| Region::new(&chip, from, SLOT_BYTES));
    let copier = RefCell::new(Copier::new(image));
    let mut copying = Copying::both(slots, &copier);
    let mut buffer = [0; MAX_RECORD];
    let (handoff, patient) = match Bootloader::read(journal, &mut buffer) {
        Ok(mut bootloader) => {
            let choice = bootloader.start(&mut copying, &mut buffer);
            tell(choice.start);
            let confirmed = bootloader.images().firmware.confirmed;
            let patient = Patient::Known(bootloader.identity().clone(), confirmed);
            let handoff = ready(choice.start, &mut copying, &copier);
            // Asked again where it counts: one skipped instruction turns a branch.
            let handoff = handoff.filter(|handoff| bootloader.may_jump_to(handoff.slot));
            (handoff, patient)
        }
        // The factory's program asks to be provisioned.
        Err(BootFault::Blank) => (factory(&mut copying), Patient::Blank),
        Err(_) => {
            say("boot: the journal is unreadable\n");
            (None, Patient::Shut(Reason::LatchedShut.into()))
        }
    };
    watchdog.feed();
    if let Some(handoff) = handoff {
        let (image, size) = copier.into_inner().into_image();
        if image.is_program(size) {
            handoff.leave();
            image.start()
        }
        say("boot: the image does not begin as a program\n");
        if handoff.cause == Cause::Trial {
            // Its boots run out, and the image before it starts again.
            reset()
        }
    }
    match cortex_m::Peripherals::take() {
        Some(peripherals) => {
            recovery::run(&patient, slots, Ticks::start(peripherals.SYST), watchdog)
        }
        None => reset(),
    }
}

/// What to hand over with the factory's image, of which the journal knows nothing yet.
fn factory([first, _]: &mut [Copying<'_>; 2]) -> Option<Handoff> {
    first.copy_whole().then_some(Handoff {
        slot: 0,
        cause: Cause::Factory,
    })
}

/// What to hand over with an image that lies ready in memory, as it was measured.
fn ready(start: Start, slots: &mut [Copying<'_>; 2], copier: &RefCell<Copier>) -> Option<Handoff> {
    let (Start::Confirmed(image) | Start::Trial(image) | Start::Fallback(image)) = start else {
        return None;
    };
    let is_ready = if image.from_factory() {
        slots.get_mut(usize::from(image.slot))?.copy_whole()
    } else {
        copier.borrow().holds(image.slot, image.size)
    };
    if is_ready { Handoff::of(start) } else { None }
}

fn tell(start: Start) {
    say(match start {
        Start::Confirmed(_) => "boot: the confirmed image\n",
        Start::Trial(_) => "boot: the image on trial\n",
        Start::Fallback(_) => "boot: the image before, since the confirmed one is damaged\n",
        Start::Recovery => "boot: no image may run\n",
    });
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    say("boot: a panic\n");
    reset()
}
