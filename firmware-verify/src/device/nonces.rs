//! The device's nonces: made by it, published only in what it signs, replaced often.

use super::platform::Entropy;
use crate::{
    limits::{CHALLENGE_AGE_MS, CHALLENGE_ROTATE_MS, PULSE_AGE_MS},
    reject::Reason,
    types::{Challenge, Millis},
    verdict::Challenges,
};

#[derive(Clone, Copy)]
struct Nonce {
    challenge: Challenge,
    made_ticks_ms: Millis,
}

impl Nonce {
    const NONE: Self = Self {
        challenge: Challenge([0; 16]),
        made_ticks_ms: Millis::ZERO,
    };
}

impl Nonce {
    fn age_ms(&self, ticks_ms: u64) -> u64 {
        ticks_ms.saturating_sub(self.made_ticks_ms.get())
    }
}

/// A nonce and the one before it.
struct Pair {
    current: Nonce,
    previous: Option<Nonce>,
}

impl Pair {
    const NONE: Self = Self {
        current: Nonce::NONE,
        previous: None,
    };

    fn begin(&mut self, entropy: &mut impl Entropy, ticks_ms: u64) -> Result<(), Reason> {
        self.current = fresh(entropy, ticks_ms)?;
        self.previous = None;
        Ok(())
    }

    /// Nothing changes when there is no randomness.
    fn rotate(&mut self, entropy: &mut impl Entropy, ticks_ms: u64) -> Result<(), Reason> {
        let next = fresh(entropy, ticks_ms)?;
        self.previous = Some(self.current);
        self.current = next;
        Ok(())
    }

    fn drop_past(&mut self, age_ms: u64, ticks_ms: u64) {
        self.previous = self
            .previous
            .filter(|nonce| nonce.age_ms(ticks_ms) < age_ms);
    }
}

/// The challenge that codes answer and the pulse that attestations of time answer, each with the
/// one before it. Kept in RAM: a boot voids them all.
pub(super) struct Nonces {
    challenge: Pair,
    pulse: Pair,
    /// When the last pulse that was answered was made: each is answered once.
    answered_ticks_ms: Option<Millis>,
}

impl Nonces {
    /// None yet: no device takes a statement before [`begin`](Self::begin).
    pub(super) const fn none() -> Self {
        Self {
            challenge: Pair::NONE,
            pulse: Pair::NONE,
            answered_ticks_ms: None,
        }
    }

    /// The first of a boot.
    ///
    /// # Errors
    /// [`Reason::NoEntropy`]: the boot has to fail.
    pub(super) fn begin(
        &mut self,
        entropy: &mut impl Entropy,
        ticks_ms: u64,
    ) -> Result<(), Reason> {
        self.challenge.begin(entropy, ticks_ms)?;
        self.pulse.begin(entropy, ticks_ms)?;
        self.answered_ticks_ms = None;
        Ok(())
    }

    /// Makes a new challenge; the current one becomes the previous one.
    ///
    /// # Errors
    /// [`Reason::NoEntropy`]; the challenges stay as they are.
    pub(super) fn rotate(
        &mut self,
        entropy: &mut impl Entropy,
        ticks_ms: u64,
    ) -> Result<(), Reason> {
        self.challenge.rotate(entropy, ticks_ms)
    }

    /// Makes a new challenge and forgets the one before: what was signed until now answers
    /// nothing any more. Without randomness the current one stays.
    pub(super) fn renounce(&mut self, entropy: &mut impl Entropy, ticks_ms: u64) {
        // Where it fails, what answers the current one still has to pass every other check.
        let _ = self.challenge.rotate(entropy, ticks_ms);
        self.challenge.previous = None;
    }

    /// Replaces a challenge at half of its life, and drops what is past its own.
    ///
    /// # Errors
    /// [`Reason::NoEntropy`]: the challenge stays, and nothing that answers it may pass.
    pub(super) fn age(&mut self, entropy: &mut impl Entropy, ticks_ms: u64) -> Result<(), Reason> {
        self.pulse.drop_past(PULSE_AGE_MS, ticks_ms);
        let rotated = if self.challenge.current.age_ms(ticks_ms) >= CHALLENGE_ROTATE_MS {
            self.challenge.rotate(entropy, ticks_ms)
        } else {
            Ok(())
        };
        self.challenge.drop_past(CHALLENGE_AGE_MS, ticks_ms);
        rotated
    }

    /// Replaces the pulse where it has been out for so long: the older it is, the less its
    /// answer says.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate).
    pub(super) fn beat(
        &mut self,
        entropy: &mut impl Entropy,
        ticks_ms: u64,
        every_ms: u64,
    ) -> Result<(), Reason> {
        if self.pulse.current.age_ms(ticks_ms) >= every_ms {
            self.pulse.rotate(entropy, ticks_ms)?;
        }
        Ok(())
    }

    /// When the pulse that an attestation answers was made, in ticks. Once for each pulse: an
    /// answer that comes again, or to an older pulse than the last one, says nothing new.
    ///
    /// # Errors
    /// [`Reason::PulseStale`].
    pub(super) fn answer_pulse(&mut self, answer: Challenge, ticks_ms: u64) -> Result<u64, Reason> {
        let answered = [Some(self.pulse.current), self.pulse.previous]
            .into_iter()
            .flatten()
            .filter(|nonce| nonce.age_ms(ticks_ms) < PULSE_AGE_MS)
            .find(|nonce| nonce.challenge == answer)
            .map(|nonce| nonce.made_ticks_ms.get())
            .filter(|made| self.answered_ticks_ms.is_none_or(|last| *made > last.get()))
            .ok_or(Reason::PulseStale)?;
        self.answered_ticks_ms = Some(Millis::of(answered));
        Ok(answered)
    }

    pub(super) fn pulse(&self) -> Challenge {
        self.pulse.current.challenge
    }

    pub(super) fn challenges(&self) -> Challenges {
        Challenges {
            current: self.challenge.current.challenge,
            previous: self.challenge.previous.map(|nonce| nonce.challenge),
        }
    }
}

fn fresh(entropy: &mut impl Entropy, ticks_ms: u64) -> Result<Nonce, Reason> {
    let mut challenge = Challenge::default();
    entropy
        .fill(&mut challenge.0)
        .map_err(|_| Reason::NoEntropy)?;
    Ok(Nonce {
        challenge,
        made_ticks_ms: Millis::of(ticks_ms),
    })
}
