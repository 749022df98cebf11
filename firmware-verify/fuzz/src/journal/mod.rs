//! What a bootloader, and a device, make of a journal that nobody should have written.
//!
//! ```text
//! form 0   0, past, damage...         a real journal that fades, tears and cannot be read
//! form 1   1, past, how many of the records are the snapshot, records...
//! ```
//! Damage is not aimed: it is what no writer of checksums would do, so whatever comes up must
//! have been so at some time. Records are aimed, at whatever believes a good checksum: there it
//! is enough that nothing panics and nothing opens without the signatures.

mod past;
mod start;

use latch_verify::{
    device::{JOURNAL_SECTOR, Polled, Release as Offer, Submitted},
    journal::Journal,
    limits::{MAX_RECEIPT_ENVELOPE, MAX_RECORD, MAX_STATE_ENVELOPE},
    statement::Code,
    types::StatementId,
    wire::{Envelope, Kind},
};

use crate::{
    device::{Hardware, Machine, ordinary_code},
    input::Input,
    keys::{Crew, STRANGER, sign_message},
    oracle::signers,
};
use past::Past;

/// Single bits that may flip: CRC-32/ISCSI finds any three in records of all lengths.
const MOST_FLIPS: u32 = 3;
/// Most damages, and most records.
const MOST_CHANGES: usize = 64;

/// Takes bytes as what has become of a journal, and boots a device on it.
///
/// # Panics
/// When the verifier panics, opens something, or is what it never was.
pub fn journal(input: &[u8]) {
    let mut input = Input::new(input);
    let form = input.byte();
    past::with(input.byte(), |past| {
        if form.is_multiple_of(2) {
            damaged(past, input);
        } else {
            written(past, input);
        }
    });
}

fn damaged(past: &Past, mut input: Input<'_>) {
    let hardware = past.hardware.fork();
    let mut flips = 0;
    for _ in 0..MOST_CHANGES {
        if input.is_empty() {
            break;
        }
        damage(&hardware, &mut input, &mut flips);
    }
    // A part does not judge what is written over damage.
    hardware.journal.probe().set_strict(false);
    if let Some(choice) = start::choose(&hardware.fork()) {
        past.started(&choice);
    }
    if let Ok(mut device) = Machine::boot(hardware.parts()) {
        past.knows(&device);
        live(&mut device);
    }
}

fn damage(hardware: &Hardware, input: &mut Input<'_>, flips: &mut u32) {
    let mut flash = hardware.journal.probe();
    let capacity = flash.contents().len();
    let how = input.byte();
    let start = input.number() % capacity;
    let length = match how & 0xf0 {
        0 => usize::from(input.byte()) + 1,
        _ => input.number() + 1,
    };
    let range = start..capacity.min(start + length);
    match how & 7 {
        0 => flash.contents_mut()[range].fill(0xff),
        1 => flash.contents_mut()[range].fill(0),
        2 if *flips < MOST_FLIPS => {
            *flips += 1;
            flash.contents_mut()[start] ^= 1 << (length % 8);
        }
        3 => {
            let place = |at: usize| u32::try_from(at).expect("a small flash");
            flash.fail_reads_at(place(range.start)..place(range.end));
        }
        4 => {
            let mut noise = u32::try_from(start).expect("a small flash");
            for byte in &mut flash.contents_mut()[range] {
                // Numerical Recipes' generator: noise that no input can aim.
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (noise >> 24) as u8;
            }
        }
        5 => {
            let half = capacity / 2;
            let from = if start < half { 0 } else { half };
            flash
                .contents_mut()
                .copy_within(from..from + half, half - from);
        }
        6 => {
            let to = input.number() % capacity;
            let end = range.end.min(range.start + (capacity - to));
            flash.contents_mut().copy_within(range.start..end, to);
        }
        _ => {}
    }
}

fn written(past: &Past, mut input: Input<'_>) {
    let in_snapshot = usize::from(input.byte());
    let mut records = Vec::new();
    while !input.is_empty() && records.len() < MOST_CHANGES {
        records.push(record(past, &mut input));
    }
    let mut hardware = past.hardware.fork();
    let blank = Hardware::blank();
    let flash = blank.journal.clone();
    let mut buffer = [0; MAX_RECORD];
    let mut journal: Journal<_, JOURNAL_SECTOR> =
        Journal::mount(flash, &mut buffer, &mut |_| Ok(())).expect("an empty journal");
    let (first, more) = records.split_at(in_snapshot.min(records.len()));
    let rotated = journal.rotate(|snapshot| {
        first
            .iter()
            .try_for_each(|(kind, body)| snapshot.put(*kind, body).map(|_| ()))
    });
    if rotated.is_err() {
        return;
    }
    for (kind, body) in more {
        // One that does not fit is left out.
        let _ = journal.append(*kind, body);
    }
    hardware.journal = journal.release();
    start::choose(&hardware.fork());
    if let Ok(mut device) = Machine::boot(hardware.parts()) {
        live(&mut device);
    }
}

/// A record: a real one, one that was changed, or any bytes.
fn record(past: &Past, input: &mut Input<'_>) -> (u8, Vec<u8>) {
    let how = input.byte();
    if how & 3 == 3 {
        let kind = if how & 4 == 0 { 1 } else { how >> 3 };
        return (kind, input.short().to_vec());
    }
    let number = usize::from(input.byte()) % past.records.len();
    let (kind, mut body) = past.records[number].clone();
    for _ in 0..how & 3 {
        let (place, bits) = (input.number(), input.byte());
        if !body.is_empty() {
            let place = place % body.len();
            body[place] ^= bits;
        }
    }
    (kind, body)
}

/// Uses a device that has come up. What comes out of it must have been signed.
fn live(device: &mut Machine) {
    let mut out = [0; MAX_STATE_ENVELOPE];
    let _ = device.state(&mut out);
    let recent: Vec<StatementId> = device.recent().collect();
    for statement in recent {
        let _ = device.receipt(statement, &mut out);
    }
    if let Some(unlatched) = device.resume() {
        let _ = unlatched.act();
    }
    for _ in 0..18 {
        if let Polled::Idle { .. } = device.poll(&mut out) {
            break;
        }
    }
    let _ = device.page(&[0; 64]);
    let _ = device.arm(&mut out);
    let _ = device.confirm(&mut out);
    let _ = device.give_up(&mut out);
    let code = ordinary_code(device.status().challenge);
    let envelope = Envelope::parse(Kind::Code, &code).expect("an envelope");
    let mut strange = sign_message(envelope.message(), Crew(0));
    *strange.last_mut().expect("a count") = 1;
    strange.extend(STRANGER.signature(envelope.message()));
    for statement in [strange, sign_message(envelope.message(), Crew(1)), code] {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let opened = device.submit(&statement, Offer::NotAsked, &mut out);
        if matches!(opened, Submitted::Unlatched(_)) {
            let envelope = Envelope::parse(Kind::Code, &statement).expect("an envelope");
            let code: Code<'_> = envelope.read().expect("a body");
            assert_eq!(signers(&code, Crew::on(&envelope)), Ok(()));
        }
    }
}
