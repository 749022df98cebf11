//! What a hostile relay tries, one entry each: what it is, what must come of it, and how the
//! messages are made.
//!
//! The relay only carries bytes. Where an entry asks for signatures that it could not make,
//! those of a careless or stolen key, they are made here and handed to it.

mod forge;
mod run;
mod volleys;

pub(crate) use run::run;

use latch_issue::Statement;
use latch_mqtt::PageServer;
use latch_verify::{
    Reason,
    types::{StatementId, TimeMs},
};

use crate::{error::DemoError, fleet::Fleet, relay::Door, tenant::Tenant};

/// What must come of an attack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// The receipt of the first time again, byte for byte, and no second effect.
    FirstReceipt,
    /// A signed receipt that refuses for this reason.
    Receipt(Reason),
    /// No answer; the device counts it, for this reason.
    Counted(Reason),
    /// Not even counted: it is passed over before it costs anything.
    PassedOver,
}

impl Expected {
    /// For people.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::FirstReceipt => "the first receipt again, no second effect".to_owned(),
            Self::Receipt(reason) => format!("refused: {} (signed receipt)", reason.name()),
            Self::Counted(reason) => format!("refused: {} (counted, no answer)", reason.name()),
            Self::PassedOver => "passed over, nothing kept".to_owned(),
        }
    }
}

/// One entry of the table.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    /// What the relay does, for people.
    pub(crate) name: &'static str,
    /// What must come of it.
    pub(crate) expected: Expected,
    /// Makes the messages.
    pub(crate) aim: fn(&Scene<'_>) -> Result<Volley, DemoError>,
}

/// The messages of one attack.
pub(crate) struct Volley {
    /// A release manifest that the relay publishes first.
    pub(crate) manifest: Option<Statement>,
    /// One message for each device that is attacked.
    pub(crate) shots: Vec<Shot>,
}

/// One message to one device.
pub(crate) struct Shot {
    /// The device's number.
    pub(crate) device: usize,
    /// Where it is put.
    pub(crate) door: Door,
    /// Its bytes.
    pub(crate) payload: Vec<u8>,
    /// The statement that an answer would be about.
    pub(crate) about: StatementId,
    /// A message behind it whose counted refusal proves that this one has been dealt with:
    /// messages on one topic arrive in order.
    pub(crate) marker: Option<Vec<u8>>,
}

/// What attacks are made from.
pub(crate) struct Scene<'a> {
    pub(crate) tenant: &'a Tenant,
    /// Another tenant on the same broker, with keys of its own.
    pub(crate) rival: &'a Tenant,
    pub(crate) fleet: &'a Fleet,
    pub(crate) now: TimeMs,
    /// A code that every device has used.
    pub(crate) used: &'a Statement,
    pub(crate) salt: StatementId,
    /// End of the cohort, in parts of ten thousand.
    pub(crate) below: u16,
    /// The devices inside the cohort.
    pub(crate) cohort: &'a [usize],
    /// The release that runs.
    pub(crate) running: &'a PageServer,
    /// The release that the cohort waits for.
    pub(crate) coming: &'a PageServer,
    /// The image that runs.
    pub(crate) image: &'a latch_issue::ImageTree,
}

/// The whole table, in three acts.
#[derive(Clone)]
pub(crate) struct Attacks {
    /// Against devices at rest.
    pub(crate) at_rest: Vec<Attack>,
    /// Against devices that download a genuine release.
    pub(crate) downloading: Vec<Attack>,
    /// Long after: when the receipts of the first codes are no longer kept.
    pub(crate) long_after: Vec<Attack>,
}

impl Attacks {
    /// Every attack.
    pub(crate) fn all() -> Self {
        let attack = |name, expected, aim| Attack {
            name,
            expected,
            aim,
        };
        Self {
            at_rest: vec![
                attack("a used code again", Expected::FirstReceipt, volleys::replay),
                attack(
                    "a code, its issuer's signature removed",
                    Expected::Receipt(Reason::IssuerDidNotSign),
                    volleys::without_issuer,
                ),
                attack(
                    "a code, the second operator's signature removed",
                    Expected::Receipt(Reason::TooFewOperators),
                    volleys::without_second,
                ),
                attack(
                    "an install code that one operator signed alone",
                    Expected::Receipt(Reason::TooFewOperators),
                    volleys::signed_alone,
                ),
                attack(
                    "a code for one device, given to the others",
                    Expected::Counted(Reason::OtherDevice),
                    volleys::other_device,
                ),
                attack(
                    "a code for the cohort, given to devices outside",
                    Expected::Counted(Reason::OutsideCohort),
                    volleys::outside_cohort,
                ),
                attack(
                    "the same code, its cohort widened to everybody",
                    Expected::Counted(Reason::BadSignature),
                    volleys::widened_cohort,
                ),
                attack(
                    "another tenant's code, signed by its own keys",
                    Expected::Counted(Reason::UnknownKey),
                    volleys::foreign_keys,
                ),
                attack(
                    "another tenant's code, signed by our keys",
                    Expected::Counted(Reason::OtherTenant),
                    volleys::foreign_tenant,
                ),
                attack(
                    "one bit of a code's body flipped",
                    Expected::Counted(Reason::BadSignature),
                    volleys::body_flipped,
                ),
                attack(
                    "one bit of a signature flipped",
                    Expected::Counted(Reason::BadSignature),
                    volleys::signature_flipped,
                ),
                attack(
                    "a code whose time is over",
                    Expected::Receipt(Reason::Expired),
                    volleys::expired,
                ),
                attack(
                    "a code whose time has not come",
                    Expected::Receipt(Reason::NotYetValid),
                    volleys::too_early,
                ),
                attack(
                    "a release below the security floor",
                    Expected::Receipt(Reason::BelowSecurityFloor),
                    volleys::below_floor,
                ),
                attack(
                    "a release older than the one that runs",
                    Expected::Receipt(Reason::NotNewer),
                    volleys::older,
                ),
                attack(
                    "a release that one release key signed alone",
                    Expected::Receipt(Reason::TooFewRelease),
                    volleys::release_signed_alone,
                ),
                attack(
                    "a release that only a stranger signed",
                    Expected::Receipt(Reason::ManifestNotSigned),
                    volleys::release_of_stranger,
                ),
            ],
            downloading: vec![
                attack(
                    "a page with one byte altered",
                    Expected::Counted(Reason::PageHash),
                    volleys::altered_page,
                ),
                attack(
                    "another page under the number that is waited for",
                    Expected::Counted(Reason::PageHash),
                    volleys::swapped_page,
                ),
                attack(
                    "a page of another release",
                    Expected::PassedOver,
                    volleys::foreign_page,
                ),
                attack(
                    "a page of another release, relabelled",
                    Expected::Counted(Reason::PageHash),
                    volleys::relabelled_page,
                ),
            ],
            long_after: vec![attack(
                "the first code again, its receipt no longer kept",
                Expected::Receipt(Reason::AlreadyUsed),
                volleys::replay,
            )],
        }
    }
}
