//! A host and a device at the two ends of a line, and a virtual clock. The host makes requests, one
//! behind the other; the device works for a while on each, without looking at its line, and answers
//! by a receipt and an end. Besides, it sends pulses whenever it likes.

use latch_link::{
    DeviceSession, FromDevice, Handled, Happened, HostSession, LONGEST_FROM_DEVICE, MAX_LINE,
    NotSent, Pulse, ToDevice, longest_to_device,
};
use latch_verify::{device::Release, types::Posture};

use super::wire::{Chance, Wire};

const PAGE: usize = 1024;
pub(crate) const TO_DEVICE: usize = longest_to_device(PAGE);
type Host = HostSession<LONGEST_FROM_DEVICE, { TO_DEVICE + 600 }>;
type Device = DeviceSession<TO_DEVICE, { LONGEST_FROM_DEVICE + 300 }>;
/// What a device's UART keeps while nobody looks.
const RING: usize = 128;

/// What the host has asked for, and knows to be done.
#[derive(Default)]
pub(crate) struct HostApp {
    /// Counts peers.
    pub(crate) epoch: u32,
    /// Requests that were ended.
    pub(crate) ended: u32,
    /// Requests that were sent to this peer.
    sent: u32,
    /// How many there are in all.
    pub(crate) goal: u32,
    /// The end that comes next has had its receipt.
    receipt: bool,
    /// Epoch of the device's peers, and next pulse of it.
    pulses: (u32, u64),
    pub(crate) losses: u32,
}

/// What the device has done.
#[derive(Default)]
pub(crate) struct DeviceApp {
    /// Host's epoch and number of every request that came.
    pub(crate) log: Vec<(u32, u32)>,
    epoch: u32,
    pulse: u64,
    /// The request that is worked on is to be ended.
    answer: Option<(u32, u32)>,
    /// The receipt was sent.
    told: bool,
    pub(crate) works_until_ms: Option<u64>,
    ring: Vec<u8>,
    pub(crate) losses: u32,
    /// Longest work on a request.
    pub(crate) slow_ms: u64,
}

pub(crate) struct World {
    pub(crate) now_ms: u64,
    pub(crate) chance: Chance,
    pub(crate) host: Host,
    pub(crate) device: Device,
    pub(crate) asks: HostApp,
    pub(crate) does: DeviceApp,
    pub(crate) down: Wire,
    pub(crate) up: Wire,
    /// Whether the device sends pulses.
    pub(crate) pulses: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let (host, device) = (chance.next() as u32, chance.next() as u32);
        Self {
            now_ms: chance.below(1 << 40),
            chance,
            host: Host::new(host),
            device: Device::new(device),
            asks: HostApp::default(),
            does: DeviceApp::default(),
            down: Wire::default(),
            up: Wire::default(),
            pulses: true,
        }
    }

    pub(crate) fn set_noise(&mut self, noise: super::wire::Noise) {
        self.down.noise = noise;
        self.up.noise = noise;
    }

    /// The host's program starts again: it knows what was ended, and asks for the rest.
    pub(crate) fn restart_host(&mut self) {
        self.host = Host::new(self.chance.next() as u32);
        self.asks.forget();
    }

    /// The device resets.
    pub(crate) fn restart_device(&mut self) {
        let id = self.chance.next() as u32;
        self.restart_device_as(id);
    }

    pub(crate) fn restart_device_as(&mut self, id: u32) {
        self.device = Device::new(id);
        self.does.ring.clear();
        self.does.works_until_ms = None;
        self.does.forget();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.asks.ended == self.asks.goal
    }

    /// Lets time pass, to its end or until all requests are ended; says how much it was.
    pub(crate) fn run(&mut self, for_ms: u64) -> u64 {
        let (begin_ms, end_ms) = (self.now_ms, self.now_ms + for_ms);
        while self.now_ms < end_ms && !self.is_over() {
            self.step(end_ms);
        }
        self.now_ms - begin_ms
    }

    /// As [`run`](Self::run), but to the end of the time.
    pub(crate) fn pass(&mut self, for_ms: u64) {
        let end_ms = self.now_ms + for_ms;
        while self.now_ms < end_ms {
            self.step(end_ms);
        }
    }

    fn step(&mut self, end_ms: u64) {
        let now_ms = self.now_ms;
        while let Some(bytes) = self.up.get(now_ms) {
            self.host.receive(now_ms, &bytes);
            self.host_looks();
        }
        self.host_looks();
        self.device_lives();
        let mut out = [0; MAX_LINE];
        if self.down.is_free(now_ms) {
            let len = self.host.transmit(now_ms, &mut out);
            if len > 0 {
                self.down.put(now_ms, &out[..len], &mut self.chance);
            }
        }
        if self.does.works_until_ms.is_none() && self.up.is_free(now_ms) {
            let len = self.device.transmit(now_ms, &mut out);
            if len > 0 {
                self.up.put(now_ms, &out[..len], &mut self.chance);
            }
        }
        // Transmitting may have given the peer up.
        self.host_looks();
        self.device_hears();
        let next_ms = [
            self.up.next_at_ms(),
            self.down.next_at_ms(),
            Some(self.host.next_wake_ms().max(self.down.free_at_ms())),
            Some(match self.does.works_until_ms {
                Some(until_ms) => until_ms,
                None => self.device.next_wake_ms().max(self.up.free_at_ms()),
            }),
        ];
        let next_ms = next_ms.into_iter().flatten().min().unwrap_or(end_ms);
        self.now_ms = next_ms.clamp(now_ms + 1, end_ms.max(now_ms + 1));
    }

    /// The host's program: takes everything at once, and asks for what is left.
    fn host_looks(&mut self) {
        while let Some(happened) = self.host.happened() {
            match happened {
                Happened::Lost(_) => {
                    self.asks.losses += 1;
                    self.asks.forget();
                }
                Happened::Up => assert!(self.host.is_up()),
                Happened::Refused(mismatch) => panic!("{mismatch}"),
            }
        }
        if let Some(message) = self.host.message() {
            self.asks.hear(&message.expect("a message that was sent"));
            self.host.taken();
        }
        while self.asks.sent < self.asks.goal {
            let statement = request(self.asks.epoch, self.asks.sent);
            match self.host.send(&ToDevice::Statement {
                tag: self.asks.sent as u16,
                release: Release::NotAsked,
                statement: &statement,
            }) {
                Ok(()) => self.asks.sent += 1,
                Err(NotSent::Busy | NotSent::Down) => break,
                Err(too_long) => panic!("{too_long}"),
            }
        }
    }

    fn device_hears(&mut self) {
        while let Some(happened) = self.device.happened() {
            if let Happened::Lost(_) = happened {
                self.does.losses += 1;
                self.does.forget();
            }
        }
    }

    /// The device's program. While it works, its UART keeps a few bytes, and loses the rest.
    fn device_lives(&mut self) {
        let now_ms = self.now_ms;
        let works = self
            .does
            .works_until_ms
            .is_some_and(|until_ms| until_ms > now_ms);
        while let Some(bytes) = self.down.get(now_ms) {
            if works {
                let room = RING - self.does.ring.len().min(RING);
                self.does.ring.extend(bytes.iter().take(room));
            } else {
                self.device.receive(now_ms, &bytes);
                self.device_hears();
            }
        }
        if works {
            return;
        }
        if self.does.works_until_ms.take().is_some() {
            self.device.taken();
            let ring = std::mem::take(&mut self.does.ring);
            self.device.receive(now_ms, &ring);
            self.device_hears();
        }
        self.device_answers();
        if self.does.answer.is_none()
            // What is held is told before the work begins.
            && self.device.next_wake_ms() > now_ms
            && let Some(message) = self.device.message()
        {
            let ToDevice::Statement { tag, statement, .. } = message.expect("a message") else {
                panic!("nobody has asked for this");
            };
            let (epoch, number) = read_request(statement);
            assert_eq!(tag, number as u16);
            self.does.log.push((epoch, number));
            self.does.answer = Some((epoch, number));
            let work_ms = self.chance.below(self.does.slow_ms + 1);
            self.does.works_until_ms = Some(now_ms + work_ms);
        }
    }

    fn device_answers(&mut self) {
        if self.does.works_until_ms.is_some() {
            return;
        }
        if let Some((epoch, number)) = self.does.answer {
            let receipt = [epoch.to_le_bytes(), number.to_le_bytes()].concat();
            if !self.does.told && self.device.send(&FromDevice::Receipt(&receipt)).is_ok() {
                self.does.told = true;
            }
            let end = FromDevice::Handled {
                tag: number as u16,
                handled: Handled::Answered,
            };
            if self.does.told && self.device.send(&end).is_ok() {
                self.does.told = false;
                self.does.answer = None;
            }
        }
        if self.pulses && self.chance.once_in(4) {
            let pulse = Pulse {
                receipts: self.does.pulse,
                changes: self.does.epoch,
                root_version: 1,
                junk: 0,
                posture: Posture::default(),
                pulse_every_ms: None,
            };
            if self.device.send(&FromDevice::Pulse(pulse)).is_ok() {
                self.does.pulse += 1;
            }
        }
    }
}

impl HostApp {
    fn forget(&mut self) {
        self.epoch += 1;
        self.sent = self.ended;
        self.receipt = false;
    }

    /// Requests that were sent and are not ended.
    pub(crate) fn queued(&self) -> u32 {
        self.sent - self.ended
    }

    /// Every answer is the one that comes next.
    fn hear(&mut self, message: &FromDevice<'_>) {
        match message {
            FromDevice::Receipt(receipt) => {
                let expected = [self.epoch.to_le_bytes(), self.ended.to_le_bytes()].concat();
                assert_eq!(*receipt, expected);
                assert!(!std::mem::replace(&mut self.receipt, true));
            }
            FromDevice::Handled { tag, .. } => {
                assert_eq!(*tag, self.ended as u16);
                assert!(
                    std::mem::take(&mut self.receipt),
                    "an end without its receipt"
                );
                self.ended += 1;
                assert!(self.ended <= self.sent);
            }
            FromDevice::Pulse(pulse) => {
                if self.pulses.0 != pulse.changes {
                    self.pulses = (pulse.changes, 0);
                }
                assert_eq!(pulse.receipts, self.pulses.1, "pulses of {}", pulse.changes);
                self.pulses.1 += 1;
            }
            other => panic!("nobody has sent {other:?}"),
        }
    }
}

impl DeviceApp {
    fn forget(&mut self) {
        self.answer = None;
        self.told = false;
        self.epoch += 1;
        self.pulse = 0;
    }

    /// Requests of each epoch of the host came one after the other, each once.
    pub(crate) fn check(&self) {
        for pair in self.log.windows(2) {
            let ((epoch, number), (next_epoch, next)) = (pair[0], pair[1]);
            if epoch == next_epoch {
                assert_eq!(next, number + 1, "in epoch {epoch}");
            } else {
                assert!(next_epoch > epoch, "an old request came late");
                assert!(next <= number + 1, "a request was passed over");
            }
        }
    }
}

/// A request of any length, which says what it is all through.
fn request(epoch: u32, number: u32) -> Vec<u8> {
    let mut chance = Chance(u64::from(number));
    let mut bytes = [epoch.to_le_bytes(), number.to_le_bytes()].concat();
    let len = match chance.below(4) {
        0 => chance.below(2100),
        1 => 256 * chance.below(8) + 242 + chance.below(4),
        _ => chance.below(60),
    };
    bytes.extend((0..len).map(|_| chance.next() as u8 & chance.next() as u8));
    bytes
}

fn read_request(bytes: &[u8]) -> (u32, u32) {
    let (epoch, rest) = bytes.split_first_chunk::<4>().unwrap();
    let (number, _) = rest.split_first_chunk::<4>().unwrap();
    let (epoch, number) = (u32::from_le_bytes(*epoch), u32::from_le_bytes(*number));
    assert_eq!(bytes, request(epoch, number), "bytes of another request");
    (epoch, number)
}
