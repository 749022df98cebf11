//! What a device is, as it tells it: everything that an accepted input would change.

use crate::inputs::Opens;

/// A word of [`Standing`], in the order of `standing` in the device's `probe.rs`: its name, and what an accepted input makes
/// of it.
const WORDS: [(&str, Accepted); 16] = [
    ("twin version", Accepted::OneMore),
    ("twin", Accepted::Unknown),
    ("root version", Accepted::Root),
    ("epoch", Accepted::Unknown),
    ("phase of the installation", Accepted::Phase),
    ("next page", Accepted::Unknown),
    ("open latches", Accepted::Unknown),
    ("latches told open", Accepted::OneMore),
    ("code in hand", Accepted::InHand),
    ("used codes", Accepted::Used),
    // Every burn is told by the words before, too. Alone, it is what a receipt that is misread in RAM leaves: a refused code that
    // counts as stopped, and opens nothing.
    ("burns and the like", Accepted::Unknown),
    ("locked down", Accepted::Unknown),
    ("firmware", Accepted::Unknown),
    ("security floor", Accepted::Unknown),
    ("time floor", Accepted::Floor),
    ("booted", Accepted::Unknown),
];

/// What an accepted input makes of a word.
enum Accepted {
    /// One more than before.
    OneMore,
    /// One more than before, where no genuine one was put to it.
    Root,
    /// One more than before. A device that boots may have missed the receipt of the code before, which it has in hand again then:
    /// whatever it takes itself counts as used, too.
    InHand,
    /// An image that is armed, or on trial. Pages that are kept open nothing: the slot is read back before it is armed.
    Phase,
    /// One more than before. Where what was used has to stay so, fewer open as well: they can be used again.
    Used,
    /// Where it has to stay, an earlier one: what is over is in force again.
    Floor,
    /// Nothing by which it could be told from any other change: another word tells.
    Unknown,
}

/// The phases of an installation that is armed, and of one on trial.
const ARMED: u32 = 4;
const TRIAL: u32 = 5;

pub(crate) type Standing = [u32; WORDS.len()];

/// A standing from its bytes; none from a device that did not boot.
pub(crate) fn of(bytes: &[u8]) -> Option<Standing> {
    let mut standing = [0; WORDS.len()];
    for (word, bytes) in standing.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes(bytes.try_into().ok()?);
    }
    (standing != [0; WORDS.len()]).then_some(standing)
}

/// Words that never fall: where one has, a fault has written over what the device knows, and the other words say nothing.
const NEVER_FALLS: [&str; 3] = ["twin version", "root version", "burns and the like"];

/// Whether one standing is what another becomes by accepting something that opens this.
pub(crate) fn is_accept(opens: Opens, before: &Standing, after: &Standing) -> bool {
    let mut words = WORDS.iter().zip(before.iter().zip(after));
    if words.any(|((name, _), (before, after))| NEVER_FALLS.contains(name) && after < before) {
        return false;
    }
    WORDS
        .iter()
        .zip(before.iter().zip(after))
        .any(|((_, accepted), (before, after))| match (accepted, opens) {
            (Accepted::Phase, Opens::Installation) => before < after && *after <= TRIAL,
            (Accepted::OneMore, Opens::Change | Opens::Booted | Opens::Again)
            | (Accepted::Root | Accepted::Used, Opens::Change | Opens::Booted) => {
                Some(*after) == before.checked_add(1)
            }
            (Accepted::Used, Opens::Again) => before != after,
            (Accepted::Floor, Opens::Again) => after < before,
            (Accepted::InHand, Opens::Change | Opens::Again) => before < after,
            (Accepted::Phase, Opens::Change | Opens::Booted | Opens::Again | Opens::Arming) => {
                before < after && (ARMED..=TRIAL).contains(after)
            }
            _ => false,
        })
}

/// In what they differ.
pub(crate) fn differs(before: &Standing, after: &Standing) -> String {
    let words = WORDS.iter().zip(before.iter().zip(after));
    let differing = words.filter(|(_, (before, after))| before != after);
    let told: Vec<String> = differing
        .map(|((name, _), (before, after))| format!("{name} {before:#x} is {after:#x}"))
        .collect();
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Standing, differs, is_accept, of};
    use crate::inputs::Opens;

    fn is_change(before: &Standing, after: &Standing) -> bool {
        is_accept(Opens::Change, before, after)
    }

    #[test]
    fn an_accept_is_known_and_garbage_is_not() {
        let before = of(&[1; 64]).unwrap();
        let mut after = before;
        assert!(!is_change(&before, &after));
        after[1] = 7;
        assert!(!is_change(&before, &after));
        after[0] += 1;
        assert!(is_change(&before, &after));
        let mut fallen = after;
        fallen[2] -= 1;
        assert!(!is_change(&before, &fallen));
        assert!(!is_accept(Opens::Installation, &before, &after));
        assert!(!is_accept(Opens::Start, &before, &after));
        assert!(is_accept(Opens::Again, &before, &after));
        let mut succeeded = before;
        succeeded[2] += 1;
        assert!(is_change(&before, &succeeded));
        assert!(!is_accept(Opens::Again, &before, &succeeded));
        for fallen in [9, 14] {
            let mut forgetful = succeeded;
            forgetful[fallen] -= 1;
            assert!(is_accept(Opens::Again, &before, &forgetful));
        }
        let (mut idle, mut begun) = (before, before);
        (idle[4], begun[4]) = (1, 2);
        assert!(is_accept(Opens::Installation, &idle, &begun));
        assert!(!is_change(&idle, &begun));
        begun[4] = 4;
        assert!(is_accept(Opens::Arming, &idle, &begun));
        (idle[8], begun[8], begun[4]) = (0, 1, 1);
        assert!(!is_accept(Opens::Arming, &idle, &begun));
        assert!(is_change(&idle, &begun));
        assert!(!is_accept(Opens::Booted, &idle, &begun));
        begun[9] += 1;
        assert!(is_accept(Opens::Booted, &idle, &begun));
        let mut stopped = before;
        stopped[10] += 1;
        assert!(!is_change(&before, &stopped));
        assert_eq!(
            differs(&before, &after),
            "twin version 0x1010101 is 0x1010102, twin 0x1010101 is 0x7"
        );
    }

    #[test]
    fn a_device_that_did_not_boot_is_nothing() {
        assert_eq!(of(&[0; 64]), None);
    }
}
