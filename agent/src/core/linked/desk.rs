//! What waits for one device, and what is known of it: all that outlives its link.

use latch_link::{Pulse, Wanted};
use latch_verify::verdict::Identity;

use super::{
    event::{Effects, LinkedEffect},
    express::Express,
    kept::Kept,
    shelf::Shelf,
};
use crate::core::{
    download::Download,
    event::Notice,
    listening::Listening,
    names::Names,
    outlet::{Outlet, Seen},
    queue::Queue,
    roots::Roots,
    station::FAULT_REST_MS,
};

/// A device as the relay knows it, and what is on its way to it.
pub(super) struct Desk {
    pub(super) identity: Identity,
    pub(super) names: Names,
    /// How often it has booted.
    boot: u32,
    /// What the device has said last of when to ask it.
    pub(super) pulse: Pulse,
    /// The pages that it waits for.
    pub(super) wanted: Option<Wanted>,
    pub(super) queue: Queue,
    pub(super) roots: Roots,
    pub(super) express: Express,
    pub(super) shelf: Shelf,
    pub(super) download: Download,
    pub(super) outlet: Outlet,
    pub(super) kept: Kept,
    /// The state that was published last, while it is to be told from what the broker retains.
    pub(super) last_state: Option<Vec<u8>>,
    pub(super) listening: Listening,
    /// The device was at fault: nothing is put in before.
    pub(super) rest_until_ms: Option<u64>,
    /// When the broker is asked for what it retains again: the device has thrown some of it away.
    pub(super) ask_again_at_ms: Option<u64>,
    /// A page goes before the next statement: the last thing that went was one.
    pub(super) page_next: bool,
}

impl Desk {
    pub(super) fn new(identity: Identity, names: Names, pulse: Pulse, boot: u32) -> Self {
        Self {
            identity,
            names,
            boot,
            outlet: Outlet::new(pulse.receipts),
            pulse,
            wanted: None,
            queue: Queue::default(),
            roots: Roots::default(),
            express: Express::default(),
            shelf: Shelf::default(),
            download: Download::default(),
            kept: Kept::default(),
            last_state: None,
            listening: Listening::default(),
            rest_until_ms: None,
            ask_again_at_ms: None,
            page_next: false,
        }
    }

    /// The device answers again, and knows nothing of what was said before.
    pub(super) fn back(&mut self, now_ms: u64, boot: u32) {
        if std::mem::replace(&mut self.boot, boot) != boot {
            // Its challenge is another one now, and what was at fault may be mended.
            self.outlet.change();
            self.rest_until_ms = None;
        }
        self.queue.be_patient(now_ms);
        // What it asks for begins where its flash says.
        self.download.forget();
    }

    /// Whether a trust root is in force there. The recovery program of a bootloader has none: it takes
    /// the pages of its image and nothing else, and all the rest waits.
    pub(super) fn judges(&self) -> bool {
        self.pulse.root_version > 0
    }

    /// Counts the receipts that the device has made, and asks the broker which of them were published
    /// before.
    pub(super) fn count_receipts(&mut self, effects: &mut Effects) {
        if !self.judges() {
            return;
        }
        if !self.kept.has_begun() {
            self.outlet.know(self.pulse.receipts);
        }
        if self.kept.told_of(self.pulse.receipts) {
            effects.push(LinkedEffect::Subscribe(self.names.state.clone()));
        }
    }

    /// The version of the trust root that the device would take.
    pub(super) fn next_root(&self) -> u32 {
        self.pulse.root_version.saturating_add(1)
    }

    /// What decides when the state is published.
    pub(super) fn seen(&self) -> Seen {
        Seen {
            junk: self.pulse.junk,
            posture: self.pulse.posture,
            pulse_ms: self.pulse.pulse_every_ms.map(u64::from),
        }
    }

    /// The page that is wanted lies here.
    pub(super) fn has_page(&self) -> bool {
        self.wanted
            .is_some_and(|wanted| self.shelf.get(wanted.pages.next).is_some())
    }

    pub(super) fn wants(&mut self, wanted: Option<Wanted>) {
        let release = |wanted: &Option<Wanted>| wanted.map(|wanted| wanted.pages.manifest);
        if release(&wanted) != release(&self.wanted) {
            self.shelf.clear();
            self.download.forget();
        }
        self.wanted = wanted;
    }

    /// The device is at fault: nothing is put in for a while.
    pub(super) fn rest(&mut self, now_ms: u64, effects: &mut Effects) {
        let until_ms = now_ms.saturating_add(FAULT_REST_MS);
        self.rest_until_ms = Some(until_ms);
        effects.notice(Notice::Resting { until_ms });
    }
}
