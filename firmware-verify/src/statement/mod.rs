//! The bodies of statements: what each kind says.

mod any;
mod before;
mod code;
mod component;
mod enrolment;
mod manifest;
mod receipt;
mod revocation;
mod root;
mod rule;
mod time;

pub use any::check_body;
pub use code::{Action, Audience, Code, Context, RuleChoice};
pub use component::{ComponentVersion, MAIN_COMPONENT};
pub use enrolment::{Enrolment, KeyKept};
pub use manifest::{Manifest, Requirement};
pub use receipt::{
    CloseCause, FirmwareStatus, Junk, More, Outcome, Receipt, State, Status, TimeStatus,
};
pub use revocation::{Revocation, StopSlip};
pub(crate) use root::rules_in;
pub use root::{CommandAssignment, Latch, PropertyAssignment, Root, RootKey, Rules, Thresholds};
pub use rule::{Freshness, Rule};
pub use time::TimeAttestation;
