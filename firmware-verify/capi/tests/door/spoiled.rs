//! Memory that something has written over: nothing comes of it, and nothing is lost.

use std::slice;

use latch_capi::*;
use latch_verify::wire::{Envelope, Kind};

use super::{
    board::{Bench, answer, input},
    fault::{called_since, flip_after},
};

/// The reason for which everything is refused then.
const MEMORY_FAULT: latch_result_t = 1010;
/// The reason where what cannot be was found outside of what is under the sum.
const LOGIC_FAULT: latch_result_t = 1007;
const VALVE: u8 = 3;

/// Where the twin lies in the device's memory: a letter of a path, which is another if its lowest bit flips.
fn letter(bench: &Bench) -> *mut u8 {
    let device = bench.device().cast::<u8>();
    // SAFETY: the storage of a device that was booted, while no call is under way. What of it was never written is no matter:
    // Miri, which would mind, does not run this.
    let storage = unsafe { slice::from_raw_parts(device, size_of::<latch_device_t>()) };
    let found = storage
        .windows(10)
        .position(|bytes| bytes == b"pump/speed" || bytes == b"pump/rpeed");
    device.wrapping_add(found.expect("a twin") + 5)
}

/// Flips a bit of the twin, or flips it back.
fn flip(bench: &Bench) {
    // SAFETY: a byte of a text inside the storage, which stays one.
    unsafe { *letter(bench) ^= 1 };
}

fn is_whole(bench: &Bench) -> bool {
    let (mut whole, device) = (false, bench.device());
    // SAFETY: as C would.
    let result = unsafe { latch_is_whole(device, &raw mut whole) };
    assert_eq!(result, LATCH_OK);
    whole
}

fn is_open(bench: &Bench) -> bool {
    let (mut open, device) = (false, bench.device());
    // SAFETY: as C would.
    let result = unsafe { latch_is_open(device, VALVE, &raw mut open) };
    assert_eq!(result, LATCH_OK);
    open
}

fn settle(bench: &Bench) -> latch_result_t {
    let mut len = 0;
    // SAFETY: as C would.
    unsafe {
        latch_settle(
            bench.device(),
            0,
            bench.out(),
            LATCH_STATE_SIZE,
            &raw mut len,
        )
    }
}

fn journal(bench: &Bench) -> Vec<u8> {
    // SAFETY: the board of this bench, while no call is under way.
    unsafe { (*bench.0).journal.clone() }
}

/// Where the first snapshot goes that a device takes by itself.
fn second_sector(bench: &Bench) -> Vec<u8> {
    let mut both = journal(bench);
    both.split_off(both.len() / 2)
}

fn acted(bench: &Bench) -> usize {
    // SAFETY: the board of this bench, while no call is under way.
    unsafe { (*bench.0).acted }
}

/// What every function says that would record, sign or hand out something.
fn refusals(bench: &Bench) -> Vec<latch_result_t> {
    let (device, out, size) = (bench.device(), bench.out(), LATCH_STATE_SIZE);
    let mut len = 0;
    let page = [0; 4];
    // SAFETY: as C would, with everything alive.
    unsafe {
        let (paged, page) =
            answer::<latch_paged_t>(|paged| latch_page(device, page.as_ptr(), page.len(), paged));
        assert_eq!(page.kind, latch_page_kind_t::LATCH_PAGE_REFUSED);
        vec![
            latch_read_image(device, 0, out, size),
            latch_state(device, out, size, &raw mut len),
            latch_receipt_numbered(device, 1, out, size, &raw mut len),
            paged,
        ]
    }
}

fn polled(bench: &Bench) -> latch_polled_t {
    // SAFETY: as C would.
    let (result, polled) = answer(|polled| unsafe {
        latch_poll(bench.device(), bench.out(), LATCH_STATE_SIZE, polled)
    });
    assert_eq!(result, LATCH_OK);
    polled
}

#[test]
fn a_device_whose_memory_was_written_over_shuts_and_boots() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    assert_eq!(bench.submit(&input("open")).0, LATCH_OK);
    assert_eq!(settle(&bench), LATCH_OK);
    assert!(is_whole(&bench) && is_open(&bench));
    let (before, acted_before) = (journal(&bench), acted(&bench));

    flip(&bench);
    assert!(!is_whole(&bench));
    let (result, verdict) = bench.serve(&input("flush"));
    assert_eq!(result, LATCH_OK);
    assert_eq!(verdict.kind, latch_verdict_kind_t::LATCH_VERDICT_IGNORED);
    assert_eq!(verdict.refusal.reason, MEMORY_FAULT);
    for refused in refusals(&bench) {
        assert_eq!(refused, MEMORY_FAULT);
    }
    let closed = polled(&bench);
    assert_eq!(closed.kind, latch_polled_kind_t::LATCH_POLLED_CLOSED);
    assert_eq!((closed.latch, closed.refusal.reason), (VALVE, MEMORY_FAULT));
    assert!(!is_open(&bench));
    let idle = polled(&bench);
    assert_eq!(idle.kind, latch_polled_kind_t::LATCH_POLLED_IDLE);
    assert_eq!((journal(&bench), acted(&bench)), (before, acted_before));

    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
    assert!(is_whole(&bench) && !is_open(&bench));
    let (result, verdict) = bench.serve(&input("flush"));
    assert_eq!(result, LATCH_OK);
    assert_eq!(verdict.kind, latch_verdict_kind_t::LATCH_VERDICT_ANSWERED);
    assert_eq!(acted(&bench), acted_before + 1);
}

#[test]
fn what_is_in_hand_is_not_settled_and_not_handed_out_again() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    let device = bench.device();
    let resumed = || {
        // SAFETY: as C would.
        let (result, action): (_, latch_action_t) =
            answer(|action| unsafe { latch_resume(device, action) });
        assert_eq!(result, LATCH_OK);
        action.kind
    };
    let (_, verdict) = bench.submit(&input("open"));
    assert_eq!(verdict.kind, latch_verdict_kind_t::LATCH_VERDICT_UNLATCHED);
    let before = journal(&bench);
    flip(&bench);
    assert_eq!(settle(&bench), MEMORY_FAULT);
    assert!(!is_open(&bench));
    // What stands behind it has been opened: whoever did is asked to shut it.
    let closed = polled(&bench);
    assert_eq!(closed.kind, latch_polled_kind_t::LATCH_POLLED_CLOSED);
    assert_eq!(closed.cause, latch_close_cause_t::LATCH_CLOSE_FAULT);
    assert_eq!((closed.latch, closed.refusal.reason), (VALVE, MEMORY_FAULT));
    assert_eq!(journal(&bench), before);
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));

    let (_, verdict) = bench.submit(&input("faster"));
    assert_eq!(verdict.kind, latch_verdict_kind_t::LATCH_VERDICT_UNLATCHED);
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
    flip(&bench);
    assert_eq!(resumed(), latch_action_kind_t::LATCH_ACTION_NONE);
    // It does not come back by itself.
    flip(&bench);
    assert!(!is_whole(&bench));
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
    assert_eq!(resumed(), latch_action_kind_t::LATCH_ACTION_TWIN);
    assert_eq!(settle(&bench), LATCH_OK);
}

#[test]
fn what_was_opened_is_shut_whatever_of_its_code_was_forgotten() {
    let code = input("open");
    let envelope = Envelope::parse(Kind::Code, &code).unwrap();
    let statement = envelope.id().0;
    let mut faults = Vec::new();
    for which in 0.. {
        let bench = Bench::provisioned();
        assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
        assert_eq!(bench.submit(&code).0, LATCH_OK);
        let device = bench.device().cast::<u8>();
        // SAFETY: as in `letter`.
        let storage = unsafe { slice::from_raw_parts(device, size_of::<latch_device_t>()) };
        let mut names = storage
            .windows(statement.len())
            .enumerate()
            .filter(|(_, bytes)| *bytes == statement);
        let Some((at, _)) = names.nth(which) else {
            break;
        };
        // SAFETY: a byte of a hash inside the storage.
        unsafe { *device.add(at) ^= 1 };
        let fault = settle(&bench);
        let is_closed = polled(&bench).kind == latch_polled_kind_t::LATCH_POLLED_CLOSED;
        // Another's ticket settles nothing, and the action is in hand still.
        faults.push((fault, is_closed));
    }
    // The ticket, without which nothing tells what was done; what was staged; and in the ledger what was burned, and who has
    // opened the latch.
    faults.sort_unstable();
    let expected = [
        (LOGIC_FAULT, false),
        (LOGIC_FAULT, true),
        (MEMORY_FAULT, true),
        (MEMORY_FAULT, true),
    ];
    assert_eq!(faults, expected);
}

#[test]
fn no_snapshot_is_taken_of_it() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    let code = input("flush");
    let blank = second_sector(&bench);
    let mut boots = 0;
    // Each boot leaves a record: after one of them the code needs more room than the sector has.
    while second_sector(&bench) == blank {
        assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
        flip(&bench);
        let before = journal(&bench);
        let (_, verdict) = bench.serve(&code);
        assert_eq!(verdict.refusal.reason, MEMORY_FAULT);
        assert!(journal(&bench) == before, "after {boots} boots");
        boots += 1;
        assert!(boots < 10_000, "the journal is never full");
    }
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
    assert!(is_whole(&bench));
}

/// Lets the bit flip at every call that the device makes of its board while it takes a code: whenever it is, nothing is signed,
/// counted or carried out any more, and the next boot has the twin as it was, or as it was to be. Returns how many calls there are.
fn flips_at_every_call(prepared: &Bench, name: &'static str) -> usize {
    let code = input(name);
    for calls in 0.. {
        let bench = Bench::like(prepared);
        let acted_before = acted(&bench);
        flip_after(calls, letter(&bench));
        let _ = bench.serve(&code);
        let acted_then = acted(&bench);
        let Some(since) = called_since() else {
            return calls;
        };
        for what in ["sign", "raise", "act"] {
            assert!(!since.contains(&what), "{name}, {calls}: {since:?}");
        }
        assert!(!is_whole(&bench), "{name}, {calls}");
        assert!(acted_then <= acted_before + 1);
        assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
        assert!(is_whole(&bench), "{name}, {calls}");
        // Its path is whole, in flash too.
        let _ = letter(&bench);
        assert!(twin_holds(&bench), "{name}, {calls}");
    }
    unreachable!("a code is taken in a finite number of calls")
}

/// Whether the twin has its property.
fn twin_holds(bench: &Bench) -> bool {
    let mut version = 0;
    // SAFETY: as C would.
    unsafe {
        let (result, entries) =
            answer(|entries| latch_twin(bench.device(), &raw mut version, entries));
        assert_eq!(result, LATCH_OK);
        let path = c"pump/speed";
        let (found, _) =
            answer::<latch_entry_t>(|entry| latch_entry_find(entries, path.as_ptr(), entry));
        found == LATCH_OK
    }
}

#[test]
fn whenever_a_bit_flips_nothing_comes_of_it() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    assert_eq!(bench.end(), LATCH_OK);
    for name in ["faster", "flush"] {
        let calls = flips_at_every_call(&bench, name);
        println!("{name}: {calls} calls of the board");
        assert!(calls > 10);
    }
}

#[test]
fn whenever_a_bit_flips_no_snapshot_is_taken_of_it() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    let blank = second_sector(&bench);
    // As many boots as leave too little room for a code.
    loop {
        assert_eq!(bench.end(), LATCH_OK);
        let tried = Bench::like(&bench);
        assert!(second_sector(&tried) == blank, "a boot has taken it");
        assert_eq!(tried.serve(&input("flush")).0, LATCH_OK);
        if second_sector(&tried) != blank {
            break;
        }
        assert_eq!(bench.boot(), LATCH_OK);
    }
    let calls = flips_at_every_call(&bench, "flush");
    println!("with a snapshot: {calls} calls of the board");
}

#[test]
fn whenever_a_bit_flips_what_is_to_be_closed_is_shut() {
    let code = input("close");
    for calls in 0.. {
        let bench = Bench::provisioned();
        assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
        assert_eq!(bench.submit(&input("open")).0, LATCH_OK);
        assert_eq!(settle(&bench), LATCH_OK);
        flip_after(calls, letter(&bench));
        let _ = bench.serve(&code);
        // SAFETY: the board of this bench, while no call is under way.
        let is_shut = unsafe { (*bench.0).shut };
        let is_told = polled(&bench).kind == latch_polled_kind_t::LATCH_POLLED_CLOSED;
        assert!(is_shut || is_told, "{calls}");
        if called_since().is_none() {
            println!("close: {calls} calls of the board");
            return;
        }
    }
}
