//! What the reference remembers: used codes, floors, and the last receipts.

use std::cmp::Reverse;

use latch_verify::{Reason, statement::Outcome, wire::Kind};

use super::said::{Id, Place};
use crate::world::keys::Signer;

const MAX_BURNED: usize = 32;
const MAX_ISSUERS: usize = 32;
const MAX_RECEIPTS: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) issuer: Signer,
    pub(crate) place: Place,
    pub(crate) statement: Id,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Burned {
    pub(crate) name: Name,
    /// Otherwise a stop slip named it first.
    pub(crate) used: bool,
    pub(crate) stopped: bool,
    /// The last receipt of what came of it; zero while there is none.
    pub(crate) receipt: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Floor {
    pub(crate) issuer: Signer,
    /// Up to here it is no longer known which were used.
    pub(crate) replay: Place,
    pub(crate) twin: Place,
    pub(crate) revoked: Place,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) burned: Vec<Burned>,
    pub(crate) floors: Vec<Floor>,
}

impl Memory {
    pub(crate) fn entry(&self, name: Name) -> Option<&Burned> {
        let same =
            |burned: &&Burned| burned.name.issuer == name.issuer && burned.name.place == name.place;
        self.burned.iter().find(same)
    }

    /// Whether this very code was used.
    pub(crate) fn is_used(&self, name: Name) -> bool {
        self.entry(name)
            .is_some_and(|burned| burned.name == name && burned.used)
    }

    pub(crate) fn floor(&self, issuer: Signer) -> Floor {
        let none = Floor {
            issuer,
            replay: 0,
            twin: 0,
            revoked: 0,
        };
        let mut floors = self.floors.iter();
        *floors.find(|floor| floor.issuer == issuer).unwrap_or(&none)
    }

    pub(crate) fn has_room(&self, issuer: Signer) -> Result<(), Reason> {
        let known = self.floors.iter().any(|floor| floor.issuer == issuer);
        if known || self.floors.len() < MAX_ISSUERS {
            Ok(())
        } else {
            Err(Reason::IssuersFull)
        }
    }

    /// Floors rise only.
    fn raise(&mut self, new: Floor) {
        match self.floors.iter_mut().find(|old| old.issuer == new.issuer) {
            Some(old) => {
                old.replay = old.replay.max(new.replay);
                old.twin = old.twin.max(new.twin);
                old.revoked = old.revoked.max(new.revoked);
            }
            None => self.floors.push(new),
        }
    }

    /// The issuer with the most codes, this one counted, loses its oldest when there are too many.
    pub(crate) fn burn(&mut self, name: Name, used: bool, changes_twin: bool) {
        let floor = self.floor(name.issuer);
        let twin = if changes_twin { name.place } else { 0 };
        self.raise(Floor { twin, ..floor });
        if self.burned.len() == MAX_BURNED {
            let held = |issuer| {
                let same = |burned: &&Burned| burned.name.issuer == issuer;
                let held = self.burned.iter().filter(same).count();
                held + usize::from(name.issuer == issuer)
            };
            let leaves = (0..MAX_BURNED).min_by_key(|at| {
                let Name { issuer, place, .. } = self.burned[*at].name;
                (Reverse(held(issuer)), place)
            });
            let gone = self.burned.remove(leaves.expect("a full table")).name;
            let replay = gone.place;
            let floor = self.floor(gone.issuer);
            self.raise(Floor { replay, ..floor });
        }
        self.burned.push(Burned {
            name,
            used,
            stopped: !used,
            receipt: 0,
        });
    }

    /// Whether a stop slip for this code would change nothing.
    pub(crate) fn is_settled(&self, name: Name) -> bool {
        let floor = self.floor(name.issuer);
        match self.entry(name) {
            Some(burned) => burned.name != name || burned.stopped,
            None => name.place <= floor.replay.max(floor.revoked),
        }
    }

    pub(crate) fn stop(&mut self, name: Name) {
        match self.entry(name).map(|burned| burned.name) {
            // Where another code has used the place, this one is void by that.
            Some(other) if other != name => {}
            Some(_) => {
                let mut burned = self.burned.iter_mut();
                let same = burned.find(|burned| burned.name == name);
                same.expect("an entry").stopped = true;
            }
            None => self.burn(name, false, false),
        }
    }

    pub(crate) fn revoke(&mut self, issuer: Signer, revoked: Place) {
        let floor = self.floor(issuer);
        self.raise(Floor { revoked, ..floor });
    }

    /// Whether what a code has opened must close.
    pub(crate) fn is_void(&self, name: Name) -> bool {
        let entry = self.burned.iter().find(|burned| burned.name == name);
        entry.is_some_and(|burned| burned.stopped) || name.place <= self.floor(name.issuer).revoked
    }

    pub(crate) fn told(&mut self, name: Name, receipt: u64) {
        let mut burned = self.burned.iter_mut();
        if let Some(burned) = burned.find(|burned| burned.name == name) {
            burned.receipt = receipt;
        }
    }

    /// A new epoch voids all codes: only what was revoked of keys that stay is remembered.
    pub(crate) fn begin_epoch(&mut self, stays: impl Fn(Signer) -> bool) {
        self.burned.clear();
        let kept = |floor: &Floor| floor.revoked > 0 && stays(floor.issuer);
        self.floors.retain(kept);
        for floor in &mut self.floors {
            (floor.replay, floor.twin) = (0, 0);
        }
    }
}

/// What a receipt answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct About {
    pub(crate) kind: Kind,
    pub(crate) statement: Id,
    /// Issuer and place that it names.
    pub(crate) by: Option<(Signer, Place)>,
    /// Held to a break-glass rule.
    pub(crate) emergency: bool,
}

impl About {
    pub(crate) fn code(name: Name, emergency: bool) -> Self {
        Self {
            kind: Kind::Code,
            statement: name.statement,
            by: Some((name.issuer, name.place)),
            emergency,
        }
    }

    pub(crate) fn other(kind: Kind, statement: Id, by: Option<(Signer, Place)>) -> Self {
        Self {
            kind,
            statement,
            by,
            emergency: false,
        }
    }

    /// The code, if it is one.
    pub(crate) fn name(&self) -> Option<Name> {
        let (issuer, place) = self.by.filter(|_| self.kind == Kind::Code)?;
        let statement = self.statement;
        Some(Name {
            issuer,
            place,
            statement,
        })
    }
}

/// A receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Account {
    pub(crate) number: u64,
    pub(crate) about: About,
    pub(crate) outcome: Outcome,
    /// Why a rule on trial would have refused.
    pub(crate) trial: Option<Reason>,
}

impl Account {
    pub(crate) fn refused(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// The last receipts. A refusal goes before anything that has an effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipts {
    pub(crate) count: u64,
    pub(crate) kept: Vec<Account>,
}

impl Receipts {
    pub(crate) fn last_for(&self, statement: Id) -> Option<&Account> {
        let mut kept = self.kept.iter().rev();
        kept.find(|account| account.about.statement == statement)
    }

    pub(crate) fn add(&mut self, account: Account) {
        if self.kept.len() == MAX_RECEIPTS {
            let refusal = self.kept.iter().position(|old| old.refused().is_some());
            self.kept.remove(refusal.unwrap_or(0));
        }
        self.count = account.number;
        self.kept.push(account);
    }
}
