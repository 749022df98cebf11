//! A lockdown shuts everything, and a start of the machine does not lift it.

use latch_issue::{Change, DeviceState, Patch};
use latch_verify::{Reason, statement::Outcome, types::LatchId};

use super::{course::Course, host::Host, machine::Machine, tenant::Tenant};

/// The fact that the pump stands still, as the application numbers it.
const AT_REST: u32 = 1 << 1;

/// Whether the pump stands still, as far as the device knows, which it always does.
fn is_at_rest(state: &DeviceState) -> bool {
    let posture = state.status.posture;
    assert_eq!(posture.known & AT_REST, AT_REST, "{posture:?}");
    posture.value & AT_REST != 0
}

#[test]
fn a_lockdown_outlives_a_start_of_the_machine() {
    let (course, tenant) = (Course::shared(), Tenant::new());
    let key = &course.update.key;
    let mut machine = Machine::with_flash(&course.finished);
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    host.meet().expect("it stays");
    let speed = |speed: u32| {
        let patch = Patch::from_assignments([format!("pump/speed={speed}")]);
        Change::SetTwin(patch.expect("a patch"))
    };
    let does = |host: &mut Host, latch, change| {
        let outcome = tenant.order(latch, change, host, key).expect("it stays");
        (outcome, host.state(key).expect("it stays"))
    };

    let (outcome, state) = does(&mut host, LatchId::TWIN, speed(40));
    assert_eq!(outcome, Outcome::Applied { twin_version: 1 });
    assert!(!is_at_rest(&state), "it pumps");
    let (outcome, state) = does(&mut host, LatchId::TRUST, Change::Lockdown);
    assert_eq!(outcome, Outcome::LockedDown);
    assert!(state.status.locked_down);
    assert!(is_at_rest(&state), "it is shut");

    for start in 0..2 {
        machine.kill();
        machine.start();
        host = Host::at(&mut machine, 2 + start);
        host.meet().expect("it stays");
        let state = host.state(key).expect("it stays");
        assert!(state.status.locked_down, "start {start}");
        // Its twin asks for 40 still.
        assert_eq!(state.status.twin_version, 1);
        assert!(is_at_rest(&state), "start {start}");
        let (outcome, state) = does(&mut host, LatchId::TWIN, speed(50));
        let reason = Reason::LockedDown.number();
        assert!(
            matches!(outcome, Outcome::Refused { reason: found, .. } if found == reason),
            "{outcome:?}"
        );
        assert!(is_at_rest(&state), "start {start}");
    }

    let (outcome, state) = does(&mut host, LatchId::TRUST, Change::Unlock);
    assert_eq!(outcome, Outcome::Unlocked);
    assert!(!state.status.locked_down);
    assert!(!is_at_rest(&state), "it follows its twin again");
}
