//! Runs one after the other, which the monitor puts back, begins and keeps.

use super::{
    Attempt, BATCH, LEFT, Left, Lost, Machine, PREPARED,
    processor::{COUNTS, is_in_block, without},
};
use crate::{
    Outcome,
    desk::{Job, Place},
    ends,
    fault::Fault,
};

/// Added to the number of the input: boot from what lies in flash.
const INSPECT: u32 = 0x100;
/// Added to the number of the input: tell what the device is.
const TELL: u32 = 0x200;

impl Machine<'_> {
    /// Runs, one after the other, or those before one that has taken the machine with it. An error where the machine has to be
    /// made anew before it is believed.
    pub(crate) fn run(&mut self, attempts: &[Attempt<'_>]) -> Outcome<(Vec<Left>, Option<Lost>)> {
        let mut left = Vec::new();
        // A boot takes two places, every other run one.
        for part in attempts.chunks(BATCH / 2) {
            let (some, lost) = self.run_part(part)?;
            let before = left.len();
            left.extend(some);
            if let Some(lost) = lost {
                let at = before + lost.at;
                return Ok((left, Some(Lost { at, ..lost })));
            }
        }
        Ok((left, None))
    }

    fn run_part(&mut self, attempts: &[Attempt<'_>]) -> Outcome<(Vec<Left>, Option<Lost>)> {
        let mut jobs = Vec::new();
        for (number, attempt) in (0..).zip(attempts) {
            jobs.push(self.job(
                attempt,
                Place(LEFT + 2 * number),
                Place(LEFT + 2 * number + 1),
            )?);
        }
        self.desk.put_jobs(&jobs)?;
        self.set_out("run")?;
        let mut lost = None;
        while lost.is_none() {
            match self.go()? {
                Ok(ends::OVER) => break,
                Ok(ends::READY) => self.begin_by_hand(&attempts[self.desk.current()?], false)?,
                Ok(_) => return Err("a run has ended nowhere".into()),
                Err(end) => lost = Some(end),
            }
        }
        let lost = match lost {
            None => None,
            Some(end) => Some(Lost {
                at: self.desk.current()?,
                end,
            }),
        };
        let ended = lost.map_or(jobs.len(), |lost| lost.at);
        let left = jobs.iter().take(ended).map(|job| self.left(job.left));
        Ok((left.collect::<Outcome<_>>()?, lost))
    }

    /// What a monitor needs for a run. What is made up of memory lies at the second of these places.
    fn job(&self, attempt: &Attempt<'_>, left: Place, made_up: Place) -> Outcome<Job> {
        let choice = |choice: u32| {
            [(
                self.places.choice,
                (self.number + choice).to_le_bytes().to_vec(),
            )]
        };
        let (moment, from) = match attempt {
            Attempt::Whole => (&self.ready, PREPARED),
            Attempt::Faulty(_, moment) => (*moment, moment.memory),
            Attempt::Tell => (&self.ready, self.make_up(made_up, choice(TELL))?),
            Attempt::Boot(flash) => {
                let mut changes = choice(INSPECT).to_vec();
                let mut flash = *flash;
                for range in &self.places.flash {
                    let (part, rest) = flash.split_at_checked(range.len()).ok_or("half a flash")?;
                    changes.push((range.start, part.to_vec()));
                    flash = rest;
                }
                (&self.ready, self.make_up(made_up, changes)?)
            }
        };
        let [before @ .., pc, status] = moment.words()?;
        let (by_hand, status, pc) = match attempt {
            Attempt::Faulty(trial, _) => {
                let status = without(status);
                let after = trial.at + u32::try_from(self.program.instruction(trial.at)?.len())?;
                let by_hand = is_in_block(status) || trial.fault != Fault::Skip;
                (by_hand, status, after)
            }
            _ => (is_in_block(status), status, pc),
        };
        let mut registers = [0; _];
        for (register, word) in registers
            .iter_mut()
            .zip(before.into_iter().chain([status, pc | 1]))
        {
            *register = word;
        }
        Ok(Job {
            from,
            left,
            by_hand,
            // By hand, it begins with the run: the debugger may take long to come.
            watched: if by_hand { 0 } else { COUNTS },
            registers,
        })
    }

    /// The memory of a prepared device with this in it.
    fn make_up(
        &self,
        place: Place,
        changes: impl IntoIterator<Item = (u32, Vec<u8>)>,
    ) -> Outcome<Place> {
        let mut memory = self.desk.copied(PREPARED)?;
        for (at, bytes) in changes {
            let at = (at - self.places.kept[0].start) as usize;
            let there = memory
                .get_mut(at..at + bytes.len())
                .ok_or("no such memory")?;
            there.copy_from_slice(&bytes);
        }
        self.desk.put_copy(place, &memory)?;
        Ok(place)
    }
}
