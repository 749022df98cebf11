//! What a device knows about itself.

use serde::{Deserialize, Serialize};

/// Thirty-two facts that the product names, each true, false or unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Posture {
    /// A set bit: the fact is known.
    pub known: u32,
    /// A set bit: the fact is true. Bits that are not known are zero.
    pub value: u32,
}

crate::wire::reads!(struct Posture { known, value });

/// Facts that a rule asks for. Unknown satisfies neither.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PostureRule {
    /// Facts that must be true.
    pub must_hold: u32,
    /// Facts that must be false.
    pub must_not_hold: u32,
}

crate::wire::reads!(struct PostureRule { must_hold, must_not_hold });

impl Posture {
    /// Facts of the rule that this posture does not satisfy; zero when all are.
    #[must_use]
    pub fn unmet(self, rule: PostureRule) -> u32 {
        let surely_true = self.known & self.value;
        let surely_false = self.known & !self.value;
        (rule.must_hold & !surely_true) | (rule.must_not_hold & !surely_false)
    }
}

#[cfg(test)]
mod tests {
    use super::{Posture, PostureRule};

    #[test]
    fn unknown_satisfies_nothing() {
        let rule = PostureRule {
            must_hold: 0b0011,
            must_not_hold: 0b1100,
        };
        assert_eq!(Posture::default().unmet(rule), 0b1111);
        assert_eq!(
            Posture {
                known: 0b1111,
                value: 0b0011
            }
            .unmet(rule),
            0
        );
        assert_eq!(
            Posture {
                known: 0b0101,
                value: 0b0001
            }
            .unmet(rule),
            0b1010
        );
        // A value without knowledge of it is no value.
        assert_eq!(
            Posture {
                known: 0,
                value: 0b0011
            }
            .unmet(rule),
            0b1111
        );
        assert_eq!(
            Posture {
                known: 0b1111,
                value: 0b1100
            }
            .unmet(rule),
            0b1111
        );
    }
}
