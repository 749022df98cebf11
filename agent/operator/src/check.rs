//! The verdict that a device would give, foreseen from what it last signed.

use std::fmt;

use latch_issue::{DeviceState, SignError, Statement};
use latch_verify::{
    Reason, Refusal,
    limits::{MAX_PAGE_LOG2, MAX_TWIN},
    statement::{Action, Code, TimeStatus},
    twin::{Entries, apply},
    types::{StatementId, TimeMs},
    verdict::{
        Challenges, Conditions, Identity, ReleaseFacts, Replay, TrustRoot, authenticate, judge,
        judge_release,
    },
    wire::{Kind, Role},
};

use crate::route::kind_name;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Devices give no verdict on statements of this kind.
    #[error("a device gives its verdict on codes and release manifests, and this is a {0}")]
    NoVerdict(&'static str),
}

/// What is asked.
pub struct Question<'a> {
    /// The code, or the release manifest.
    pub statement: &'a [u8],
    /// The trust root here.
    pub trust: &'a TrustRoot,
    /// What the device last said of itself.
    pub state: &'a DeviceState,
    /// The moment of the verdict.
    pub at: TimeMs,
    /// The manifest of the release that the code asks to install, if it is at hand.
    pub release: Option<&'a [u8]>,
}

/// Something that only the device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Which codes it has used.
    UsedCodes,
    /// What has changed since it signed its state.
    SinceState,
    /// The challenge before the present one.
    PreviousChallenge,
    /// The release: no manifest was given.
    Release,
    /// Whether the image fits its slot.
    SlotSize,
    /// The device has another version of the trust root.
    OtherRoot {
        /// Its version there.
        there: u32,
        /// The version here.
        here: u32,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsedCodes => {
                f.write_str("whether this code, or a newer one of its issuer, was used already")
            }
            Self::SinceState => {
                f.write_str("what has changed on the device since it signed this state")
            }
            Self::PreviousChallenge => f.write_str(
                "whether the device still accepts the challenge before the one in this state",
            ),
            Self::Release => f.write_str("the release itself: no manifest was given (--release)"),
            Self::SlotSize => f.write_str("whether the image fits the device's slot"),
            Self::OtherRoot { there, here } => {
                write!(
                    f,
                    "the trust root of the device: it has version {there}, and version {here} is here"
                )
            }
        }
    }
}

/// What the device would say.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The statement.
    pub statement: StatementId,
    /// Why it would be refused; `None` when it would be accepted.
    pub refusal: Option<Refusal>,
    /// Why a rule on trial would refuse it.
    pub trial: Option<Reason>,
    /// What the device would know about the time.
    pub time: TimeStatus,
    /// What could change the verdict and is not known here.
    pub unknown: Vec<Unknown>,
}

impl Question<'_> {
    /// The verdict.
    ///
    /// # Errors
    /// [`CheckError::NoVerdict`].
    pub fn answer(&self) -> Result<Verdict, CheckError> {
        let statement = match Statement::from_bytes(self.statement.to_vec()) {
            Ok(statement) => statement,
            Err(SignError::Refused(refusal)) => {
                return Ok(self.verdict(StatementId::default(), Err(refusal)));
            }
            Err(_) => {
                return Ok(self.verdict(StatementId::default(), Err(Reason::NotDecodable.into())));
            }
        };
        match statement.kind() {
            Kind::Code => Ok(self.verdict(statement.id(), self.judge_code())),
            Kind::Manifest => {
                let facts = self.release_facts(false);
                let named = statement.id();
                let judged =
                    judge_release(self.statement, named, self.trust, &self.identity(), &facts);
                Ok(self.verdict(named, judged.map(|_| None)))
            }
            kind => Err(CheckError::NoVerdict(kind_name(kind))),
        }
    }

    fn judge_code(&self) -> Result<Option<Reason>, Refusal> {
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
        let (manifest, downgrade) = match &code.action {
            Action::SetTwin(patch) => return fits(self.state.twin.entries(), *patch),
            Action::Command { .. } | Action::Probe => return Ok(()),
            Action::Install { manifest } => (*manifest, false),
            Action::Downgrade { manifest } => (*manifest, true),
            Action::Open { .. } | Action::Renew { .. } | Action::Close | Action::Lockdown => {
                return Err(Reason::ActionNotServed.into());
            }
        };
        match self.release {
            None => Ok(()),
            Some(release) => {
                let facts = self.release_facts(downgrade);
                judge_release(release, manifest, self.trust, &self.identity(), &facts).map(drop)
            }
        }
    }

    fn identity(&self) -> Identity {
        Identity {
            tenant: self.state.tenant,
            product: self.state.product,
            device: self.state.device.clone(),
            incarnation: self.state.incarnation,
        }
    }

    fn release_facts(&self, downgrade: bool) -> ReleaseFacts {
        let firmware = self.state.status.firmware;
        ReleaseFacts {
            version: firmware.version,
            security_floor: firmware.security_floor,
            // The slot's size is not part of the state.
            slot_size: u32::MAX,
            largest_page: 1 << MAX_PAGE_LOG2,
            downgrade,
        }
    }

    /// A clock that the device trusts goes on; a floor stays where it is.
    fn time(&self) -> TimeStatus {
        match self.state.status.time {
            TimeStatus::Trusted(_) => TimeStatus::Trusted(self.at),
            time => time,
        }
    }

    fn conditions(&self) -> Conditions {
        let status = &self.state.status;
        Conditions {
            time: self.time(),
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

    fn verdict(&self, statement: StatementId, judged: Result<Option<Reason>, Refusal>) -> Verdict {
        let mut unknown = vec![Unknown::SinceState];
        let code = Statement::from_bytes(self.statement.to_vec()).ok();
        let action = code
            .as_ref()
            .and_then(|code| code.body::<Code<'_>>().ok())
            .map(|code| code.action);
        if action.is_some() {
            unknown.push(Unknown::UsedCodes);
        }
        match (action, self.release) {
            (Some(Action::Install { .. } | Action::Downgrade { .. }), None) => {
                unknown.push(Unknown::Release);
            }
            (Some(Action::Install { .. } | Action::Downgrade { .. }), Some(_)) | (None, _) => {
                unknown.push(Unknown::SlotSize);
            }
            _ => {}
        }
        let stale = matches!(
            judged,
            Err(Refusal {
                reason: Reason::ChallengeStale,
                ..
            })
        );
        if stale {
            unknown.push(Unknown::PreviousChallenge);
        }
        let (there, here) = (
            self.state.status.root_version,
            self.trust.root().map_or(0, |root| root.version),
        );
        if there != here {
            unknown.push(Unknown::OtherRoot { there, here });
        }
        let (refusal, trial) = match judged {
            Ok(trial) => (None, trial),
            Err(refusal) => (Some(refusal), None),
        };
        Verdict {
            statement,
            refusal,
            trial,
            time: self.time(),
            unknown,
        }
    }
}

/// Whether the twin has room for a patch.
fn fits(twin: Entries<'_>, patch: Entries<'_>) -> Result<(), Refusal> {
    let mut buffer = [0; MAX_TWIN];
    apply(twin, patch, &mut buffer).map(drop)
}

/// Checks that enough release keys of the trust root have signed a manifest, whatever
/// device it may be for.
///
/// # Errors
/// As [`latch_verify::wire::Envelope::verify`]; [`Reason::TooFewRelease`],
/// [`Reason::OtherTenant`].
pub fn genuine_release(manifest: &[u8], trust: &TrustRoot) -> Result<(), Refusal> {
    let verified = trust.verify(Kind::Manifest, manifest)?;
    let root = trust.root()?;
    let (asked, signed) = (
        root.thresholds.release,
        trust.ring().count(verified.signers(), Role::Release, None),
    );
    if signed < asked {
        return Err(Refusal::new(
            Reason::TooFewRelease,
            asked.into(),
            signed.into(),
        ));
    }
    let body: latch_verify::statement::Manifest<'_> = verified.body()?;
    if body.tenant == root.tenant {
        Ok(())
    } else {
        Err(Reason::OtherTenant.into())
    }
}
