//! What C gets wrong with a link is refused before anything happens.

use std::{mem::MaybeUninit, ptr};

use latch_capi::*;

use super::line::{IN, Line, OUT, verdict};
use crate::door::board::answer;

/// What every function that takes a link says of this one.
fn everywhere(link: *mut latch_link_t) -> Vec<latch_result_t> {
    let (mut frame, mut len) = ([0; LATCH_LINE_SIZE], 0);
    // SAFETY: numbers alone.
    let (standing, pulse): (latch_standing_t, latch_pulse_t) = unsafe { std::mem::zeroed() };
    let wanted = latch_wanted_t::default();
    let verdict = MaybeUninit::<latch_verdict_t>::zeroed();
    let paged = MaybeUninit::<latch_paged_t>::zeroed();
    // SAFETY: everything but the link is as C would have it.
    unsafe {
        vec![
            latch_link_restart(link, 1),
            latch_link_receive(link, 0, frame.as_ptr(), 0),
            latch_link_transmit(link, 0, frame.as_mut_ptr(), frame.len(), &raw mut len),
            latch_link_working(link),
            answer(|status| latch_link_status(link, status)).0,
            answer(|happened| latch_link_happened(link, happened)).0,
            answer(|ask| latch_link_heard(link, ask)).0,
            latch_link_taken(link),
            latch_link_tell_standing(link, &raw const standing),
            latch_link_tell_pulse(link, &raw const pulse),
            latch_link_tell_wanted(link, &raw const wanted, ptr::null()),
            latch_link_tell_receipt(link, frame.as_ptr(), 1),
            latch_link_tell_state(link, frame.as_ptr(), 1),
            latch_link_tell_request(link, frame.as_ptr(), 1),
            latch_link_end_statement(link, 0, verdict.as_ptr()),
            latch_link_end_page(link, 0, paged.as_ptr()),
            latch_link_end_request(link, 0, ptr::null()),
        ]
    }
}

#[test]
fn what_is_no_link_is_refused() {
    let every = |link, expected: latch_result_t| {
        for result in everywhere(link) {
            assert_eq!(result, expected);
        }
    };
    every(ptr::null_mut(), LATCH_NULL);
    let line = Line::blank();
    every(
        line.link.cast::<u8>().wrapping_add(1).cast(),
        LATCH_MISALIGNED,
    );
    every(line.link, LATCH_NOT_BOOTED);
    assert_eq!(line.begin(IN - 1, OUT), 1006);
    assert_eq!(line.begin(IN, 2), 1006);
    assert_eq!(line.begin(IN + 1, OUT), LATCH_OVERLAP);
    every(line.link, LATCH_NOT_BOOTED);
    let lent = line.lent.cast::<u8>();
    // SAFETY: as C would, but for what is to be refused.
    unsafe {
        assert_eq!(
            latch_link_begin(line.link, 1, ptr::null_mut(), IN, lent, OUT),
            LATCH_NULL
        );
        assert_eq!(
            latch_link_begin(line.link, 1, lent, IN, ptr::null_mut(), OUT),
            LATCH_NULL
        );
        let within = line.link.cast::<u8>();
        assert_eq!(
            latch_link_begin(line.link, 1, lent, IN, within, 8),
            LATCH_OVERLAP
        );
        // Something else lies there.
        line.link.cast::<u8>().write_bytes(0xa5, 8);
    }
    every(line.link, LATCH_NOT_BLANK);
    assert_eq!(line.begin(IN, OUT), LATCH_NOT_BLANK);
}

#[test]
fn what_is_lent_wrongly_changes_nothing() {
    let line = Line::met();
    let (link, lent) = (line.link, line.lent.cast::<u8>());
    let (mut frame, mut len) = ([0; LATCH_LINE_SIZE], 0);
    let (place, len) = (frame.as_mut_ptr(), &raw mut len);
    let unlatched = verdict(
        latch_verdict_kind_t::LATCH_VERDICT_UNLATCHED,
        latch_refusal_t::default(),
        latch_statement_id_t::default(),
    );
    // SAFETY: as C would, but for what is to be refused.
    unsafe {
        assert_eq!(latch_link_receive(link, 0, ptr::null(), 1), LATCH_NULL);
        assert_eq!(latch_link_receive(link, 0, lent, 1), LATCH_OVERLAP);
        assert_eq!(latch_link_receive(link, 0, link.cast(), 1), LATCH_OVERLAP);
        assert_eq!(latch_link_receive(link, 0, place, usize::MAX), LATCH_LENGTH);
        let transmit = |place, size, len| latch_link_transmit(link, 0, place, size, len);
        assert_eq!(transmit(ptr::null_mut(), LATCH_LINE_SIZE, len), LATCH_NULL);
        assert_eq!(
            transmit(place, LATCH_LINE_SIZE, ptr::null_mut()),
            LATCH_NULL
        );
        assert_eq!(transmit(place, LATCH_LINE_SIZE - 1, len), 1006);
        assert_eq!(transmit(lent, LATCH_LINE_SIZE, len), LATCH_OVERLAP);
        assert_eq!(transmit(lent.add(IN), LATCH_LINE_SIZE, len), LATCH_OVERLAP);
        assert_eq!(
            latch_link_tell_receipt(link, lent.add(IN), 4),
            LATCH_OVERLAP
        );
        assert_eq!(latch_link_status(link, ptr::null_mut()), LATCH_NULL);
        assert_eq!(latch_link_happened(link, ptr::null_mut()), LATCH_NULL);
        assert_eq!(latch_link_heard(link, ptr::null_mut()), LATCH_NULL);
        assert_eq!(latch_link_tell_standing(link, ptr::null()), LATCH_NULL);
        assert_eq!(latch_link_tell_pulse(link, ptr::null()), LATCH_NULL);
        assert_eq!(
            latch_link_tell_wanted(link, ptr::null(), ptr::null()),
            LATCH_NULL
        );
        assert_eq!(latch_link_end_statement(link, 0, ptr::null()), LATCH_NULL);
        assert_eq!(latch_link_end_page(link, 0, ptr::null()), LATCH_NULL);
        // What is still in hand has no end yet, and what is no kind has none at all.
        assert_eq!(
            latch_link_end_statement(link, 0, &raw const unlatched),
            LATCH_VALUE
        );
        let mut wild = MaybeUninit::<latch_verdict_t>::zeroed();
        wild.as_mut_ptr()
            .cast::<u8>()
            .write_bytes(0xa5, size_of::<latch_verdict_t>());
        assert_eq!(
            latch_link_end_statement(link, 0, wild.as_ptr()),
            LATCH_VALUE
        );
        let mut wild = MaybeUninit::<latch_paged_t>::zeroed();
        wild.as_mut_ptr()
            .cast::<u8>()
            .write_bytes(0xa5, size_of::<latch_paged_t>());
        assert_eq!(latch_link_end_page(link, 0, wild.as_ptr()), LATCH_VALUE);
    }
    assert!(line.status().all_arrived && line.host.is_up());
}
