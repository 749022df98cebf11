//! The power goes while a device makes its key and is provisioned: it comes back as nobody's still, or as whose it is to be.

use latch_link::{Life, ToDevice};
use latch_tests::{effort, show};

use super::{
    host::{Gone, Host},
    machine::Machine,
    programs,
    tenant::Tenant,
};

/// Every so many operations there is a cut; with more than the usual effort, in each.
const STRIDE: usize = 5;

/// Has the device provisioned, if it is not yet.
fn provision(tenant: &Tenant, host: &mut Host) -> Result<(), Gone> {
    if host.meet()?.life == Life::Unprovisioned {
        let (bundle, _) = tenant.enrol(host.request()?);
        let tag = host.next_tag();
        let (root, enrolment) = (bundle.root().bytes(), bundle.enrolment().bytes());
        host.done(&ToDevice::Provision {
            tag,
            root,
            enrolment,
        })?;
    }
    Ok(())
}

/// Keeps at it until the device says whose it is, or its power is gone.
fn keep_at_it(tenant: &Tenant, machine: &mut Machine, host: &mut Host) -> bool {
    loop {
        let _ = provision(tenant, host);
        machine.wait_if_cut(host);
        if machine.was_cut() {
            return false;
        }
        if let Ok(standing) = host.meet()
            && matches!(standing.life, Life::Provisioned(_))
        {
            return true;
        }
    }
}

#[test]
fn a_device_is_provisioned_wherever_the_power_goes() {
    let (tenant, image) = (Tenant::new(), programs::application("1.0.0"));
    let mut whole = Machine::new(&image);
    whole.plan_nothing();
    whole.start();
    let mut host = Host::at(&mut whole, 1);
    assert!(keep_at_it(&tenant, &mut whole, &mut host));
    let operations = whole.operations(u32::MAX);
    show(format_args!(
        "a first key, provisioning and the first start take {operations} operations of the flash"
    ));

    let stride = if effort() > 1 { 1 } else { STRIDE };
    for after in (0..operations).step_by(stride) {
        let mut machine = Machine::new(&image);
        machine.plan_cut(after, 0x9e37_79b9_u32.wrapping_mul(after + 1));
        machine.start();
        let mut host = Host::at(&mut machine, 2);
        assert!(
            !keep_at_it(&tenant, &mut machine, &mut host),
            "the cut after {after} operations was not reached"
        );
        machine.plan_nothing();
        machine.start();
        let mut host = Host::at(&mut machine, 3);
        let life = host.meet().expect("no cut was planned").life;
        show(format_args!(
            "cut in operation {after:2}: came back as {life:?}"
        ));
        assert!(
            !matches!(life, Life::Shut(_)),
            "operation {after}: {life:?}"
        );
        assert!(
            keep_at_it(&tenant, &mut machine, &mut host),
            "operation {after}"
        );
    }
}
