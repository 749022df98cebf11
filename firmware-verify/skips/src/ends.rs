//! Where a run ends: what the host puts into the program, so that it comes to the monitor then.

use crate::{Outcome, inputs::Input, program::Program};

/// Words that the monitor says or notes: a run has come to its end, it has driven the actuator, an exception has come or it began
/// anew, or its watchdog has.
pub(crate) const OVER: u8 = b'o';
pub(crate) const DRIVEN: u8 = b'd';
pub(crate) const FAILED: u8 = b'f';
pub(crate) const HUNG: u8 = b'h';
/// The monitor has put memory back, and waits for the debugger.
pub(crate) const READY: u8 = b'r';
/// The timer's place in the vector table.
const TIMER: u32 = 15;
/// A page of QEMU's for these processors.
const PAGE: usize = 1024;

/// The program as it lies in the machine while an input is tried: nothing is in it of which a device would rightly take more than
/// the input, and its ends lead to the monitor.
pub(crate) fn put_into(program: &Program, monitor: &Program, input: &Input) -> Outcome<Vec<u8>> {
    let mut code = program.code.clone();
    for range in program.given(input.given)? {
        code[range.start as usize..range.end as usize].fill(0xff);
    }
    // Erased flash, as it lies behind a product's program.
    code.resize(code.len().next_multiple_of(PAGE) + PAGE, 0xff);
    let mut put = |at: u32, bytes: &[u8; 4]| {
        code[at as usize..at as usize + 4].copy_from_slice(bytes);
    };
    for (name, end) in [("inspected", "over"), ("drive", "driven")] {
        let function = program.function(&format!("latch_skips_device::probe::{name}"))?;
        put(function, &branch(function, monitor.function(end)?)?);
    }
    // A run that begins anew is over, as one with an exception is: a product boots then.
    let [failed, hung] = [monitor.function("failed")?, monitor.function("hung")?];
    for entry in ["Reset", "main"] {
        let entry = program.function(entry)?;
        put(entry, &branch(entry, failed)?);
    }
    for vector in 1..=TIMER {
        let handler = if vector == TIMER { hung } else { failed };
        put(4 * vector, &(handler | 1).to_le_bytes());
    }
    Ok(code)
}

/// A branch forward, of four bytes (Armv7-M, A7.7.12, encoding T4).
fn branch(from: u32, to: u32) -> Outcome<[u8; 4]> {
    let offset = to.checked_sub(from + 4).filter(|far| *far < 1 << 22);
    let halves = offset.ok_or("too far")? >> 1;
    let (high, low) = (0xf000 | halves >> 11, 0xb800 | halves & 0x7ff);
    Ok((low << 16 | high).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::branch;

    #[test]
    fn branches_go_where_they_should() {
        // As LLVM assembles `b.w` from 0 to 4, to 0x1234, and to where the monitor is.
        assert_eq!(branch(0, 4).unwrap(), [0x00, 0xf0, 0x00, 0xb8]);
        assert_eq!(branch(0, 0x1234).unwrap(), [0x01, 0xf0, 0x18, 0xb9]);
        assert_eq!(branch(0, 0x30_0000).unwrap(), [0xff, 0xf2, 0xfe, 0xbf]);
        assert!(branch(8, 4).is_err());
    }
}
