#![expect(
    unsafe_code,
    reason = "registers lie at addresses that only the board knows"
)]
//! The registers of the peripherals (Arm CMSDK, DDI 0479; where they are: Arm AN386), and words of memory that are like them:
//! somebody else has written them.

use vcell::VolatileCell;

use crate::layout::HANDOFF_AT;

/// A CMSDK UART.
#[repr(C)]
pub(crate) struct UartRegisters {
    pub(crate) data: VolatileCell<u32>,
    pub(crate) state: VolatileCell<u32>,
    pub(crate) control: VolatileCell<u32>,
    pub(crate) interrupt: VolatileCell<u32>,
    pub(crate) divider: VolatileCell<u32>,
}

/// A CMSDK watchdog, up to its interrupt.
#[repr(C)]
pub(crate) struct WatchdogRegisters {
    pub(crate) load: VolatileCell<u32>,
    pub(crate) value: VolatileCell<u32>,
    pub(crate) control: VolatileCell<u32>,
    pub(crate) clear: VolatileCell<u32>,
}

/// The FPGA's inputs and outputs, of which the lamps come first.
#[repr(C)]
pub(crate) struct IoRegisters {
    pub(crate) leds: VolatileCell<u32>,
}

/// The first UART.
pub(crate) fn uart() -> &'static UartRegisters {
    // SAFETY: a UART's registers lie there for as long as the machine runs, and any value of theirs is a number.
    unsafe { &*(0x4000_4000 as *const UartRegisters) }
}

/// The watchdog.
pub(crate) fn watchdog() -> &'static WatchdogRegisters {
    // SAFETY: the watchdog's registers lie there for as long as the machine runs, and any value of theirs is a number.
    unsafe { &*(0x4000_8000 as *const WatchdogRegisters) }
}

/// The lamps.
pub(crate) fn io() -> &'static IoRegisters {
    // SAFETY: these registers lie there for as long as the machine runs, and any value of theirs is a number.
    unsafe { &*(0x4002_8000 as *const IoRegisters) }
}

/// What the bootloader tells the program that it starts: the mark, what was started, and its complement.
pub(crate) fn handoff() -> &'static [VolatileCell<u32>; 3] {
    // SAFETY: no linker script gives these words to anything else, and any value of theirs is a number.
    unsafe { &*(HANDOFF_AT as *const [VolatileCell<u32>; 3]) }
}

/// The watchdog's first count has ended; the second begins. A program that still runs feeds it in time, and one that hangs goes on
/// hanging until the reset.
// SAFETY: it does nothing.
#[cortex_m_rt::exception]
unsafe fn NonMaskableInt() {}
