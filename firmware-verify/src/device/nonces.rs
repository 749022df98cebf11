//! The device's challenges: made by it, published only in what it signs, replaced often.

use super::platform::Entropy;
use crate::{
    limits::{CHALLENGE_AGE_MS, CHALLENGE_ROTATE_MS},
    reject::{Reason, Refusal},
    types::Challenge,
    verdict::Challenges,
};

#[derive(Clone, Copy)]
struct Nonce {
    challenge: Challenge,
    made_ticks_ms: u64,
}

impl Nonce {
    fn age_ms(&self, ticks_ms: u64) -> u64 {
        ticks_ms.saturating_sub(self.made_ticks_ms)
    }
}

/// The current challenge and the one before it. Kept in RAM: a boot voids both.
pub(super) struct Nonces {
    current: Nonce,
    previous: Option<Nonce>,
}

impl Nonces {
    /// # Errors
    /// [`Reason::NoEntropy`].
    pub(super) fn new(entropy: &mut impl Entropy, ticks_ms: u64) -> Result<Self, Refusal> {
        Ok(Self {
            current: fresh(entropy, ticks_ms)?,
            previous: None,
        })
    }

    /// Makes a new challenge; the current one becomes the previous one.
    ///
    /// # Errors
    /// [`Reason::NoEntropy`]; the challenges stay as they are.
    pub(super) fn rotate(
        &mut self,
        entropy: &mut impl Entropy,
        ticks_ms: u64,
    ) -> Result<(), Refusal> {
        let next = fresh(entropy, ticks_ms)?;
        self.previous = Some(self.current);
        self.current = next;
        Ok(())
    }

    /// Replaces a challenge at half of its life, and drops those that are past it.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate).
    pub(super) fn age(&mut self, entropy: &mut impl Entropy, ticks_ms: u64) -> Result<(), Refusal> {
        if self.current.age_ms(ticks_ms) >= CHALLENGE_ROTATE_MS {
            self.rotate(entropy, ticks_ms)?;
        }
        self.previous = self
            .previous
            .filter(|nonce| nonce.age_ms(ticks_ms) < CHALLENGE_AGE_MS);
        Ok(())
    }

    pub(super) fn challenges(&self) -> Challenges {
        Challenges {
            current: self.current.challenge,
            previous: self.previous.map(|nonce| nonce.challenge),
        }
    }
}

fn fresh(entropy: &mut impl Entropy, ticks_ms: u64) -> Result<Nonce, Refusal> {
    let mut challenge = Challenge::default();
    entropy
        .fill(&mut challenge.0)
        .map_err(|_| Reason::NoEntropy)?;
    Ok(Nonce {
        challenge,
        made_ticks_ms: ticks_ms,
    })
}
