//! A device at the other end of a line, without a broker: asked one thing at a time.
//!
//! Nothing that it says is believed for having come: receipts and states are checked with its
//! recorded key by whoever asked.

use std::{collections::VecDeque, time::Duration};

use latch_line::{Address, Happening, Line};
use latch_link::{
    FromDevice, Handled, Life, NotSent, Paged, Program, Pulse, Refused, Standing, ToDevice, Wanted,
};
use latch_verify::{device::Release, types::StatementId, verdict::Identity};
use tokio::time::{Instant, timeout_at};

/// How long a device may take to answer the first hello: it says one every second, and may be
/// booting.
const HELLO_WAIT: Duration = Duration::from_secs(10);

/// Why a device was not asked, or gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectError {
    /// The port cannot be opened.
    #[error("{address} cannot be opened: {reason}")]
    NotOpen {
        /// The line.
        address: Address,
        /// What the system says.
        reason: String,
    },
    /// Nobody answers, or not to the end.
    #[error("the device at {address} did not answer in time{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Silent {
        /// The line.
        address: Address,
        /// What the line was like, where nobody has answered at all.
        reason: Option<String>,
    },
    /// It speaks another version of the protocol.
    #[error("{address}: {reason}")]
    Version {
        /// The line.
        address: Address,
        /// Both versions.
        reason: String,
    },
    /// It takes no message as long as this one.
    #[error("the device takes no message longer than {most} bytes, and this one is")]
    TooLong {
        /// The longest that it takes.
        most: usize,
    },
    /// It does not do what was asked.
    #[error("the device does not do it: {0}")]
    Refused(Refused),
    /// It has answered, and not told what it was asked for.
    #[error("the device has answered without what it was asked for: please report it")]
    Nothing,
}

/// How a request has ended.
enum End {
    Handled(Handled),
    Paged(Paged),
    Done(Result<(), Refused>),
}

/// A device that answers.
pub struct Direct {
    line: Line,
    tag: u16,
    until: Instant,
    standing: Option<Standing>,
    pulse: Option<Pulse>,
    wanted: Option<Wanted>,
    /// Receipts that have come and were not taken.
    receipts: VecDeque<Vec<u8>>,
    state: Option<Vec<u8>>,
    request: Option<Vec<u8>>,
    up: bool,
    /// Why nobody has come up yet.
    unmet: Option<String>,
    /// How often somebody has come up.
    conversations: u32,
    /// How the request under way has ended.
    ended: Option<End>,
}

impl Direct {
    /// Opens the line and asks who is there. Everything ends at `until`.
    ///
    /// # Errors
    /// [`DirectError::NotOpen`], [`DirectError::Silent`], [`DirectError::Version`].
    pub async fn connect(address: Address, until: Instant) -> Result<Self, DirectError> {
        let mut direct = Self {
            line: Line::new(address),
            tag: 0,
            until: until.min(Instant::now() + HELLO_WAIT),
            standing: None,
            pulse: None,
            wanted: None,
            receipts: VecDeque::new(),
            state: None,
            request: None,
            up: false,
            unmet: None,
            conversations: 0,
            ended: None,
        };
        while !direct.up {
            if let Happening::NotOpen { reason } = direct.happening().await? {
                let address = direct.line.address().clone();
                return Err(DirectError::NotOpen { address, reason });
            }
        }
        direct.until = until;
        direct.ask_standing().await?;
        Ok(direct)
    }

    /// What the device has said last of what it is.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Whether the program for when no image is whole answers. That of a bootloader judges no statement, and
    /// signs nothing.
    #[must_use]
    pub fn is_in_recovery(&self) -> bool {
        let program = self.standing.as_ref().map(|standing| standing.program);
        program == Some(Program::Recovery)
    }

    /// Who the device is, if it is somebody's.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.standing.as_ref()?.life {
            Life::Provisioned(identity) => Some(identity),
            _ => None,
        }
    }

    /// The pages that it waits for.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        self.wanted
    }

    /// How many receipts it has made.
    #[must_use]
    pub fn receipts_made(&self) -> u64 {
        self.pulse.map_or(0, |pulse| pulse.receipts)
    }

    /// The next receipt that has come.
    pub fn take_receipt(&mut self) -> Option<Vec<u8>> {
        self.receipts.pop_front()
    }

    /// Asks what the device is, when to ask it, and which pages it wants.
    ///
    /// # Errors
    /// [`DirectError::Silent`], [`DirectError::Refused`].
    pub async fn ask_standing(&mut self) -> Result<(), DirectError> {
        self.done(|tag| ToDevice::AskStanding { tag }).await
    }

    /// Has the device make its request to be enrolled under this name.
    ///
    /// # Errors
    /// [`DirectError`].
    pub async fn request(&mut self, name: &Identity) -> Result<Vec<u8>, DirectError> {
        self.request = None;
        self.done(|tag| ToDevice::AskRequest {
            tag,
            name: name.clone(),
        })
        .await?;
        self.request.take().ok_or(DirectError::Nothing)
    }

    /// Has the device begin its life.
    ///
    /// # Errors
    /// [`DirectError`].
    pub async fn provision(&mut self, root: &[u8], enrolment: &[u8]) -> Result<(), DirectError> {
        self.done(|tag| ToDevice::Provision {
            tag,
            root,
            enrolment,
        })
        .await?;
        self.ask_standing().await
    }

    /// Fetches the signed state.
    ///
    /// # Errors
    /// [`DirectError`].
    pub async fn state(&mut self) -> Result<Vec<u8>, DirectError> {
        self.state = None;
        self.done(|tag| ToDevice::AskState { tag }).await?;
        self.state.take().ok_or(DirectError::Nothing)
    }

    /// Puts a statement in. Receipts come before its end.
    ///
    /// # Errors
    /// [`DirectError`].
    pub async fn submit(
        &mut self,
        statement: &[u8],
        release: Release<'_>,
    ) -> Result<Handled, DirectError> {
        let end = self
            .ask(|tag| ToDevice::Statement {
                tag,
                release,
                statement,
            })
            .await?;
        match end {
            End::Handled(handled) => Ok(handled),
            End::Paged(_) => Err(DirectError::Nothing),
            End::Done(result) => Err(result
                .err()
                .map_or(DirectError::Nothing, DirectError::Refused)),
        }
    }

    /// Gives the device a page.
    ///
    /// # Errors
    /// [`DirectError`].
    pub async fn page(&mut self, page: &[u8]) -> Result<Paged, DirectError> {
        match self.ask(|tag| ToDevice::Page { tag, page }).await? {
            End::Paged(paged) => {
                match &paged {
                    Paged::Kept(pages) => {
                        if let Some(wanted) = &mut self.wanted {
                            wanted.pages = *pages;
                        }
                    }
                    Paged::Complete | Paged::Restored => self.wanted = None,
                    Paged::Refused(_) => {}
                }
                Ok(paged)
            }
            End::Handled(_) => Err(DirectError::Nothing),
            End::Done(result) => Err(result
                .err()
                .map_or(DirectError::Nothing, DirectError::Refused)),
        }
    }

    /// Asks for the last receipt for a statement; false if the device no longer keeps one.
    ///
    /// # Errors
    /// [`DirectError`], but [`DirectError::Refused`].
    pub async fn ask_receipt(&mut self, statement: StatementId) -> Result<bool, DirectError> {
        self.may_be_done(|tag| ToDevice::AskReceipt { tag, statement })
            .await
    }

    /// Asks for the receipt with a number; false if the device no longer keeps it.
    ///
    /// # Errors
    /// [`DirectError`], but [`DirectError::Refused`].
    pub async fn ask_receipt_numbered(&mut self, number: u64) -> Result<bool, DirectError> {
        self.may_be_done(|tag| ToDevice::AskReceiptNumbered { tag, number })
            .await
    }

    /// Waits until something has come from the device: a receipt, or word that it is back.
    ///
    /// # Errors
    /// [`DirectError::Silent`] when the time is up, [`DirectError::Version`].
    pub async fn hear(&mut self) -> Result<(), DirectError> {
        self.happening().await.map(|_| ())
    }

    async fn done<'a>(&mut self, request: impl Fn(u16) -> ToDevice<'a>) -> Result<(), DirectError> {
        match self.ask(request).await? {
            End::Done(result) => result.map_err(DirectError::Refused),
            End::Handled(_) | End::Paged(_) => Err(DirectError::Nothing),
        }
    }

    async fn may_be_done<'a>(
        &mut self,
        request: impl Fn(u16) -> ToDevice<'a>,
    ) -> Result<bool, DirectError> {
        match self.done(request).await {
            Ok(()) => Ok(true),
            Err(DirectError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks until there is an answer. What was asked of a device that has started again since is
    /// asked again: a used code is answered by its first receipt.
    async fn ask<'a>(&mut self, request: impl Fn(u16) -> ToDevice<'a>) -> Result<End, DirectError> {
        loop {
            while !self.up {
                self.happening().await?;
            }
            self.tag = self.tag.wrapping_add(1);
            match self.line.send(&request(self.tag)) {
                Ok(()) => {}
                Err(NotSent::TooLong { most }) => return Err(DirectError::TooLong { most }),
                Err(NotSent::Down | NotSent::Busy) => {
                    self.happening().await?;
                    continue;
                }
            }
            let conversation = self.conversations;
            self.ended = None;
            while self.up && self.conversations == conversation {
                self.happening().await?;
                if let Some(end) = self.ended.take() {
                    return Ok(end);
                }
            }
        }
    }

    /// Waits for the next thing, whatever it is.
    async fn happening(&mut self) -> Result<Happening, DirectError> {
        let silent = DirectError::Silent {
            address: self.line.address().clone(),
            reason: self.unmet.clone(),
        };
        let happened = timeout_at(self.until, self.line.next()).await;
        let happening = happened.map_err(|_| silent)?;
        match &happening {
            // Whoever is up now has heard nothing of what was asked.
            Happening::Up => {
                self.up = true;
                self.unmet = None;
                self.ended = None;
                self.conversations += 1;
            }
            Happening::Down { .. } => self.up = false,
            Happening::Refused { reason } => {
                return Err(DirectError::Version {
                    address: self.line.address().clone(),
                    reason: reason.clone(),
                });
            }
            Happening::Unanswered { reason } => self.unmet = Some(reason.clone()),
            Happening::Message => self.take_message(),
            Happening::NotOpen { .. } | Happening::Open => {}
        }
        Ok(happening)
    }

    fn take_message(&mut self) {
        // One that cannot be read is of a later version, and answers nothing that was asked.
        if let Some(Ok(message)) = self.line.message() {
            let ours = message.ends() == Some(self.tag);
            match message {
                FromDevice::Handled { handled, .. } if ours => {
                    self.ended = Some(End::Handled(handled));
                }
                FromDevice::Paged { paged, .. } if ours => self.ended = Some(End::Paged(paged)),
                FromDevice::Done { result, .. } if ours => self.ended = Some(End::Done(result)),
                FromDevice::Handled { .. } | FromDevice::Paged { .. } | FromDevice::Done { .. } => {
                }
                FromDevice::Receipt(receipt) => self.receipts.push_back(receipt.to_vec()),
                FromDevice::State(state) => self.state = Some(state.to_vec()),
                FromDevice::Request(request) => self.request = Some(request.to_vec()),
                FromDevice::Standing(standing) => self.standing = Some(standing),
                FromDevice::Wanted(wanted) => self.wanted = wanted,
                FromDevice::Pulse(pulse) => self.pulse = Some(pulse),
            }
        }
        self.line.taken();
    }
}
