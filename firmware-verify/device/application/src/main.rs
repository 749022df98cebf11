#![no_std]
#![no_main]
//! A pump behind latches: the program of a product, as it would be on any microcontroller.

mod factory;
mod parts;
mod pump;
mod service;
mod trial;

use latch_device_board::{
    Leds, Ticks, Watchdog,
    handoff::{Cause, Handoff},
    reset,
    semihosting::log,
};
use latch_link::{LONGEST_FROM_DEVICE, Why};
use latch_verify::{
    Reason,
    device::{Device, MountFault},
};

use parts::PumpDevice;
use pump::Pump;
use service::Service;

/// The line, with room for a state and for what is told beside it.
type Line = latch_device_board::Line<{ LONGEST_FROM_DEVICE + 2 + 512 }>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let watchdog = Watchdog::running();
    let (Some(peripherals), Some(handoff)) = (cortex_m::Peripherals::take(), Handoff::take())
    else {
        log(format_args!("application: not started by the bootloader"));
        reset()
    };
    let ticks = Ticks::start(peripherals.SYST);
    let leds = Leds::dark();
    let chip = parts::chip();
    let mut line = Line::open(ticks, watchdog);
    line.feed();
    let is_new = handoff.cause == Cause::Factory;
    let booted: Result<PumpDevice, MountFault> = match parts::parts(chip, ticks, is_new) {
        Ok(_) if is_new => factory::run(line, chip, ticks, handoff.cause),
        Ok(parts) => Device::boot_as_in(parts::room(), parts, handoff.started()),
        Err(_) => Err(latch_verify::Refusal::from(Reason::KeyFault).into()),
    };
    match booted {
        Ok(device) => {
            log(format_args!(
                "application {} runs from slot {}",
                device.running().version,
                handoff.slot
            ));
            Service::new(device, Pump::at_rest(leds), line, handoff.cause).run()
        }
        Err(fault) if handoff.cause == Cause::Trial => {
            // Its boots run out, and the image before it starts again.
            log(format_args!(
                "application: this release does not come up: {fault}"
            ));
            reset()
        }
        Err(fault) => {
            log(format_args!("application: the device stays shut: {fault}"));
            factory::stay_shut(line, fault.into(), handoff.cause)
        }
    }
}

/// Why the program was started, as a host is told.
fn why(cause: Cause, boots_left: u8) -> Why {
    match cause {
        Cause::Confirmed | Cause::Factory => Why::Confirmed,
        Cause::Trial => Why::Trial { boots_left },
        Cause::Fallback => Why::Fallback,
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    log(format_args!("application: {info}"));
    reset()
}
