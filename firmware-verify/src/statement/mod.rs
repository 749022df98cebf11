//! The bodies of statements: what each kind says.

mod code;
mod enrolment;
mod manifest;
mod receipt;
mod root;
mod rule;

pub use code::{Action, Audience, Code, Context, RuleChoice};
pub use enrolment::{Enrolment, KeyKept};
pub use manifest::{Manifest, Requirement};
pub use receipt::{FirmwareStatus, Junk, Outcome, Receipt, State, Status, TimeStatus};
pub use root::{CommandAssignment, Latch, PropertyAssignment, Root, RootKey, Thresholds};
pub use rule::{Freshness, Rule};
