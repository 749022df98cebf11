//! Codes: the verifier's own checks, and what their actions ask of the device.

use latch_verify::{
    Reason, Refusal,
    limits::MAX_TWIN,
    statement::{Action, Code},
    twin::{Entries, apply},
    verdict::{Challenges, Conditions, Replay, authenticate, judge, judge_release},
};

use super::{Question, TRUST_SINCE};
use crate::describe::is_open;

impl Question<'_> {
    pub(super) fn judge_code(&self) -> Result<Option<Reason>, Refusal> {
        let identity = self.identity();
        let authentic = authenticate(self.statement, self.trust, &identity)?;
        let code = authentic.code();
        let grant = judge(
            &authentic,
            self.trust,
            &identity,
            &self.conditions(),
            &Replay::default(),
        )?;
        let epoch = self.state.status.epoch;
        if code.epoch != epoch {
            return Err(Refusal::new(
                Reason::OtherEpoch,
                epoch.into(),
                code.epoch.into(),
            ));
        }
        self.judge_action(code)?;
        Ok(grant.trial())
    }

    fn judge_action(&self, code: &Code<'_>) -> Result<(), Refusal> {
        let status = &self.state.status;
        let opens_and_closes = matches!(
            code.action,
            Action::Open { .. } | Action::Renew { .. } | Action::Close | Action::Lockdown
        );
        if opens_and_closes && status.body_versions.1 < TRUST_SINCE {
            return Err(Reason::ActionNotServed.into());
        }
        let open = is_open(status.open, code.latch);
        match &code.action {
            Action::SetTwin(patch) => fits(self.state.twin.entries(), *patch),
            Action::Open { .. } if open => Err(Reason::AlreadyOpen.into()),
            Action::Renew { .. } if !open => Err(Reason::NotOpen.into()),
            Action::Install { manifest } => self.judge_named(*manifest, false),
            Action::Downgrade { manifest } => self.judge_named(*manifest, true),
            Action::Open { .. }
            | Action::Renew { .. }
            | Action::Command { .. }
            | Action::Close
            | Action::Lockdown
            | Action::Probe
            | Action::Unlock => Ok(()),
        }
    }

    /// The release that a code names, if it is at hand.
    fn judge_named(
        &self,
        manifest: latch_verify::types::StatementId,
        downgrade: bool,
    ) -> Result<(), Refusal> {
        let Some(release) = self.release else {
            return Ok(());
        };
        let components = self.components();
        let facts = self.release_facts(&components, downgrade);
        judge_release(release, manifest, self.trust, &self.identity(), &facts).map(drop)
    }

    fn conditions(&self) -> Conditions {
        let status = &self.state.status;
        Conditions {
            time: self.time(),
            time_doubt_ms: 0,
            locked_down: status.locked_down,
            challenges: Challenges {
                current: status.challenge,
                previous: None,
            },
            firmware: status.firmware.version,
            twin_version: status.twin_version,
            boot: status.boot,
            posture: status.posture,
        }
    }
}

/// Whether the twin has room for a patch.
fn fits(twin: Entries<'_>, patch: Entries<'_>) -> Result<(), Refusal> {
    let mut buffer = [0; MAX_TWIN];
    apply(twin, patch, &mut buffer).map(drop)
}
