#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::unreachable,
        clippy::todo
    )
)]
#![allow(
    non_camel_case_types,
    reason = "types and their variants have the names here that they have in C"
)]
//! The C interface of [`latch_verify`]: a static library and a header, `include/latch.h`.
//!
//! The only crate of the workspace with `unsafe`. What C hands over is turned into references and values here, and checked
//! as far as it can be; behind that stands the verifier, which knows nothing of pointers.
//!
//! - [`latch_device_t`] is storage that the caller declares. What lies in it says of itself whether it is blank, running
//!   or faulted, where it lies, and whether a call is under way: so calls out of order, from a callback, or on storage
//!   that was moved are refused.
//! - [`latch_link_t`], [`latch_bootloader_t`] and [`latch_restoration_t`] are kept likewise; the link lends its buffers from the
//!   caller, so that it is as large as the product's pages.
//! - Every function returns 0 or a number: that of a [refusal](latch_verify::Reason::number), or one from 2001 on, of the
//!   interface itself.
//! - Nothing unwinds into C. On bare metal a panic stops the program (features `panic-handler` and `panic-hook`); elsewhere
//!   the boundary of `extern "C"` does.
//!
//! What has to stand behind the callbacks, sizes, and a complete example are in `README.md` beside this crate.

// Hosts with an operating system bring the handler of panics along.
#[cfg(not(target_os = "none"))]
extern crate std;

mod action;
mod asked;
mod board;
mod boundary;
mod cell;
mod ended;
mod enrol;
mod entries;
mod facts;
mod geometry;
mod images;
mod kept;
mod life;
mod link;
mod loader;
mod panic;
mod parts;
mod restore;
mod result;
mod seed;
mod statements;
mod telling;
mod told;
mod verdict;

pub use action::{latch_action_kind_t, latch_action_t, latch_close_cause_t};
pub use asked::{latch_ask_kind_t, latch_ask_t, latch_link_heard, latch_link_taken};
pub use boundary::{latch_bytes_t, latch_text_t};
pub use cell::{LATCH_DEVICE_ALIGNMENT, LATCH_DEVICE_SIZE, LATCH_DEVICE_WORDS, latch_device_t};
pub use ended::{latch_link_end_page, latch_link_end_request, latch_link_end_statement};
pub use enrol::{
    LATCH_REQUEST_SIZE, latch_enrolment_request, latch_enrolment_request_as, latch_key_kept_t,
    latch_name_t,
};
pub use entries::{
    latch_entry_at, latch_entry_find, latch_entry_t, latch_value_kind_t, latch_value_t,
};
pub use facts::{
    LATCH_DEVICE_NAME_SIZE, LATCH_NEVER, latch_facts, latch_facts_t, latch_identity,
    latch_identity_t, latch_install_phase_t, latch_is_open, latch_is_whole, latch_observe,
    latch_time_kind_t, latch_twin,
};
pub use geometry::{latch_flash_erase_size, latch_flash_write_size, latch_largest_page};
pub use images::{
    latch_arm, latch_armed_t, latch_confirm, latch_confirm_component, latch_give_up, latch_image_t,
    latch_installing, latch_page, latch_page_kind_t, latch_paged_t, latch_read_image, latch_wanted,
    latch_wanted_t,
};
pub use life::{
    LATCH_COMPONENTS, latch_boot, latch_boot_as, latch_end, latch_factory_t, latch_provision,
    latch_provision_again, latch_started_kind_t, latch_version_t,
};
pub use link::{
    LATCH_LINE_SIZE, LATCH_LINK_AROUND_PAGE, LATCH_LINK_LEAST_IN, LATCH_LINK_OUT_SIZE,
    LATCH_LINK_WORDS, latch_happened_t, latch_link_begin, latch_link_happened, latch_link_receive,
    latch_link_restart, latch_link_status, latch_link_status_t, latch_link_t, latch_link_transmit,
    latch_link_working,
};
pub use loader::{
    LATCH_BOOTLOADER_WORDS, LATCH_RECORD_SIZE, latch_bootloader_identity, latch_bootloader_images,
    latch_bootloader_may_jump_to, latch_bootloader_start, latch_bootloader_start_by,
    latch_bootloader_t, latch_choice_t, latch_images_t, latch_start_kind_t,
};
pub use parts::{
    LATCH_ABI, latch_clock_t, latch_counter_t, latch_entropy_t, latch_flash_t, latch_key_t,
    latch_parts_t,
};
pub use restore::{
    LATCH_RESTORATION_WORDS, latch_restoration_begin, latch_restoration_page, latch_restoration_t,
    latch_restoration_wanted,
};
pub use result::{
    LATCH_CALLBACK, LATCH_FAULTED, LATCH_GEOMETRY, LATCH_LENGTH, LATCH_LINK_BUSY, LATCH_LINK_DOWN,
    LATCH_MISALIGNED, LATCH_MOVED, LATCH_NO_ENTRY, LATCH_NOT_BLANK, LATCH_NOT_BOOTED,
    LATCH_NOT_CHOSEN, LATCH_NOTHING_IN_HAND, LATCH_NULL, LATCH_OK, LATCH_OTHER_ABI, LATCH_OVERLAP,
    LATCH_REENTERED, LATCH_RUNNING, LATCH_VALUE, latch_last_refusal, latch_refusal_t,
    latch_result_t, latch_sentence,
};
pub use seed::{LATCH_SEED_WORDS, latch_seed_key, latch_seed_t};
pub use statements::{
    latch_actuator_t, latch_poll, latch_release_kind_t, latch_release_t, latch_resume, latch_serve,
    latch_settle, latch_submit, latch_tend,
};
pub use telling::{
    LATCH_RECEIPT_SIZE, LATCH_RECENT, LATCH_STATE_SIZE, latch_receipt, latch_receipt_numbered,
    latch_recent, latch_state, latch_statement_id_t,
};
pub use told::{
    latch_life_t, latch_link_tell_pulse, latch_link_tell_receipt, latch_link_tell_request,
    latch_link_tell_standing, latch_link_tell_state, latch_link_tell_wanted, latch_program_t,
    latch_pulse_t, latch_standing_t, latch_why_t,
};
pub use verdict::{latch_polled_kind_t, latch_polled_t, latch_verdict_kind_t, latch_verdict_t};
