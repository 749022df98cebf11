//! Provisioning, boots, and storage that is not where it was.

use latch_capi::*;

use super::board::Bench;

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
