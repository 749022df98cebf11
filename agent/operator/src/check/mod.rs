//! The verdict that a device would give, foreseen from what it last signed.

mod code;
mod release;
mod trust;
mod unknown;

use latch_issue::{DeviceState, SignError, Statement};
use latch_verify::{
    Reason, Refusal,
    statement::TimeStatus,
    types::{KeyId, StatementId, TimeMs},
    verdict::{Identity, TrustRoot},
    wire::Kind,
};

use crate::route::kind_name;

pub use release::genuine_release;
pub use unknown::Unknown;

/// The first body version of devices that take more than codes and releases: trust roots,
/// revocations and attestations, and codes that open and close latches.
const TRUST_SINCE: u8 = 1;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Devices give no verdict on statements of this kind.
    #[error("a device gives no verdict on what devices say themselves, and this is a {0}")]
    NoVerdict(&'static str),
}

/// What is asked.
pub struct Question<'a> {
    /// The statement: of any kind that devices take, or a release manifest.
    pub statement: &'a [u8],
    /// The trust root here.
    pub trust: &'a TrustRoot,
    /// What the device last said of itself.
    pub state: &'a DeviceState,
    /// The key with which it said so.
    pub device_key: KeyId,
    /// The moment of the verdict.
    pub at: TimeMs,
    /// The manifest of the release that the code asks to install, if it is at hand.
    pub release: Option<&'a [u8]>,
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
            Err(error) => {
                let refusal = match error {
                    SignError::Refused(refusal) => refusal,
                    _ => Reason::NotDecodable.into(),
                };
                let unknown = vec![Unknown::SinceState];
                return Ok(self.verdict(StatementId::default(), Err(refusal), unknown));
            }
        };
        let judged = match statement.kind() {
            kind @ (Kind::Receipt | Kind::State | Kind::Enrolment) => {
                return Err(CheckError::NoVerdict(kind_name(kind)));
            }
            kind => self
                .is_understood(&statement)
                .and_then(|()| self.judge(kind, &statement)),
        };
        let unknown = self.unknown(&statement, &judged);
        Ok(self.verdict(statement.id(), judged, unknown))
    }

    fn judge(&self, kind: Kind, statement: &Statement) -> Result<Option<Reason>, Refusal> {
        match kind {
            Kind::Code => self.judge_code(),
            Kind::Manifest => self.judge_release(statement),
            _ => self.judge_trust(statement).map(|()| None),
        }
    }

    /// Whether the device reads statements like this one.
    fn is_understood(&self, statement: &Statement) -> Result<(), Refusal> {
        let (_, newest) = self.state.status.body_versions;
        let (code, kind) = (Kind::Code.number(), statement.kind());
        if newest < TRUST_SINCE && !matches!(kind, Kind::Code | Kind::Manifest) {
            let (expected, found) = (code.into(), kind.number().into());
            return Err(Refusal::new(Reason::WrongKind, expected, found));
        }
        let found = statement
            .envelope()
            .map_or(0, |envelope| envelope.version());
        if found > newest {
            let (expected, found) = (newest.into(), found.into());
            return Err(Refusal::new(Reason::UnknownBodyVersion, expected, found));
        }
        Ok(())
    }

    fn identity(&self) -> Identity {
        Identity {
            tenant: self.state.tenant,
            product: self.state.product,
            device: self.state.device.clone(),
            incarnation: self.state.incarnation,
        }
    }

    /// A clock that the device trusts goes on; a floor stays where it is.
    fn time(&self) -> TimeStatus {
        match self.state.status.time {
            TimeStatus::Trusted(_) => TimeStatus::Trusted(self.at),
            time => time,
        }
    }

    fn verdict(
        &self,
        statement: StatementId,
        judged: Result<Option<Reason>, Refusal>,
        unknown: Vec<Unknown>,
    ) -> Verdict {
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
