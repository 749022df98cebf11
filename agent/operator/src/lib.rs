//! What operators and pipelines do with Latch: a project on disk, devices enrolled in it,
//! codes composed, published and waited for, verdicts foreseen.
//!
//! Nothing here talks to a terminal or ends the process: the program `latch` does, one file
//! a command. Everything that comes from the broker is checked with keys on this disk before
//! it is believed.

mod account;
mod advice;
mod check;
mod compose;
mod describe;
mod direct;
mod enrol;
mod fields;
mod files;
mod init;
mod link;
mod moment;
mod project;
mod registry;
mod route;
mod serve;
mod settings;
mod successor;
mod wait;

pub use account::{AccountError, fetch_state, receipt_of, state_of};
pub use advice::advice;
pub use check::{CheckError, Question, Unknown, Verdict, genuine_release};
pub use compose::{ComposeError, Order, Target, compose, foresee, life_s, needs_state};
pub use describe::{
    describe, describe_components, describe_receipt, describe_refusal, describe_standing,
    describe_status, key_kept_name, latch_name, reason_in_words, role_name, role_of, twin_tree,
};
pub use direct::{Direct, DirectError};
pub use enrol::{EnrolError, Enrolled, enrol};
pub use fields::{Field, Fields};
pub use files::{FileError, read_bounded, write_new, write_over};
pub use init::{Created, InitError, create};
pub use link::{Happening, Link, LinkError};
pub use moment::{MomentError, duration, moment, rfc3339};
pub use project::{PROJECT_FILE, Project, ProjectError};
pub use registry::{Record, Registry, RegistryError};
pub use route::{Route, RouteError};
pub use serve::{Served, Server};
pub use settings::{KeyFiles, Settings};
pub use successor::{Successor, SuccessorError};
pub use wait::{Answer, Progress, Wait, is_final, outcomes};
