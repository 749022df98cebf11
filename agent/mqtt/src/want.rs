//! What a device's agent asks the world for. Not signed: answers are checked by the device.

use latch_verify::{
    Refusal,
    types::StatementId,
    wire::{decode, encode},
};
use serde::{Deserialize, Serialize};

/// Pages that may be asked for at once: 64 pages of 4 KiB are 256 KiB on the way.
pub const MAX_WINDOW: u32 = 64;
/// Longest encoded want.
const MAX_WANT: usize = 32;

/// A request on a device's `want` topic, in postcard, canonical.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Want {
    /// Pages of a release's image.
    Pages {
        /// The release.
        manifest: StatementId,
        /// The first page.
        first: u32,
        /// How many; at most [`MAX_WINDOW`] are answered.
        count: u32,
    },
}

impl Want {
    /// Reads a request.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        decode(bytes)
    }

    /// Writes the request.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut buffer = [0; MAX_WANT];
        encode(self, &mut buffer)
            .map(|bytes| bytes.to_vec())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use latch_verify::{Reason, types::StatementId};

    use super::Want;

    #[test]
    fn a_want_is_read_as_it_was_written() {
        let want = Want::Pages {
            manifest: StatementId([7; 16]),
            first: 300,
            count: 64,
        };
        let mut bytes = want.to_bytes();
        assert_eq!(Want::parse(&bytes), Ok(want));
        bytes.push(0);
        assert_eq!(
            Want::parse(&bytes).unwrap_err().reason,
            Reason::TrailingBytes
        );
        assert!(Want::parse(&[]).is_err());
    }
}
