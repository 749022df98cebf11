//! Division of long numbers by short ones.
//!
//! A 32-bit core has no instruction for a number of 64 bits, and the routine that stands in for
//! one takes a kilobyte of flash. Everything here is divided by 16 bits.

/// Quotient and remainder, by digits of 16 bits as on paper (Knuth, The Art of Computer
/// Programming, 4.3.1, exercise 16). Zero divides as one does.
#[inline(never)]
pub(crate) fn divide(number: u64, by: u16) -> (u64, u16) {
    let by = u32::from(by.max(1));
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    let (mut quotient, mut rest) = (0_u64, 0_u32);
    for digit in [[a, b], [c, d], [e, f], [g, h]] {
        // Below `by`, and so below 2^16: neither the shift nor a digit of the quotient overflows.
        let part = (rest << 16) | u32::from(u16::from_be_bytes(digit));
        quotient = (quotient << 16) | u64::from(part.checked_div(by).unwrap_or(0));
        rest = part.checked_rem(by).unwrap_or(0);
    }
    let [.., low, high] = rest.to_be_bytes();
    (quotient, u16::from_be_bytes([low, high]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::divide;

    proptest! {
        #[test]
        fn it_divides_as_the_language_does(number in any::<u64>(), by in 1..=u16::MAX) {
            let expected = (number / u64::from(by), (number % u64::from(by)) as u16);
            prop_assert_eq!(divide(number, by), expected);
        }
    }

    #[test]
    fn ends_are_divided_too() {
        for number in [0, 1, 999, 1000, u64::from(u32::MAX), u64::MAX] {
            for by in [1, 2, 1000, u16::MAX] {
                let long = u64::from(by);
                assert_eq!(divide(number, by), (number / long, (number % long) as u16));
            }
        }
        assert_eq!(divide(7, 0), (7, 0));
    }
}
