//! What a flood has cost, and what it may cost.

use std::fmt;

use latch_issue::{ReceiptChain, SignedReceipt};
use latch_verify::{
    Reason,
    device::{Clock as _, Release as Offer},
    limits::{
        CODE_REFILL_MS, CODE_SIGNATURES, MAX_SIGNATURES, REPEAT_REFILL_MS, REPEATS,
        RESERVED_REFILL_MS, RESERVED_SIGNATURES, WRITE_BUDGET, WRITE_REFILL_MS,
    },
    wire::PublicKey,
};

use crate::world::{
    answer::{Answer, Told},
    bench::{Bench, device_id},
    keys::DEVICE,
    root::TENANT,
};

/// Messages of one flood.
pub(crate) const MESSAGES: u64 = 100_000;
/// One comes each millisecond: more than a serial line or a small radio carries.
const EVERY_MS: u64 = 1;

/// What can be counted of a device's work.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) messages: u64,
    pub(crate) passed_ms: u64,
    pub(crate) checked: u64,
    pub(crate) made: u64,
    pub(crate) records: u64,
    pub(crate) writes: u64,
    pub(crate) erases: u64,
    pub(crate) receipts: u64,
    pub(crate) answers: u64,
    pub(crate) throttled: u64,
}

/// A device in a flood. Every receipt that it sends is checked, and those before and after it.
pub(crate) struct Flood {
    pub(crate) bench: Bench,
    chain: ReceiptChain,
    answers: u64,
    throttled: u64,
    messages: u64,
    before: Cost,
}

impl Flood {
    /// A device, and the receipts that it has sent and may send again.
    pub(crate) fn new(bench: Bench, told: &[Told]) -> Self {
        let chain = match told {
            [] => {
                let head = bench.device.facts().chain;
                ReceiptChain::after(TENANT, device_id(), head.number, head.head)
            }
            _ => ReceiptChain::new(TENANT, device_id()),
        };
        let mut flood = Self {
            bench,
            chain,
            answers: 0,
            throttled: 0,
            messages: 0,
            before: Cost::default(),
        };
        for told in told {
            flood.keep(told);
        }
        flood.before = flood.now();
        flood
    }

    /// Checks a receipt and its place in the chain.
    #[track_caller]
    fn keep(&mut self, told: &Told) {
        let key = PublicKey::new(DEVICE.public()).expect("a sound key");
        let receipt = SignedReceipt::verify(told.bytes.clone(), &key).expect("the device's own");
        let place = self.chain.push(&receipt);
        place.expect("the next receipt, or one that was seen before");
    }

    /// One message of the flood, and a moment.
    #[track_caller]
    pub(crate) fn send(&mut self, message: &[u8]) -> Answer {
        self.messages += 1;
        let answer = self.slip_in(message);
        match &answer {
            Answer::Told(_) => self.answers += 1,
            Answer::Ignored(refusal) if refusal.reason == Reason::Throttled => self.throttled += 1,
            _ => {}
        }
        self.bench.pass(EVERY_MS);
        answer
    }

    /// One message that is no part of it.
    #[track_caller]
    pub(crate) fn slip_in(&mut self, message: &[u8]) -> Answer {
        let answer = self.bench.submit_once(message, Offer::NotAsked);
        if let Answer::Told(told) = &answer {
            self.keep(told);
        }
        answer
    }

    fn now(&self) -> Cost {
        let Bench {
            device, hardware, ..
        } = &self.bench;
        let (work, journal) = (device.work(), hardware.journal.look());
        Cost {
            messages: self.messages,
            passed_ms: hardware.clock.ticks_ms(),
            checked: work.signatures_checked,
            made: work.signatures_made,
            records: work.records,
            writes: journal.writes(),
            erases: journal.erases(),
            receipts: device.facts().chain.number,
            answers: self.answers,
            throttled: self.throttled,
        }
    }

    /// What it has cost so far.
    pub(crate) fn cost(&self) -> Cost {
        let (now, before) = (self.now(), self.before);
        Cost {
            messages: now.messages,
            passed_ms: now.passed_ms - before.passed_ms,
            checked: now.checked - before.checked,
            made: now.made - before.made,
            records: now.records - before.records,
            writes: now.writes - before.writes,
            erases: now.erases - before.erases,
            receipts: now.receipts - before.receipts,
            answers: now.answers,
            throttled: now.throttled,
        }
    }
}

/// What a bucket gives in some time: the burst, and what comes back.
fn bucket(burst: u32, refill_ms: u64, passed_ms: u64) -> u64 {
    u64::from(burst) + passed_ms / refill_ms
}

/// Signatures that a bucket lets be checked: the last statement may leave a debt of all its signatures but one.
fn checks(burst: u32, refill_ms: u64, passed_ms: u64) -> u64 {
    bucket(burst, refill_ms, passed_ms) + MAX_SIGNATURES as u64 - 1
}

/// Signatures of codes that may be checked.
pub(crate) fn of_codes(passed_ms: u64) -> u64 {
    checks(CODE_SIGNATURES, CODE_REFILL_MS, passed_ms)
}

/// Signatures of roots that may be checked.
pub(crate) fn of_roots(passed_ms: u64) -> u64 {
    checks(CODE_SIGNATURES, RESERVED_REFILL_MS, passed_ms)
}

/// Signatures that may be checked of any other kind that has a reserve.
pub(crate) fn of_reserve(passed_ms: u64) -> u64 {
    checks(RESERVED_SIGNATURES, RESERVED_REFILL_MS, passed_ms)
}

/// Records of one kind that may be written at the wish of a single signature: refusals, and what only shuts.
pub(crate) fn of_refusals(passed_ms: u64) -> u64 {
    bucket(WRITE_BUDGET, WRITE_REFILL_MS, passed_ms)
}

/// Receipts that may be signed again.
pub(crate) fn of_repeats(passed_ms: u64) -> u64 {
    bucket(REPEATS, REPEAT_REFILL_MS, passed_ms)
}

/// One line of the table that a run prints: `cargo test --test flood -- --nocapture --test-threads 1`.
pub(crate) fn show(name: &str, cost: &Cost) {
    latch_tests::show(format_args!("{name:28} {cost}"));
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            messages,
            checked,
            made,
            records,
            writes,
            erases,
            receipts,
            throttled,
            ..
        } = self;
        write!(
            f,
            "{messages:6} messages, {throttled:6} throttled: {checked:4} signatures checked, {made:3} made, {receipts:3} \
             receipts, {records:3} records, {writes:5} writes, {erases:3} erases"
        )
    }
}

/// Bits that differ from number to number: SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let bits = self.next().to_le_bytes();
            chunk.copy_from_slice(&bits[..chunk.len()]);
        }
    }
}
