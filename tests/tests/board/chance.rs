//! What a seed decides.

/// Numbers drawn from a seed (Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Chance(u32);

impl Chance {
    /// That of a trial: the same each time.
    pub(crate) fn of(trial: u32) -> Self {
        Self(0x9e37_79b9 ^ trial.wrapping_mul(0x85eb_ca6b) | 1)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }
}
