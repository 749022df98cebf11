//! Words that stand for a check that was made: what one fault does not make.
//!
//! A `bool` is one bit, and so is most of what a branch asks; a skipped instruction leaves either where it pleases. A word whose
//! bits are as many ones as zeros, in no order, is not left in a register or on the stack by chance, and no other flips into it.

use core::hint::black_box;

/// Stands for a check, each with a word of its own. Made where the check has passed, and asked for where it has its effect.
#[derive(Clone, Copy)]
pub(crate) struct Assured<const WORD: u32>(u32);

impl<const WORD: u32> Assured<WORD> {
    /// The check has passed here.
    pub(crate) fn here() -> Self {
        const { assert!(WORD.count_ones() == 16) };
        Self(black_box(WORD))
    }

    /// Whether it has. The compiler is not to know that there is no other answer.
    pub(crate) fn holds(&self) -> bool {
        black_box(self.0) == WORD
    }
}

#[cfg(test)]
mod tests {
    use super::Assured;

    #[test]
    fn what_a_register_holds_by_chance_is_no_check() {
        assert!(Assured::<0xa635_c95a>::here().holds());
        for chance in [0, 1, u32::MAX, 0xa635_c95b, !0xa635_c95a] {
            assert!(!Assured::<0xa635_c95a>(chance).holds(), "{chance:#x}");
        }
    }
}
