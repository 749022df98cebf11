//! Receipts of a device: those that are here, those that are still to be asked for, and those that
//! nobody has any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use latch_verify::limits::MAX_OUTCOMES;

/// Receipts that are published again after each connect: as many as a device itself can send
/// again. Each has less than half a kilobyte.
const KEPT: usize = MAX_OUTCOMES;
/// Receipts that wait for the broker. What makes them waits for it too, or closes by itself: all
/// latches, and the codes that were taken before the connection was lost, are fewer.
const UNTOLD: usize = 64;
/// How far back a device is asked, in numbers. It keeps the receipts of effects above those of
/// refusals that came later, so that what it holds lies anywhere; of refusals it makes some in a minute at most.
const LOOK_BACK: u64 = 512;
/// Stretches of numbers that are remembered as gone, each by itself: as many as are asked for. A device
/// whose numbers have no order makes more, which are counted only.
const MOST_GAPS: usize = 512;
/// How long the broker's word of what was published before is waited for, in milliseconds: a
/// message that is retained comes with the subscription.
const WORD_MS: u64 = 10_000;

/// Receipts by their numbers.
#[derive(Default)]
pub(super) struct Kept {
    receipts: BTreeMap<u64, Receipt>,
    owed: BTreeSet<u64>,
    /// What the device was asked for, and whether it has given it.
    asked: Option<(u64, bool)>,
    /// How many it has given since nothing was owed.
    given: usize,
    /// What nobody has any more, and what is too old to be looked for.
    gone: Vec<RangeInclusive<u64>>,
    /// How many more are gone.
    lost_beside: u64,
    before: Before,
    /// The device has told how many it has made.
    begun: bool,
    /// The newest number that the device has told of.
    newest: u64,
}

/// A receipt.
struct Receipt {
    bytes: Vec<u8>,
    /// Whether it was published.
    told: bool,
}

/// What was published before this relay began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Before {
    /// Nobody has said so yet.
    #[default]
    Open,
    /// Who listens may have it until then; what was not said by then nobody says.
    Asked { until_ms: u64 },
    /// All up to this number.
    UpTo(u64),
}

/// What is told of receipts that nobody has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Loss {
    /// So many were never published.
    Lost(u64),
    /// Of so many nobody knows.
    Unknown(u64),
}

impl Kept {
    /// Takes a receipt. `told` if it is published now.
    pub(super) fn keep(&mut self, number: u64, receipt: &[u8], told: bool) {
        self.owed.remove(&number);
        if let Some((asked, given)) = &mut self.asked
            && *asked == number
        {
            *given = true;
        }
        if self.newest.checked_add(1) == Some(number) {
            // It comes before the word that it was made.
            self.newest = number;
        }
        let bytes = receipt.to_vec();
        self.receipts.insert(number, Receipt { bytes, told });
        // Those of a connection that is new stay until it has carried something else.
        while self.receipts.len() > if told { KEPT } else { UNTOLD } {
            match self.receipts.pop_first() {
                Some((number, receipt)) if !receipt.told => self.lose(number..=number),
                _ => {}
            }
        }
    }

    /// A receipt came that cannot be read: of a later version, and published all the same.
    pub(super) fn pass_on(&mut self) {
        if let Some((_, given)) = &mut self.asked {
            *given = true;
        }
    }

    /// The device has made this many. What is not here will be asked for, once. Says whether the
    /// device may no longer have all of them, and nobody has said yet what was published.
    pub(super) fn told_of(&mut self, newest: u64) -> bool {
        if newest < self.newest {
            // Another journal, of which nobody else has published anything.
            *self = Self {
                before: Before::UpTo(0),
                ..Self::default()
            };
        }
        if self.begun && newest == self.newest {
            return false;
        }
        if self.is_settled() {
            self.given = 0;
        }
        let before = self.newest.max(newest.saturating_sub(LOOK_BACK));
        if self.newest < before {
            self.lose(self.newest + 1..=before);
        }
        let from = before.saturating_add(1);
        let missing = (from..=newest).filter(|number| !self.receipts.contains_key(number));
        self.owed.extend(missing);
        while self.owed.len() as u64 > LOOK_BACK {
            match self.owed.pop_first() {
                Some(number) => self.lose(number..=number),
                None => break,
            }
        }
        let begins = !std::mem::replace(&mut self.begun, true);
        self.newest = newest;
        if begins && newest <= KEPT as u64 {
            // It has all of them.
            self.before = Before::UpTo(0);
        }
        begins && self.before == Before::Open
    }

    /// Whether the device has told how many it has made.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The next of the newest receipts to ask for: the oldest of them first.
    pub(super) fn ask(&mut self) -> Option<u64> {
        let recent = self.newest.saturating_sub(KEPT as u64) + 1;
        let number = *self.owed.range(recent..).next()?;
        self.take(number)
    }

    /// The next of the older ones to ask for: the newest of them first.
    pub(super) fn ask_back(&mut self) -> Option<u64> {
        let number = *self.owed.last()?;
        self.take(number)
    }

    fn take(&mut self, number: u64) -> Option<u64> {
        self.owed.remove(&number);
        self.asked = Some((number, false));
        Some(number)
    }

    /// It was asked for, and nobody knows whether that arrived.
    pub(super) fn ask_again(&mut self, number: u64) {
        self.asked = None;
        self.owed.insert(number);
    }

    /// The device has answered: with the receipt, or that it has it no more.
    pub(super) fn answered(&mut self) {
        let Some((number, given)) = self.asked.take() else {
            return;
        };
        if !given {
            self.lose(number..=number);
            return;
        }
        self.given += 1;
        if self.given >= KEPT {
            // It holds no more than these.
            let rest = std::mem::take(&mut self.owed);
            rest.into_iter().for_each(|rest| self.lose(rest..=rest));
        }
    }

    /// Nobody has these any more.
    fn lose(&mut self, numbers: RangeInclusive<u64>) {
        if let Some(last) = self.gone.last_mut() {
            if last.end().checked_add(1) == Some(*numbers.start()) {
                *last = *last.start()..=*numbers.end();
                return;
            }
            if numbers.end().checked_add(1) == Some(*last.start()) {
                *last = *numbers.start()..=*last.end();
                return;
            }
        }
        if self.gone.len() < MOST_GAPS {
            self.gone.push(numbers);
        } else {
            let count = count_after(0, &numbers);
            self.lost_beside = self.lost_beside.saturating_add(count);
        }
    }

    /// The broker's word, from before this relay began: all up to this number were published.
    pub(super) fn published_up_to(&mut self, number: u64) {
        if self.is_open() && number <= self.newest {
            self.before = Before::UpTo(number);
        }
    }

    /// Whether what was published before is still asked for.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.before, Before::UpTo(_))
    }

    /// There is a connection.
    pub(super) fn connect(&mut self, now_ms: u64) {
        if self.before == Before::Open {
            let until_ms = now_ms.saturating_add(WORD_MS);
            self.before = Before::Asked { until_ms };
        }
    }

    /// When the broker's word is waited for no longer.
    pub(super) fn until_ms(&self) -> Option<u64> {
        match self.before {
            Before::Asked { until_ms } if !self.gone.is_empty() && self.is_settled() => {
                Some(until_ms)
            }
            _ => None,
        }
    }

    fn is_settled(&self) -> bool {
        self.owed.is_empty() && self.asked.is_none()
    }

    /// What nobody has any more, told once: when the device has said all, and it is known what
    /// was published before, or nobody will say.
    pub(super) fn loss(&mut self, now_ms: u64) -> Option<Loss> {
        if !self.is_settled() {
            return None;
        }
        let (published, is_known) = match self.before {
            Before::UpTo(number) => (number, true),
            Before::Asked { until_ms } if until_ms <= now_ms => (0, false),
            Before::Open | Before::Asked { .. } => return None,
        };
        let gone = std::mem::take(&mut self.gone);
        // What is made from here on was published by nobody else.
        self.before = Before::UpTo(0);
        let beside = std::mem::take(&mut self.lost_beside);
        let add = |sum: u64, range| sum.saturating_add(count_after(published, range));
        match gone.iter().fold(beside, add) {
            0 => None,
            count if is_known => Some(Loss::Lost(count)),
            count => Some(Loss::Unknown(count)),
        }
    }

    /// All that are here are published now. Those that are here, the oldest first.
    pub(super) fn publish(&mut self) -> impl Iterator<Item = &Vec<u8>> {
        self.receipts.values_mut().map(|receipt| {
            receipt.told = true;
            &receipt.bytes
        })
    }
}

/// How many of these come after this number.
fn count_after(number: u64, numbers: &RangeInclusive<u64>) -> u64 {
    let before = numbers.start().saturating_sub(1).max(number);
    numbers.end().saturating_sub(before)
}

#[cfg(test)]
mod tests;
