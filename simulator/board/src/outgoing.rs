//! What the device has still to say.

use std::collections::VecDeque;

use latch_link::{DeviceSession, FromDevice, NotSent};

/// A message that owns its bytes.
pub(crate) enum Word {
    Receipt(Vec<u8>),
    State(Vec<u8>),
    Request(Vec<u8>),
    Short(FromDevice<'static>),
}

/// Words in their order.
#[derive(Default)]
pub(crate) struct Outgoing(VecDeque<Word>);

impl Outgoing {
    pub(crate) fn put(&mut self, word: Word) {
        self.0.push_back(word);
    }

    pub(crate) fn say(&mut self, message: FromDevice<'static>) {
        self.put(Word::Short(message));
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nobody waits for them any more.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Hands over as many as there is room for.
    pub(crate) fn hand_over<const IN: usize, const OUT: usize>(
        &mut self,
        session: &mut DeviceSession<IN, OUT>,
    ) {
        while let Some(word) = self.0.front() {
            let sent = session.send(&match word {
                Word::Receipt(bytes) => FromDevice::Receipt(bytes),
                Word::State(bytes) => FromDevice::State(bytes),
                Word::Request(bytes) => FromDevice::Request(bytes),
                Word::Short(message) => message.clone(),
            });
            if sent == Err(NotSent::Busy) {
                return;
            }
            self.0.pop_front();
        }
    }
}
