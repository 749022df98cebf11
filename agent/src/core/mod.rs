//! The relay's decisions: events in, effects out, no input or output of its own.

mod acting;
mod download;
mod effects;
mod event;
mod image;
mod intake;
mod linked;
mod listening;
mod names;
mod outlet;
mod queue;
mod roots;
mod shutting;
mod station;
mod steps;
mod telling;
mod tending;

pub use download::{SILENCE_LONGEST_MS, SILENCE_MS, WINDOW};
pub use event::{Effect, Event, Hook, HookResult, LatchEvent, Notice};
pub use intake::ASK_AGAIN_MS;
pub use linked::{
    ANSWER_MS, Bundle, LinkedCore, LinkedEffect, LinkedEvent, LinkedOptions, Request,
};
pub use outlet::STATE_REST_MS;
pub use queue::{MANIFEST_PATIENCE_MS, QUEUE_LEN};
pub use roots::ROOTS_KEPT;
pub use shutting::{SHUT_REST_MS, SHUT_TRIES};
pub use station::FAULT_REST_MS;

use latch_mqtt::Topics;
use latch_verify::device::{Device, Platform};

use self::{event::Effects, names::Names, station::Station, steps::Next};

/// The relay of one device.
///
/// It owns the device, gives it what arrives for it, and turns what it unlatches into hooks,
/// one at a time: after [`Effect::Run`] nothing is unlatched before [`Event::Done`]. Shutting
/// what has closed goes on beside it.
///
/// A device that does not come up again after a boot leaves the core shut: it says so in a
/// last [`Notice::Shut`], and answers nothing from then on.
pub struct Core<P: Platform> {
    seat: Seat<P>,
}

/// Where the device sits.
enum Seat<P: Platform> {
    Up(Box<Station<P>>),
    Shut,
}

impl<P: Platform> Core<P> {
    /// The relay of a device that has just booted. `now_ms` is of any clock that never goes
    /// back; all later times are of the same one.
    ///
    /// What the boot left to do is done with the first event: [`wake_at_ms`](Self::wake_at_ms)
    /// asks for one at once.
    #[must_use]
    pub fn new(device: Device<P>, topics: Topics, now_ms: u64) -> Self {
        let names = Names::new(topics, &device.identity().device);
        Self {
            seat: Seat::Up(Box::new(Station::new(device, names, now_ms))),
        }
    }

    /// Takes an event; returns what is to be done about it, in order.
    pub fn handle(&mut self, now_ms: u64, event: Event<'_>) -> Vec<Effect> {
        let mut effects = Effects::default();
        if let Seat::Up(station) = &mut self.seat {
            station.take(now_ms, event, &mut effects);
        }
        while let Seat::Up(station) = &mut self.seat {
            match station.step(now_ms, &mut effects) {
                Next::Again => {}
                Next::Boot => self.boot(&mut effects),
                Next::Wait => {
                    station.report(now_ms, &mut effects);
                    break;
                }
            }
        }
        effects.into_vec()
    }

    /// Boots the device. In between there is none, so a device that does not come up leaves
    /// nothing but a shut seat.
    fn boot(&mut self, effects: &mut Effects) {
        if let Seat::Up(down) = std::mem::replace(&mut self.seat, Seat::Shut) {
            match down.boot(effects) {
                Ok(up) => self.seat = Seat::Up(Box::new(up)),
                Err(fault) => effects.notice(Notice::Shut { fault }),
            }
        }
    }

    /// Burns no further code, so that the process can end: what is being carried out may still
    /// be settled by [`Event::Done`], and nothing else is begun.
    pub fn wind_down(&mut self) {
        if let Seat::Up(station) = &mut self.seat {
            station.winding_down = true;
        }
    }

    /// When it wants [`Event::Tick`], if nothing else happens before.
    #[must_use]
    pub fn wake_at_ms(&self) -> Option<u64> {
        match &self.seat {
            Seat::Up(station) => station.wake_at_ms(),
            Seat::Shut => None,
        }
    }

    /// The device; `None` once it is shut.
    #[must_use]
    pub fn device(&self) -> Option<&Device<P>> {
        match &self.seat {
            Seat::Up(station) => Some(&station.device),
            Seat::Shut => None,
        }
    }

    /// The device, to read its image or set its posture; `None` once it is shut.
    #[must_use]
    pub fn device_mut(&mut self) -> Option<&mut Device<P>> {
        match &mut self.seat {
            Seat::Up(station) => Some(&mut station.device),
            Seat::Shut => None,
        }
    }

    /// Gives the device back; `None` when it is shut.
    #[must_use]
    pub fn into_device(self) -> Option<Device<P>> {
        match self.seat {
            Seat::Up(station) => Some(station.device),
            Seat::Shut => None,
        }
    }
}
