//! Messages that are refused, each for its reason.

use latch_verify::{
    Reason, Refusal,
    statement::check_body,
    wire::{Envelope, KeyRing, Kind},
};

use crate::{
    report::{Difference, Judged, expect_refusal},
    tables::Refused,
};

pub(crate) fn refuses(vector: &Refused, ring: &KeyRing) -> Judged {
    let kind = Kind::from_number(vector.kind).ok_or(Difference::Not("a kind"))?;
    let reason = Reason::from_number(vector.reason).ok_or(Difference::Not("a reason"))?;
    expect_refusal(judge(kind, vector.message, ring), reason)
}

/// Shape, then signatures, then the body.
fn judge(kind: Kind, message: &[u8], ring: &KeyRing) -> Result<(), Refusal> {
    let verified = Envelope::parse(kind, message)?.verify(ring)?;
    check_body(verified.envelope())
}
