//! What devices of the release before say of themselves: body version 0 of receipt and state.
//! Read, never written.

use serde::{Deserialize, Serialize};

use super::{
    more::More,
    receipt::{Outcome, Receipt},
    state::{FirmwareStatus, Junk, State, Status, TimeStatus},
};
use crate::{
    twin::Entries,
    types::{
        Challenge, DeviceId, Digest, KeyId, Posture, ProductId, Sequence, StatementId, TenantId,
    },
};

/// A status without pulse, lockdown and open latches, which those devices do not have.
#[derive(Serialize, Deserialize)]
pub(super) struct StatusV0 {
    time: TimeStatus,
    challenge: Challenge,
    root_version: u32,
    epoch: u32,
    twin_version: u64,
    firmware: FirmwareStatus,
    boot: u32,
    posture: Posture,
    junk: Junk,
    body_versions: (u8, u8),
}

crate::wire::reads!(struct StatusV0 { time, challenge, root_version, epoch, twin_version, firmware, boot, posture, junk, body_versions });

impl From<StatusV0> for Status {
    fn from(before: StatusV0) -> Self {
        Self {
            time: before.time,
            challenge: before.challenge,
            pulse: Challenge::default(),
            locked_down: false,
            open: 0,
            root_version: before.root_version,
            epoch: before.epoch,
            twin_version: before.twin_version,
            firmware: before.firmware,
            boot: before.boot,
            posture: before.posture,
            junk: before.junk,
            body_versions: before.body_versions,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReceiptV0 {
    tenant: TenantId,
    device: DeviceId,
    incarnation: u32,
    number: u64,
    previous: Digest,
    statement: StatementId,
    kind: u8,
    issuer: Option<KeyId>,
    sequence: Option<Sequence>,
    break_glass: bool,
    outcome: Outcome,
    trial: Option<u16>,
    age_ms: Option<u64>,
    status: StatusV0,
}

crate::wire::reads!(struct ReceiptV0 { tenant, device, incarnation, number, previous, statement, kind, issuer, sequence, break_glass, outcome, trial, age_ms, status });

impl From<ReceiptV0> for Receipt {
    fn from(before: ReceiptV0) -> Self {
        Self {
            tenant: before.tenant,
            device: before.device,
            incarnation: before.incarnation,
            number: before.number,
            previous: before.previous,
            statement: before.statement,
            kind: before.kind,
            issuer: before.issuer,
            sequence: before.sequence,
            break_glass: before.break_glass,
            outcome: before.outcome,
            trial: before.trial,
            age_ms: before.age_ms,
            status: before.status.into(),
            more: More::default(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct StateV0<'a> {
    tenant: TenantId,
    product: ProductId,
    device: DeviceId,
    incarnation: u32,
    receipts: u64,
    head: Digest,
    status: StatusV0,
    #[serde(borrow)]
    twin: Entries<'a>,
}

crate::wire::reads!(struct StateV0<'a> { tenant, product, device, incarnation, receipts, head, status, twin });

impl<'a> From<StateV0<'a>> for State<'a> {
    fn from(before: StateV0<'a>) -> Self {
        Self {
            tenant: before.tenant,
            product: before.product,
            device: before.device,
            incarnation: before.incarnation,
            receipts: before.receipts,
            head: before.head,
            status: before.status.into(),
            twin: before.twin,
            more: More::default(),
        }
    }
}
