//! What arrives: each statement goes its way by its kind, whatever topic it came on.

use latch_verify::{
    Reason, Refusal,
    device::{Paged, Platform, Release, Submitted},
    image::Page,
    limits::MAX_RECEIPT_ENVELOPE,
    statement::Code,
    types::StatementId,
    wire::{Envelope, Kind, peek_kind},
};

use super::{
    event::{Effect, Effects, Notice},
    image::{is_fault, read_receipt},
    queue::Put,
    station::Station,
};

/// How long after a flood the broker is asked for what it retains again, in milliseconds: by then the
/// device has the leave for every kind back that it can have.
pub const ASK_AGAIN_MS: u64 = 60_000;

impl<P: Platform> Station<P> {
    /// Takes a statement: a code waits for its turn, a manifest is for the code that waits for
    /// it, and all else is for the device at once, whatever is being carried out.
    pub(super) fn take_statement(&mut self, now_ms: u64, statement: &[u8], effects: &mut Effects) {
        match peek_kind(statement) {
            Some(Kind::Code) if has_shape(Kind::Code, statement) => {
                if self.device.facts().pending.is_some() && closes(statement) {
                    self.close_at_once(now_ms, statement, effects);
                }
                self.put_in_queue(statement, effects);
            }
            Some(Kind::Manifest) => {
                if let Ok(envelope) = Envelope::parse(Kind::Manifest, statement) {
                    self.take_release(envelope.id(), statement, effects);
                }
            }
            // A device that rests has to boot before it can record anything.
            Some(kind @ (Kind::Root | Kind::Revocation | Kind::StopSlip))
                if has_shape(kind, statement) =>
            {
                if self.rest_until_ms.is_some() {
                    self.put_in_queue(statement, effects);
                } else if let Err(fault) = self.put_in(now_ms, statement, effects) {
                    self.rest(now_ms, fault, effects);
                    self.put_in_queue(statement, effects);
                }
            }
            // What could be no statement takes no place in the queue: it is counted now. And the
            // time is worth nothing later.
            _ => {
                if let Err(refusal) = self.put_in(now_ms, statement, effects) {
                    effects.notice(Notice::Fault { refusal });
                }
            }
        }
    }

    /// Shows the device a code that closes while another is in hand: it says that it is busy,
    /// and closes all the same. The code is burned when its turn comes.
    fn close_at_once(&mut self, now_ms: u64, statement: &[u8], effects: &mut Effects) {
        if let Err(refusal) = self.put_in(now_ms, statement, effects) {
            effects.notice(Notice::Fault { refusal });
        }
    }

    /// Takes a successor of the trust root from the topic of its version. Those before the
    /// next one are in force already; those behind it wait for it.
    pub(super) fn take_root(
        &mut self,
        now_ms: u64,
        version: u32,
        statement: &[u8],
        effects: &mut Effects,
    ) {
        let next = self.next_root();
        if version < next {
            return;
        }
        if !has_shape(Kind::Root, statement) {
            return self.take_statement(now_ms, statement, effects);
        }
        if version > next {
            effects.notice(Notice::RootWaits { version, next });
        }
        self.roots.put(version, statement);
        self.put_in_roots(now_ms, effects);
    }

    /// Gives the device the roots whose turn has come.
    pub(super) fn put_in_roots(&mut self, now_ms: u64, effects: &mut Effects) {
        while self.rest_until_ms.is_none() {
            let next = self.next_root();
            let Some(root) = self.roots.take(next) else {
                return;
            };
            if let Err(fault) = self.put_in(now_ms, &root, effects) {
                self.roots.put(next, &root);
                self.rest(now_ms, fault, effects);
            }
        }
    }

    /// The version of the trust root that the device would take.
    pub(super) fn next_root(&self) -> u32 {
        self.device.status().root_version.saturating_add(1)
    }

    pub(super) fn take_release(&mut self, id: StatementId, bytes: &[u8], effects: &mut Effects) {
        if self.queue.release(id, bytes) {
            effects.push(Effect::Unsubscribe(self.names.release(id)));
        }
    }

    /// Gives the device a statement behind which nothing has to be carried out.
    ///
    /// # Errors
    /// The device is at fault: it may take the statement after a boot.
    fn put_in(
        &mut self,
        now_ms: u64,
        statement: &[u8],
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let before = self.device.facts().chain.number;
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let again = match self.device.submit(statement, Release::NotAsked, &mut out) {
            Submitted::Answered(receipt) => {
                let known = read_receipt(receipt).is_some_and(|read| read.number <= before);
                known.then(|| receipt.to_vec())
            }
            Submitted::Ignored(refusal) if is_fault(refusal.reason) => return Err(refusal),
            Submitted::Ignored(refusal) => {
                self.ignored(now_ms, refusal, effects);
                None
            }
            Submitted::Noted => None,
            // Only codes come to these, and codes wait in the queue.
            Submitted::ManifestWanted(_) | Submitted::Unlatched(_) => {
                let refusal = Reason::LogicFault.into();
                effects.notice(Notice::Fault { refusal });
                None
            }
        };
        if let Some(receipt) = again {
            self.tell_again(&receipt, effects);
        }
        self.tell(effects);
        Ok(())
    }

    /// The device has thrown a statement away. Where it had no leave to look at it, and the
    /// broker retains it, it comes again once there is leave.
    pub(super) fn ignored(&mut self, now_ms: u64, refusal: Refusal, effects: &mut Effects) {
        if refusal.reason == Reason::Throttled {
            let at_ms = now_ms.saturating_add(ASK_AGAIN_MS);
            self.ask_again_at_ms = self.ask_again_at_ms.or(Some(at_ms));
        }
        effects.notice(Notice::Ignored { refusal });
    }

    fn put_in_queue(&mut self, statement: &[u8], effects: &mut Effects) {
        match self.queue.put(statement) {
            Put::Waits if !self.is_free() => {
                effects.notice(Notice::Queued {
                    waiting: self.queue.len(),
                });
            }
            Put::Waits | Put::Known => {}
            Put::Full => effects.notice(Notice::QueueFull),
        }
    }

    /// Gives the device the page that it waits for; others may be for other devices, or have
    /// been overtaken.
    pub(super) fn take_page(&mut self, now_ms: u64, message: &[u8], effects: &mut Effects) {
        let Some(wanted) = self.device.wanted() else {
            return;
        };
        let Ok(page) = Page::parse(message) else {
            return;
        };
        if page.manifest != wanted.manifest || page.index != wanted.next {
            return;
        }
        match self.device.page(message) {
            Ok(Paged::Kept(left)) => {
                self.download.progress(now_ms);
                effects.notice(Notice::PageKept {
                    next: left.next,
                    of: left.of,
                });
            }
            Ok(Paged::Complete | Paged::Restored) => {
                effects.notice(Notice::PageKept {
                    next: wanted.of,
                    of: wanted.of,
                });
                effects.notice(Notice::ImageComplete {
                    manifest: wanted.manifest,
                });
            }
            Err(refusal) if is_fault(refusal.reason) => effects.notice(Notice::Fault { refusal }),
            Err(refusal) => effects.notice(Notice::PageRefused { refusal }),
        }
    }
}

/// Whether a code only ever shuts. Whether it may is the device's to judge.
fn closes(statement: &[u8]) -> bool {
    Envelope::parse(Kind::Code, statement)
        .and_then(|envelope| envelope.read::<Code<'_>>())
        .is_ok_and(|code| code.action.closes())
}

/// Whether this could be a statement of its kind. Its body is not looked at: one of a later
/// version than this release knows is the device's to judge.
pub(super) fn has_shape(kind: Kind, statement: &[u8]) -> bool {
    match Envelope::parse(kind, statement) {
        Ok(_) => true,
        Err(refusal) => refusal.reason == Reason::UnknownBodyVersion,
    }
}
