//! Everything that a product calls, from its request to be enrolled to confirming an image, so that all of it is linked.

use core::hint::black_box;

use latch_verify::{
    device::{
        Device, Observation, Release, Settlement, Submitted, Ticket, Unlatched, sign_request,
    },
    limits::{MAX_REQUEST_ENVELOPE, MAX_STATE_ENVELOPE},
    statement::KeyKept,
    types::{Posture, StatementId},
    verdict::Identity,
    wire::DeviceKey,
};

use crate::parts::{Erased, FACTORY, Reference, memory, parts_of};

/// Serves a device of which the compiler knows nothing: what it is sent, and what it is asked, is hidden from it.
pub fn serve<K: DeviceKey>(mut key: K) {
    if let Some(name) = black_box(None::<Identity>) {
        let mut request = [0; MAX_REQUEST_ENVELOPE];
        let _ = black_box(sign_request(
            &name,
            KeyKept::Hardware,
            &mut key,
            &mut request,
        ));
    }
    let parts = parts_of(Erased, [Erased, Erased], key);
    let begun: Result<Reference<Erased, K>, _> = if black_box(false) {
        Device::provision_in(memory(), parts, message(), message(), FACTORY)
    } else {
        Device::boot_in(memory(), parts)
    };
    let Ok(mut device) = begun else { return };
    let mut out = [0; MAX_STATE_ENVELOPE];
    if let Some(unlatched) = device.resume() {
        let ticket = act(unlatched);
        let _ = black_box(device.settle(ticket, settlement(), &mut out));
    }
    while black_box(true) {
        turn(&mut device, &mut out);
    }
}

fn turn<K: DeviceKey>(device: &mut Reference<Erased, K>, out: &mut [u8]) {
    match black_box(0_u8) {
        0 => submit(device, out),
        1 => drop(black_box(device.poll(out))),
        2 => drop(black_box(device.page(message()))),
        3 => drop(black_box(device.arm(out))),
        4 => drop(black_box(device.confirm(out))),
        5 => drop(black_box(device.give_up(out))),
        6 => drop(black_box(device.state(out))),
        7 => drop(black_box(
            device.receipt(black_box(StatementId::default()), out),
        )),
        8 => drop(black_box(device.receipt_numbered(black_box(0), out))),
        9 => drop(black_box(device.read_image(black_box(0), out))),
        10 => drop(black_box((
            device.wanted(),
            device.installing(),
            device.install_phase(),
        ))),
        11 => drop(black_box((
            device.open_latches(),
            device.pulse_every_ms(),
            device.status(),
        ))),
        _ => device.observe(&Observation {
            facts: black_box(0),
            posture: black_box(Posture::default()),
            max_age_ms: black_box(0),
        }),
    }
}

fn submit<K: DeviceKey>(device: &mut Reference<Erased, K>, out: &mut [u8]) {
    let release = match black_box(0_u8) {
        0 => Release::NotAsked,
        1 => Release::NotFound,
        _ => Release::Found(message()),
    };
    let ticket = match device.submit(message(), release, out) {
        Submitted::Unlatched(unlatched) => act(unlatched),
        answer => return drop(black_box(answer)),
    };
    let _ = black_box(device.settle(ticket, settlement(), out));
}

fn act(unlatched: Unlatched<'_>) -> Ticket {
    let (opened, ticket) = unlatched.act();
    black_box(opened);
    ticket
}

fn settlement() -> Settlement {
    match black_box(0) {
        0 => Settlement::Done,
        code => Settlement::Failed { code },
    }
}

/// A message of any length and content.
fn message() -> &'static [u8] {
    black_box(&[])
}
