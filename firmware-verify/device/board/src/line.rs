//! The serial line and the session on it, and the watchdog that both are fed with.

use latch_link::{
    DeviceSession, FromDevice, Happened, MAX_LINE, Malformed, NotSent, ToDevice, longest_to_device,
};
use latch_verify::device::{Clock as _, Entropy as _};

use crate::{HostEntropy, Ticks, Uart, Watchdog, reset};

/// Bytes of the largest page that this board takes.
pub const LARGEST_PAGE: u32 = 4096;
/// Room for the longest message that comes.
const IN: usize = longest_to_device(LARGEST_PAGE as usize);
/// How long a machine that starts anew waits for the host to learn why, in milliseconds.
pub const FAREWELL_MS: u64 = 2_000;
/// Bytes that are read from the line at once.
const PIECE: usize = 64;
/// How long bytes are taken at most before the device is looked after, in milliseconds: whoever holds the line may never stop.
const TAKEN_MS: u64 = 20;
/// How long the line is watched after a byte before the processor rests, in milliseconds: bytes come one by one, and the
/// tick that wakes it comes once a millisecond.
const WATCHED_MS: u64 = 3;

/// The line. `OUT` is how much may be on its way to the host.
pub struct Line<const OUT: usize> {
    uart: Uart,
    session: DeviceSession<IN, OUT>,
    watchdog: Watchdog,
    ticks: Ticks,
    heard_ms: u64,
}

impl<const OUT: usize> Line<OUT> {
    /// Opens the line. Without randomness the session begins with the time, which is told apart from
    /// the last one still.
    #[must_use]
    pub fn open(ticks: Ticks, watchdog: Watchdog) -> Self {
        let mut id = [0; 4];
        if HostEntropy::open().fill(&mut id).is_err() {
            id = watchdog.left().to_le_bytes();
        }
        Self {
            uart: Uart::start(),
            session: DeviceSession::new(u32::from_le_bytes(id)),
            watchdog,
            ticks,
            heard_ms: 0,
        }
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.ticks.ticks_ms()
    }

    /// Feeds the watchdog, takes what has come, sends what is due, and rests where there is neither.
    pub fn turn(&mut self) {
        self.watchdog.feed();
        let is_idle = !self.receive() && !self.transmit();
        if is_idle && self.session.message().is_none() {
            // The tick wakes it within a millisecond.
            cortex_m::asm::wfi();
        }
    }

    /// Takes what comes, until a message is whole or the line is quiet; whether there was anything.
    fn receive(&mut self) -> bool {
        let mut piece = [0; PIECE];
        let mut is_heard = false;
        let until_ms = self.now_ms().saturating_add(TAKEN_MS);
        loop {
            let now_ms = self.ticks.ticks_ms();
            let count = self.uart.read(&mut piece);
            if let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) {
                self.session.receive(now_ms, bytes);
                (self.heard_ms, is_heard) = (now_ms, true);
            }
            let is_quiet = now_ms.saturating_sub(self.heard_ms) >= WATCHED_MS;
            if is_quiet || self.transmit() || now_ms >= until_ms {
                return is_heard;
            }
        }
    }

    /// Sends what is due; whether there was anything.
    fn transmit(&mut self) -> bool {
        let mut frame = [0; MAX_LINE];
        let mut is_sent = false;
        loop {
            let len = self.session.transmit(self.ticks.ticks_ms(), &mut frame);
            let Some(bytes) = frame.get(..len).filter(|bytes| !bytes.is_empty()) else {
                return is_sent;
            };
            self.uart.write(bytes);
            is_sent = true;
        }
    }

    /// Tells the host that nobody looks at the line for a while.
    pub fn works(&mut self) {
        self.session.working();
        self.transmit();
    }

    /// Begins the watchdog's count anew: before what takes long.
    pub fn feed(&mut self) {
        self.watchdog.feed();
    }

    /// Whether there is a host that has just come.
    pub fn has_come(&mut self) -> bool {
        let mut is_up = false;
        while let Some(happened) = self.session.happened() {
            is_up = happened == Happened::Up;
        }
        is_up
    }

    /// Whether there is a host.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.session.is_up()
    }

    /// Whether the host has all that was said.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.session.is_up() || self.session.all_arrived()
    }

    /// Starts the machine anew, once the host has all that was said, or after a while.
    pub fn restart(mut self) -> ! {
        let until_ms = self.now_ms().saturating_add(FAREWELL_MS);
        while !self.is_told() && self.now_ms() < until_ms {
            self.turn();
        }
        reset()
    }

    /// Says something. Whether there was room for it; what nobody hears counts as said.
    #[must_use = "there may have been no room"]
    pub fn say(&mut self, message: &FromDevice<'_>) -> bool {
        self.session.send(message) != Err(NotSent::Busy)
    }

    /// What the host has said. It stays until it is [taken](Self::taken).
    #[must_use]
    pub fn heard(&self) -> Option<Result<ToDevice<'_>, Malformed>> {
        self.session.message()
    }

    /// What was heard is done with.
    pub fn taken(&mut self) {
        self.session.taken();
    }
}
