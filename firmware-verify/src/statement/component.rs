//! Components of a device besides the main one, as a device tells of them.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::more::More;
use crate::{
    limits::{MAX_COMPONENTS, MAX_MORE},
    types::Version,
    wire::{Item, Run, RunWriter},
};

/// The main component: what the bootloader starts.
pub const MAIN_COMPONENT: u8 = 0;

/// The tag of this item in [`More`].
const TAG: u8 = 1;

/// What runs on a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentVersion {
    /// The component's number.
    pub number: u8,
    /// The version that was confirmed last.
    pub version: Version,
}

crate::wire::reads!(struct ComponentVersion { number, version });

impl Item<'_> for ComponentVersion {
    const MAX: usize = MAX_COMPONENTS;
}

impl More {
    /// Tells of components. Without any, nothing is told.
    #[must_use]
    pub fn components(components: impl Iterator<Item = ComponentVersion>) -> Self {
        let mut buffer = [0; MAX_MORE];
        let mut writer = RunWriter::new(buffer.get_mut(2..).unwrap_or_default());
        for component in components {
            // Three of twelve bytes fit.
            let _ = writer.push(&component);
        }
        let run = writer.finish();
        let mut more = Vec::new();
        if let (false, Ok(len)) = (run.is_empty(), u8::try_from(run.len())) {
            let _ = more.extend_from_slice(&[TAG, len]);
            let _ = more.extend_from_slice(run);
        }
        Self(more)
    }

    /// The components that are told of.
    pub fn told_components(&self) -> impl Iterator<Item = ComponentVersion> {
        let mut rest = self.0.as_slice();
        let mut found: &[u8] = &[];
        // Tags and lengths of one byte, as in all items so far; behind another nothing is looked for.
        while let Some((&[tag, len], after)) = rest.split_first_chunk::<2>() {
            let Some((item, next)) = after.split_at_checked(usize::from(len)) else {
                break;
            };
            if tag == TAG {
                found = item;
            }
            if (tag | len) & 0x80 != 0 {
                break;
            }
            rest = next;
        }
        let run: Run<'_, ComponentVersion> = Run::from_bytes(found);
        let sound = run.check().is_ok();
        run.iter().take(if sound { MAX_COMPONENTS } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{ComponentVersion, More};
    use crate::types::Version;

    fn component(number: u8) -> ComponentVersion {
        let version = Version {
            major: u16::MAX,
            minor: u16::MAX,
            patch: u32::MAX - u32::from(number),
        };
        ComponentVersion { number, version }
    }

    #[test]
    fn what_is_told_is_read() {
        for count in 0..=3 {
            let told: Vec<_> = (1..=count).map(component).collect();
            let more = More::components(told.iter().copied());
            assert_eq!(more.0.is_empty(), count == 0);
            assert_eq!(more.told_components().collect::<Vec<_>>(), told);
        }
    }

    #[test]
    fn other_items_are_passed_over() {
        let ours = More::components([component(2)].into_iter());
        let mut more = More::default();
        more.0.extend_from_slice(&[9, 2, 1, 1]).unwrap();
        more.0.extend_from_slice(&ours.0).unwrap();
        assert_eq!(more.told_components().count(), 1);
        for len in 0..more.0.len() {
            let mut cut = more.clone();
            cut.0.truncate(len);
            assert_eq!(cut.told_components().count(), 0, "{len}");
        }
        let mut odd = More::default();
        odd.0.extend_from_slice(&[0x81, 1, 0, 1, 0]).unwrap();
        assert_eq!(odd.told_components().count(), 0);
    }
}
