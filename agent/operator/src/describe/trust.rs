//! Statements that change what devices believe: revocations, stop slips, attestations of the
//! time.

use latch_verify::{
    statement::{Revocation, StopSlip, TimeAttestation},
    types::Sequence,
};

use crate::{fields::Fields, moment::rfc3339};

pub(super) fn revocation_fields(revocation: &Revocation) -> Fields {
    let everything = revocation.through == Sequence(u64::MAX);
    let until = (!everything).then(|| rfc3339(revocation.through.time()));
    Fields::new()
        .text("tenant", revocation.tenant)
        .text("key", revocation.issuer)
        .with("everything", everything)
        // As text: not every JSON reader keeps 64 bits.
        .text("through", revocation.through.0)
        .maybe("signed_until", until)
}

pub(super) fn slip_fields(slip: &StopSlip) -> Fields {
    Fields::new()
        .text("tenant", slip.tenant)
        .text("code", slip.statement)
        .text("issuer", slip.issuer)
        .text("sequence", slip.sequence.0)
        .with("signed_at", rfc3339(slip.sequence.time()))
}

pub(super) fn time_fields(attestation: &TimeAttestation) -> Fields {
    Fields::new()
        .text("tenant", attestation.tenant)
        .with("time", rfc3339(attestation.time_ms))
        .maybe("pulse", attestation.pulse.map(|pulse| pulse.to_string()))
}
