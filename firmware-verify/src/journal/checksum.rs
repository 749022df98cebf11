//! The checksum of everything in the journal.
//!
//! CRC-32/ISCSI (Castagnoli, RFC 3720): it finds any five wrong bits in up to 655 bytes and any three in
//! all lengths used here (Koopman, "32-Bit Cyclic Redundancy Codes for Internet
//! Applications", DSN 2002).
//!
//! On bare metal it takes four bits at a time, from a table of 64 bytes. A host has the room for tables with which it takes
//! eight bytes at a time (Kounavis, Berry: "A Systematic Approach to Building High Performance Software-Based CRC
//! Generators", ISCC 2005): simulated fleets boot by the million.

/// The generator, 0x1edc6f41, with its bits in the order in which they are sent.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// A checksum on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Checksum(u32);

impl Checksum {
    /// Each begins with the number of the sector's life, so that nothing that an earlier life has left matches.
    pub(crate) fn of(sequence: u32) -> Self {
        Self(u32::MAX).then(&sequence.to_le_bytes())
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        *self = self.then(bytes);
    }

    /// The checksum with these bytes behind it.
    #[must_use]
    pub(crate) fn then(self, bytes: &[u8]) -> Self {
        #[cfg(target_os = "none")]
        use nibbles::add;
        #[cfg(not(target_os = "none"))]
        use slices::add;

        Self(add(self.0, bytes))
    }

    pub(crate) fn end(self) -> u32 {
        !self.0
    }
}

/// What is left of a remainder when so many zero bits have followed it.
const fn followed(mut remainder: u32, bits: u32) -> u32 {
    let mut bit = 0;
    while bit < bits {
        remainder = (remainder >> 1) ^ (POLYNOMIAL & (remainder & 1).wrapping_neg());
        bit += 1;
    }
    remainder
}

/// The same of each number below `N`.
#[allow(clippy::indexing_slicing, reason = "runs when it is compiled")]
const fn table<const N: usize>(bits: u32) -> [u32; N] {
    let mut table = [0; N];
    let (mut at, mut number) = (0, 0);
    while at < N {
        table[at] = followed(number, bits);
        (at, number) = (at + 1, number + 1);
    }
    table
}

#[cfg(any(test, target_os = "none"))]
mod nibbles {
    use super::table;

    static NIBBLES: [u32; 16] = table(4);

    #[inline(never)]
    pub(super) fn add(sum: u32, bytes: &[u8]) -> u32 {
        bytes
            .iter()
            .fold(sum, |sum, byte| nibble(nibble(sum ^ u32::from(*byte))))
    }

    /// Twice for each byte: a loop would take as long as what it repeats.
    fn nibble(sum: u32) -> u32 {
        let [low, ..] = sum.to_le_bytes();
        let of_low = NIBBLES.get(usize::from(low & 15)).copied();
        (sum >> 4) ^ of_low.unwrap_or_default()
    }
}

#[cfg(not(target_os = "none"))]
mod slices {
    use super::table;

    /// What a byte does to the sum with so many bytes behind it.
    static BEHIND: [[u32; 256]; 8] = [
        table(8),
        table(16),
        table(24),
        table(32),
        table(40),
        table(48),
        table(56),
        table(64),
    ];

    pub(super) fn add(sum: u32, bytes: &[u8]) -> u32 {
        let [t0, t1, t2, t3, t4, t5, t6, t7] = &BEHIND;
        let of = |table: &[u32; 256], byte: u8| {
            let found = table.get(usize::from(byte)).copied();
            found.unwrap_or_default()
        };
        let (eights, rest) = bytes.as_chunks::<8>();
        let sum = eights.iter().fold(sum, |sum, eight| {
            let [a, b, c, d, e, f, g, h] = *eight;
            let [s0, s1, s2, s3] = sum.to_le_bytes();
            of(t7, a ^ s0)
                ^ of(t6, b ^ s1)
                ^ of(t5, c ^ s2)
                ^ of(t4, d ^ s3)
                ^ of(t3, e)
                ^ of(t2, f)
                ^ of(t1, g)
                ^ of(t0, h)
        });
        let (fours, rest) = rest.as_chunks::<4>();
        let sum = fours.iter().fold(sum, |sum, four| {
            let [a, b, c, d] = *four;
            let [s0, s1, s2, s3] = sum.to_le_bytes();
            of(t3, a ^ s0) ^ of(t2, b ^ s1) ^ of(t1, c ^ s2) ^ of(t0, d ^ s3)
        });
        rest.iter().fold(sum, |sum, byte| {
            let [low, ..] = sum.to_le_bytes();
            (sum >> 8) ^ of(t0, byte ^ low)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Checksum, nibbles, slices};

    #[test]
    fn both_ways_give_the_published_values() {
        // RFC 3720, appendix B.4.
        let up: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let mut down = up;
        down.reverse();
        let known: [(&[u8], u32); 5] = [
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&up, 0x46dd_794e),
            (&down, 0x113f_db5c),
            // The check value that catalogues of CRCs give.
            (b"123456789", 0xe306_9283),
        ];
        for (bytes, sum) in known {
            assert_eq!(!nibbles::add(u32::MAX, bytes), sum);
            assert_eq!(!slices::add(u32::MAX, bytes), sum);
        }
    }

    #[test]
    fn both_ways_agree_wherever_bytes_are_split() {
        let bytes: [u8; 40] = core::array::from_fn(|at| (at * 37 + 11).to_le_bytes()[0]);
        for end in 0..=bytes.len() {
            let whole = nibbles::add(0x0123_4567, &bytes[..end]);
            for split in 0..=end {
                let (front, back) = bytes[..end].split_at(split);
                let front = slices::add(0x0123_4567, front);
                assert_eq!(slices::add(front, back), whole);
            }
        }
    }

    #[test]
    fn a_sum_begins_with_the_sequence_number() {
        let sum = Checksum::of(0x3433_3231).then(b"56789");
        assert_eq!(sum.end(), 0xe306_9283);
    }
}
