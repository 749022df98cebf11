#![expect(
    unsafe_code,
    reason = "semihosting calls are an instruction with addresses in registers"
)]
//! Calls to the host (Arm's "Semihosting for AArch32 and AArch64", 2.0): files, messages, and the end of the program.
//!
//! Only an emulator or a debugger answers them. A real board has no use for this file.

use core::fmt::{self, Write as _};

use cortex_m_semihosting::{nr::open, syscall};

/// How the emulated machine ends: QEMU's exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Exit {
    /// The power was cut, as was planned.
    PowerCut = 77,
    /// The program broke a rule of the hardware: a bug.
    Broken = 78,
}

/// `SYS_EXIT_EXTENDED` and its reason `ADP_Stopped_ApplicationExit`, which the crate does not name.
const EXIT_EXTENDED: usize = 0x20;
const APPLICATION_EXIT: usize = 0x2_0026;
/// Bytes that are told the host at once.
const PIECE: usize = 64;

/// A file of the host.
#[derive(Debug)]
pub struct File(usize);

impl File {
    /// Opens a file to be read. The name ends with a zero.
    #[must_use]
    pub fn read_only(name: &'static core::ffi::CStr) -> Option<Self> {
        Self::open(name, open::R_BINARY)
    }

    /// Opens a file to be read and written. The name ends with a zero.
    #[must_use]
    pub fn update(name: &'static core::ffi::CStr) -> Option<Self> {
        Self::open(name, open::RW_BINARY)
    }

    fn open(name: &'static core::ffi::CStr, mode: usize) -> Option<Self> {
        let bytes = name.to_bytes();
        // SAFETY: the host reads `len` bytes and a zero behind them at the address of a string that has both.
        let handle = unsafe { syscall!(OPEN, bytes.as_ptr(), mode, bytes.len()) };
        (handle != usize::MAX).then_some(Self(handle))
    }

    /// Reads bytes from a place on; whether all of them came.
    pub fn read_at(&mut self, offset: u32, bytes: &mut [u8]) -> bool {
        self.seek(offset) && self.read(bytes)
    }

    /// Reads the next bytes; whether all of them came.
    pub fn read(&mut self, bytes: &mut [u8]) -> bool {
        // SAFETY: the host writes at most `len` bytes at the address of a slice that has as many.
        let missing = unsafe { syscall!(READ, self.0, bytes.as_mut_ptr(), bytes.len()) };
        missing == 0
    }

    /// Writes bytes from a place on; whether all of them were taken.
    pub fn write_at(&mut self, offset: u32, bytes: &[u8]) -> bool {
        if !self.seek(offset) {
            return false;
        }
        // SAFETY: the host reads `len` bytes at the address of a slice that has as many.
        let missing = unsafe { syscall!(WRITE, self.0, bytes.as_ptr(), bytes.len()) };
        missing == 0
    }

    fn seek(&mut self, offset: u32) -> bool {
        // SAFETY: the host is given numbers only.
        let status = unsafe { syscall!(SEEK, self.0, offset as usize) };
        status == 0
    }
}

/// Ends the machine.
pub fn exit(how: Exit) -> ! {
    // SAFETY: the host is given numbers only, and does not come back.
    let _ =
        unsafe { cortex_m_semihosting::syscall(EXIT_EXTENDED, &[APPLICATION_EXIT, how as usize]) };
    loop {
        cortex_m::asm::wfi();
    }
}

/// Tells people a line.
pub fn log(line: fmt::Arguments<'_>) {
    let _ = writeln!(Console, "{line}");
}

/// Tells people something that has nothing to fill in: without the code that formats. Ends its line itself.
pub fn say(text: &str) {
    for piece in text.as_bytes().chunks(PIECE - 1) {
        let mut line = [0; PIECE];
        for (to, byte) in line.iter_mut().zip(piece) {
            *to = *byte;
        }
        // SAFETY: the host reads from the address up to a zero, and the last byte of the array is one.
        let _ = unsafe {
            cortex_m_semihosting::syscall1(cortex_m_semihosting::nr::WRITE0, line.as_ptr() as usize)
        };
    }
}

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        say(text);
        Ok(())
    }
}
