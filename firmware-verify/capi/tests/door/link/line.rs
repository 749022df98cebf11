//! A line with the device's end behind the C interface, and a host's end of latch-link at the other.

use std::slice;

use latch_capi::*;
use latch_link::{
    FromDevice, HostSession, LONGEST_FROM_DEVICE, MAX_LINE, ToDevice, longest_to_device,
};
use latch_verify::verdict::Identity;

use crate::door::board::answer;

/// Of pages of 16 KiB, as the library is built for where nobody says otherwise.
pub(crate) const IN: usize = longest_to_device(16 * 1024);
pub(crate) const OUT: usize = LATCH_LINK_OUT_SIZE;

pub(crate) type Host = HostSession<LONGEST_FROM_DEVICE, 20_000>;

/// A line with a link at one end and a host at the other. What C lends lives on the heap, and is reached by raw pointers alone.
pub(crate) struct Line {
    pub(crate) link: *mut latch_link_t,
    pub(crate) lent: *mut [u8; IN + OUT],
    pub(crate) host: Box<Host>,
    pub(crate) now_ms: u64,
}

impl Line {
    pub(crate) fn new() -> Self {
        let line = Self::blank();
        assert_eq!(line.begin(IN, OUT), LATCH_OK);
        line
    }

    pub(crate) fn blank() -> Self {
        Self {
            link: Box::into_raw(Box::new(latch_link_t::blank())),
            lent: Box::into_raw(Box::new([0; IN + OUT])),
            host: Box::new(Host::new(7)),
            now_ms: 0,
        }
    }

    pub(crate) fn begin(&self, incoming: usize, outgoing: usize) -> latch_result_t {
        let lent = self.lent.cast::<u8>();
        // SAFETY: as C would: two parts of what is lent, where they are no longer than that.
        unsafe { latch_link_begin(self.link, 9, lent, incoming, lent.add(IN), outgoing) }
    }

    /// A line on which both ends have met.
    pub(crate) fn met() -> Self {
        let mut line = Self::new();
        line.turns();
        assert!(line.host.is_up() && line.status().up);
        assert_eq!(line.happened(), latch_happened_t::LATCH_HAPPENED_UP);
        assert_eq!(line.happened(), latch_happened_t::LATCH_HAPPENED_NOTHING);
        line
    }

    /// Carries bytes to and fro, until nobody has any more.
    pub(crate) fn turns(&mut self) {
        let (mut frame, mut len) = ([0; MAX_LINE], 0);
        loop {
            self.now_ms += 1;
            let sent = self.host.transmit(self.now_ms, &mut frame);
            // SAFETY: as C would.
            unsafe {
                let taken = latch_link_receive(self.link, self.now_ms, frame.as_ptr(), sent);
                assert_eq!(taken, LATCH_OK);
                let place = &raw mut len;
                let given = latch_link_transmit(
                    self.link,
                    self.now_ms,
                    frame.as_mut_ptr(),
                    frame.len(),
                    place,
                );
                assert_eq!(given, LATCH_OK);
            }
            self.host.receive(self.now_ms, &frame[..len]);
            if sent == 0 && len == 0 {
                return;
            }
        }
    }

    pub(crate) fn status(&self) -> latch_link_status_t {
        // SAFETY: as C would.
        let (result, status) = answer(|status| unsafe { latch_link_status(self.link, status) });
        assert_eq!(result, LATCH_OK);
        status
    }

    pub(crate) fn happened(&self) -> latch_happened_t {
        // SAFETY: as C would.
        answer(|happened| unsafe { latch_link_happened(self.link, happened) }).1
    }

    pub(crate) fn heard(&self) -> latch_ask_t {
        // SAFETY: as C would.
        let (result, ask) = answer(|ask| unsafe { latch_link_heard(self.link, ask) });
        assert_eq!(result, LATCH_OK);
        ask
    }

    pub(crate) fn taken(&self) {
        // SAFETY: as C would.
        assert_eq!(unsafe { latch_link_taken(self.link) }, LATCH_OK);
    }

    /// What the device hears of a message, which is then taken.
    pub(crate) fn asked(&mut self, message: &ToDevice<'_>, mut look: impl FnMut(&latch_ask_t)) {
        self.host.send(message).unwrap();
        self.turns();
        let ask = self.heard();
        assert_eq!(ask.tag, message.tag());
        look(&ask);
        // What lies there stays until it is taken, whatever goes over the line meanwhile.
        self.turns();
        look(&ask);
        assert!(!self.host.all_arrived() && self.status().heard);
        self.taken();
        self.turns();
        assert!(self.host.all_arrived() && !self.status().heard);
        assert_eq!(self.heard().kind, latch_ask_kind_t::LATCH_ASK_NOTHING);
    }

    /// What the host hears of what the device says.
    pub(crate) fn told(
        &mut self,
        say: impl FnOnce(*mut latch_link_t) -> latch_result_t,
        expected: &FromDevice<'_>,
    ) {
        assert_eq!(say(self.link), LATCH_OK);
        assert!(!self.status().all_arrived);
        self.turns();
        assert_eq!(self.host.message().unwrap().as_ref(), Ok(expected));
        self.host.taken();
        self.turns();
        assert!(self.status().all_arrived);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // SAFETY: each made of a box, and nobody uses it any more.
        unsafe {
            drop(Box::from_raw(self.link));
            drop(Box::from_raw(self.lent));
        }
    }
}

pub(crate) fn text(bytes: latch_bytes_t) -> Vec<u8> {
    // SAFETY: a message that was not taken yet.
    unsafe { slice::from_raw_parts(bytes.bytes, bytes.len) }.to_vec()
}

pub(crate) fn name() -> Identity {
    Identity {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 3,
    }
}

pub(crate) fn verdict(
    kind: latch_verdict_kind_t,
    refusal: latch_refusal_t,
    manifest: latch_statement_id_t,
) -> latch_verdict_t {
    // SAFETY: numbers, pointers, and enumerations of which 0 is the first.
    let mut verdict: latch_verdict_t = unsafe { std::mem::zeroed() };
    (verdict.kind, verdict.refusal, verdict.manifest) = (kind, refusal, manifest);
    verdict
}
