//! Codes: carried out once, by callback and by hand.

use std::ptr;

use latch_capi::*;

use super::board::{Bench, answer, input};

#[test]
fn a_code_is_carried_out_once_and_nobody_comes_in_meanwhile() {
    let bench = Bench::provisioned();
    let code = input("speed");
    let (result, verdict) = bench.serve(&code);
    assert_eq!(
        (result, verdict.kind),
        (LATCH_OK, latch_verdict_kind_t::LATCH_VERDICT_ANSWERED)
    );
    let (result, verdict) = bench.serve(&code);
    assert_eq!(
        (result, verdict.kind),
        (LATCH_OK, latch_verdict_kind_t::LATCH_VERDICT_ANSWERED)
    );
    // SAFETY: the board of this bench, while no call is under way.
    let (speed, acted, within, sent) = unsafe {
        let board = bench.0;
        let sent = &(*board).sent;
        let within = &(*board).within;
        ((*board).speed, (*board).acted, within, sent)
    };
    assert_eq!((speed, acted), (7, 1));
    assert_eq!(within[..], [LATCH_REENTERED]);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
}

#[test]
fn a_code_is_carried_out_by_hand() {
    use latch_verdict_kind_t as verdict_kind;
    let bench = Bench::provisioned();
    let code = input("flush");
    let (device, out) = (bench.device(), bench.out());
    let mut len = 0;
    let settle = |size: usize, len: *mut usize| {
        // SAFETY: as C would.
        unsafe { latch_settle(device, 5, out, size, len) }
    };
    assert_eq!(
        settle(LATCH_STATE_SIZE, &raw mut len),
        LATCH_NOTHING_IN_HAND
    );

    // What is lent wrongly burns nothing.
    // SAFETY: as C would, but for what is to be refused.
    unsafe {
        let submit = |statement, statement_len, out, size| {
            answer::<latch_verdict_t>(|verdict| {
                latch_submit(
                    device,
                    statement,
                    statement_len,
                    ptr::null(),
                    out,
                    size,
                    verdict,
                )
            })
            .0
        };
        assert_eq!(submit(ptr::null(), 4, out, LATCH_STATE_SIZE), LATCH_NULL);
        assert_eq!(
            submit(code.as_ptr(), usize::MAX, out, LATCH_STATE_SIZE),
            LATCH_LENGTH
        );
        assert_eq!(
            submit(code.as_ptr(), code.len(), ptr::null_mut(), LATCH_STATE_SIZE),
            LATCH_NULL
        );
        assert_eq!(
            submit(code.as_ptr(), code.len(), out, LATCH_RECEIPT_SIZE - 1),
            1006
        );
        assert_eq!(
            submit(out.wrapping_add(8), 16, out, LATCH_STATE_SIZE),
            LATCH_OVERLAP
        );
        assert_eq!(
            submit(code.as_ptr(), code.len(), device.cast(), LATCH_STATE_SIZE),
            LATCH_OVERLAP
        );
        let bare = latch_submit(
            device,
            code.as_ptr(),
            code.len(),
            ptr::null(),
            out,
            LATCH_STATE_SIZE,
            ptr::null_mut(),
        );
        assert_eq!(bare, LATCH_NULL);
        assert_eq!(
            submit(ptr::null(), 0, out, LATCH_STATE_SIZE),
            LATCH_OK,
            "an empty message is junk"
        );
    }

    let (result, verdict) = bench.submit(&code);
    assert_eq!(
        (result, verdict.kind),
        (LATCH_OK, verdict_kind::LATCH_VERDICT_UNLATCHED)
    );
    assert_eq!(
        verdict.action.kind,
        latch_action_kind_t::LATCH_ACTION_COMMAND
    );
    // SAFETY: the statement still lies where it lay.
    let (name, entry) = unsafe {
        let name = std::slice::from_raw_parts(
            verdict.action.name.text.cast::<u8>(),
            verdict.action.name.len,
        );
        let (_, entry) =
            answer::<latch_entry_t>(|entry| latch_entry_at(verdict.action.arguments, 0, entry));
        (name, entry)
    };
    assert_eq!((name, entry.value.integer), (&b"flush"[..], 3));
    assert!(bench.facts().1.in_hand);

    // A buffer that is too small leaves the action in hand.
    assert_eq!(settle(LATCH_RECEIPT_SIZE - 1, &raw mut len), 1006);
    assert_eq!(settle(LATCH_STATE_SIZE, ptr::null_mut()), LATCH_NULL);
    assert_eq!(settle(LATCH_STATE_SIZE, &raw mut len), LATCH_OK);
    assert!(len > 0 && !bench.facts().1.in_hand);
    // SAFETY: the receipt that was just written.
    let first = unsafe { std::slice::from_raw_parts(out, len) }.to_vec();
    assert_eq!(
        settle(LATCH_STATE_SIZE, &raw mut len),
        LATCH_NOTHING_IN_HAND
    );

    // SAFETY: as C would.
    unsafe {
        let mut ids = [latch_statement_id_t::default(); LATCH_RECENT];
        let (mut count, mut again) = (0, 0);
        assert_eq!(
            latch_recent(device, ids.as_mut_ptr(), &raw mut count),
            LATCH_OK
        );
        assert_eq!((count, ids[0]), (1, verdict.action.statement));
        let told = latch_receipt(device, ids.as_ptr(), out, LATCH_STATE_SIZE, &raw mut again);
        assert_eq!(
            (told, std::slice::from_raw_parts(out, again)),
            (LATCH_OK, &first[..])
        );
        assert_eq!(
            latch_receipt_numbered(device, 2, out, LATCH_STATE_SIZE, &raw mut again),
            301
        );
    }
}
