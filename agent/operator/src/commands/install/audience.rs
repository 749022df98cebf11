//! For whom an installation is: one device, part of the fleet, or all of it.

use clap::Args;
use latch_issue::Cohort;
use latch_operator::{Fields, Record, Target};
use latch_verify::{
    statement::{self, Manifest},
    types::{DeviceId, ProductId, StatementId},
};

use crate::{context::Context, failure::Failure};

#[derive(Args)]
#[group(required = true, multiple = true, args = ["device", "cohort", "all"])]
pub(super) struct AudienceArgs {
    /// One device
    #[arg(long, conflicts_with_all = ["cohort", "all"])]
    device: Option<DeviceId>,
    /// Part of the devices in percent: 10, or 10..50
    #[arg(long, value_name = "PERCENT", conflicts_with = "all")]
    cohort: Option<String>,
    /// All devices of the release's product
    #[arg(long)]
    all: bool,
    /// The cohort's salt, to go on with a rollout: with one salt, 0..10 and 10..100 are
    /// everybody, each once [default: a new one]
    #[arg(long, value_name = "HEX", requires = "cohort")]
    salt: Option<StatementId>,
}

/// Whom a code is for, and which of them are enrolled here.
pub(super) enum Audience {
    Device(Box<Record>),
    Many {
        audience: statement::Audience,
        devices: Vec<Record>,
    },
}

impl AudienceArgs {
    pub(super) fn resolve(
        &self,
        context: &Context,
        manifest: &Manifest<'_>,
    ) -> Result<Audience, Failure> {
        if let Some(device) = &self.device {
            return Ok(Audience::Device(Box::new(context.record(device)?)));
        }
        let audience = match &self.cohort {
            None => statement::Audience::Tenant,
            Some(percent) => {
                let salt = match self.salt {
                    Some(salt) => salt,
                    None => Cohort::salt()?,
                };
                let (from, below) = percent.split_once("..").unwrap_or(("0", percent));
                Cohort::percent(salt, from, below)?
            }
        };
        let mut devices = context.project.registry().all()?;
        devices.retain(|record| {
            record.product == manifest.product && is_inside(&audience, &record.device)
        });
        Ok(Audience::Many { audience, devices })
    }
}

fn is_inside(audience: &statement::Audience, device: &DeviceId) -> bool {
    match audience {
        statement::Audience::Device(named) => named == device,
        statement::Audience::Cohort { salt, from, below } => {
            (*from..*below).contains(&statement::Audience::part(*salt, device))
        }
        statement::Audience::Tenant => true,
    }
}

impl Audience {
    /// The enrolled devices that are meant.
    pub(super) fn devices(&self) -> &[Record] {
        match self {
            Self::Device(record) => std::slice::from_ref(record),
            Self::Many { devices, .. } => devices,
        }
    }

    pub(super) fn target(&self, product: ProductId) -> Target<'_> {
        match self {
            Self::Device(record) => Target::Device(record),
            Self::Many { audience, .. } => Target::Many {
                audience: audience.clone(),
                product: Some(product),
            },
        }
    }

    /// The audience for programs; the salt is what the next part of a rollout needs.
    pub(super) fn fields(&self) -> Option<Fields> {
        let Self::Many { audience, devices } = self else {
            return None;
        };
        let fields = match audience {
            statement::Audience::Cohort { salt, from, below } => Fields::new()
                .text("salt", salt)
                .with("from_part", *from)
                .with("below_part", *below),
            _ => Fields::new().with("tenant", "all devices"),
        };
        Some(fields.with("enrolled", devices.len()))
    }
}
