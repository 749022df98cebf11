//! What happens without a message: latches close, installations lapse.

use core::ops::DerefMut;

use super::{
    Clock as _, Device, Memory, Platform,
    latches::{Around, Standing},
    opening::Opening,
    receipts::About,
};
use crate::{
    ledger::InstallPhase,
    reject::{Reason, Refusal},
    statement::{CloseCause, Outcome, TimeStatus},
    types::LatchId,
    wire::Kind,
};

/// How long a download that could not be ended is left alone, in milliseconds: as long as a
/// fault of the flash may take to pass.
const LAPSE_RETRY_MS: u64 = 60_000;

/// What a look at the device has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a latch that has closed has to be shut"]
pub enum Polled<'o> {
    /// Nothing is to be done.
    Idle {
        /// When to look again at the latest, in milliseconds from now, if at all.
        wake_in_ms: Option<u64>,
    },
    /// A latch has closed by itself: shut what stands behind it, then look again.
    Closed {
        /// Which.
        latch: LatchId,
        /// Why.
        cause: CloseCause,
        /// The receipt to send. Where it could not be made, the next boot tells of it.
        receipt: Result<&'o [u8], Refusal>,
    },
    /// A download has lost its code's force: its receipt, or why there is none.
    InstallEnded(Result<&'o [u8], Refusal>),
}

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Looks at everything that changes without a message. Call it after each statement and
    /// observation, and when it asked to be called; until it says [`Polled::Idle`].
    pub fn poll<'o>(&mut self, out: &'o mut [u8]) -> Polled<'o> {
        self.watch_clock();
        if self.memory.ledger.whole().is_err() {
            self.memory.latches.shut(None, CloseCause::Fault);
        }
        let ticks_ms = self.clock.ticks_ms();
        let mut wake_ticks_ms = u64::MAX;
        let mut closed = None;
        let conditions = self.conditions();
        let Memory {
            latches,
            ledger,
            posture,
            ..
        } = &mut *self.memory;
        let around = Around::of(ledger, &conditions, posture, ticks_ms);
        for opening in latches.iter_mut().filter(|opening| !opening.noticed) {
            match opening.stand(&around) {
                Standing::Open {
                    next_ticks_ms,
                    amiss,
                } => {
                    opening.note_amiss(amiss);
                    wake_ticks_ms = wake_ticks_ms.min(next_ticks_ms);
                }
                Standing::Closed(cause) => {
                    opening.closing = Some(cause);
                    opening.noticed = true;
                    closed = Some((opening.latch, cause));
                    break;
                }
            }
        }
        if let Some((latch, cause)) = closed {
            // It is closed by now; whether that can be told is another matter.
            let receipt = self.tell_closed(latch, cause, out).map_err(Refusal::from);
            return Polled::Closed {
                latch,
                cause,
                receipt,
            };
        }
        if self.has_lapsed() {
            if ticks_ms >= self.lapse_ticks_ms {
                let ended = Outcome::InstallFailed {
                    reason: self.lapse_reason().number(),
                };
                // Where it cannot be recorded now, it is tried again after a while.
                self.lapse_ticks_ms = ticks_ms.saturating_add(LAPSE_RETRY_MS);
                return Polled::InstallEnded(self.end(ended, out).map_err(Refusal::from));
            }
            wake_ticks_ms = wake_ticks_ms.min(self.lapse_ticks_ms);
        }
        if self.memory.latches.iter().any(|opening| !opening.noticed)
            && let Some(next) = self.memory.posture.next_ticks_ms(ticks_ms)
        {
            wake_ticks_ms = wake_ticks_ms.min(next);
        }
        if let Some(left_ms) = self.lapses_in_ms() {
            wake_ticks_ms = wake_ticks_ms.min(ticks_ms.saturating_add(left_ms));
        }
        Polled::Idle {
            wake_in_ms: (wake_ticks_ms < u64::MAX).then(|| wake_ticks_ms.saturating_sub(ticks_ms)),
        }
    }

    /// Whether a latch is open now. Needs no [`poll`](Self::poll) before it: what should have
    /// closed is not open. Only that the device's memory is not whole any more is found by a poll.
    #[must_use]
    #[inline(never)]
    pub fn is_open(&self, latch: LatchId) -> bool {
        matches!(self.stand(latch), Some(Standing::Open { .. }))
    }

    /// How a latch stands that was opened, whether its closing was noticed or not.
    fn stand(&self, latch: LatchId) -> Option<Standing> {
        let conditions = self.conditions();
        let around = Around::of(
            &self.memory.ledger,
            &conditions,
            &self.memory.posture,
            self.clock.ticks_ms(),
        );
        self.memory
            .latches
            .get(latch)
            .map(|opening| opening.stand(&around))
    }

    /// Tells of a latch that has closed by itself and was not looked at since, before it opens
    /// again.
    pub(super) fn tell_lapsed(&mut self, latch: LatchId, out: &mut [u8]) -> Result<(), Reason> {
        let Some(Standing::Closed(cause)) = self.stand(latch) else {
            return Ok(());
        };
        if self.memory.ledger.facts.open_latch(latch).is_some() {
            self.tell_closed(latch, cause, out)?;
        }
        self.memory.latches.close(latch);
        Ok(())
    }

    /// Notes what has come to be amiss with open latches, or no longer is: their grace runs from
    /// the change, whether anybody looks or not.
    pub(super) fn note_amiss(&mut self) {
        if self.memory.latches.iter().next().is_none() {
            return;
        }
        let conditions = self.conditions();
        let ticks_ms = self.clock.ticks_ms();
        let Memory {
            latches,
            ledger,
            posture,
            ..
        } = &mut *self.memory;
        let around = Around::of(ledger, &conditions, posture, ticks_ms);
        for opening in latches.iter_mut() {
            match opening.stand(&around) {
                Standing::Open { amiss, .. } => opening.note_amiss(amiss),
                Standing::Closed(cause) => opening.closing = Some(cause),
            }
        }
    }

    /// How often a signed [`state`](Self::state) should leave while a latch is open, in
    /// milliseconds: each has a new pulse, whose answer is the heartbeat that some latches ask
    /// for. `None` while none is open.
    #[must_use]
    pub fn pulse_every_ms(&self) -> Option<u64> {
        let open = self
            .memory
            .latches
            .iter()
            .filter(|opening| self.is_open(opening.latch));
        open.map(Opening::pulse_every_ms).min()
    }

    /// The latches that are open now: bit n for latch n.
    #[must_use]
    pub fn open_latches(&self) -> u16 {
        self.memory
            .latches
            .iter()
            .filter(|opening| self.is_open(opening.latch))
            .fold(0, |open, opening| open | bit(opening.latch))
    }

    /// Records that a latch has closed, in the name of the code that had opened it.
    pub(super) fn tell_closed<'o>(
        &mut self,
        latch: LatchId,
        cause: CloseCause,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Reason> {
        let open = self
            .memory
            .ledger
            .facts
            .open_latch(latch)
            // The code that closes it is burned, and its own outcome not recorded yet.
            .ok_or(Reason::Busy)?;
        let about = About {
            statement: open.code.statement,
            kind: Kind::Code,
            issuer: Some(open.code.issuer),
            sequence: Some(open.code.sequence),
            break_glass: open.break_glass,
            trial: None,
            age_ms: None,
        };
        self.make_room(0)?;
        // Told once: the journal forgets the opening with this record.
        let outcome = match cause {
            // It may have been open or not: its opening was never recorded.
            CloseCause::Fault => Outcome::Interrupted,
            cause => Outcome::Closed { latch, cause },
        };
        let told = self.conclude(&about, outcome, out);
        if self.memory.ledger.facts.open_latch(latch).is_none() {
            self.memory.latches.close(latch);
        }
        told
    }

    /// Whether an installation that is not armed has lost the force of its code.
    fn has_lapsed(&self) -> bool {
        let facts = &self.memory.ledger.facts;
        let Some(install) = &facts.install else {
            return false;
        };
        let open = matches!(
            install.phase,
            InstallPhase::Receiving { .. } | InstallPhase::Received
        );
        open && self.is_void(install).is_err()
    }

    /// In how many milliseconds a download's code is surely over, where the time is known.
    fn lapses_in_ms(&self) -> Option<u64> {
        let install = self.memory.ledger.facts.install.as_ref()?;
        let open = matches!(
            install.phase,
            InstallPhase::Receiving { .. } | InstallPhase::Received
        );
        // A floor does not rise by itself: what raises it is a message, after which this is asked again.
        let TimeStatus::Trusted(now) = self.time() else {
            return None;
        };
        let left_ms = install.not_after_ms.get().checked_sub(now.get());
        left_ms.filter(|left| open && *left > 0)
    }

    fn lapse_reason(&self) -> Reason {
        let install = self.memory.ledger.facts.install.as_ref();
        install
            .and_then(|install| self.is_void(install).err())
            .unwrap_or(Reason::InstallVoid)
    }
}

fn bit(latch: LatchId) -> u16 {
    1_u16.checked_shl(latch.number().into()).unwrap_or(0)
}
