//! Runs groups, counts, measures the stack, and tells the host.

use core::fmt;

use cortex_m_semihosting::{debug, hprintln};
use cortex_m_stack::{repaint_stack, stack_painted, stack_size};
use latch_verify::{Reason, Refusal};

use crate::tables::Case;

/// Vectors of a group that are told by name; more would tell no more.
const NAMED: usize = 3;

/// In what a verdict differs from the one that was expected.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Difference {
    /// Something that was expected to be so is not.
    Not(&'static str),
    /// It was refused for this, when something else was expected.
    Refused(Reason),
    /// It was taken, when it had to be refused.
    Taken,
}

impl From<Refusal> for Difference {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.reason)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Not(expected) => write!(f, "not {expected}"),
            Self::Refused(reason) => write!(f, "refused with {reason:?}"),
            Self::Taken => f.write_str("taken"),
        }
    }
}

/// What came of one vector.
pub(crate) type Judged = Result<(), Difference>;

/// Holds if the fact does; otherwise what was expected is told.
pub(crate) fn expect(fact: bool, expected: &'static str) -> Judged {
    if fact {
        Ok(())
    } else {
        Err(Difference::Not(expected))
    }
}

/// Holds if it was refused for the very reason.
pub(crate) fn expect_refusal<T>(found: Result<T, Refusal>, reason: Reason) -> Judged {
    match found {
        Err(refusal) if refusal.reason == reason => Ok(()),
        Err(refusal) => Err(refusal.into()),
        Ok(_) => Err(Difference::Taken),
    }
}

/// The sums over all groups.
#[derive(Debug)]
pub(crate) struct Report {
    vectors: usize,
    agreed: usize,
    deepest: u32,
}

impl Report {
    pub(crate) fn begin(machine: &str) -> Self {
        hprintln!("machine {machine}");
        Self {
            vectors: 0,
            agreed: 0,
            deepest: 0,
        }
    }

    /// Judges all vectors of a group. The stack that a judgement takes is measured from the bottom, `main` included.
    pub(crate) fn group<T>(
        &mut self,
        name: &str,
        cases: &[Case<T>],
        mut judge: impl FnMut(&T) -> Judged,
    ) {
        repaint_stack();
        let mut agreed = 0;
        let mut named = [None; NAMED];
        for case in cases {
            match judge(&case.of) {
                Ok(()) => agreed += 1,
                Err(difference) => {
                    if let Some(free) = named.iter_mut().find(|named| named.is_none()) {
                        *free = Some((case.name, difference));
                    }
                }
            }
        }
        let deepest = stack_size().saturating_sub(stack_painted());
        hprintln!("{name} {agreed} of {} stack {deepest}", cases.len());
        for (vector, difference) in named.into_iter().flatten() {
            hprintln!("differs: {name}: {vector}: {difference}");
        }
        self.vectors += cases.len();
        self.agreed += agreed;
        self.deepest = self.deepest.max(deepest);
    }

    /// Tells the sums, and ends the program.
    pub(crate) fn end(self) -> ! {
        hprintln!("deepest stack {} of {}", self.deepest, stack_size());
        hprintln!("all {} of {}", self.agreed, self.vectors);
        finish(self.agreed == self.vectors)
    }
}

/// Ends the machine: QEMU's exit code is 0, or 1.
pub(crate) fn finish(well: bool) -> ! {
    debug::exit(if well {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        cortex_m::asm::wfi();
    }
}
