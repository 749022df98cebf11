//! Memory that something has written over: nothing comes of it, and nothing is lost.

use std::slice;

use latch_capi::*;

use super::board::{Bench, answer, input};

/// The reason for which everything is refused then.
const MEMORY_FAULT: latch_result_t = 1010;
const VALVE: u8 = 3;

/// Flips a bit of the twin where it lies in the device's memory, or flips it back.
fn flip(bench: &Bench) {
    let device = bench.device().cast::<u8>();
    // SAFETY: the storage of a device that was booted, while no call is under way. What of it was never written is no matter:
    // Miri, which would mind, does not run this.
    let storage = unsafe { slice::from_raw_parts(device, size_of::<latch_device_t>()) };
    let found = storage
        .windows(10)
        .position(|bytes| bytes == b"pump/speed" || bytes == b"pump/rpeed");
    // SAFETY: a byte of a text inside the storage, which stays one.
    unsafe { *device.add(found.expect("a twin") + 5) ^= 1 };
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
    // Nor was it, for a moment.
    assert_eq!(polled(&bench).kind, latch_polled_kind_t::LATCH_POLLED_IDLE);
    assert_eq!(journal(&bench), before);
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));

    let (_, verdict) = bench.submit(&input("faster"));
    assert_eq!(verdict.kind, latch_verdict_kind_t::LATCH_VERDICT_UNLATCHED);
    assert_eq!((bench.end(), bench.boot()), (LATCH_OK, LATCH_OK));
    flip(&bench);
    assert_eq!(resumed(), latch_action_kind_t::LATCH_ACTION_NONE);
    flip(&bench);
    assert_eq!(resumed(), latch_action_kind_t::LATCH_ACTION_TWIN);
    assert_eq!(settle(&bench), LATCH_OK);
}

#[test]
fn no_snapshot_is_taken_of_it() {
    let bench = Bench::provisioned();
    assert_eq!(bench.serve(&input("speed")).0, LATCH_OK);
    let code = input("flush");
    let second_sector = |bench: &Bench| {
        let mut both = journal(bench);
        both.split_off(both.len() / 2)
    };
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
