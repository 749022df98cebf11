//! One fault, at one moment.

/// What is to be done with one execution of one instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Fault {
    /// It does nothing.
    Skip,
    /// This bit of it is another, for this once.
    Flip(u8),
}

/// One fault, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// The instruction.
    pub(crate) at: u32,
    /// Which of its executions, from 1.
    pub(crate) execution: usize,
    /// Its place in the trace.
    pub(crate) position: usize,
    pub(crate) fault: Fault,
}

/// An instruction with a fault in it, of the same length.
pub(crate) fn faulty(instruction: &[u8], fault: Fault) -> Vec<u8> {
    match fault {
        // NOP, in its two encodings (Armv7-M, A7.7.88).
        Fault::Skip if instruction.len() == 2 => vec![0x00, 0xbf],
        Fault::Skip => vec![0xaf, 0xf3, 0x00, 0x80],
        Fault::Flip(bit) => {
            let mut flipped = instruction.to_vec();
            if let Some(byte) = flipped.get_mut(usize::from(bit / 8)) {
                *byte ^= 1 << (bit % 8);
            }
            flipped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, faulty};

    #[test]
    fn a_fault_keeps_the_length() {
        assert_eq!(faulty(&[1, 2], Fault::Skip), [0x00, 0xbf]);
        assert_eq!(faulty(&[1, 2, 3, 4], Fault::Skip), [0xaf, 0xf3, 0x00, 0x80]);
        assert_eq!(faulty(&[1, 2, 3, 4], Fault::Flip(17)), [1, 2, 1, 4]);
    }
}
