//! A device's request to be enrolled: agreed to, recorded, and answered with a bundle.

use std::path::PathBuf;

use latch_issue::{
    CodeError, EnrolmentError, EnrolmentRequest, ProvisionBundle, RoleKey, SignError, now,
};
use latch_verify::{
    Reason, Refusal,
    types::{DeviceId, KeyId, ProductId, TenantId},
};

use crate::{
    files::{FileError, write_over},
    moment::rfc3339,
    project::{DEVICES_FOLDER, Project, ProjectError},
    registry::{Record, RegistryError},
};

/// Why a device was not enrolled. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The project.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The request or its answer.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The request is for another tenant.
    #[error(
        "the device asks to be enrolled in the tenant {found}, and this project is of {expected}"
    )]
    OtherTenant {
        /// The project's tenant.
        expected: TenantId,
        /// The tenant in the request.
        found: TenantId,
    },
    /// The name is enrolled already, with an incarnation that is not lower.
    #[error(
        "`{device}` is enrolled already with incarnation {recorded}, and the request has {asked}: codes for the earlier enrolment would open the new one"
    )]
    IncarnationNotNewer {
        /// The device.
        device: DeviceId,
        /// The recorded incarnation.
        recorded: u32,
        /// The incarnation in the request.
        asked: u32,
    },
    /// The name is enrolled already for another product.
    #[error("`{device}` is enrolled already as a {recorded}, and the request says {asked}")]
    OtherProduct {
        /// The device.
        device: DeviceId,
        /// The recorded product.
        recorded: ProductId,
        /// The product in the request.
        asked: ProductId,
    },
    /// The device records.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The bundle could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] CodeError),
    /// The request's key.
    #[error("the request's key cannot be used: {0}")]
    Key(Refusal),
}

impl EnrolError {
    /// The verifier's reason, where it is one of those that a device would give too.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Enrolment(
                EnrolmentError::Request(refusal)
                | EnrolmentError::Root(refusal)
                | EnrolmentError::Enrolment(refusal),
            )
            | Self::Enrolment(EnrolmentError::Sign(SignError::Refused(refusal)))
            | Self::Key(refusal) => Some(*refusal),
            Self::OtherTenant { .. } => Some(Reason::OtherTenant.into()),
            _ => None,
        }
    }
}

/// A device that is enrolled.
#[derive(Debug)]
pub struct Enrolled {
    /// What was recorded.
    pub record: Record,
    /// Id of the device's key, to be compared with what the device shows.
    pub key_id: KeyId,
    /// Whether the same request was agreed to before, so that nothing is new but the bundle.
    pub again: bool,
    /// Where the bundle lies.
    pub bundle: PathBuf,
}

/// Agrees to a request: countersigns it, writes the bundle, records the device.
///
/// The record is written last: what it names has been agreed to.
///
/// # Errors
/// [`EnrolError`].
pub fn enrol(
    project: &Project,
    request: Vec<u8>,
    operator: &RoleKey,
    bundle: Option<PathBuf>,
) -> Result<Enrolled, EnrolError> {
    let request = EnrolmentRequest::from_bytes(request)?;
    let wish = request.enrolment().clone();
    let key_id = request.key_id()?;
    let (expected, found) = (project.tenant(), wish.tenant);
    if expected != found {
        return Err(EnrolError::OtherTenant { expected, found });
    }
    let registry = project.registry();
    let recorded = registry.find(&wish.device)?;
    let mut record = Record::of(&wish, rfc3339(now()?)).map_err(EnrolError::Key)?;
    let again = match recorded {
        None => false,
        Some(before) => {
            let same = Record {
                enrolled_at: before.enrolled_at.clone(),
                ..record.clone()
            } == before;
            if same {
                record = before;
            } else {
                refuse_older(&before, &record)?;
            }
            same
        }
    };
    let root = project.root_in_force()?;
    let answer = ProvisionBundle::new(root, request.countersign(operator)?)?.to_bytes()?;
    let usual = || {
        project
            .folder()
            .join(DEVICES_FOLDER)
            .join(format!("{}.bundle", record.device))
    };
    let bundle = bundle.unwrap_or_else(usual);
    project.make_devices_folder()?;
    write_over(&bundle, &answer)?;
    registry.put(&record)?;
    Ok(Enrolled {
        record,
        key_id,
        again,
        bundle,
    })
}

/// A name keeps its product, and its enrolments count upwards.
fn refuse_older(before: &Record, new: &Record) -> Result<(), EnrolError> {
    let device = new.device.clone();
    if new.incarnation <= before.incarnation {
        let (recorded, asked) = (before.incarnation, new.incarnation);
        return Err(EnrolError::IncarnationNotNewer {
            device,
            recorded,
            asked,
        });
    }
    if new.product != before.product {
        let (recorded, asked) = (before.product, new.product);
        return Err(EnrolError::OtherProduct {
            device,
            recorded,
            asked,
        });
    }
    Ok(())
}
