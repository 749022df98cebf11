//! Receipts as they come over the line: checked, kept, and written where they are asked for.

use std::{fs, path::Path};

use latch_issue::SignedReceipt;
use latch_operator::{Answer, Direct, Record, receipt_of, write_over};
use latch_verify::{statement::Outcome, types::StatementId};

use crate::{context::Context, failure::Failure};

/// The receipts of one device.
pub(super) struct Receipts<'a> {
    context: &'a Context,
    record: &'a Record,
    out: Option<&'a Path>,
    taken: Vec<SignedReceipt>,
}

impl<'a> Receipts<'a> {
    /// None yet. The folder for them is made if it is not there.
    pub(super) fn new(
        context: &'a Context,
        record: &'a Record,
        out: Option<&'a Path>,
    ) -> Result<Self, Failure> {
        if let Some(folder) = out {
            fs::create_dir_all(folder).map_err(|cause| {
                Failure::failed(format_args!(
                    "{}: the folder cannot be made: {cause}",
                    folder.display()
                ))
            })?;
        }
        Ok(Self {
            context,
            record,
            out,
            taken: Vec::new(),
        })
    }

    /// Takes what has come. What is not the device's word is passed over: the line may lie.
    pub(super) fn take(&mut self, device: &mut Direct) -> Result<(), Failure> {
        while let Some(bytes) = device.take_receipt() {
            match receipt_of(bytes.clone(), self.record, self.context.tenant()) {
                Ok(signed) => {
                    if let Some(folder) = self.out {
                        let receipt = signed.receipt();
                        let name = format!("{}-{}.latch", receipt.device, receipt.number);
                        write_over(&folder.join(name), &bytes)?;
                    }
                    self.taken.push(signed);
                }
                Err(error) => self
                    .context
                    .output
                    .note(format_args!("passed over: {error}")),
            }
        }
        Ok(())
    }

    /// What the device has said last of a statement.
    pub(super) fn answer_to(&self, statement: StatementId) -> Answer {
        let of_it = |signed: &&SignedReceipt| signed.receipt().statement == statement;
        let of_it = self.taken.iter().filter(of_it);
        Answer {
            record: self.record.clone(),
            receipt: of_it.max_by_key(|signed| signed.receipt().number).cloned(),
        }
    }

    /// The newest receipt with such an outcome, made after so many.
    pub(super) fn after(&self, made: u64, is: impl Fn(&Outcome) -> bool) -> Option<Answer> {
        let found = self
            .taken
            .iter()
            .filter(|signed| signed.receipt().number > made && is(&signed.receipt().outcome));
        let receipt = found.max_by_key(|signed| signed.receipt().number)?;
        Some(Answer {
            record: self.record.clone(),
            receipt: Some(receipt.clone()),
        })
    }

    /// No answer.
    pub(super) fn silence(&self) -> Answer {
        Answer {
            record: self.record.clone(),
            receipt: None,
        }
    }
}
