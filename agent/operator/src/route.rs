//! Where a statement goes on the broker.

use latch_issue::Statement;
use latch_mqtt::{DeviceTopic, Publication, RevokedId, Topic, Topics};
use latch_verify::{
    statement::{Audience, Code, Manifest, Revocation, Root, StopSlip, TimeAttestation},
    types::{DeviceId, StatementId, TenantId, TimeMs},
    wire::Kind,
};

/// Why a statement is not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// It is of another tenant than the project.
    #[error("the statement belongs to the tenant {found}, and this project is of {expected}")]
    OtherTenant {
        /// The project's tenant.
        expected: TenantId,
        /// The statement's tenant.
        found: TenantId,
    },
    /// Operators do not publish statements of its kind.
    #[error("devices publish what they say themselves, and this is a {0}")]
    NotPublished(&'static str),
    /// It is for one device, and does not name it.
    #[error("the attestation answers the pulse of one device, and does not name it")]
    UnnamedDevice,
    /// The statement cannot be read.
    #[error(transparent)]
    Unreadable(#[from] latch_issue::SignError),
}

/// Where a statement goes, and for how long the broker keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    topic: Topic,
    until: Option<TimeMs>,
    device: Option<DeviceId>,
}

impl Route {
    /// The place of a statement of this tenant.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn of(statement: &Statement, tenant: TenantId) -> Result<Self, RouteError> {
        let (found, route) = match statement.kind() {
            Kind::Code => {
                let code: Code<'_> = statement.body()?;
                (code.tenant, Some(Self::of_code(&code, statement.id())))
            }
            Kind::Manifest => {
                let manifest: Manifest<'_> = statement.body()?;
                (manifest.tenant, Some(Topic::Release(statement.id()).into()))
            }
            Kind::Root => {
                let root: Root<'_> = statement.body()?;
                (root.tenant, Some(Topic::Trust(root.version).into()))
            }
            Kind::Revocation => {
                let revocation: Revocation = statement.body()?;
                let key = RevokedId::Key(revocation.issuer);
                (revocation.tenant, Some(Topic::Revoked(key).into()))
            }
            Kind::StopSlip => {
                let slip: StopSlip = statement.body()?;
                let code = RevokedId::Statement(slip.statement);
                (slip.tenant, Some(Topic::Revoked(code).into()))
            }
            Kind::Time => {
                let attestation: TimeAttestation = statement.body()?;
                let for_all = attestation.pulse.is_none();
                (attestation.tenant, for_all.then(|| Topic::Time.into()))
            }
            kind => return Err(RouteError::NotPublished(kind_name(kind))),
        };
        if found == tenant {
            route.ok_or(RouteError::UnnamedDevice)
        } else {
            Err(RouteError::OtherTenant {
                expected: tenant,
                found,
            })
        }
    }

    fn of_code(code: &Code<'_>, id: StatementId) -> Self {
        let until = Some(code.not_after_ms);
        match &code.audience {
            Audience::Device(device) => Self {
                until,
                ..Self::to_device(device.clone())
            },
            Audience::Cohort { .. } | Audience::Tenant => Self {
                until,
                ..Topic::Code(id).into()
            },
        }
    }

    /// To one device alone, whatever it is: for what the statement itself does not say.
    #[must_use]
    pub fn to_device(device: DeviceId) -> Self {
        Self {
            topic: Topic::Device(device.clone(), DeviceTopic::Code),
            until: None,
            device: Some(device),
        }
    }

    /// The one device that it is for.
    #[must_use]
    pub fn device(&self) -> Option<&DeviceId> {
        self.device.as_ref()
    }

    /// The topic's full name.
    #[must_use]
    pub fn topic(&self, topics: &Topics) -> String {
        topics.name(&self.topic)
    }

    /// The statement as it is published at this moment: what can no longer be of use is
    /// not kept by the broker.
    #[must_use]
    pub fn publication(&self, topics: &Topics, statement: &Statement, now: TimeMs) -> Publication {
        let publication =
            Publication::new(self.topic(topics), statement.bytes()).retain(self.topic.retained());
        match self.until {
            None => publication,
            Some(until) => {
                let left_s = until.get().saturating_sub(now.get()).div_ceil(1000).max(1);
                publication.expiring(u32::try_from(left_s).unwrap_or(u32::MAX))
            }
        }
    }
}

impl From<Topic> for Route {
    fn from(topic: Topic) -> Self {
        Self {
            topic,
            until: None,
            device: None,
        }
    }
}

/// A statement's kind in words.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Code => "code",
        Kind::Root => "trust root",
        Kind::Manifest => "release manifest",
        Kind::Receipt => "receipt",
        Kind::State => "device state",
        Kind::Enrolment => "enrolment",
        Kind::Time => "attestation of the time",
        Kind::Revocation => "revocation",
        Kind::StopSlip => "stop slip",
        _ => "statement of an unknown kind",
    }
}
