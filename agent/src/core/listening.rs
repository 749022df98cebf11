//! The filters that come and go with what a device needs.

use latch_verify::types::Digest;

use super::names::Names;

/// What is listened to besides what every device listens to.
#[derive(Default)]
pub(super) struct Listening {
    /// The topic of the next trust root.
    trust: Option<String>,
    /// The shared pages.
    pages: Option<String>,
}

/// What is no longer listened to, and what is from now on.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Change {
    pub(super) stop: Option<String>,
    pub(super) begin: Option<String>,
}

impl Listening {
    /// Listens to the next trust root by its name: not every broker gives what it retains to
    /// those who listen to all of them.
    pub(super) fn follow_trust(&mut self, names: &Names, next: u32) -> Change {
        Change::of(&mut self.trust, Some(names.trust(next)))
    }

    /// Listens to the next trust root anew, so that the broker gives it again.
    pub(super) fn forget_trust(&mut self) {
        self.trust = None;
    }

    /// Listens to the shared pages of the image with this Merkle root, and to no others.
    pub(super) fn follow_pages(&mut self, names: &Names, root: Option<Digest>) -> Change {
        Change::of(&mut self.pages, root.map(|root| names.pages(root)))
    }
}

impl Change {
    fn of(now: &mut Option<String>, wanted: Option<String>) -> Self {
        if *now == wanted {
            return Self::default();
        }
        Self {
            stop: std::mem::replace(now, wanted.clone()),
            begin: wanted,
        }
    }
}
