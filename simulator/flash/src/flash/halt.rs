//! Halts: the power goes right before an operation, of which any tear can be made afterwards.
//!
//! Whoever holds a flash cannot tell one tear from another: the call errs, and everything after it. So a sweep runs once up
//! to an operation, and tries every tear of it on forks of what the halt has left.

use core::ops::Range;

use super::Flash;
use crate::fault::Fault;
use crate::tear::Tear;

/// The operation that a halt has stopped, with what it was to write; `None` for an erase.
#[derive(Clone, Debug)]
pub(super) struct Halted {
    pub(super) range: Range<usize>,
    pub(super) bytes: Option<Vec<u8>>,
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Flash<READ, WRITE, ERASE> {
    /// Plans a loss of power like [`cut`](Self::cut), and leaves open what becomes of the operation: [`tear`](Self::tear)
    /// decides.
    pub fn halt(&mut self, operation: u64) {
        self.plan(operation, None);
    }

    /// Lets the operation that a [`halt`](Self::halt) has stopped come as far as `tear` says. The flash is then as if it had
    /// been [`cut`](Self::cut) there with this tear.
    ///
    /// # Panics
    ///
    /// If no operation was stopped, or the tear was decided before.
    pub fn tear(&mut self, tear: Tear) {
        let halted = self.halted.take().expect("an operation that was halted");
        self.land(halted.range, halted.bytes.as_deref(), tear);
    }

    /// Does what a tear leaves of an operation: of a write of these bytes, or of an erase.
    pub(super) fn land(&mut self, range: Range<usize>, bytes: Option<&[u8]>, tear: Tear) {
        // What would have failed anyway changes nothing when it is cut.
        let fails = self.faults.hit(Fault::Write, &range) || self.faults.hit(Fault::Lost, &range);
        let tear = if fails { Tear::Before } else { tear };
        self.touch(&range);
        match bytes {
            Some(bytes) => self.cells.tear_program(range.start, bytes, tear),
            None => {
                if tear != Tear::Before {
                    self.wear_out(&range);
                }
                self.cells.tear_erase(range, tear);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

    use crate::{Flash, FlashError, Tear};

    type Small = Flash<1, 4, 64>;

    /// A write, an erase, another write.
    fn act(flash: &mut Small) -> Result<(), FlashError> {
        flash.write(32, b"sixteen bytes it")?;
        flash.erase(0, 128)?;
        flash.write(0, b"four")
    }

    #[test]
    fn a_tear_after_a_halt_is_that_of_a_cut() {
        for failing in [None, Some(16..17)] {
            for operation in 0..3 {
                let mut flash = Small::new(128);
                flash.set_weak(true);
                flash.set_ecc(true);
                flash.write(16, b"here").unwrap();
                if let Some(range) = failing.clone() {
                    flash.fail_writes_at(range);
                }
                let mut halted = flash.clone();
                halted.halt(operation);
                let end = act(&mut halted);
                if end != Err(FlashError::PowerLost) {
                    // It did not come so far.
                    assert!(!halted.cut_hit() && failing.is_some() && operation == 2);
                    continue;
                }
                assert!(halted.cut_hit() && halted.is_off());

                for tear in Tear::every(16, 8) {
                    let mut cut = flash.clone();
                    cut.cut(operation, tear);
                    assert_eq!(act(&mut cut), Err(FlashError::PowerLost));
                    let mut torn = halted.clone();
                    torn.tear(tear);
                    assert_eq!(torn.contents(), cut.contents(), "{tear:?}");
                    assert_eq!(torn.wear(), cut.wear());
                    assert_eq!(torn.cut_length(), cut.cut_length());
                    torn.power_on();
                    cut.power_on();
                    // The weak bits as well, and their noise.
                    for _ in 0..32 {
                        let ([mut left, mut right], mut same) = ([[0; 128]; 2], true);
                        for (left, right) in left.chunks_mut(4).zip(right.chunks_mut(4)) {
                            same &= torn.read(0, left) == cut.read(0, right);
                        }
                        assert!(same && left == right, "{tear:?}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "an operation that was halted")]
    fn what_was_not_halted_is_not_torn() {
        Small::new(64).tear(Tear::After);
    }

    #[test]
    #[should_panic(expected = "an operation that was halted")]
    fn one_operation_is_torn_once() {
        let mut flash = Small::new(64);
        flash.halt(0);
        flash.write(0, b"four").unwrap_err();
        flash.tear(Tear::Before);
        flash.tear(Tear::After);
    }
}
