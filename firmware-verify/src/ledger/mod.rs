//! What the device knows durably: a fold over the records of its journal.

mod fold;
mod folding;
mod record;
mod snapshot;
mod state;

pub(crate) use folding::Folding;
pub use record::{CodeName, Effect, Image, InstallPhase, OpenLatch, Pending, Record};
pub(crate) use record::{Doing, RECORD};
pub(crate) use snapshot::{write_first, write_snapshot};
pub use state::{Chain, Facts, Firmware, Install, Ledger, Recent, Twin};
