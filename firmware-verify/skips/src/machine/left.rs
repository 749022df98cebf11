//! What a run has left, and how it has ended.

use std::ops::Range;

use super::{Machine, Places};
use crate::{
    Outcome,
    desk::Place,
    ends,
    standing::{self, Standing},
};

/// How a run has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// By itself.
    Done,
    /// With the actuator driven.
    Driven,
    /// With an exception.
    Crashed,
    /// Not.
    Hung,
}

/// What a run has left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    pub(crate) end: End,
    pub(crate) answer: u32,
    /// What the device says that it is, where the run ended by itself.
    pub(crate) standing: Option<Standing>,
    /// The journal and both slots.
    pub(crate) flash: Vec<u8>,
}

/// A run that has taken the machine with it: which one, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    pub(crate) at: usize,
    pub(crate) end: End,
}

impl Machine<'_> {
    /// What a run has left.
    pub(super) fn left(&self, place: Place) -> Outcome<Left> {
        let (word, memory) = self.desk.left(place)?;
        let end = match word {
            ends::OVER => End::Done,
            ends::DRIVEN => End::Driven,
            ends::FAILED => End::Crashed,
            ends::HUNG => End::Hung,
            _ => return Err("a run has ended somehow".into()),
        };
        self.left_in(end, &memory)
    }

    pub(super) fn left_in(&self, end: End, memory: &[u8]) -> Outcome<Left> {
        let there = |range: &Range<u32>| {
            let at = (range.start - self.places.kept[0].start) as usize;
            memory.get(at..at + range.len()).ok_or("no such memory")
        };
        let Places { answer, .. } = self.places;
        let mut flash = Vec::new();
        for range in &self.places.flash {
            flash.extend(there(range)?);
        }
        Ok(Left {
            end,
            answer: u32::from_le_bytes(there(&(answer..answer + 4))?.try_into()?),
            standing: match end {
                End::Done => standing::of(there(&self.places.standing)?),
                _ => None,
            },
            flash,
        })
    }
}
