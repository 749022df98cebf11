//! The keys of the vectors. Their seeds are no secret: no real root may list them.

use latch_issue::RoleKey;
use latch_verify::{
    types::Digest,
    wire::{KeyRing, Role},
};
use serde::Serialize;

/// A key of the vectors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) role: Option<Role>,
    pub(crate) seed: u8,
}

pub(crate) const ROOT: Key = Key {
    name: "root",
    role: Some(Role::Root),
    seed: 1,
};
pub(crate) const OPERATOR: Key = Key {
    name: "operator",
    role: Some(Role::Operator),
    seed: 2,
};
pub(crate) const SECOND: Key = Key {
    name: "second operator",
    role: Some(Role::Operator),
    seed: 3,
};
pub(crate) const APPROVER: Key = Key {
    name: "approver",
    role: Some(Role::Approver),
    seed: 4,
};
pub(crate) const RELEASE: Key = Key {
    name: "release",
    role: Some(Role::Release),
    seed: 5,
};
pub(crate) const BREAK_GLASS: Key = Key {
    name: "break-glass",
    role: Some(Role::BreakGlass),
    seed: 6,
};
/// The device's own key: in no root.
pub(crate) const DEVICE: Key = Key {
    name: "device",
    role: None,
    seed: 7,
};
/// In nobody's root.
pub(crate) const STRANGER: Key = Key {
    name: "stranger",
    role: None,
    seed: 8,
};
pub(crate) const TIME: Key = Key {
    name: "time",
    role: Some(Role::Time),
    seed: 9,
};
/// In the second version of the root.
pub(crate) const NEXT_ROOT: Key = Key {
    name: "next root",
    role: Some(Role::Root),
    seed: 10,
};

pub(crate) const KEYS: [Key; 10] = [
    ROOT,
    OPERATOR,
    SECOND,
    APPROVER,
    RELEASE,
    BREAK_GLASS,
    DEVICE,
    STRANGER,
    TIME,
    NEXT_ROOT,
];

impl Key {
    pub(crate) fn seed(self) -> [u8; 32] {
        [self.seed; 32]
    }

    pub(crate) fn private(self) -> RoleKey {
        RoleKey::from_seed(&self.seed()).unwrap()
    }

    pub(crate) fn hex(self) -> String {
        Digest(*self.private().public().bytes()).to_string()
    }
}

/// How a key stands in a file.
#[derive(Serialize)]
pub(crate) struct ShownKey {
    name: &'static str,
    role: Option<Role>,
    seed: String,
    public_key: String,
    key_id: String,
}

pub(crate) fn shown_keys() -> Vec<ShownKey> {
    let shown = |key: Key| ShownKey {
        name: key.name,
        role: key.role,
        seed: Digest(key.seed()).to_string(),
        public_key: key.hex(),
        key_id: key.private().id().to_string(),
    };
    KEYS.map(shown).into()
}

/// All keys but the stranger's. The device's own stands among them as if it had a role,
/// so that one ring serves every kind.
pub(crate) fn ring() -> KeyRing {
    let mut ring = KeyRing::default();
    for key in KEYS.iter().filter(|key| **key != STRANGER) {
        let role = key.role.unwrap_or(Role::Time);
        ring.add(role, key.private().public()).unwrap();
    }
    ring
}
