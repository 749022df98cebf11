//! What a device is, as it tells it: everything that an accepted input would change.

/// A word of [`Standing`], in the order of `standing` in the device's `probe.rs`: its name, and what an accepted input makes
/// of it.
const WORDS: [(&str, Accepted); 16] = [
    ("twin version", Accepted::OneMore),
    ("twin", Accepted::Unknown),
    ("root version", Accepted::OneMore),
    ("epoch", Accepted::Unknown),
    ("phase of the installation", Accepted::Phase),
    ("next page", Accepted::Unknown),
    ("open latches", Accepted::Unknown),
    ("latches told open", Accepted::OneMore),
    ("code in hand", Accepted::OneMore),
    ("used codes", Accepted::OneMore),
    ("burns and the like", Accepted::OneMore),
    ("locked down", Accepted::Unknown),
    ("firmware", Accepted::Unknown),
    ("security floor", Accepted::Unknown),
    ("time floor", Accepted::Unknown),
    ("booted", Accepted::Unknown),
];

/// What an accepted input makes of a word.
enum Accepted {
    /// One more than before.
    OneMore,
    /// An image that is armed, or on trial. Pages that are kept open nothing: the slot is read back before it is armed.
    Phase,
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

/// Whether one standing is what another becomes by accepting something.
pub(crate) fn is_accept(before: &Standing, after: &Standing) -> bool {
    let mut words = WORDS.iter().zip(before.iter().zip(after));
    if words.any(|((name, _), (before, after))| NEVER_FALLS.contains(name) && after < before) {
        return false;
    }
    WORDS.iter().zip(before.iter().zip(after)).any(
        |((_, accepted), (before, after))| match accepted {
            Accepted::OneMore => Some(*after) == before.checked_add(1),
            Accepted::Phase => before < after && (ARMED..=TRIAL).contains(after),
            Accepted::Unknown => false,
        },
    )
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
    use super::{differs, is_accept, of};

    #[test]
    fn an_accept_is_known_and_garbage_is_not() {
        let before = of(&[1; 64]).unwrap();
        let mut after = before;
        assert!(!is_accept(&before, &after));
        after[1] = 7;
        assert!(!is_accept(&before, &after));
        after[0] += 1;
        assert!(is_accept(&before, &after));
        let mut fallen = after;
        fallen[2] -= 1;
        assert!(!is_accept(&before, &fallen));
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
