//! The bundle of a device behind a link. Its file is looked at now and then: one that is made, mended
//! or replaced is seen without a new start.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use latch_agent::Bundle;
use latch_verify::{
    statement::Enrolment,
    types::DeviceId,
    wire::{Envelope, Kind},
};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::provision::{ProvisionError, read_bundle};

/// How often the file is looked at: whoever puts it there waits for it, and a look costs one call of
/// the system.
const LOOK: Duration = Duration::from_secs(2);

/// A file that may hold a bundle.
pub(super) struct BundleFile {
    path: PathBuf,
    /// The only device that it may be of.
    name: Option<DeviceId>,
    seen: Option<Stamp>,
    /// Begins with the first look, which is done where there is a clock.
    looks: Option<Interval>,
}

/// By which a file is seen to be another.
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    len: u64,
    modified: Option<SystemTime>,
}

impl BundleFile {
    /// A file that was not looked at yet.
    pub(super) fn new(path: PathBuf, name: Option<DeviceId>) -> Self {
        Self {
            path,
            name,
            seen: None,
            looks: None,
        }
    }

    pub(super) fn path(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// Whether there was a file at the last look, good or not.
    pub(super) fn is_there(&self) -> bool {
        self.seen.is_some()
    }

    /// Waits until it is time for the next look.
    pub(super) async fn is_due(&mut self) {
        let looks = self.looks.get_or_insert_with(|| {
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            looks
        });
        looks.tick().await;
    }

    /// What is in the file, if it is another than at the last look; `Some(None)` if it is gone. A device
    /// needs its bundle once: afterwards it may be.
    ///
    /// # Errors
    /// [`ProvisionError::Read`], [`ProvisionError::NotBundle`], [`ProvisionError::OtherName`].
    pub(super) fn look(&mut self) -> Result<Option<Option<Bundle>>, ProvisionError> {
        let seen = match self.stamp() {
            Ok(stamp) => Some(stamp),
            Err(cause) if cause.kind() == ErrorKind::NotFound => None,
            Err(cause) => {
                let path = self.path.clone();
                return Err(ProvisionError::Read { path, cause });
            }
        };
        if seen == self.seen {
            return Ok(None);
        }
        self.seen = seen;
        match &self.seen {
            Some(_) => self.read().map(|bundle| Some(Some(bundle))),
            None => Ok(Some(None)),
        }
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let metadata = fs::metadata(&self.path)?;
        Ok(Stamp {
            inode: metadata.ino(),
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    fn read(&self) -> Result<Bundle, ProvisionError> {
        let bundle = read_bundle(&self.path)?;
        let found = Envelope::parse(Kind::Enrolment, &bundle.enrolment)
            .and_then(|envelope| envelope.read::<Enrolment>());
        // What cannot be read is for the device to judge.
        if let (Some(expected), Ok(found)) = (&self.name, found)
            && *expected != found.device
        {
            return Err(ProvisionError::OtherName {
                path: self.path.clone(),
                expected: expected.clone(),
                found: found.device,
            });
        }
        Ok(bundle)
    }
}
