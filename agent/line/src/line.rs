//! A session on a port, which comes back by itself.

use std::{
    fmt,
    future::pending,
    io,
    pin::Pin,
    time::{Duration, Instant},
};

use latch_link::{
    FromDevice, Happened, HostSession, LONGEST_FROM_DEVICE, Lost, MAX_LINE, Malformed, NotSent,
    ToDevice, longest_to_device,
};
use latch_verify::limits::MAX_PAGE_LOG2;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{sleep, sleep_until},
};

use crate::{
    address::Address,
    backoff::Backoff,
    port::{self, Port},
};

/// Room for two of the longest requests: a request may be answered before the word that it has
/// arrived comes.
const OUT: usize = 2 * (longest_to_device(1 << MAX_PAGE_LOG2) + 2);
/// Bytes that are read at once: some frames.
const READ: usize = 1024;

/// How long somebody may take to answer on a port that is open, before it is told that nobody does: some
/// hellos.
const ANSWER_WAIT_MS: u64 = 5_000;

/// What has happened on a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// Somebody answers, who knows nothing of what was before.
    Up,
    /// Nobody answers any more. The line is tried again by itself.
    Down {
        /// Why, for people.
        reason: String,
    },
    /// The port could not be opened, or it was lost before anybody has answered. It is tried again
    /// by itself; this is not told again for the same reason until it was open.
    NotOpen {
        /// Why, for people.
        reason: String,
    },
    /// The port is open. Whether anybody answers is not known yet.
    Open,
    /// The port is open, and nobody has answered for some hellos. It is told once until somebody
    /// does, and tried on.
    Unanswered {
        /// Whether anything came at all, for people.
        reason: String,
    },
    /// Who is there speaks another version of the protocol.
    Refused {
        /// Both versions, for people.
        reason: String,
    },
    /// A message has come: look at it by [`Line::message`], then say [`Line::taken`].
    Message,
}

type Opening = Pin<Box<dyn Future<Output = io::Result<Port>> + Send>>;

/// A line to a device, kept open.
pub struct Line {
    address: Address,
    begin: Instant,
    session: Box<HostSession<LONGEST_FROM_DEVICE, OUT>>,
    port: Option<Port>,
    opening: Option<Opening>,
    backoff: Backoff,
    /// Bytes that are to be written, and how many of them were.
    out: [u8; MAX_LINE],
    len: usize,
    written: usize,
    /// Why the port was lost, until it is told.
    cause: Option<String>,
    /// What was told last of a port that cannot be opened.
    told: Option<String>,
    news: Option<Happening>,
    /// Since when nobody answers on the open port, until that is told.
    unmet_since_ms: Option<u64>,
    /// Bytes that have come since.
    heard: u64,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("address", &self.address)
            .field("is_up", &self.session.is_up())
            .finish_non_exhaustive()
    }
}

impl Line {
    /// A line that is opened as soon as [`next`](Self::next) is awaited.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            begin: Instant::now(),
            session: Box::new(HostSession::new(id())),
            port: None,
            opening: None,
            backoff: Backoff::default(),
            out: [0; MAX_LINE],
            len: 0,
            written: 0,
            cause: None,
            told: None,
            news: None,
            unmet_since_ms: None,
            heard: 0,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Says something to the device. It leaves while [`next`](Self::next) is awaited.
    ///
    /// # Errors
    /// [`NotSent`].
    pub fn send(&mut self, message: &ToDevice<'_>) -> Result<(), NotSent> {
        self.session.send(message)
    }

    /// The message that has come. It stays until it is [taken](Self::taken).
    #[must_use]
    pub fn message(&self) -> Option<Result<FromDevice<'_>, Malformed>> {
        self.session.message()
    }

    /// The message is done with. Say so at once: the device waits for it.
    pub fn taken(&mut self) {
        self.session.taken();
    }

    /// Gives the device up, which answers and does not do what it is asked: it forgets what was
    /// under way, and is met anew.
    pub fn hang_up(&mut self) {
        if self.session.is_up() {
            self.cause = Some("it was given up: it did not answer what it was asked".to_owned());
            self.session.restart(id());
        }
    }

    /// The next thing that happens. Nothing is read or written but while this is awaited;
    /// dropping it loses nothing.
    pub async fn next(&mut self) -> Happening {
        loop {
            if let Some(happening) = self.happened() {
                return happening;
            }
            if self.port.is_some() {
                self.pump().await;
            } else {
                self.open().await;
            }
        }
    }

    fn happened(&mut self) -> Option<Happening> {
        // A message of a peer that is lost by now was its last word, and comes before the news of it.
        if self.session.message().is_some() {
            return Some(Happening::Message);
        }
        if let Some(news) = self.news.take() {
            return Some(news);
        }
        Some(match self.session.happened() {
            Some(Happened::Up) => {
                self.backoff.reset();
                self.unmet_since_ms = None;
                Happening::Up
            }
            Some(Happened::Lost(how)) => {
                self.begin_to_wait();
                Happening::Down {
                    reason: self.cause.take().unwrap_or_else(|| in_words(how)),
                }
            }
            Some(Happened::Refused(mismatch)) => {
                self.unmet_since_ms = None;
                Happening::Refused {
                    reason: mismatch.to_string(),
                }
            }
            None => return self.unanswered(),
        })
    }

    fn begin_to_wait(&mut self) {
        self.unmet_since_ms = Some(now_ms(self.begin));
        self.heard = 0;
    }

    fn unanswered(&mut self) -> Option<Happening> {
        let now = now_ms(self.begin);
        let is_open = self.port.is_some();
        let overdue = |since: &mut u64| is_open && since.saturating_add(ANSWER_WAIT_MS) <= now;
        self.unmet_since_ms.take_if(overdue)?;
        let reason = match self.heard {
            0 => "nothing comes from there: does the device run, is the cable at this port, and does its program speak the link?".to_owned(),
            heard => format!("{heard} bytes came, and no hello among them: is this the port of the device, and its baud rate?"),
        };
        Some(Happening::Unanswered { reason })
    }

    async fn open(&mut self) {
        let address = &self.address;
        let backoff = &mut self.backoff;
        let told = &self.told;
        let opening = self.opening.get_or_insert_with(|| {
            let wait = match told {
                None => Duration::ZERO,
                Some(_) => backoff.next(),
            };
            let address = address.clone();
            Box::pin(async move {
                sleep(wait).await;
                port::open(address).await
            })
        });
        let opened = opening.await;
        self.opening = None;
        match opened {
            Ok(port) => {
                self.port = Some(port);
                (self.len, self.written) = (0, 0);
                self.begin_to_wait();
                self.news = Some(Happening::Open);
            }
            Err(cause) => self.not_open(cause.to_string()),
        }
    }

    fn not_open(&mut self, reason: String) {
        if self.told.as_ref() != Some(&reason) {
            self.told = Some(reason.clone());
            self.news = Some(Happening::NotOpen { reason });
        }
    }

    /// Moves bytes until something happens.
    async fn pump(&mut self) {
        let Some(port) = &mut self.port else { return };
        let now = now_ms(self.begin);
        if self.written == self.len {
            self.len = self.session.transmit(now, &mut self.out);
            self.written = 0;
        }
        // Time alone may have shown that the peer is lost: that is told in the next millisecond.
        let wake_ms = self.session.next_wake_ms().max(now.saturating_add(1));
        let wake_at = self.begin.checked_add(Duration::from_millis(wake_ms));
        let rest = &self.out[self.written..self.len];
        let mut bytes = [0; READ];
        let (mut reader, mut writer) = tokio::io::split(port);
        let moved = tokio::select! {
            read = reader.read(&mut bytes) => match read {
                Ok(0) => Err("the other end has closed it".to_owned()),
                Ok(len) => {
                    self.heard = self.heard.saturating_add(len as u64);
                    self.session.receive(now_ms(self.begin), &bytes[..len]);
                    Ok(())
                }
                Err(cause) => Err(cause.to_string()),
            },
            written = writer.write(rest), if !rest.is_empty() => match written {
                Ok(0) => Err("the other end has closed it".to_owned()),
                Ok(len) => {
                    self.written += len;
                    Ok(())
                }
                Err(cause) => Err(cause.to_string()),
            },
            // While a frame waits for the port there is nothing else to do at its time.
            () = until(wake_at), if rest.is_empty() => Ok(()),
        };
        if let Err(cause) = moved {
            self.lose(cause);
        }
    }

    fn lose(&mut self, cause: String) {
        self.port = None;
        if self.session.is_up() {
            self.told = Some(cause.clone());
            self.cause = Some(cause);
        } else {
            self.not_open(cause);
        }
        self.session.restart(id());
    }
}

fn in_words(how: Lost) -> String {
    match how {
        Lost::Silent => "it no longer answers",
        Lost::Restarted => "it has started again",
        Lost::Unanswered => "it is there, and does not answer",
        Lost::Breach => "it does not keep to the protocol",
        Lost::GivenUp => "the port was lost",
    }
    .to_owned()
}

fn now_ms(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => pending().await,
    }
}

/// The id of a session: random, so that the device sees that it is another one. Without a random
/// source the time will do.
fn id() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::id())
}
