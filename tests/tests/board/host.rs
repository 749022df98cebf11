//! The host's end of the line, held by hand: one request after the other, and all that the device says beside.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use latch_issue::{DeviceState, SignedReceipt};
use latch_link::{
    FromDevice, Handled, Happened, HostSession, LONGEST_FROM_DEVICE, MAX_LINE, Paged, Refused,
    Standing, ToDevice, Wanted, longest_to_device,
};
use latch_verify::{device::Release, statement::Receipt, wire::PublicKey};

use super::machine::Machine;
use crate::stage::until;

const IN: usize = LONGEST_FROM_DEVICE;
const OUT: usize = longest_to_device(4096) + 2;
/// How long the line is listened to at once.
const LISTEN: Duration = Duration::from_micros(200);
/// Far longer than anything takes; only bounds a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Turns in which a device that has nothing more to say surely takes what it was told.
const QUIET: u32 = 20;

/// The device at the other end has started again, or its power is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gone;

/// How a request has ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Handled(Handled),
    Paged(Paged),
    Done(Result<(), Refused>),
}

/// A host at the line.
pub(crate) struct Host {
    stream: UnixStream,
    pub(crate) session: Box<HostSession<IN, OUT>>,
    since: Instant,
    is_closed: bool,
    tag: u16,
    end: Option<(u16, End)>,
    pub(crate) standing: Option<Standing>,
    pub(crate) wanted: Option<Wanted>,
    has_pulse: bool,
    /// Receipts that have come and were not read.
    unread: Vec<Vec<u8>>,
    receipts: Vec<Receipt>,
    state: Option<Vec<u8>>,
    request: Option<Vec<u8>>,
}

impl Host {
    /// Comes to the line of a machine that was switched on. Where its power is gone by then, the line is closed.
    pub(crate) fn at(machine: &mut Machine, id: u32) -> Self {
        let line = machine.line();
        let stream = until("the line", || match UnixStream::connect(&line) {
            Ok(stream) => Some(stream),
            // Nobody holds the other end of this one.
            Err(_) if machine.was_cut() => UnixStream::pair().ok().map(|(ours, _)| ours),
            Err(_) => None,
        });
        stream.set_read_timeout(Some(LISTEN)).expect("a timeout");
        Self {
            stream,
            session: Box::new(HostSession::new(id)),
            since: Instant::now(),
            is_closed: false,
            tag: 0,
            end: None,
            standing: None,
            wanted: None,
            has_pulse: false,
            unread: Vec::new(),
            receipts: Vec::new(),
            state: None,
            request: None,
        }
    }

    /// Waits until the device has told what it is, however often it starts again before.
    pub(crate) fn meet(&mut self) -> Result<Standing, Gone> {
        loop {
            let met = self.wait("the device's standing", |host| host.standing.clone());
            if met.is_ok() || self.is_closed {
                return met;
            }
        }
    }

    /// Waits until the device has said all that it says of itself to whoever comes, and has our word that it arrived.
    pub(crate) fn hears_out(&mut self) -> Result<(), Gone> {
        // What it says last.
        self.wait("the device's pulse", |host| host.has_pulse.then_some(()))?;
        (0..QUIET).try_for_each(|_| self.turn())
    }

    /// Goes, and comes as another host.
    pub(crate) fn greets_anew(&mut self, id: u32) {
        self.session.restart(id);
        self.forget();
    }

    /// Has the device make its request to be enrolled.
    pub(crate) fn request(&mut self) -> Result<Vec<u8>, Gone> {
        let tag = self.next_tag();
        let name = super::tenant::name();
        self.done(&ToDevice::AskRequest { tag, name })?;
        Ok(self
            .request
            .take()
            .expect("the request came before the end"))
    }

    /// Gives it a statement, and with it a release.
    pub(crate) fn statement(
        &mut self,
        statement: &[u8],
        release: Release<'_>,
    ) -> Result<Handled, Gone> {
        let tag = self.next_tag();
        let asked = ToDevice::Statement {
            tag,
            release,
            statement,
        };
        match self.ask(&asked)? {
            End::Handled(handled) => Ok(handled),
            end => panic!("a statement was ended by {end:?}"),
        }
    }

    /// Gives it a page.
    pub(crate) fn page(&mut self, page: &[u8]) -> Result<Paged, Gone> {
        let tag = self.next_tag();
        match self.ask(&ToDevice::Page { tag, page })? {
            End::Paged(paged) => Ok(paged),
            end => panic!("a page was ended by {end:?}"),
        }
    }

    /// Asks for its state.
    pub(crate) fn state(&mut self, key: &PublicKey) -> Result<DeviceState, Gone> {
        let tag = self.next_tag();
        self.done(&ToDevice::AskState { tag })?;
        let state = self.state.take().expect("the state came before the end");
        Ok(DeviceState::verify(state, key).expect("the device's signature"))
    }

    /// The receipts that have come, oldest first.
    pub(crate) fn receipts(&mut self, key: &PublicKey) -> &[Receipt] {
        for bytes in self.unread.drain(..) {
            let signed = SignedReceipt::verify(bytes, key).expect("the device's signature");
            self.receipts.push(signed.receipt().clone());
        }
        &self.receipts
    }

    /// Puts a request to the device, which must go well.
    pub(crate) fn done(&mut self, message: &ToDevice<'_>) -> Result<(), Gone> {
        match self.ask(message)? {
            End::Done(Ok(())) => Ok(()),
            end => panic!("it ended by {end:?}"),
        }
    }

    /// Puts a request to the device, and waits for its end.
    fn ask(&mut self, message: &ToDevice<'_>) -> Result<End, Gone> {
        let tag = message.tag();
        self.session
            .send(message)
            .expect("one message at a time has room");
        self.wait("the end of a request", |host| {
            host.end.take().map(|(of, end)| {
                assert_eq!(of, tag, "the end of another request: {end:?}");
                end
            })
        })
    }

    pub(crate) fn next_tag(&mut self) -> u16 {
        self.tag = self.tag.wrapping_add(1);
        self.tag
    }

    /// Keeps the line until something is found.
    pub(crate) fn wait<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T, Gone> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            self.turn()?;
            assert!(Instant::now() < end, "waited in vain: {what}");
        }
    }

    /// Takes what the device says until it has started again, or its power is gone.
    pub(crate) fn until_gone(&mut self, machine: &mut Machine) {
        let end = Instant::now() + PATIENCE;
        while self.turn().is_ok() && !machine.was_cut() {
            assert!(Instant::now() < end, "the device does not start again");
        }
    }

    /// One turn: sends what is due, and takes what has come.
    fn turn(&mut self) -> Result<(), Gone> {
        let now_ms =
            |since: Instant| u64::try_from(since.elapsed().as_millis()).expect("a short test");
        let mut frame = [0; MAX_LINE];
        loop {
            let len = self.session.transmit(now_ms(self.since), &mut frame);
            if len == 0 {
                break;
            }
            if self.stream.write_all(&frame[..len]).is_err() {
                return self.closed();
            }
        }
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => return self.closed(),
            Ok(count) => self.session.receive(now_ms(self.since), &bytes[..count]),
            Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return self.closed(),
        }
        while let Some(happened) = self.session.happened() {
            match happened {
                Happened::Up => {}
                Happened::Lost(_) => {
                    self.forget();
                    return Err(Gone);
                }
                Happened::Refused(mismatch) => panic!("{mismatch}"),
            }
        }
        self.take();
        Ok(())
    }

    /// Whoever comes next says anew what it is.
    fn forget(&mut self) {
        (self.standing, self.wanted, self.end) = (None, None, None);
        self.has_pulse = false;
    }

    /// Whether the machine at the other end is off.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn closed(&mut self) -> Result<(), Gone> {
        self.is_closed = true;
        Err(Gone)
    }

    fn take(&mut self) {
        let Some(message) = self.session.message() else {
            return;
        };
        match message.expect("what the device says is well-formed") {
            FromDevice::Handled { tag, handled } => self.end = Some((tag, End::Handled(handled))),
            FromDevice::Paged { tag, paged } => self.end = Some((tag, End::Paged(paged))),
            FromDevice::Done { tag, result } => self.end = Some((tag, End::Done(result))),
            FromDevice::Receipt(receipt) => self.unread.push(receipt.to_vec()),
            FromDevice::State(state) => self.state = Some(state.to_vec()),
            FromDevice::Request(request) => self.request = Some(request.to_vec()),
            FromDevice::Standing(standing) => self.standing = Some(standing),
            FromDevice::Wanted(wanted) => self.wanted = wanted,
            FromDevice::Pulse(_) => self.has_pulse = true,
        }
        self.session.taken();
    }
}
