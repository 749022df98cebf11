#![no_main]
#![allow(missing_docs)]

use latch_verify::wire::Kind;

libfuzzer_sys::fuzz_target!(|input: &[u8]| latch_fuzz::statement(Kind::StopSlip, input));
