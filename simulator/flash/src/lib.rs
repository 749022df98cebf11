//! A NOR flash for tests: it keeps the rules of real parts, and loses power inside any operation.
//!
//! [`Flash`] implements the `embedded-storage` traits over memory. It differs from a plain buffer in four ways:
//!
//! - **Rules.** Bits only fall on a write, rise only on the erase of a whole block, and a write unit is programmed
//!   once between two erases, as parts with ECC ask for. Code that breaks a rule has a bug, so the model panics,
//!   unless [`Flash::set_strict`] asks it to do what a part would do.
//! - **Cuts.** [`Flash::cut`] plans a loss of power in one write or erase, and [`Tear`] says what is left of it. From
//!   then on everything errs with [`FlashError::PowerLost`] until [`Flash::power_on`]. [`Flash::cut_hit`] proves that
//!   the plan was reached, so that a sweep knows where to end and a test cannot pass without a cut.
//! - **Faults.** Weak bits that read differently each time, ECC errors, addresses that fail to read or to write.
//! - **Forks.** A clone is a few copies of memory, and `clone_from` allocates nothing; [`Flash::restore`] goes back to a
//!   [`Snapshot`] by copying what has changed. [`Flash::halt`] stops before an operation, and [`Flash::tear`] then tears it
//!   on each fork: thousands of cuts can branch off one state, right where they strike.
//!
//! Nothing here draws on outside randomness: the same calls with the same seeds give the same bytes.
//!
//! ```
//! use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
//! use latch_flash::{Flash, FlashError, Tear};
//!
//! let mut flash = Flash::<1, 4, 1024>::new(4096);
//! flash.write(0, b"before").unwrap_err(); // six bytes are not whole units of four
//! flash.write(0, b"written!").unwrap();
//!
//! flash.cut(0, Tear::Prefix(3));
//! assert_eq!(flash.write(8, b"torn off"), Err(FlashError::PowerLost));
//! assert!(flash.cut_hit());
//!
//! flash.power_on();
//! let mut found = [0; 16];
//! flash.read(0, &mut found).unwrap();
//! assert_eq!(&found, b"written!tor\xff\xff\xff\xff\xff");
//! ```

mod cells;
mod error;
mod fault;
mod flash;
mod seed;
mod tear;
mod units;

pub use error::FlashError;
pub use flash::{Flash, Snapshot};
pub use tear::Tear;
