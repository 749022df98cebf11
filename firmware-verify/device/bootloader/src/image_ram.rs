#![expect(
    unsafe_code,
    reason = "a program is started by a jump, and its image is put where its linker script says"
)]
//! The memory that an image runs from, and the jump into it.

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::SCB;
use latch_device_board::layout::{IMAGE_AT, RAM, SLOT_BYTES};

/// The memory that an image runs from.
#[derive(Debug)]
pub(crate) struct ImageRam(&'static mut [u8]);

impl ImageRam {
    /// Takes the memory, once.
    pub(crate) fn take() -> Option<Self> {
        static IS_TAKEN: AtomicBool = AtomicBool::new(false);
        // The processor is alone, and this program has no interrupt that comes here: load and store are one.
        if IS_TAKEN.load(Ordering::Relaxed) {
            return None;
        }
        IS_TAKEN.store(true, Ordering::Relaxed);
        // SAFETY: this program's linker script leaves this memory free, and it is taken once; any byte is a byte.
        let bytes =
            unsafe { core::slice::from_raw_parts_mut(IMAGE_AT as *mut u8, SLOT_BYTES as usize) };
        Some(Self(bytes))
    }

    /// Its bytes.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        self.0
    }

    /// Whether an image of this size that lies there begins as a program of this board does (Arm v7-M, B1.5.3: the initial stack pointer,
    /// the address of the reset handler). A slot that was never written does not.
    #[must_use]
    pub(crate) fn is_program(&self, size: u32) -> bool {
        let Some(([a, b, c, d, e, f, g, h], _)) = self.0.split_first_chunk::<8>() else {
            return false;
        };
        let stack = u32::from_le_bytes([*a, *b, *c, *d]);
        let reset = u32::from_le_bytes([*e, *f, *g, *h]);
        let image = IMAGE_AT..IMAGE_AT + size.min(SLOT_BYTES);
        // Thumb code has odd addresses.
        stack > RAM.start && stack <= RAM.end && image.contains(&reset) && reset & 1 == 1
    }

    /// Starts the program that lies there, whose interrupts are its own from here on.
    pub(crate) fn start(self) -> ! {
        // SAFETY: the processor's registers lie there for as long as it runs.
        let scb = unsafe { &*SCB::PTR };
        // SAFETY: a program's vector table lies at the beginning of its image, and no interrupt is enabled before it runs.
        unsafe { scb.vtor.write(IMAGE_AT) };
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        // SAFETY: what lies there was checked against the journal, or is the factory's, and begins with a vector table.
        unsafe { cortex_m::asm::bootload(IMAGE_AT as *const u32) }
    }
}
