//! The serial line: a CMSDK UART, polled.
//!
//! QEMU holds back what the host sends until a byte was read. On real hardware a byte is lost that is not read
//! in time: there, receive by DMA or interrupt into a ring, and read that instead.

use crate::registers::{UartRegisters, uart};

const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 1 << 1;
const ENABLE_BOTH: u32 = 0b11;
/// 25 MHz by 115,200 baud; QEMU does not care.
const DIVIDER: u32 = 217;

/// The line.
#[derive(Debug)]
pub struct Uart(());

impl Uart {
    /// Starts the line.
    #[must_use]
    pub fn start() -> Self {
        registers().divider.set(DIVIDER);
        registers().control.set(ENABLE_BOTH);
        Self(())
    }

    /// The bytes that have come, as many as there is room for: how many.
    pub fn read(&mut self, bytes: &mut [u8]) -> usize {
        let mut count = 0;
        for byte in bytes {
            if registers().state.get() & RECEIVE_FULL == 0 {
                break;
            }
            *byte = registers().data.get() as u8;
            count += 1;
        }
        count
    }

    /// Sends bytes, and waits where the line is slower.
    pub fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while registers().state.get() & TRANSMIT_FULL != 0 {}
            registers().data.set((*byte).into());
        }
    }
}

fn registers() -> &'static UartRegisters {
    uart()
}
