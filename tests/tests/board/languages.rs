//! A device is the same in either language: what one application has provisioned and written, the other reads.

use std::thread;

use latch_issue::Change;
use latch_link::{Handled, Life, Program, ToDevice, Why};
use latch_verify::{device::Release, types::LatchId, wire::PublicKey};

use super::{
    host::Host,
    machine::{FIRST_SLOT, Machine, SLOT_BYTES},
    programs::Language,
    tenant::{Tenant, name},
};

/// A device that was provisioned and runs 1.0.0, switched off; its key.
pub(crate) fn provisioned(tenant: &Tenant, language: Language) -> (Machine, PublicKey) {
    let mut machine = Machine::new(&language.application("1.0.0"));
    machine.start();
    let mut host = Host::at(&mut machine, 1);
    let standing = host.meet().expect("the device stays");
    assert_eq!(standing.life, Life::Unprovisioned);
    let (bundle, key) = tenant.enrol(host.request().expect("the device stays"));
    let tag = host.next_tag();
    let (root, enrolment) = (bundle.root().bytes(), bundle.enrolment().bytes());
    let provision = ToDevice::Provision {
        tag,
        root,
        enrolment,
    };
    host.done(&provision).expect("the device stays");
    host.until_gone(&mut machine);
    let standing = host.meet().expect("the device stays");
    assert_eq!(standing.life, Life::Provisioned(name()));
    machine.kill();
    (machine, key)
}

#[test]
fn what_one_application_has_written_the_other_reads() {
    let tenant = Tenant::new();
    thread::scope(|scope| {
        scope.spawn(|| takes_over(&tenant, Language::Rust, Language::C));
        scope.spawn(|| takes_over(&tenant, Language::C, Language::Rust));
    });
}

fn takes_over(tenant: &Tenant, first: Language, second: Language) {
    let (mut machine, key) = provisioned(tenant, first);
    let image = second.application("1.0.0");
    machine.change_flash(|flash| {
        let slot = &mut flash[FIRST_SLOT..FIRST_SLOT + SLOT_BYTES];
        slot.fill(0xff);
        slot[..image.len()].copy_from_slice(&image);
    });
    machine.start();
    let mut host = Host::at(&mut machine, 2);
    let standing = host.meet().expect("the device stays");
    assert_eq!(standing.life, Life::Provisioned(name()), "{second:?}");
    assert_eq!(
        (standing.program, standing.why, standing.boot),
        (Program::Application, Why::Confirmed, 3),
        "{second:?}"
    );
    // Signed with the key that the other one has made; and the same root and challenge judge a code.
    let state = host.state(&key).expect("the device stays");
    let release = tenant.release("1.1.0", 1, second.application("1.1.0"));
    let manifest = release.id();
    let code = tenant.code(LatchId::FIRMWARE, Change::Install { manifest }, &state);
    let handled = host.statement(code.bytes(), Release::NotAsked);
    assert_eq!(handled, Ok(Handled::ManifestWanted(manifest)), "{second:?}");
    machine.kill();
}
