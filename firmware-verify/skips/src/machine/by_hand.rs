//! What the debugger does of a run: it begins one that the monitor cannot begin, or makes a whole one by itself.

use super::{
    Attempt, End, LEFT, Left, Machine,
    processor::{PC, STATUS, without},
};
use crate::{
    Outcome,
    desk::{Job, Place},
    ends,
    fault::{Fault, Trial, faulty},
    moment::Moment,
};

impl Machine<'_> {
    /// Where a run begins.
    pub(super) fn moment<'a>(&'a self, attempt: &Attempt<'a>) -> &'a Moment {
        match attempt {
            Attempt::Faulty(_, moment) => moment,
            _ => &self.ready,
        }
    }

    /// Puts memory back, and has the machine wait for the debugger.
    pub(super) fn put_back(&mut self, moment: &Moment, watched: u32) -> Outcome<()> {
        self.desk.put_jobs(&[Job {
            from: moment.memory,
            left: Place(LEFT),
            by_hand: true,
            watched,
            registers: [0; _],
        }])?;
        self.set_out("run")?;
        match self.go()? {
            Ok(ends::READY) => Ok(()),
            _ => Err("memory was not put back".into()),
        }
    }

    /// Begins a run whose memory was put back.
    pub(super) fn begin_by_hand(&mut self, attempt: &Attempt<'_>, logged: bool) -> Outcome<()> {
        self.begin_watch()?;
        let registers = self.moment(attempt).registers.clone();
        self.gdb.set_registers(&registers)?;
        if let Attempt::Faulty(trial, _) = attempt {
            self.make(trial)?;
        }
        if logged {
            self.start_log()?;
        }
        Ok(())
    }

    /// Makes a fault in the instruction that is the next one.
    fn make(&mut self, trial: &Trial) -> Outcome<()> {
        let instruction = self.program.instruction(trial.at)?;
        match trial.fault {
            Fault::Skip => {
                let after = trial.at + u32::try_from(instruction.len())?;
                let status = self.gdb.register(STATUS)?;
                self.gdb.set_register(STATUS, without(status))?;
                self.gdb.set_register(PC, after)
            }
            Fault::Flip(_) => {
                self.gdb
                    .write(trial.at, &faulty(instruction, trial.fault))?;
                self.gdb.step()?;
                self.gdb.write(trial.at, instruction)
            }
        }
    }

    /// A run that the debugger alone has put back and looks into: the same as the monitor's has to come of it.
    pub(crate) fn run_by_hand(&mut self, attempt: &Attempt<'_>) -> Outcome<Result<Left, End>> {
        let moment = self.moment(attempt).clone();
        self.put_back(&self.ready.clone(), 0)?;
        let mut memory = self.desk.copied(moment.memory)?;
        let stack = memory.split_off(self.places.kept[0].len());
        for (range, bytes) in self.places.kept.clone().iter().zip([memory, stack]) {
            self.gdb.write(range.start, &bytes)?;
        }
        self.begin_by_hand(attempt, false)?;
        let end = match self.go()? {
            Ok(ends::OVER) => self.left(Place(LEFT))?.end,
            Ok(_) => return Err("a run has ended nowhere".into()),
            Err(end) => return Ok(Err(end)),
        };
        let range = self.places.kept[0].clone();
        let memory = self.gdb.read(range.start, range.len())?;
        Ok(Ok(self.left_in(end, &memory)?))
    }
}
