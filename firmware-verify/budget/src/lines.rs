//! What is measured: every line by its name, and what it means to people.

use std::collections::BTreeMap;

use crate::Outcome;

/// Things of one unit.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// How much more than recorded is taken for noise, beyond the common part; `None` where more is never refused.
    pub(crate) slack: Option<u64>,
    /// Names, and what they mean.
    pub(crate) lines: &'static [(&'static str, &'static str)],
}

/// The targets, in the order of the table's columns.
pub(crate) const TARGETS: [(&str, &str); 2] = [
    ("m4", "thumbv7em-none-eabihf"),
    ("m0", "thumbv6m-none-eabi"),
];

pub(crate) const GROUPS: &[Group] = &[
    Group {
        name: "flash",
        title: "Flash, bytes",
        // Alignment and the choices of the linker.
        slack: Some(256),
        lines: &[
            ("verifier", "the whole verifier, receipts signed elsewhere"),
            ("signing", "the same, signing its receipts itself"),
            ("verify_strict", "ed25519-dalek's `verify_strict` alone"),
        ],
    },
    Group {
        name: "parts",
        title: "Parts of the whole verifier, bytes",
        // Code moves from one to another with every choice of the inliner; their sum is held.
        slack: None,
        lines: &[
            ("device", "`device`"),
            ("ledger", "`ledger`"),
            ("journal", "`journal`, flash access, CRC"),
            ("wire", "`wire`"),
            ("statement", "`statement`, `types`, `reject`"),
            ("verdict", "`verdict`"),
            ("twin", "`twin`"),
            ("image", "`image`, `boot`"),
            ("codec", "postcard and serde, derived code with them"),
            ("curve", "ed25519-dalek and curve25519-dalek"),
            ("sha2", "SHA-256 and SHA-512"),
            ("core", "core, heapless, compiler_builtins"),
            ("constants", "constants"),
            (
                "rest",
                "the measuring program, what was inlined into it, and gaps",
            ),
        ],
    },
    Group {
        name: "ram",
        title: "Static RAM, bytes",
        slack: Some(32),
        lines: &[
            ("static", "`Device` without its twin, `.data` and `.bss`"),
            ("twin", "the twin, a const parameter"),
            ("page", "a page message of 4 KiB, held by the caller"),
        ],
    },
    Group {
        name: "stack",
        title: "Deepest stack, bytes",
        slack: Some(128),
        lines: &[
            ("deepest", "the deepest of all below but `provision`"),
            ("boot", "boot"),
            ("boot_trial", "boot into an image on trial"),
            ("accept", "accept a code, to its durable burn"),
            ("accept_receipt", "its receipt, signed in software"),
            (
                "accept_full",
                "the same with patches of 0.9 KB, until the journal rotates",
            ),
            ("accept_full_receipt", "their receipts"),
            ("refuse", "refuse a code with a bad signature"),
            ("rotate_root", "take a successor of the trust root"),
            ("state", "sign the state"),
            ("install", "accept an installation"),
            ("page", "take a page"),
            ("arm", "read the slot back and arm it"),
            ("confirm", "confirm the image"),
            ("provision", "provision, once in the factory"),
            ("slot", "a bootloader reads 256 KiB back"),
            ("sha256", "the same bytes hashed alone"),
            ("verify_strict", "`verify_strict` alone"),
            ("key", "a key from its 32 bytes"),
        ],
    },
    Group {
        name: "instructions",
        title: "Instructions",
        // Ticks of the timer, and their rounding.
        slack: Some(1000),
        lines: &[
            (
                "verify_strict",
                "`verify_strict` alone, its key decoded before",
            ),
            ("key", "a key from its 32 bytes"),
            ("accept", "accept a code, to its durable burn"),
            ("accept_receipt", "its receipt, signed in software"),
            ("accept_full", "the longest of those with patches of 0.9 KB"),
            ("accept_full_receipt", "the longest of their receipts"),
            ("refuse", "refuse a code with a bad signature"),
            ("rotate_root", "take a successor of the trust root"),
            ("state", "sign the state"),
            ("install", "accept an installation"),
            ("page", "take a page"),
            ("arm", "read the slot back and arm it"),
            ("confirm", "confirm the image"),
            ("boot", "boot"),
            ("boot_trial", "boot into an image on trial"),
            ("provision", "provision, once in the factory"),
            ("slot", "a bootloader reads 256 KiB back, in pages of 4 KiB"),
            ("sha256", "the same bytes and pages hashed alone"),
        ],
    },
    Group {
        name: "ratio",
        title: "Ratios, in thousandths",
        slack: Some(0),
        lines: &[
            ("accept", "accept a code, of `verify_strict` alone"),
            ("slot", "read a slot back, of SHA-256 alone"),
        ],
    },
];

/// Numbers by their lines, `target.group.name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines(BTreeMap<String, u64>);

impl Lines {
    /// Takes a number; of several for one line, the largest.
    pub(crate) fn note(&mut self, target: &str, group: &str, name: &str, number: u64) {
        let most = self.0.entry(line(target, group, name)).or_default();
        *most = number.max(*most);
    }

    pub(crate) fn get(&self, target: &str, group: &str, name: &str) -> Option<u64> {
        self.find(&line(target, group, name))
    }

    /// A number that has to be there.
    pub(crate) fn expect(&self, target: &str, group: &str, name: &str) -> Outcome<u64> {
        let line = line(target, group, name);
        Ok(self
            .find(&line)
            .ok_or_else(|| format!("{line} was not measured"))?)
    }

    /// A number that has to be there, and is no line of its own.
    pub(crate) fn take(&mut self, target: &str, group: &str, name: &str) -> Outcome<u64> {
        let number = self.expect(target, group, name)?;
        self.0.remove(&line(target, group, name));
        Ok(number)
    }

    pub(crate) fn find(&self, line: &str) -> Option<u64> {
        self.0.get(line).copied()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

pub(crate) fn line(target: &str, group: &str, name: &str) -> String {
    format!("{target}.{group}.{name}")
}

/// Every line there has to be, in the order of the table, with its group.
pub(crate) fn all() -> impl Iterator<Item = (&'static Group, &'static str, &'static str)> {
    TARGETS.iter().flat_map(|(target, _)| {
        let lines = move |group: &'static Group| {
            group
                .lines
                .iter()
                .map(move |(name, _)| (group, *target, *name))
        };
        GROUPS.iter().flat_map(lines)
    })
}
