//! One installation, driven from wherever it is to its end.

use latch_issue::{Change, Statement};
use latch_link::{Handled, Life, Paged, Why};
use latch_verify::{
    device,
    statement::{Outcome, Receipt},
    types::{LatchId, Version},
    wire::PublicKey,
};

use super::{
    host::{Gone, Host},
    tenant::{Shipped, Tenant},
};

/// A code that installs a release, the release, and the device for which it is.
pub(crate) struct Update {
    pub(crate) key: PublicKey,
    pub(crate) code: Statement,
    pub(crate) release: Shipped,
}

/// How far a drive has come.
pub(crate) struct Stage {
    /// What the device was when it was met first.
    pub(crate) met: Option<(Version, Why)>,
    pub(crate) doing: String,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            met: None,
            doing: "its start".to_owned(),
        }
    }
}

impl Update {
    /// Has a code made for this release, which answers the device's challenge.
    pub(crate) fn of(
        tenant: &Tenant,
        release: Shipped,
        host: &mut Host,
        key: &PublicKey,
    ) -> Result<Self, Gone> {
        let install = Change::Install {
            manifest: release.id(),
        };
        let code = tenant.code(LatchId::FIRMWARE, install, &host.state(key)?);
        Ok(Self {
            key: *key,
            code,
            release,
        })
    }

    /// Gives the device the code. One that was burned before is answered by its last receipt.
    pub(crate) fn begin(&self, host: &mut Host) -> Result<(), Gone> {
        let release = device::Release::Found(self.release.manifest.bytes());
        let handled = host.statement(self.code.bytes(), release)?;
        assert_eq!(handled, Handled::Answered);
        Ok(())
    }

    /// Drives the update until it has ended, or the device is gone; how it has ended.
    pub(crate) fn drive(&self, host: &mut Host, stage: &mut Stage) -> Result<Outcome, Gone> {
        let standing = host.meet()?;
        stage.met.get_or_insert((standing.version, standing.why));
        assert!(
            matches!(standing.life, Life::Provisioned(_)),
            "{standing:?}"
        );
        loop {
            stage.doing = "the code".to_owned();
            self.begin(host)?;
            if let Some(ended) = self.ended(host) {
                return Ok(ended);
            }
            while let Some(wanted) = host.wanted.take() {
                let mut next = wanted.pages.next;
                loop {
                    stage.doing = format!("page {next}");
                    match host.page(&self.release.page(next))? {
                        Paged::Kept(wanted) => next = wanted.next,
                        Paged::Complete => break,
                        other => panic!("page {next}: {other:?}"),
                    }
                }
            }
            // Whatever comes next, a start of the machine or a receipt, comes by itself.
            stage.doing = "arming, or the trial".to_owned();
            host.wait("the end of the trial", |host| self.ended(host))?;
        }
    }

    /// Drives it to its end, however often the machine starts anew.
    pub(crate) fn end(&self, host: &mut Host, stage: &mut Stage) -> Outcome {
        loop {
            match self.drive(host, stage) {
                Ok(outcome) => return outcome,
                Err(Gone) => assert!(!host.is_closed(), "the machine is off"),
            }
        }
    }

    /// What the newest receipt says of it, if that is an end.
    pub(crate) fn ended(&self, host: &mut Host) -> Option<Outcome> {
        let receipts = host.receipts(&self.key);
        let ours = |receipt: &&Receipt| receipt.statement == self.code.id();
        let outcome = receipts.iter().rev().find(ours)?.outcome;
        (outcome != Outcome::InstallStarted).then_some(outcome)
    }
}
