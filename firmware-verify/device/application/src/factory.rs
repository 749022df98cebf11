//! A device that nobody has provisioned yet, and one that does not come up.

use core::cell::RefCell;

use heapless::Vec;
use latch_device_board::{Chip, Ticks, handoff::Cause, reset};
use latch_link::{FromDevice, Life, Program, Refused, Standing, ToDevice};
use latch_verify::{
    Reason, Refusal,
    device::{Device, MountFault, sign_request},
    limits::MAX_REQUEST_ENVELOPE,
    statement::KeyKept,
    types::Version,
    verdict::Identity,
};

use crate::{
    Line,
    parts::{PumpDevice, parts, room},
    service::FAULT_REST_MS,
    why,
};

/// The version of this build: of the program from the factory, where nobody has said another.
fn own_version() -> Version {
    env!("LATCH_VERSION").parse().unwrap_or_default()
}

/// A request to be enrolled, with the device's own signature.
type Request = Vec<u8, MAX_REQUEST_ENVELOPE>;

/// What answers a request.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on a stack that has room, and there is no allocator"
)]
enum Answer {
    Done(u16, Result<(), Refused>),
    Request(u16, Request),
    Provisioned(u16),
}

/// Serves a host until the device is provisioned; then the machine starts anew.
pub(crate) fn run(mut line: Line, chip: &'static RefCell<Chip>, ticks: Ticks, cause: Cause) -> ! {
    let mut memory = Some(room());
    loop {
        line.turn();
        if line.has_come() {
            let _ = line.say(&standing(Life::Unprovisioned, cause));
        }
        let answer = match line.heard() {
            None => continue,
            Some(Err(malformed)) => Some(Answer::Done(
                malformed.tag,
                Err(Reason::NotDecodable.into()),
            )),
            Some(Ok(ToDevice::AskRequest { tag, name })) => Some(match make(&name, chip, ticks) {
                Ok(request) => Answer::Request(tag, request),
                Err(refusal) => Answer::Done(tag, Err(refusal.into())),
            }),
            Some(Ok(ToDevice::Provision {
                tag,
                root,
                enrolment,
            })) => {
                let begun: Result<PumpDevice, MountFault> =
                    match (parts(chip, ticks, true), memory.take()) {
                        (Ok(parts), Some(memory)) => {
                            Device::provision_in(memory, parts, root, enrolment, own_version())
                        }
                        _ => Err(Refusal::from(Reason::KeyFault).into()),
                    };
                Some(match begun {
                    Ok(_) => Answer::Provisioned(tag),
                    Err(fault) => Answer::Done(tag, Err(fault.into())),
                })
            }
            Some(Ok(ToDevice::AskStanding { tag })) => Some(Answer::Done(tag, Ok(()))),
            Some(Ok(other)) => Some(Answer::Done(other.tag(), Err(Reason::Unprovisioned.into()))),
        };
        line.taken();
        match answer {
            None => {}
            Some(Answer::Request(tag, request)) => {
                let _ = line.say(&FromDevice::Request(&request));
                let _ = line.say(&FromDevice::Done {
                    tag,
                    result: Ok(()),
                });
            }
            Some(Answer::Done(tag, result)) => {
                let _ = line.say(&standing(Life::Unprovisioned, cause));
                let _ = line.say(&FromDevice::Done { tag, result });
                if memory.is_none() {
                    // What it was to begin in is spent: it begins anew.
                    line.restart();
                }
            }
            Some(Answer::Provisioned(tag)) => {
                let _ = line.say(&FromDevice::Done {
                    tag,
                    result: Ok(()),
                });
                line.restart();
            }
        }
    }
}

/// Serves a host that asks what is the matter with a device that does not come up.
pub(crate) fn stay_shut(mut line: Line, fault: Refused, cause: Cause) -> ! {
    loop {
        line.turn();
        if fault.reason == Reason::MemoryFault.number() && line.now_ms() >= FAULT_REST_MS {
            // Its journal is as it was, and the next boot reads it anew.
            reset()
        }
        if line.has_come() {
            let _ = line.say(&standing(Life::Shut(fault), cause));
        }
        let (tag, result) = match line.heard() {
            None => continue,
            Some(Ok(ToDevice::AskStanding { tag })) => (tag, Ok(())),
            Some(Ok(other)) => (other.tag(), Err(fault)),
            Some(Err(malformed)) => (malformed.tag, Err(Reason::NotDecodable.into())),
        };
        line.taken();
        let _ = line.say(&standing(Life::Shut(fault), cause));
        let _ = line.say(&FromDevice::Done { tag, result });
    }
}

fn standing(life: Life, cause: Cause) -> FromDevice<'static> {
    FromDevice::Standing(Standing {
        program: Program::Application,
        life,
        version: own_version(),
        boot: 0,
        why: why(cause, 0),
    })
}

/// Makes the request of a device that is to be called so.
fn make(name: &Identity, chip: &'static RefCell<Chip>, ticks: Ticks) -> Result<Request, Refusal> {
    let mut key = parts(chip, ticks, true).map_err(|_| Reason::KeyFault)?.key;
    let mut out = [0; MAX_REQUEST_ENVELOPE];
    let request = sign_request(name, KeyKept::Software, &mut key, &mut out)?;
    Vec::from_slice(request).map_err(|_| Reason::LogicFault.into())
}
