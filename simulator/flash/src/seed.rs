//! Bits that look random and are a pure function of a seed.

/// The increment of SplitMix64: odd, and near 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The `index`-th number of the stream that `seed` starts.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). Its state is a
/// counter, so any number of the stream can be had without those before it.
#[inline]
pub(crate) fn mix(seed: u64, index: u64) -> u64 {
    let mut bits = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::mix;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The first three numbers after seed 1234567, as reference implementations of SplitMix64 print them.
        assert_eq!(mix(1_234_567, 0), 6_457_827_717_110_365_317);
        assert_eq!(mix(1_234_567, 1), 3_203_168_211_198_807_973);
        assert_eq!(mix(1_234_567, 2), 9_817_491_932_198_370_423);
    }
}
