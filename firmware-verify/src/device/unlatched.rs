//! What a burned code lets the caller do, once.

use crate::{
    assured::Assured,
    twin::Entries,
    types::{LatchId, StatementId},
};

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Opened<'a> {
    /// Make the desired properties real. May be handed out again after a restart, so
    /// carrying it out twice must do no more than once.
    Twin {
        /// The twin's version.
        version: u64,
        /// What changed; after a restart that is no longer known.
        patch: Option<Entries<'a>>,
        /// The whole twin.
        twin: Entries<'a>,
    },
    /// Run a command. Handed out once.
    Command {
        /// Its name.
        name: &'a str,
        /// Its arguments.
        arguments: Entries<'a>,
    },
    /// Open what stands behind a latch. Where the system behind it can end the opening by
    /// itself, let it: the device may lose its power before it can shut it.
    Open {
        /// The latch.
        latch: LatchId,
        /// Seconds until it is shut again.
        seconds: u32,
    },
    /// Leave what stands behind a latch open.
    Renew {
        /// The latch.
        latch: LatchId,
        /// Seconds from now until it is shut.
        seconds: u32,
    },
    /// Shut what stands behind a latch.
    Close {
        /// The latch.
        latch: LatchId,
    },
    /// Shut everything.
    Lockdown,
}

/// An action behind an open latch. Only a burned code makes one, and acting consumes it.
#[must_use = "the code is burned: act, then settle"]
pub struct Unlatched<'a> {
    opened: Opened<'a>,
    ticket: Ticket,
    burned: Assured<0x6a95_5aa6>,
}

impl<'a> Unlatched<'a> {
    pub(super) fn new(opened: Opened<'a>, statement: StatementId) -> Self {
        Self {
            opened,
            ticket: Ticket { statement },
            burned: Assured::here(),
        }
    }

    /// Takes the action, and the ticket with which its outcome is settled.
    ///
    /// Where a fault in the processor has led here without a burned code, what comes out is [`Opened::Lockdown`].
    pub fn act(self) -> (Opened<'a>, Ticket) {
        let opened = if self.burned.holds() {
            self.opened
        } else {
            Opened::Lockdown
        };
        (opened, self.ticket)
    }
}

/// The obligation to settle an action that was taken.
#[must_use = "settle the outcome, or the device stays busy until it boots"]
#[derive(Debug)]
pub struct Ticket {
    statement: StatementId,
}

impl Ticket {
    /// The code that is being carried out.
    #[must_use]
    pub fn statement(&self) -> StatementId {
        self.statement
    }
}

/// How an action went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settlement {
    /// It was done.
    Done,
    /// What should have acted failed.
    Failed {
        /// Its own number for why.
        code: i32,
    },
}
