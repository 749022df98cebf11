//! Which device is served on which line. Two sessions of one device would throw each other out of the
//! broker for ever.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latch_verify::verdict::Identity;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// How long a line that lost its device may take to leave it to the one that has it now: it only says
/// goodbye to the broker. Less than the link waits for a host.
const LEAVE: Duration = Duration::from_secs(5);

/// Tenant and device, as the broker knows them.
type Name = (String, String);

/// What all lines of this process share.
#[derive(Clone)]
pub(super) struct Claims {
    held: Arc<Mutex<BTreeMap<Name, Claim>>>,
    changes: watch::Sender<()>,
}

struct Claim {
    /// The line that has the session.
    link: String,
    /// Whether the device is there.
    is_up: bool,
    /// A line that has the device, and waits for the session.
    wanted_by: Option<String>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            held: Arc::default(),
            changes: watch::Sender::new(()),
        }
    }
}

impl Claims {
    /// The part of one line.
    pub(super) fn of(&self, link: String) -> Claimant {
        Claimant {
            claims: self.clone(),
            changes: self.changes.subscribe(),
            link,
            held: None,
            denied: None,
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<Name, Claim>) -> T) -> T {
        act(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one line holds, and what it would.
pub(super) struct Claimant {
    claims: Claims,
    changes: watch::Receiver<()>,
    link: String,
    held: Option<Name>,
    denied: Option<Name>,
}

/// What another line has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moved {
    /// The device of this line is at another one now: leave it, then [`Claimant::release`].
    Away,
    /// The device that is here is no longer at another one.
    Here,
}

impl Claimant {
    /// Claims a device that is at this line. A line that has lost it leaves it to this one.
    ///
    /// # Errors
    /// The line on which it is at this moment too.
    pub(super) async fn claim(&mut self, identity: &Identity) -> Result<(), String> {
        let name = (identity.tenant.to_string(), identity.device.to_string());
        self.release();
        let until = Instant::now() + LEAVE;
        loop {
            self.changes.mark_unchanged();
            let (link, name) = (self.link.clone(), name.clone());
            let taken = self.claims.with(|held| match held.get_mut(&name) {
                Some(claim) if claim.is_up => Err(Some(claim.link.clone())),
                Some(claim) if Instant::now() < until => {
                    claim.wanted_by = Some(link);
                    Err(None)
                }
                _ => {
                    let claim = Claim {
                        link,
                        is_up: true,
                        wanted_by: None,
                    };
                    held.insert(name.clone(), claim);
                    Ok(())
                }
            });
            match taken {
                Ok(()) => {
                    self.held = Some(name);
                    return Ok(());
                }
                Err(Some(other)) => {
                    self.denied = Some(name);
                    return Err(other);
                }
                Err(None) => {
                    self.claims.changes.send_replace(());
                    self.changes.mark_unchanged();
                    // Without a word until then the other line is stuck, and is passed over.
                    drop(timeout_at(until, self.changes.changed()).await);
                }
            }
        }
    }

    /// Leaves what is held.
    pub(super) fn release(&mut self) {
        self.denied = None;
        let Some(name) = self.held.take() else { return };
        let link = &self.link;
        self.claims.with(|held| {
            if held.get(&name).is_some_and(|claim| claim.link == *link) {
                held.remove(&name);
            }
        });
        self.claims.changes.send_replace(());
    }

    /// Whether the device is there.
    pub(super) fn set_up(&mut self, is_up: bool) {
        if !is_up {
            self.denied = None;
        }
        let (name, link) = (self.held.clone(), &self.link);
        self.claims.with(|held| {
            let claim = name.and_then(|name| held.get_mut(&name));
            if let Some(claim) = claim.filter(|claim| claim.link == *link) {
                claim.is_up = is_up;
            }
        });
        self.claims.changes.send_replace(());
    }

    /// Waits until another line has changed something that matters here.
    pub(super) async fn moved(&mut self) -> Moved {
        loop {
            if let Some(moved) = self.look() {
                return moved;
            }
            // All lines share the sender: it is there as long as this one.
            if self.changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn look(&self) -> Option<Moved> {
        self.claims.with(|held| {
            if let Some(name) = &self.held {
                let ours = held.get(name).filter(|claim| claim.link == self.link);
                let is_wanted = ours.is_none_or(|claim| !claim.is_up && claim.wanted_by.is_some());
                return is_wanted.then_some(Moved::Away);
            }
            let denied = self.denied.as_ref()?;
            let is_free = held.get(denied).is_none_or(|claim| !claim.is_up);
            is_free.then_some(Moved::Here)
        })
    }
}

impl Drop for Claimant {
    fn drop(&mut self) {
        self.release();
    }
}
