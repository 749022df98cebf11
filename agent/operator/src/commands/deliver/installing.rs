//! An image on its way over the line, and what the device makes of it after its boot.

use std::time::Duration;

use latch_issue::SignedReceipt;
use latch_link::Paged;
use latch_mqtt::PageServer;
use latch_operator::{Answer, Direct, Fields, is_final};
use latch_verify::{statement::Outcome, types::StatementId};
use tokio::time::timeout;

use super::Delivery;
use crate::failure::Failure;

/// How often a device that is at work is asked for its receipt: it tells by itself, unless that
/// was lost.
const LOOK: Duration = Duration::from_secs(1);

impl Delivery<'_> {
    /// Gives the device the pages that it asks for, until it asks for no more.
    pub(super) async fn bring_pages(
        &mut self,
        device: &mut Direct,
        pages: &PageServer,
    ) -> Result<Brought, Failure> {
        let bar = self.context.output.bar(pages.pages().into(), "pages");
        let mut brought = Brought::Nothing;
        // It may not have told yet which pages it wants.
        device.ask_standing().await?;
        while let Some(wanted) = device.wanted() {
            let next = wanted.pages.next;
            if wanted.pages.manifest != pages.manifest() {
                return Err(Failure::conflict(format_args!(
                    "the device installs the release {}, and this is {}",
                    wanted.pages.manifest,
                    pages.manifest()
                )));
            }
            bar.set_position(next.into());
            let page = pages
                .page(next)
                .ok_or_else(|| Failure::failed("the device asks for a page past the last"))?;
            match device.page(&page).await? {
                Paged::Kept(_) => brought = Brought::Some,
                Paged::Complete => brought = Brought::All,
                Paged::Restored => brought = Brought::Restored,
                Paged::Refused(refused) => {
                    // One that has started again goes back to the start of an erase block.
                    device.ask_standing().await?;
                    if device
                        .wanted()
                        .is_none_or(|wanted| wanted.pages.next != next)
                    {
                        continue;
                    }
                    bar.finish_and_clear();
                    let message = format_args!("the device refuses page {next}: {refused}");
                    return Err(match refused.refusal() {
                        Some(refusal) => Failure::refused(message, refusal),
                        None => Failure::failed(message),
                    });
                }
            }
        }
        bar.finish_and_clear();
        Ok(brought)
    }

    /// Waits for the device's last word about a statement. It boots on the way.
    pub(super) async fn last_word(
        &mut self,
        device: &mut Direct,
        statement: StatementId,
    ) -> Result<Answer, Failure> {
        loop {
            self.receipts.take(device)?;
            let answer = self.receipts.answer_to(statement);
            let outcome = |signed: &SignedReceipt| is_final(&signed.receipt().outcome);
            if answer.receipt.as_ref().is_some_and(outcome) {
                return Ok(answer);
            }
            match timeout(LOOK, device.hear()).await {
                Ok(Ok(())) => {}
                Ok(Err(latch_operator::DirectError::Silent { .. })) => return Ok(answer),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => match device.ask_receipt(statement).await {
                    Ok(_) => {}
                    Err(latch_operator::DirectError::Silent { .. }) => return Ok(answer),
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Goes on with an installation whose code was delivered before.
    pub(super) async fn go_on(
        &mut self,
        device: &mut Direct,
        pages: &PageServer,
    ) -> Result<(), Failure> {
        let sent = Fields::new()
            .text("manifest", pages.manifest())
            .text("device", &self.record.device);
        let made = device.receipts_made();
        let brought = self.bring_pages(device, pages).await?;
        let name = &self.record.device;
        match brought {
            Brought::Nothing => {
                return Err(Failure::conflict(format_args!("{name} asks for no pages"))
                    .hint("an installation begins with a code: deliver that too")
                    .found(sent));
            }
            Brought::Restored => {
                let words = format_args!("{name}: its confirmed image is whole again");
                self.context
                    .output
                    .result(&sent.with("restored", true), words);
                return Ok(());
            }
            Brought::Some | Brought::All => {}
        }
        let answer = self.installed(device, made).await?;
        self.conclude(sent, &answer)
    }

    /// Waits for the receipt that ends an installation, made after so many.
    async fn installed(&mut self, device: &mut Direct, made: u64) -> Result<Answer, Failure> {
        let ends = |outcome: &Outcome| {
            matches!(
                outcome,
                Outcome::InstallConfirmed
                    | Outcome::InstallReverted { .. }
                    | Outcome::InstallFailed { .. }
            )
        };
        let mut asked = made;
        loop {
            self.receipts.take(device)?;
            if let Some(answer) = self.receipts.after(made, ends) {
                return Ok(answer);
            }
            let heard = match timeout(LOOK, device.hear()).await {
                Ok(heard) => heard,
                Err(_) if asked < device.receipts_made() => {
                    asked += 1;
                    device.ask_receipt_numbered(asked).await.map(drop)
                }
                Err(_) => Ok(()),
            };
            match heard {
                Ok(()) => {}
                Err(latch_operator::DirectError::Silent { .. }) => {
                    return Ok(self.receipts.silence());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What became of the pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    Nothing,
    Some,
    All,
    Restored,
}
