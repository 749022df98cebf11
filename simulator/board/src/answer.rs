//! What a device does about each request.

use latch_link::{FromDevice, Handled, Paged, Refused, ToDevice};
use latch_verify::{
    Reason, Refusal,
    device::{Device, Parts, provision, sign_request},
    limits::{MAX_RECEIPT_ENVELOPE, MAX_REQUEST_ENVELOPE, MAX_STATE_ENVELOPE},
    statement::KeyKept,
    types::Version,
    verdict::Identity,
    wire::SeedKey,
};

use crate::{
    clock::Clock,
    hardware::{Hands, Micro, parts},
    outgoing::{Outgoing, Word},
    recovery::Recovery,
};

/// The version from the factory.
pub(crate) const FACTORY: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};

/// Whether the device lives.
pub(crate) enum Seat {
    New(Box<Parts<Micro>>),
    Up(Box<Device<Micro>>),
    /// No image is whole.
    Recovering(Box<Recovery>),
    Shut(Refused),
}

/// How a request ends.
pub(crate) struct Answer {
    pub(crate) message: FromDevice<'static>,
    pub(crate) then: Then,
}

/// What follows an answer.
pub(crate) enum Then {
    Nothing,
    GoOn,
    Greet {
        standing_first: bool,
    },
    Arm,
    /// The image is back: it boots.
    Boot,
}

impl Answer {
    pub(crate) fn done(tag: u16, result: Result<(), Refused>) -> Self {
        Self {
            message: FromDevice::Done { tag, result },
            then: Then::Nothing,
        }
    }
}

/// Does what is asked, and says how it ended.
pub(crate) fn answer(
    seat: &mut Seat,
    hands: &mut Hands,
    outgoing: &mut Outgoing,
    seed: &[u8; 32],
    message: &ToDevice<'_>,
) -> Answer {
    let tag = message.tag();
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    match (message, seat) {
        (ToDevice::AskStanding { .. }, _) => Answer {
            then: Then::Greet {
                standing_first: true,
            },
            ..Answer::done(tag, Ok(()))
        },
        (message, Seat::Recovering(recovery)) => {
            let message = recovery.answer(message);
            let then = match &message {
                FromDevice::Paged { paged, .. } => match paged {
                    Paged::Restored => Then::Boot,
                    Paged::Kept(_) => Then::GoOn,
                    // What is wanted may be another page now, or none.
                    _ => Then::Greet {
                        standing_first: false,
                    },
                },
                _ => Then::Nothing,
            };
            Answer { message, then }
        }
        (ToDevice::AskRequest { name, .. }, Seat::New(_)) => match request(seed, name) {
            Ok(request) => {
                outgoing.put(Word::Request(request));
                Answer::done(tag, Ok(()))
            }
            Err(refusal) => Answer::done(tag, Err(refusal.into())),
        },
        (
            ToDevice::Provision {
                root, enrolment, ..
            },
            seat @ Seat::New(_),
        ) => {
            let clock = match seat {
                Seat::New(parts) => parts.clock.clone(),
                _ => Clock::default(),
            };
            let result = make(seat, seed, &clock, root, enrolment);
            let then = match result {
                Ok(()) => Then::Greet {
                    standing_first: false,
                },
                Err(_) => Then::Nothing,
            };
            Answer {
                then,
                ..Answer::done(tag, result)
            }
        }
        (
            ToDevice::Statement {
                release, statement, ..
            },
            Seat::Up(device),
        ) => {
            let handled = device.serve(statement, *release, hands, &mut out, &mut |receipt| {
                outgoing.put(Word::Receipt(receipt.to_vec()));
            });
            let handled = Handled::from(handled);
            Answer {
                message: FromDevice::Handled { tag, handled },
                then: Then::Nothing,
            }
        }
        (ToDevice::Page { page, .. }, Seat::Up(device)) => {
            let paged = Paged::from(device.page(page));
            let then = match paged {
                Paged::Complete => Then::Arm,
                Paged::Kept(_) => Then::GoOn,
                _ => Then::Nothing,
            };
            Answer {
                message: FromDevice::Paged { tag, paged },
                then,
            }
        }
        (ToDevice::AskState { .. }, Seat::Up(device)) => {
            let mut out = [0; MAX_STATE_ENVELOPE];
            let state = device.state(&mut out);
            let state = state.map(|state| outgoing.put(Word::State(state.to_vec())));
            Answer::done(tag, state.map_err(Refused::from))
        }
        (ToDevice::AskReceipt { statement, .. }, Seat::Up(device)) => {
            let receipt = device.receipt(*statement, &mut out);
            let receipt = receipt.map(|receipt| outgoing.put(Word::Receipt(receipt.to_vec())));
            Answer::done(tag, receipt.map_err(Refused::from))
        }
        (ToDevice::AskReceiptNumbered { number, .. }, Seat::Up(device)) => {
            let receipt = device.receipt_numbered(*number, &mut out);
            let receipt = receipt.map(|receipt| outgoing.put(Word::Receipt(receipt.to_vec())));
            Answer::done(tag, receipt.map_err(Refused::from))
        }
        (ToDevice::AskRequest { .. } | ToDevice::Provision { .. }, Seat::Up(_)) => {
            Answer::done(tag, Err(Reason::AlreadyProvisioned.into()))
        }
        (_, Seat::New(_)) => Answer::done(tag, Err(Reason::Unprovisioned.into())),
        (_, Seat::Shut(refused)) => Answer::done(tag, Err(*refused)),
    }
}

/// Begins a device's life; one whose bundle is refused stays nobody's.
pub(crate) fn make(
    seat: &mut Seat,
    seed: &[u8; 32],
    clock: &Clock,
    root: &[u8],
    enrolment: &[u8],
) -> Result<(), Refused> {
    let made = provision::<Micro>(parts(seed, clock.clone()), root, enrolment, FACTORY);
    *seat = Seat::Up(Box::new(made?));
    Ok(())
}

/// A request to be enrolled, signed by the device's own key.
fn request(seed: &[u8; 32], name: &Identity) -> Result<Vec<u8>, Refusal> {
    let (mut key, mut out) = (SeedKey::new(seed), [0; MAX_REQUEST_ENVELOPE]);
    Ok(sign_request(name, KeyKept::Software, &mut key, &mut out)?.to_vec())
}
