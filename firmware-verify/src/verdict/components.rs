//! The components of a device besides the main one, and what each of all of them needs of the others.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_COMPONENTS, MAX_NEEDS},
    reject::{Reason, Refusal, ensure},
    statement::{ComponentVersion, MAIN_COMPONENT, Manifest, Requirement},
    types::Version,
    wire::Item,
};

/// A component besides the main one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Component {
    /// Its number, from 1.
    pub number: u8,
    /// What was confirmed last, or came from the factory.
    pub version: Version,
    /// No release below this security version is installed.
    pub security_floor: u32,
}

crate::wire::reads!(struct Component { number, version, security_floor });

impl Item<'_> for Component {
    const MAX: usize = MAX_COMPONENTS;
}

/// What an installed component needs of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Need {
    /// The component whose confirmed release says so.
    pub by: u8,
    /// What it needs.
    pub needed: Requirement,
}

crate::wire::reads!(struct Need { by, needed });

impl Item<'_> for Need {
    const MAX: usize = MAX_NEEDS;
}

/// The versions with which a device leaves the factory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Factory {
    /// Of the main component.
    pub main: Version,
    /// Of the components 1, 2 and 3; none of one that the device does not have.
    pub others: [Option<Version>; MAX_COMPONENTS],
}

impl From<Version> for Factory {
    fn from(main: Version) -> Self {
        Self {
            main,
            others: [None; MAX_COMPONENTS],
        }
    }
}

/// The components besides the main one, and the needs of all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Components {
    others: Vec<Component, MAX_COMPONENTS>,
    needs: Vec<Need, MAX_NEEDS>,
}

impl Components {
    /// None: a device of one component.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            others: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// What a device tells of its components. Their floors and needs are not told.
    #[must_use]
    pub fn told(components: impl Iterator<Item = ComponentVersion>) -> Self {
        let mut all = Self::new();
        for ComponentVersion { number, version } in components {
            if number != MAIN_COMPONENT && all.get(number).is_none() {
                all.add(Component {
                    number,
                    version,
                    security_floor: 0,
                });
            }
        }
        all
    }

    /// Those of a device, each once, of which nothing is needed yet.
    pub(crate) fn of<'c>(components: impl Iterator<Item = &'c Component>) -> Self {
        let mut all = Self::new();
        components.for_each(|component| all.add(*component));
        all
    }

    fn add(&mut self, component: Component) {
        // Of more than a device has, the first count.
        let _ = self.others.push(component);
    }

    /// Adds what an installed component needs.
    ///
    /// # Errors
    /// [`Reason::TooManyRequirements`].
    pub(crate) fn need(&mut self, need: Need) -> Result<(), Reason> {
        let kept = self.needs.push(need);
        kept.map_err(|_| Reason::TooManyRequirements)
    }

    /// A component that the device has.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<Component> {
        self.iter()
            .find(|component| component.number == number)
            .copied()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        self.others.iter()
    }

    /// What each component needs of the others.
    pub fn needs(&self) -> impl Iterator<Item = Need> {
        self.needs.iter().copied()
    }

    /// Whether what is installed can do with the manifest's version, and has room for its needs.
    ///
    /// # Errors
    /// [`Reason::RequirementBroken`], with the number of the component that needs another version;
    /// [`Reason::TooManyRequirements`].
    pub(super) fn suit(&self, manifest: &Manifest<'_>) -> Result<(), Refusal> {
        let own = manifest.component;
        for Need { by, needed } in self.needs() {
            let suits =
                by == own || needed.component != own || needed.versions.contains(manifest.version);
            ensure(
                suits,
                Refusal::new(
                    Reason::RequirementBroken,
                    u64::from(by),
                    manifest.version.ordinal(),
                ),
            )?;
        }
        let kept = self.needs().filter(|need| need.by != own).count();
        let asked = manifest.requirements.iter().count();
        let sum = kept.saturating_add(asked);
        ensure(
            sum <= MAX_NEEDS,
            Refusal::new(
                Reason::TooManyRequirements,
                u64::try_from(MAX_NEEDS).unwrap_or(u64::MAX),
                u64::try_from(sum).unwrap_or(u64::MAX),
            ),
        )
    }
}
