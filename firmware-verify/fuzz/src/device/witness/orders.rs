//! Statements other than codes: what those who signed them rightly have ordered, and the latest
//! time that anybody has vouched for.

use std::collections::{BTreeMap, BTreeSet};

use latch_verify::{
    statement::{Outcome, Revocation, Root, StopSlip, TimeAttestation},
    types::{KeyId, Sequence, StatementId},
    verdict::Burned,
    wire::{Envelope, Kind, Role, peek_kind},
};

use super::floors::Floors;
use crate::{
    keys::{Crew, ROOT},
    statement::may_revoke,
    tenant::TENANT,
};

/// One code: its issuer, its place in that issuer's order, and its id.
type Named = (KeyId, Sequence, StatementId);

/// What was ordered.
#[derive(Default)]
pub(super) struct Orders {
    signed: BTreeMap<StatementId, Order>,
    /// What the device has said that it took.
    revoked: BTreeMap<KeyId, Sequence>,
    stopped: BTreeSet<Named>,
    /// The latest time that was vouched for, less the ticks of that moment.
    vouched_ms: Option<i128>,
    pulse_answered: Option<u64>,
}

/// A statement by somebody who may sign it.
enum Order {
    Root { version: u32, epoch: u32 },
    Revoke { issuer: KeyId, through: Sequence },
    Stop(Named),
    Time,
}

impl Orders {
    /// A statement is about to be put in.
    pub(super) fn attempt(&mut self, statement: &[u8], ticks_ms: u64) {
        self.pulse_answered = None;
        let Some(kind) = peek_kind(statement) else {
            return;
        };
        let Ok(envelope) = Envelope::parse(kind, statement) else {
            return;
        };
        let crew = Crew::on(&envelope);
        if let Some(order) = self.read(&envelope, crew, ticks_ms) {
            self.signed.insert(envelope.id(), order);
        }
    }

    fn read(&mut self, envelope: &Envelope<'_>, crew: Crew, ticks_ms: u64) -> Option<Order> {
        match envelope.kind() {
            Kind::Root => {
                let root: Root<'_> = envelope.read().ok()?;
                let signed = root.tenant == TENANT && crew.contains(ROOT.id());
                let (version, epoch) = (root.version, root.epoch);
                signed.then_some(Order::Root { version, epoch })
            }
            Kind::Revocation => {
                let body: Revocation = envelope.read().ok()?;
                let signed = body.tenant == TENANT && may_revoke(body.issuer, crew);
                let (issuer, through) = (body.issuer, body.through);
                signed.then_some(Order::Revoke { issuer, through })
            }
            Kind::StopSlip => {
                let body: StopSlip = envelope.read().ok()?;
                let signed = body.tenant == TENANT && may_revoke(body.issuer, crew);
                let named = (body.issuer, body.sequence, body.statement);
                signed.then_some(Order::Stop(named))
            }
            Kind::Time => {
                let body: TimeAttestation = envelope.read().ok()?;
                if body.tenant != TENANT || crew.count(Role::Time, None) == 0 {
                    return None;
                }
                self.vouch(Some(body.time_ms.get()), ticks_ms);
                self.pulse_answered = body.pulse.map(|_| ticks_ms);
                Some(Order::Time)
            }
            _ => None,
        }
    }

    /// When the last statement answered a pulse: then, if it did.
    pub(super) fn pulse_answered(&self) -> Option<u64> {
        self.pulse_answered
    }

    /// Somebody says how late it is, when the ticks stand here.
    pub(super) fn vouch(&mut self, unix_ms: Option<u64>, ticks_ms: u64) {
        let said = unix_ms.map(|unix_ms| i128::from(unix_ms) - i128::from(ticks_ms));
        self.vouched_ms = self.vouched_ms.max(said);
    }

    /// Whether somebody has said that it may be this late.
    pub(super) fn vouches(&self, unix_ms: u64, ticks_ms: u64) -> bool {
        self.vouched_ms >= Some(i128::from(unix_ms) - i128::from(ticks_ms))
    }

    /// Whether a root of this version and epoch was signed.
    pub(super) fn roots(&self, now: (u32, u32)) -> bool {
        self.signed.values().any(
            |order| matches!(order, Order::Root { version, epoch } if (*version, *epoch) == now),
        )
    }

    /// Whether somebody who may has stopped this code.
    pub(super) fn stops(&self, code: &Burned) -> bool {
        let is = |(issuer, sequence, statement): &Named| {
            (code.issuer, code.sequence) == (*issuer, *sequence) && code.is(*statement)
        };
        let stop = |order: &Order| matches!(order, Order::Stop(named) if is(named));
        self.signed.values().any(stop)
    }

    /// Whether the device has said that it knows this code to be void.
    pub(super) fn void(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        let revoked = self.revoked.get(&issuer);
        revoked.is_some_and(|through| sequence <= *through)
            || self.stopped.contains(&(issuer, sequence, statement))
    }

    /// The device has told of one of these statements; whether it is one that may be told.
    pub(super) fn told(&mut self, statement: StatementId, outcome: &Outcome) -> bool {
        match (self.signed.get(&statement), outcome) {
            (
                Some(Order::Root { version, epoch }),
                Outcome::RootAccepted {
                    version: v,
                    epoch: e,
                },
            ) => version == v && epoch == e,
            (Some(Order::Revoke { issuer, through }), Outcome::Revoked) => {
                let floor = self.revoked.entry(*issuer).or_insert(*through);
                *floor = (*floor).max(*through);
                true
            }
            (Some(Order::Stop(named)), Outcome::Stopped { statement, .. }) => {
                self.stopped.insert(*named);
                named.2 == *statement
            }
            (Some(Order::Time), Outcome::TimeRaised { .. }) => true,
            _ => false,
        }
    }

    /// Whoever is revoked was revoked by an order, and every order that was told is kept.
    ///
    /// # Panics
    /// When it is not so.
    pub(super) fn back(&self, floors: &Floors) {
        let revoked: BTreeMap<KeyId, Sequence> = floors.revoked().collect();
        for (issuer, through) in &self.revoked {
            assert!(revoked.get(issuer) >= Some(through), "a revocation is lost");
        }
        for (found, floor) in revoked {
            let ordered = self.signed.values().any(|order| {
                matches!(order, Order::Revoke { issuer, through }
                    if *issuer == found && *through == floor)
            });
            assert!(floor == Sequence(0) || ordered, "who revoked it?");
        }
    }
}
