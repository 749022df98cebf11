//! Which components need which: what RAM knows of needs that lie in the journal, and what takes their place where they cannot be
//! read there any more.

use crate::{
    journal::Address,
    limits::{MAX_COMPONENTS, MAX_NEEDS},
    reject::Reason,
    statement::Requirement,
    types::{Version, VersionRange},
    verdict::{Components, Need},
};

/// Every number that a component can have, the main one's first.
pub(super) const NUMBERS: [u8; MAX_COMPONENTS + 1] = [0, 1, 2, 3];

// One bit of a `Pairs` for each, and room for a need of each.
const _: () = assert!(NUMBERS.len() * NUMBERS.len() <= 16 && 16 <= MAX_NEEDS);

/// No version: what nothing fulfils.
const NO_VERSION: VersionRange = VersionRange {
    least: version(1),
    most: version(0),
};

const fn version(patch: u32) -> Version {
    Version {
        major: 0,
        minor: 0,
        patch,
    }
}

/// Which component needs something of which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub(super) struct Pairs(u16);

impl Pairs {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(needs: impl Iterator<Item = Need>) -> Self {
        let mut pairs = Self::NONE;
        needs.for_each(|need| pairs.add(need.by, need.needed.component));
        pairs
    }

    pub(super) fn add(&mut self, by: u8, component: u8) {
        self.0 |= Self::bit(by, component);
    }

    pub(super) fn has(self, by: u8, component: u8) -> bool {
        self.0 & Self::bit(by, component) != 0
    }

    /// These and those others.
    pub(super) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those whose first is one of these.
    pub(super) fn by(self, which: impl Fn(u8) -> bool) -> Self {
        let mut pairs = Self::NONE;
        for by in NUMBERS.into_iter().filter(|by| which(*by)) {
            let all = NUMBERS
                .iter()
                .fold(0, |bits, component| bits | Self::bit(by, *component));
            pairs.0 |= self.0 & all;
        }
        pairs
    }

    /// None for a number that no component has.
    fn bit(by: u8, component: u8) -> u16 {
        let mut bit = 1_u16;
        for first in NUMBERS {
            for second in NUMBERS {
                if (first, second) == (by, component) {
                    return bit;
                }
                bit = bit.wrapping_shl(1);
            }
        }
        0
    }
}

/// Where the record lies that has the needs of all at the head of a sector, and whose of whom are in it.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Table {
    pub(super) at: Address,
    pub(super) pairs: Pairs,
}

impl Table {
    pub(super) const NOWHERE: Self = Self {
        at: Address::NOWHERE,
        pairs: Pairs::NONE,
    };

    pub(super) fn of(at: Address, needs: impl Iterator<Item = Need>) -> Self {
        Self {
            at,
            pairs: Pairs::of(needs),
        }
    }
}

/// The components, with a need that nothing fulfils for each that is lost.
///
/// Of needs by one component of another, one is left that is fulfilled where all of them are: so there is room for as many as are
/// lost.
///
/// # Errors
/// [`Reason::TooManyRequirements`]: never, as each pair has one.
#[inline(never)]
pub(super) fn refusing(all: &Components, lost: Pairs) -> Result<Components, Reason> {
    let mut refusing = Components::of(all.iter());
    for by in NUMBERS {
        for component in NUMBERS {
            let versions = if lost.has(by, component) {
                Some(NO_VERSION)
            } else {
                common(all, by, component)
            };
            if let Some(versions) = versions {
                let needed = Requirement {
                    component,
                    versions,
                };
                refusing.need(Need { by, needed })?;
            }
        }
    }
    Ok(refusing)
}

/// The versions of a component that fulfil every need of it by this one. Nothing where there is no such need.
fn common(all: &Components, by: u8, component: u8) -> Option<VersionRange> {
    let needs = all.needs();
    let these = needs.filter(|need| (need.by, need.needed.component) == (by, component));
    let ranges = these.map(|need| need.needed.versions);
    ranges.reduce(|one, other| VersionRange {
        least: one.least.max(other.least),
        most: one.most.min(other.most),
    })
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::verdict::Component;

    fn need(by: u8, component: u8, least: u32, most: u32) -> Need {
        let versions = VersionRange {
            least: version(least),
            most: version(most),
        };
        let needed = Requirement {
            component,
            versions,
        };
        Need { by, needed }
    }

    fn four() -> Components {
        let others = [1, 2, 3].map(|number| Component {
            number,
            version: version(1),
            security_floor: 0,
        });
        Components::of(others.iter())
    }

    #[test]
    fn a_pair_is_a_bit_of_its_own() {
        let mut all = Pairs::NONE;
        for by in NUMBERS {
            for component in NUMBERS {
                assert!(!all.has(by, component));
                all.add(by, component);
                assert!(all.has(by, component));
            }
        }
        assert_eq!(all, Pairs(0xffff));
        let two = all.by(|by| by == 2);
        for by in NUMBERS {
            assert!(NUMBERS.iter().all(|other| two.has(by, *other) == (by == 2)));
        }
        all.add(4, 0);
        assert!(!all.has(4, 0) && !all.has(0, 4));
    }

    #[test]
    fn no_version_is_in_the_range_of_a_lost_need() {
        let most = Version::from_ordinal(u64::MAX);
        for found in [version(0), version(1), version(2), most] {
            assert!(!NO_VERSION.contains(found));
        }
    }

    /// As many needs as there is room for, and more lost: those that are known stand, in fewer ranges.
    #[test]
    fn there_is_room_for_all_that_is_lost() {
        let mut all = four();
        for place in 0..8 {
            all.need(need(1, 2, place, 20)).unwrap();
            all.need(need(2, 1, 0, 20 - place)).unwrap();
        }
        assert_eq!(all.needs().count(), MAX_NEEDS);
        let mut lost = Pairs::NONE;
        for other in [1, 2, 3] {
            lost.add(0, other);
        }
        let found = refusing(&all, lost).unwrap();
        assert!(found.iter().eq(all.iter()));
        let found: Vec<_> = found.needs().collect();
        let expected = [
            need(0, 1, 1, 0),
            need(0, 2, 1, 0),
            need(0, 3, 1, 0),
            need(1, 2, 7, 20),
            need(2, 1, 0, 13),
        ];
        assert_eq!(found, expected);
        let everything = refusing(&all, Pairs(u16::MAX)).unwrap();
        assert_eq!(everything.needs().count(), 16);
    }
}
