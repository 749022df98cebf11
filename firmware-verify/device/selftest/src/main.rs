#![no_std]
#![no_main]
#![forbid(unsafe_code)]
//! The verifier's vectors, judged on a microcontroller through the verifier's own doors, as the host's tests judge them.
//!
//! Tells the host one line a group: its vectors, how many were judged as they have to be, and how deep the stack went. Ends
//! with 0 if those are all, and with 1 otherwise.

mod cohorts;
mod ed25519;
mod merkle;
mod refusals;
mod report;
mod shown;
mod statements;
mod tables;
mod twins;

use cortex_m_semihosting::hprintln;

use report::{Report, finish};
use tables::{
    BEFORE, COHORTS, ENVELOPES, KEYS, MERKLE, MIXED_ORDER, PATCHES, REFUSALS, RFC8032, SMALL_ORDER,
    STATEMENTS, WYCHEPROOF,
};

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut report = Report::begin(env!("MACHINE"));
    report.group("ed25519 rfc8032", &RFC8032, ed25519::signs_and_checks);
    report.group("ed25519 wycheproof", &WYCHEPROOF, ed25519::judges);
    report.group("ed25519 mixed-order", &MIXED_ORDER, ed25519::judges);
    report.group("ed25519 envelopes", ENVELOPES, ed25519::judges_envelope);
    report.group("ed25519 small-order", &SMALL_ORDER, ed25519::refuses_key);
    report.group("statements keys", &KEYS, statements::knows_key);
    let ring = statements::ring();
    report.group("statements taken", &STATEMENTS, |statement| {
        statements::takes(statement, &ring)
    });
    report.group("statements before", &BEFORE, |statement| {
        statements::takes_of_the_release_before(statement)
    });
    report.group("statements refused", &REFUSALS, |message| {
        refusals::refuses(message, &ring)
    });
    report.group("merkle trees", &MERKLE, merkle::proves);
    report.group("twin patches", &PATCHES, twins::patches);
    report.group("cohorts parts", &COHORTS, cohorts::assigns);
    report.end()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{info}");
    finish(false)
}
