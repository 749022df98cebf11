//! Where a run ends: what the host puts into the program, so that it says how it has ended.

use crate::{Outcome, inputs::Input, program::Program};

/// The machine's first serial line, and what it needs to send (Arm AN386; CMSDK UART: control and divisor).
const LINE: u32 = 0x4000_4000;
pub(crate) const LINE_SENDS: [(u32, u32); 2] = [(LINE + 0x10, 16), (LINE + 0x8, 1)];

/// Words that the program says: it has come to its end, it has driven the actuator, an exception has come or it began anew, or
/// its watchdog has.
pub(crate) const OVER: u8 = b'o';
pub(crate) const DRIVEN: u8 = b'd';
pub(crate) const FAILED: u8 = b'f';
pub(crate) const HUNG: u8 = b'h';
/// Bytes of what says a word.
const SAYING: u32 = 12;
/// The timer's place in the vector table.
const TIMER: u32 = 15;
/// A page of QEMU's for these processors.
const PAGE: usize = 1024;

/// The program as it lies in the machine while an input is tried: nothing is in it of which a device would rightly take more than
/// the input, and its ends say how it has ended. They lie beyond its own end.
pub(crate) fn put_into(program: &Program, input: &Input) -> Outcome<Vec<u8>> {
    let mut code = program.code.clone();
    for range in program.given(input.given)? {
        code[range.start as usize..range.end as usize].fill(0xff);
    }
    code.resize(code.len().next_multiple_of(PAGE), 0xff);
    let over = u32::try_from(code.len())?;
    let [failed, hung, driven] = [1, 2, 3].map(|place| over + place * SAYING);
    for word in [OVER, FAILED, HUNG, DRIVEN] {
        code.extend(saying(word));
    }
    let mut put = |at: u32, bytes: &[u8; 4]| {
        code[at as usize..at as usize + 4].copy_from_slice(bytes);
    };
    for (name, end) in [("inspected", over), ("drive", driven)] {
        let function = program.function(&format!("latch_skips_device::probe::{name}"))?;
        put(function, &branch(function, end)?);
    }
    // A run that begins anew is over, as one with an exception is: a product boots then.
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

/// `ldr r0, =LINE; movs r1, word; str r1, [r0]; b .`, which needs no stack.
fn saying(word: u8) -> [u8; SAYING as usize] {
    let [a, b, c, d] = LINE.to_le_bytes();
    [0x01, 0x48, word, 0x21, 0x01, 0x60, 0xfe, 0xe7, a, b, c, d]
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
    use super::{branch, saying};

    #[test]
    fn branches_go_where_they_should() {
        // As LLVM assembles `b.w` from 0 to 4, and to 0x1234.
        assert_eq!(branch(0, 4).unwrap(), [0x00, 0xf0, 0x00, 0xb8]);
        assert_eq!(branch(0, 0x1234).unwrap(), [0x01, 0xf0, 0x18, 0xb9]);
        assert!(branch(8, 4).is_err());
    }

    #[test]
    fn a_word_is_said_from_an_address_of_words() {
        assert_eq!(saying(b'o').len() % 4, 0);
        assert_eq!(saying(b'o')[8..], [0x00, 0x40, 0x00, 0x40]);
    }
}
