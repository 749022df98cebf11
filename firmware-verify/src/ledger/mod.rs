//! What the device knows durably: a fold over the records of its journal.

mod fold;
mod record;
mod snapshot;
mod state;

pub(crate) use fold::{Folding, patched};
pub(crate) use record::{Doing, RECORD};
pub use record::{Effect, Image, InstallPhase, Pending, Record};
pub(crate) use snapshot::{write_first, write_snapshot};
pub use state::{Chain, Facts, Firmware, Install, Ledger, Recent, Twin};
