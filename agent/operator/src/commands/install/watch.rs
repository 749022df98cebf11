//! An installation as it goes: pages served, progress shown, receipts gathered.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use latch_issue::Statement;
use latch_mqtt::Publication;
use latch_operator::{Answer, Fields, Link, Progress, Server, Wait, is_final, outcomes};
use latch_verify::{statement::Outcome, types::DeviceId, verdict::TrustRoot};
use tokio::time::Instant;

use super::{Installation, audience::Audience};
use crate::{
    failure::{Failure, Kind},
    output::Output,
    sending::{conclude, tell},
    verdicts,
};

impl Installation<'_> {
    pub(super) async fn watch(
        &self,
        link: &mut Link,
        audience: &Audience,
        (code, message): (&Statement, Publication),
        sent: Fields,
        until: Instant,
    ) -> Result<(), Failure> {
        let topics = self.context.topics()?;
        let mut server = Server::new(self.pages, &topics);
        let wait = Wait {
            statement: code.id(),
            devices: audience.devices(),
            tenant: self.context.tenant(),
            topics: &topics,
            again: (!message.retain).then_some(message),
            until,
        };
        let mut screen = Screen::new(
            self.context.output,
            self.trust,
            audience.devices().len(),
            self.pages.pages(),
        );
        let answers = outcomes(link, &wait, Some(&mut server), &mut |progress| {
            screen.tell(&progress);
        })
        .await?;
        screen.bar.finish_and_clear();
        match (audience, answers.as_slice()) {
            (Audience::Device(_), [answer]) => conclude(self.context, self.trust, sent, answer),
            _ => self.conclude_many(sent, &answers),
        }
    }

    fn conclude_many(&self, sent: Fields, answers: &[Answer]) -> Result<(), Failure> {
        let failures: Vec<Failure> = answers
            .iter()
            .filter_map(|answer| verdicts::failure(answer, self.trust))
            .collect();
        let confirmed = answers.len() - failures.len();
        let devices: Vec<Fields> = answers
            .iter()
            .map(|answer| verdicts::fields(answer, self.trust))
            .collect();
        let fields = sent
            .with("confirmed", confirmed)
            .with("of", answers.len())
            .with("devices", devices);
        for failure in &failures {
            self.context.output.note(failure.message());
        }
        // What went wrong on a device weighs more than what was refused, and that more than silence.
        let worst = [Kind::Failed, Kind::Refused, Kind::TimedOut];
        let worst = worst
            .into_iter()
            .find(|kind| failures.iter().any(|failure| failure.kind() == *kind));
        let words = format!(
            "{confirmed} of {} devices run the release, healthy and confirmed",
            answers.len()
        );
        match worst {
            None => {
                self.context.output.result(&fields, words);
                Ok(())
            }
            Some(kind) => Err(Failure::new(kind, words).found(fields)),
        }
    }
}

/// What people see meanwhile: pages on their way, or devices done.
struct Screen<'a> {
    output: Output,
    trust: &'a TrustRoot,
    bar: ProgressBar,
    pages: u32,
    /// Whether more than one device is waited for: then each last word is told as it comes,
    /// otherwise it is the command's result.
    several: bool,
    /// How far each device has come, in pages that it keeps.
    kept: BTreeMap<DeviceId, u32>,
}

impl<'a> Screen<'a> {
    fn new(output: Output, trust: &'a TrustRoot, devices: usize, pages: u32) -> Self {
        let several = devices > 1;
        let devices = u64::try_from(devices).unwrap_or(u64::MAX);
        let bar = output.bar(devices.saturating_mul(pages.into()), "pages");
        Self {
            output,
            trust,
            bar,
            pages,
            several,
            kept: BTreeMap::new(),
        }
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        match progress {
            // A device that asks for a page keeps all before it.
            Progress::Pages(served) => self.keep(&served.device, served.first),
            Progress::Receipt(signed) => {
                let receipt = signed.receipt();
                if receipt.outcome != Outcome::InstallStarted {
                    self.keep(&receipt.device, self.pages);
                }
                if self.several || !is_final(&receipt.outcome) {
                    let words = verdicts::in_words(receipt, self.trust);
                    let line = format!("{}: {words}", receipt.device);
                    let output = self.output;
                    self.bar.suspend(|| output.note(line));
                }
            }
            _ => {
                let output = self.output;
                self.bar.suspend(|| tell(output, progress));
            }
        }
    }

    fn keep(&mut self, device: &DeviceId, pages: u32) {
        self.kept.insert(device.clone(), pages);
        self.bar
            .set_position(self.kept.values().map(|pages| u64::from(*pages)).sum());
    }
}
