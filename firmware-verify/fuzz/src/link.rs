//! Two ends of a serial line, and somebody who knows everything that is on it.
//!
//! ```text
//! 0, n, bytes    to the host     1, n, bytes    to the device      as they are
//! 2, frame       to the host     3, frame       to the device      with a checksum that is right
//! 4              one frame from the host arrives at the device, 5 the other way
//! 6, time (2)    passes
//! 7, n           the host asks with n bytes, 8 the device sends a state of n bytes
//! 9              both take what lies there
//! 10             the host starts again, 11 the device, 12 and 13 give up
//! 14             the device says that it works
//! ```
//! A frame is from whom (0 the peer, 1 nobody, 2 the id after the peer's, others strangers), to whom (the same), kind,
//! sequence (and 16 for one that is far off), n, payload.

use latch_link::{
    DeviceSession, End, FromDevice, Happened, HostSession, MAX_FRAGMENT, MAX_LINE, Session,
    ToDevice,
    frame::{Body, Frame},
    timing::{HELLO_MS, MOST_TRIES, PING_MS, RETRY_MOST_MS, SILENT_MS, WORKING_MS},
};
use latch_verify::device::Release;

use crate::input::Input;

type Host = HostSession<1000, 1400>;
type Device = DeviceSession<1200, 1400>;

/// How long whoever meddles may be felt after the last time: a peer that he made up and let say that it works, the
/// silence of the true one, a part that nobody answers, and meeting again.
const AFTER_MS: u64 =
    WORKING_MS + SILENT_MS + RETRY_MOST_MS * MOST_TRIES as u64 + HELLO_MS + PING_MS + RETRY_MOST_MS;

struct Line {
    now_ms: u64,
    host: Host,
    device: Device,
    ids: [u32; 2],
}

/// Takes bytes as what happens on a line.
///
/// # Panics
/// When a session panics, says what no peer understands, or is not itself again in time.
pub fn link(input: &[u8]) {
    let mut input = Input::new(input);
    let mut line = Line {
        now_ms: 0,
        host: Host::new(0x1000),
        device: Device::new(0x2000),
        ids: [0x1000, 0x2000],
    };
    while !input.is_empty() {
        line.happens(&mut input);
    }
    line.recovers();
}

impl Line {
    fn happens(&mut self, input: &mut Input<'_>) {
        let now_ms = self.now_ms;
        match input.byte() % 15 {
            0 => self.host.receive(now_ms, input.short()),
            1 => self.device.receive(now_ms, input.short()),
            2 => {
                let bytes = self.forged(input, 1, 0);
                self.host.receive(now_ms, &bytes);
            }
            3 => {
                let bytes = self.forged(input, 0, 1);
                self.device.receive(now_ms, &bytes);
            }
            4 => {
                self.host_says();
            }
            5 => {
                self.device_says();
            }
            6 => self.now_ms += input.number() as u64,
            7 => {
                // Down or full: either is an answer.
                let _ = self.host.send(&ask(&vec![7; input.number() % 1100]));
            }
            8 => {
                let _ = self
                    .device
                    .send(&FromDevice::State(&vec![8; input.number() % 1100]));
            }
            9 => {
                self.host.taken();
                self.device.taken();
            }
            10 => self.host = Host::new(self.next(0)),
            11 => self.device = Device::new(self.next(1)),
            12 => {
                let id = self.next(0);
                self.host.restart(id);
            }
            13 => {
                let id = self.next(1);
                self.device.restart(id);
            }
            _ => self.device.working(),
        }
        // Whatever lies there can be looked at.
        let _ = (self.host.message(), self.device.message());
        let _ = (self.host.next_wake_ms(), self.device.next_wake_ms());
    }

    /// An id that this end has not had. It takes the ids behind it by itself.
    fn next(&mut self, end: usize) -> u32 {
        self.ids[end] += 0x100;
        self.ids[end]
    }

    fn forged(&self, input: &mut Input<'_>, from: usize, to: usize) -> Vec<u8> {
        let id = |which: u8, end: usize| match which {
            0 => self.ids[end],
            1 => 0,
            2 => self.ids[end] + 1,
            3 => self.ids[end] + 2,
            other => other.into(),
        };
        let (from, to) = (id(input.byte(), from), id(input.byte(), to));
        let (kind, place) = (input.byte(), input.byte());
        let sequence = if place & 16 == 0 {
            place.into()
        } else {
            0xfff0 | u16::from(place)
        };
        let payload = input.short();
        let payload = &payload[..payload.len().min(MAX_FRAGMENT)];
        let body = match kind % 6 {
            0 => Body::Hello(payload),
            1 => Body::Welcome(payload),
            2 => Body::Ack(sequence),
            3 => Body::Wait(sequence),
            _ => Body::Data {
                sequence,
                first: kind & 8 != 0,
                last: kind & 16 != 0,
                fragment: payload,
            },
        };
        let mut out = [0; MAX_LINE];
        let len = Frame { from, to, body }
            .encode(&mut out)
            .expect("a payload that fits");
        out[..len].to_vec()
    }

    fn host_says(&mut self) -> bool {
        let bytes = said(&mut self.host, self.now_ms);
        self.device.receive(self.now_ms, &bytes);
        !bytes.is_empty()
    }

    fn device_says(&mut self) -> bool {
        let bytes = said(&mut self.device, self.now_ms);
        self.host.receive(self.now_ms, &bytes);
        !bytes.is_empty()
    }

    /// Both say everything that they have to say, and take what comes, until they have to wait.
    fn talks(&mut self) {
        let mut frames = 0;
        loop {
            let (down, up) = (self.host_says(), self.device_says());
            self.host.taken();
            self.device.taken();
            if !down && !up && self.wake_ms() > self.now_ms {
                return;
            }
            frames += 1;
            assert!(frames < 10_000, "they never stop");
        }
    }

    fn wake_ms(&self) -> u64 {
        self.host.next_wake_ms().min(self.device.next_wake_ms())
    }

    /// Nobody meddles any more. What was left in a session is seen with the next message at the latest, which may be lost with it.
    fn recovers(&mut self) {
        self.rests();
        // Where there is no peer, or no room, nothing is lost.
        let _ = self.host.send(&ask(&[0x0d; 700]));
        let _ = self.device.send(&FromDevice::State(&[0x0e; 600]));
        self.rests();
        assert!(self.host.is_up() && self.device.is_up(), "they do not meet");
        assert!(
            self.host.all_arrived() && self.device.all_arrived(),
            "something stays on its way"
        );
        while self.host.happened().is_some() {}
        while self.device.happened().is_some() {}
        self.exchanges();
        self.now_ms += 1;
        self.exchanges();
        assert_eq!(
            (self.host.happened(), self.device.happened()),
            (None::<Happened>, None)
        );
    }

    fn rests(&mut self) {
        let end_ms = self.now_ms + AFTER_MS;
        while self.now_ms < end_ms {
            self.talks();
            let wake_ms = self.wake_ms();
            assert!(wake_ms > self.now_ms, "no time passes");
            self.now_ms = wake_ms.min(end_ms);
        }
        self.talks();
    }

    /// A message each way, of several parts.
    fn exchanges(&mut self) {
        let (down, up) = ([0x0d; 700], [0x0e; 600]);
        self.host.send(&ask(&down)).expect("a host that can send");
        self.device
            .send(&FromDevice::State(&up))
            .expect("a device that can send");
        loop {
            let silent = !self.host_says() & !self.device_says();
            if let Some(message) = self.device.message() {
                let Ok(ToDevice::Statement { statement, .. }) = message else {
                    panic!("another message came");
                };
                assert_eq!(statement, down);
            }
            if let Some(message) = self.host.message() {
                assert_eq!(message, Ok(FromDevice::State(&up)));
            }
            if silent {
                break;
            }
        }
        assert!(self.host.message().is_some() && self.device.message().is_some());
        self.host.taken();
        self.device.taken();
        self.talks();
        assert!(self.host.all_arrived() && self.device.all_arrived());
        assert_eq!(self.host.message().map(|_| ()), None);
        assert_eq!(self.device.message().map(|_| ()), None);
    }
}

fn ask(statement: &[u8]) -> ToDevice<'_> {
    ToDevice::Statement {
        tag: 1,
        release: Release::NotAsked,
        statement,
    }
}

/// The next frame, and whether a peer would understand it.
fn said<E: End, const IN: usize, const OUT: usize>(
    session: &mut Session<E, IN, OUT>,
    now_ms: u64,
) -> Vec<u8> {
    let mut out = [0; MAX_LINE];
    let len = session.transmit(now_ms, &mut out);
    let bytes = &out[..len];
    assert!(
        len == 0 || bytes.iter().filter(|byte| **byte == 0).count() == 2,
        "zeros inside"
    );
    bytes.to_vec()
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn a_quiet_line_and_a_noisy_one_end_well() {
        link(&[]);
        link(&[
            4, 5, 4, 5, 7, 200, 2, 4, 5, 4, 1, 9, 0, 1, 2, 3, 10, 6, 0, 200, 11, 8, 9, 0, 5, 4,
        ]);
    }

    #[test]
    fn what_is_forged_reaches_a_session() {
        // A hello of another device takes the host over, and leaves it.
        link(&[2, 0, 0, 0, 0, 5, 1, 0, 2, 255, 3]);
        // An acknowledgement of what was never sent.
        link(&[4, 5, 4, 5, 7, 0, 4, 4, 2, 0, 0, 2, 0, 0]);
    }
}
