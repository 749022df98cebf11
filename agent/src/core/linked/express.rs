//! Statements that go before codes: revocations, stop slips, the time, and what may be none at all.

use std::collections::VecDeque;

use super::event::{Lane, Wish};
use crate::core::queue::{Found, Put, QUEUE_LEN};

/// Statements in the order of their arrival.
#[derive(Default)]
pub(super) struct Express {
    waiting: VecDeque<Vec<u8>>,
    /// What the device will count, and no more: one of it waits, so that a flood of it takes no
    /// more than every second place on the line.
    junk: Option<Vec<u8>>,
}

impl Express {
    pub(super) fn put(&mut self, statement: &[u8]) -> Put {
        if self.waiting.iter().any(|waiting| waiting == statement) {
            return Put::Known;
        }
        if self.is_full() {
            return Put::Full;
        }
        self.waiting.push_back(statement.to_vec());
        Put::Waits
    }

    pub(super) fn put_junk(&mut self, bytes: &[u8]) -> Put {
        if self.junk.is_some() {
            return Put::Full;
        }
        self.junk = Some(bytes.to_vec());
        Put::Waits
    }

    pub(super) fn put_back(&mut self, statement: Vec<u8>) {
        self.waiting.push_front(statement);
    }

    /// The next one. Junk comes last.
    pub(super) fn take(&mut self) -> Option<Wish> {
        let wish = |lane, statement| Wish::Statement {
            lane,
            statement,
            found: Found::NotAsked,
        };
        let next = self.waiting.pop_front();
        next.map(|statement| wish(Lane::Express, statement))
    }

    pub(super) fn take_junk(&mut self) -> Option<Wish> {
        Some(Wish::Statement {
            lane: Lane::Junk,
            statement: self.junk.take()?,
            found: Found::NotAsked,
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= QUEUE_LEN
    }
}
