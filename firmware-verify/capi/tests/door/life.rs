//! Provisioning, boots, and storage that is not where it was.

use latch_capi::*;

use super::board::{Bench, answer, input};

#[test]
fn a_device_is_provisioned_once_and_boots_again() {
    let bench = Bench::provisioned();
    let (result, facts) = bench.facts();
    assert_eq!((result, facts.boot, facts.root_version), (LATCH_OK, 1, 1));
    assert_eq!(
        (bench.boot(), bench.provision()),
        (LATCH_RUNNING, LATCH_RUNNING)
    );

    assert_eq!(bench.end(), LATCH_OK);
    assert_eq!(bench.provision(), 913, "provisioned already");
    assert_eq!(bench.boot(), LATCH_OK);
    assert_eq!(bench.facts().1.boot, 2);

    // Storage that was moved is not the device any more.
    let mut elsewhere = Box::new(latch_device_t::blank());
    // SAFETY: storage is copied as C could; neither is used as a device but by the library, which looks first.
    let result = unsafe {
        std::ptr::copy_nonoverlapping(bench.device(), &raw mut *elsewhere, 1);
        latch_observe(&raw mut *elsewhere, 0, 0, 0, 0)
    };
    assert_eq!(result, LATCH_MOVED);
    assert_eq!(bench.facts().0, LATCH_OK);
    assert_eq!(bench.end(), LATCH_OK);
    assert_eq!(bench.facts().0, LATCH_NOT_BOOTED);
}

#[test]
fn a_change_that_was_cut_off_is_handed_out_again() {
    use latch_action_kind_t as kind;
    let bench = Bench::provisioned();
    let code = input("speed");
    assert_eq!(bench.submit(&code).1.action.kind, kind::LATCH_ACTION_TWIN);
    assert_eq!(bench.end(), LATCH_OK);
    assert_eq!(bench.boot(), LATCH_OK);
    // SAFETY: as C would.
    let resume = || answer(|action| unsafe { latch_resume(bench.device(), action) });
    let (result, action) = resume();
    assert_eq!((result, action.kind), (LATCH_OK, kind::LATCH_ACTION_TWIN));
    assert!(!action.has_patch && action.twin_version == 1);
    let path = c"pump/speed";
    // SAFETY: entries of the device, on which no other function was called.
    let (found, entry) = answer::<latch_entry_t>(|entry| unsafe {
        latch_entry_find(action.twin, path.as_ptr(), entry)
    });
    assert_eq!((found, entry.value.integer), (LATCH_OK, 7));
    assert_eq!(resume().1.kind, kind::LATCH_ACTION_NONE, "once a boot");
    let mut len = 0;
    // SAFETY: as C would.
    let settled = unsafe {
        latch_settle(
            bench.device(),
            0,
            bench.out(),
            LATCH_STATE_SIZE,
            &raw mut len,
        )
    };
    assert_eq!((settled, len > 0), (LATCH_OK, true));
}

#[test]
fn a_board_whose_journal_was_erased_goes_back_into_service_by_hand_only() {
    let bench = Bench::provisioned();
    let code = input("flush");
    assert_eq!(bench.serve(&code).0, LATCH_OK);
    assert_eq!(bench.end(), LATCH_OK);
    // SAFETY: the journal of this bench, at which no device looks.
    unsafe { (*bench.0).journal.fill(0xff) };
    assert_eq!(bench.provision(), 1008, "the counter has counted");
    assert_eq!(bench.provision_again(), LATCH_OK);
}
