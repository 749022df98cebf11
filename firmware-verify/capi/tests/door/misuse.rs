//! What C gets wrong is refused before anything happens.

use std::{mem::MaybeUninit, ptr};

use latch_capi::*;

use super::board::{Bench, answer};

/// What every function that takes a device says of this one.
fn everywhere(device: *mut latch_device_t) -> Vec<latch_result_t> {
    let mut out = [0_u8; LATCH_STATE_SIZE];
    let (buffer, size) = (out.as_mut_ptr(), out.len());
    let (mut len, mut number, mut flag) = (0_usize, 0_u64, false);
    let mut ids = [latch_statement_id_t::default(); LATCH_RECENT];
    let bytes = [0_u8; 4];
    // SAFETY: everything but the device is as C would have it.
    unsafe {
        vec![
            answer(|v| latch_submit(device, bytes.as_ptr(), 4, ptr::null(), buffer, size, v)).0,
            latch_settle(device, 0, buffer, size, &raw mut len),
            answer(|action| latch_resume(device, action)).0,
            answer(|polled| latch_poll(device, buffer, size, polled)).0,
            answer(|wanted| latch_wanted(device, wanted)).0,
            answer(|paged| latch_page(device, bytes.as_ptr(), 4, paged)).0,
            answer(|armed| latch_arm(device, buffer, size, armed)).0,
            latch_confirm(device, buffer, size, &raw mut len),
            latch_confirm_component(device, 1, buffer, size, &raw mut len),
            latch_give_up(device, buffer, size, &raw mut len),
            latch_read_image(device, 0, buffer, size),
            answer(|image| latch_installing(device, image)).0,
            latch_state(device, buffer, size, &raw mut len),
            latch_receipt(device, ids.as_ptr(), buffer, size, &raw mut len),
            latch_receipt_numbered(device, 1, buffer, size, &raw mut len),
            latch_recent(device, ids.as_mut_ptr(), &raw mut len),
            answer(|facts| latch_facts(device, facts)).0,
            latch_is_open(device, 0, &raw mut flag),
            latch_is_whole(device, &raw mut flag),
            answer(|entries| latch_twin(device, &raw mut number, entries)).0,
            latch_observe(device, 0, 0, 0, 0),
            answer(|identity| latch_identity(device, identity)).0,
        ]
    }
}

#[test]
fn no_device_or_a_crooked_one() {
    for result in everywhere(ptr::null_mut()) {
        assert_eq!(result, LATCH_NULL);
    }
    let bench = Bench::new();
    let crooked = bench.device().cast::<u8>().wrapping_add(1).cast();
    for result in everywhere(crooked) {
        assert_eq!(result, LATCH_MISALIGNED);
    }
}

#[test]
fn a_device_that_was_not_booted() {
    let bench = Bench::new();
    for result in everywhere(bench.device()) {
        assert_eq!(result, LATCH_NOT_BOOTED);
    }
    // SAFETY: as C would.
    let (result, _) = answer(|refusal| unsafe { latch_last_refusal(bench.device(), refusal) });
    assert_eq!(result, LATCH_NOT_BOOTED);
    // Ending what has not begun changes nothing.
    assert_eq!((bench.end(), bench.end()), (LATCH_OK, LATCH_OK));
}

#[test]
fn a_device_whose_boot_has_failed() {
    let bench = Bench::new();
    assert_eq!(bench.boot(), 1005);
    for result in everywhere(bench.device()) {
        assert_eq!(result, LATCH_FAULTED);
    }
    // SAFETY: as C would.
    let (result, last) = answer(|refusal| unsafe { latch_last_refusal(bench.device(), refusal) });
    assert_eq!((result, last.reason), (LATCH_OK, 1005));
    // SAFETY: the journal of this bench, at which no device looks.
    unsafe { (*bench.0).journal.fill(0) };
    assert_eq!(bench.boot(), 1003);
    // SAFETY: as C would.
    let (_, last) = answer(|refusal| unsafe { latch_last_refusal(bench.device(), refusal) });
    assert_eq!((last.reason, last.found), (1003, 1), "damaged");
    assert_eq!(bench.end(), LATCH_OK);
    assert_eq!(everywhere(bench.device())[0], LATCH_NOT_BOOTED);
}

#[test]
fn storage_that_holds_something_else() {
    let bench = Bench::new();
    for fill in [0xa5, 0xff, 0x01] {
        // SAFETY: storage in which no device lies.
        unsafe { bench.device().cast::<u8>().write_bytes(fill, 64) };
        assert_eq!(bench.boot(), LATCH_NOT_BLANK);
        for result in everywhere(bench.device()) {
            assert_eq!(result, LATCH_NOT_BLANK);
        }
    }
}

#[test]
fn parts_that_are_none() {
    let bench = Bench::new();
    let boot = |change: fn(&mut latch_parts_t)| {
        let mut parts = bench.parts();
        change(&mut parts);
        // SAFETY: as C would.
        unsafe { latch_boot(bench.device(), &raw const parts) }
    };
    for change in [
        (|parts| parts.journal.read = None) as fn(&mut latch_parts_t),
        |parts| parts.slots[0].write = None,
        |parts| parts.slots[1].erase = None,
        |parts| parts.clock.ticks_ms = None,
        |parts| parts.entropy.fill = None,
        |parts| parts.key.sign = None,
        |parts| parts.key.public_key = None,
        |parts| parts.counter.raise = None,
        |parts| parts.counter.read = None,
    ] {
        assert_eq!(boot(change), LATCH_CALLBACK);
    }
    for change in [
        (|parts| parts.journal.write_size = 0) as fn(&mut latch_parts_t),
        |parts| parts.journal.write_size = 16,
        |parts| parts.journal.write_size = 3,
        |parts| parts.slots[0].erase_size = 8192,
        |parts| parts.slots[1].erase_size = 0,
        |parts| parts.journal.capacity -= 8,
    ] {
        assert_eq!(boot(change), LATCH_GEOMETRY);
    }
    assert_eq!(boot(|parts| parts.abi += 1), LATCH_OTHER_ABI);
    // None of this was a boot.
    assert_eq!(everywhere(bench.device())[0], LATCH_NOT_BOOTED);
    // What may be missing is: then the journal is blank, and says so.
    let bare = |parts: &mut latch_parts_t| {
        parts.clock.trusted_ms = None;
        (parts.counter.read, parts.counter.raise) = (None, None);
        for slot in &mut parts.slots {
            *slot = latch_flash_t {
                context: ptr::null_mut(),
                capacity: 0,
                write_size: 0,
                erase_size: 0,
                read: None,
                write: None,
                erase: None,
            };
        }
    };
    assert_eq!(boot(bare), 1005);
    // SAFETY: as C would.
    let result = unsafe { latch_boot(bench.device(), ptr::null()) };
    assert_eq!(result, LATCH_NULL);
    let parts = bench.parts();
    for (started, slot) in [(1, 2), (3, 0), (u32::MAX, 0)] {
        // SAFETY: as C would.
        let result = unsafe { latch_boot_as(bench.device(), &raw const parts, started, slot) };
        assert_eq!(result, LATCH_VALUE);
    }
    // The last boot that was one has failed, and that stands.
    assert_eq!(everywhere(bench.device())[0], LATCH_FAULTED);
}

#[test]
fn entries_that_are_none() {
    let none = latch_bytes_t {
        bytes: ptr::null(),
        len: 0,
    };
    let lost = latch_bytes_t { len: 3, ..none };
    let junk = [0xff_u8; 8];
    let junk = latch_bytes_t {
        bytes: junk.as_ptr(),
        len: junk.len(),
    };
    // SAFETY: as C would.
    unsafe {
        assert_eq!(
            answer(|entry| latch_entry_at(none, 0, entry)).0,
            LATCH_NO_ENTRY
        );
        assert_eq!(answer(|entry| latch_entry_at(lost, 0, entry)).0, LATCH_NULL);
        assert_eq!(
            answer(|entry| latch_entry_at(junk, 0, entry)).0,
            LATCH_NO_ENTRY
        );
        assert_eq!(latch_entry_at(none, 0, ptr::null_mut()), LATCH_NULL);
        let find = |path| answer(|entry| latch_entry_find(none, path, entry)).0;
        assert_eq!(find(ptr::null()), LATCH_NULL);
        assert_eq!(find(c"a".as_ptr()), LATCH_NO_ENTRY);
    }
}

#[test]
fn a_bootloader_without_a_journal_starts_the_recovery_program() {
    let bench = Bench::new();
    let parts = bench.parts();
    let mut record = [0; LATCH_RECORD_SIZE];
    let mut loader = latch_bootloader_t::blank();
    let loader = &raw mut loader;
    let mut start = |journal, slots, size| {
        let mut place = MaybeUninit::<latch_choice_t>::uninit();
        // SAFETY: as C would; the choice is written whatever happens.
        unsafe {
            let (buffer, choice) = (record.as_mut_ptr(), place.as_mut_ptr());
            let result = latch_bootloader_start(loader, journal, slots, buffer, size, choice);
            (result, place.assume_init())
        }
    };
    let (journal, slots) = (&raw const parts.journal, parts.slots.as_ptr());
    for (result, (found, choice)) in [
        (1005, start(journal, slots, LATCH_RECORD_SIZE)),
        (LATCH_NULL, start(ptr::null(), slots, LATCH_RECORD_SIZE)),
        (LATCH_NULL, start(journal, ptr::null(), LATCH_RECORD_SIZE)),
        (1006, start(journal, slots, LATCH_RECORD_SIZE - 1)),
    ] {
        assert_eq!(found, result);
        assert_eq!(choice.start, latch_start_kind_t::LATCH_START_RECOVERY);
        assert!(!choice.image.any);
        for slot in 0..2 {
            // SAFETY: as C would.
            let jump = unsafe { latch_bootloader_may_jump_to(loader, slot) };
            assert_eq!(jump, LATCH_NOT_BOOTED);
        }
    }
    let mut restoration = latch_restoration_t::blank();
    let place = &raw mut restoration;
    // SAFETY: as C would.
    unsafe {
        let begin =
            latch_restoration_begin(place, journal, slots, record.as_mut_ptr(), record.len());
        assert_eq!(begin, 1005);
        assert_eq!(
            answer(|wanted| latch_restoration_wanted(place, wanted)).0,
            LATCH_NOT_BOOTED
        );
    }
}

#[test]
fn every_number_has_its_sentence() {
    let sentence = |result| latch_sentence(result).len;
    assert!((2001..=2019).all(|result| sentence(result) > 0));
    assert!(sentence(LATCH_OK) > 0 && sentence(109) > 0);
    assert_eq!((sentence(2020), sentence(1), sentence(u32::MAX)), (0, 0, 0));
}
