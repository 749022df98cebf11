//! The bodies of statements: what each kind says.

mod any;
mod before;
mod code;
mod component;
mod enrolment;
mod manifest;
mod more;
mod receipt;
mod revocation;
mod root;
mod rule;
mod rules;
mod state;
mod time;

pub use any::check_body;
pub use code::{Action, Audience, Code, Context, RuleChoice};
pub use component::{ComponentVersion, MAIN_COMPONENT};
pub use enrolment::{Enrolment, KeyKept};
pub use manifest::{Manifest, Requirement};
pub use more::More;
pub use receipt::{CloseCause, Outcome, Receipt};
pub use revocation::{Revocation, StopSlip};
pub use root::{CommandAssignment, Latch, PropertyAssignment, Root, RootKey, Thresholds};
pub use rule::{Freshness, Rule};
pub use rules::Rules;
pub(crate) use rules::rules_in;
pub use state::{FirmwareStatus, Junk, State, Status, TimeStatus};
pub use time::TimeAttestation;
