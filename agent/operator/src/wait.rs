//! Waiting for what devices make of a statement: receipts signed with their recorded keys.

use std::time::Duration;

use latch_issue::SignedReceipt;
use latch_mqtt::{DeviceTopic, Message, Publication, PublishError, Topic, Topics};
use latch_verify::{
    statement::Outcome,
    types::{StatementId, TenantId},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    account::{AccountError, receipt_of},
    link::{Happening, Link, LinkError},
    registry::Record,
    serve::{Served, Server},
};

/// What is waited for.
pub struct Wait<'a> {
    /// The statement.
    pub statement: StatementId,
    /// The devices that are to answer it.
    pub devices: &'a [Record],
    /// Their tenant.
    pub tenant: TenantId,
    /// Their topics.
    pub topics: &'a Topics,
    /// The statement's own message, for one that the broker does not keep: published again
    /// until there is an answer, since a device that comes a moment later has missed it. A
    /// device answers a code that it has used by the same receipt, so this does no harm.
    pub again: Option<Publication>,
    /// When to stop waiting.
    pub until: Instant,
}

/// How long a device may be silent before the statement is published again: a few round
/// trips of a slow network.
const AGAIN: Duration = Duration::from_secs(2);

/// Something on the way that is worth telling.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A device has answered; not always its last word.
    Receipt(&'a SignedReceipt),
    /// A device was sent pages.
    Pages(Served),
    /// A message on a device's receipt topic is not its word.
    Forged(AccountError),
    /// The connection broke; it comes back by itself.
    Lost {
        /// Why.
        reason: String,
    },
    /// The connection is back.
    Back,
}

/// What a device has answered by the end.
#[derive(Debug)]
pub struct Answer {
    /// The device.
    pub record: Record,
    /// Its last receipt for the statement, if there was one.
    pub receipt: Option<SignedReceipt>,
}

impl Answer {
    /// Whether the device has said its last word.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.receipt
            .as_ref()
            .is_some_and(|signed| is_final(&signed.receipt().outcome))
    }
}

/// Whether nothing follows this outcome. A download that has begun will end somehow.
#[must_use]
pub fn is_final(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::InstallStarted)
}

/// Waits until every device has said its last word, or the time is up; meanwhile answers
/// wants for pages. Subscribe to receipts (and wants) before publishing the statement.
///
/// # Errors
/// [`LinkError`]; silence is not an error: see [`Answer::is_final`].
pub async fn outcomes(
    link: &mut Link,
    wait: &Wait<'_>,
    mut server: Option<&mut Server<'_>>,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Answer>, LinkError> {
    let silent = |record: &Record| Answer {
        record: record.clone(),
        receipt: None,
    };
    let mut answers: Vec<Answer> = wait.devices.iter().map(silent).collect();
    let mut again_at = Instant::now() + AGAIN;
    while !answers.iter().all(Answer::is_final) {
        let silent = answers.iter().all(|answer| answer.receipt.is_none());
        let again = wait
            .again
            .as_ref()
            .filter(|_| silent && again_at < wait.until);
        let until = again.map_or(wait.until, |_| again_at);
        let happening = match (timeout_at(until, link.next()).await, again) {
            (Ok(happening), _) => happening,
            (Err(_), Some(publication)) => {
                again_at = Instant::now() + AGAIN;
                // While the connection is down the next time will do.
                let _ = link.publisher().offer(publication.clone());
                continue;
            }
            (Err(_), None) => break,
        };
        match happening? {
            Happening::Message(message) => {
                if let Some(server) = server.as_deref_mut()
                    && let Some(served) = serve(server, &message, link, wait.until).await?
                {
                    tell(Progress::Pages(served));
                }
                take(&mut answers, wait, message, tell);
            }
            Happening::Lost { reason } => tell(Progress::Lost { reason }),
            Happening::Back => tell(Progress::Back),
            // A device asks again for what it still wants, and its receipts come again.
            Happening::Overflowed { .. } => {}
        }
    }
    Ok(answers)
}

/// Answers a want, but not past the end of the wait.
async fn serve(
    server: &mut Server<'_>,
    message: &Message,
    link: &Link,
    until: Instant,
) -> Result<Option<Served>, PublishError> {
    timeout_at(until, server.answer(message, link.publisher()))
        .await
        .unwrap_or(Ok(None))
}

/// Takes a receipt for the statement, if that is what came.
fn take(
    answers: &mut [Answer],
    wait: &Wait<'_>,
    message: Message,
    tell: &mut dyn FnMut(Progress<'_>),
) {
    let Some(Topic::Device(name, DeviceTopic::Receipt)) = wait.topics.parse(&message.topic) else {
        return;
    };
    let Some(answer) = answers
        .iter_mut()
        .find(|answer| answer.record.device == name)
    else {
        return;
    };
    match receipt_of(message.payload, &answer.record, wait.tenant) {
        Ok(signed) if signed.receipt().statement != wait.statement => {}
        // A device sends its last receipts again; only a later one is news.
        Ok(signed)
            if answer
                .receipt
                .as_ref()
                .is_some_and(|known| known.receipt().number >= signed.receipt().number) => {}
        Ok(signed) => {
            tell(Progress::Receipt(&signed));
            answer.receipt = Some(signed);
        }
        Err(error) => tell(Progress::Forged(error)),
    }
}
