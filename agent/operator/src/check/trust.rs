//! Statements that change whom and what a device believes.

use latch_issue::{Statement, verify_revocation, verify_succession, verify_time};
use latch_verify::{
    Reason, Refusal,
    statement::{TimeAttestation, TimeStatus},
    wire::Kind,
};

use super::Question;

impl Question<'_> {
    pub(super) fn judge_trust(&self, statement: &Statement) -> Result<(), Refusal> {
        match statement.kind() {
            // Roots come again at every connection; the one in force says nothing new.
            Kind::Root if statement.id() == self.trust.id() => Ok(()),
            Kind::Root => verify_succession(self.trust, statement, &[self.device_key]).map(drop),
            Kind::Time => self.judge_time(&verify_time(statement, self.trust)?),
            _ => verify_revocation(statement, self.trust),
        }
    }

    fn judge_time(&self, attestation: &TimeAttestation) -> Result<(), Refusal> {
        let (status, told) = (&self.state.status, attestation.time_ms);
        match (attestation.pulse, status.time) {
            (Some(pulse), _) if pulse != status.pulse => Err(Reason::PulseStale.into()),
            // What is told to all is measured by what a device knows already.
            (None, TimeStatus::Unknown) => Err(Reason::NoTrustedTime.into()),
            (None, TimeStatus::Floor(floor)) if told <= floor => {
                Err(Refusal::new(Reason::TimeBehind, floor.get(), told.get()))
            }
            _ => Ok(()),
        }
    }
}
