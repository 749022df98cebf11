//! What a run executes, by QEMU's log.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    thread,
    time::Duration,
};

use super::{Attempt, End, LEFT, Machine};
use crate::{Outcome, desk::Place, ends, fault::Trial, follow, moment::Moment, trace::executed};

/// As long as QEMU's log grows, it is not written out.
const WRITTEN_OUT: Duration = Duration::from_millis(200);

impl Machine<'_> {
    /// Writes where a trial goes after its fault.
    pub(crate) fn tell_account(&mut self, trial: &Trial, moment: &Moment) -> Outcome<()> {
        let Some(account) = self.account else {
            return Ok(());
        };
        let (end, executed) = self.logged(&Attempt::Faulty(trial, moment))?;
        let told = follow::account(trial, end, &executed, self.program);
        let mut file = OpenOptions::new().create(true).append(true).open(account)?;
        Ok(file.write_all(told.as_bytes())?)
    }

    /// The instructions that a run without a fault executes, in their order, of those that are tried.
    pub(crate) fn trace(&mut self) -> Outcome<Vec<u32>> {
        let (end, executed) = self.logged(&Attempt::Whole)?;
        let done = executed.iter().position(|at| *at == self.places.done);
        if end != End::Done {
            return Err("a run without a fault has no end".into());
        }
        Ok(executed[..done.ok_or("half a trace")?]
            .iter()
            .copied()
            .filter(|address| self.program.is_tried(*address))
            .collect())
    }

    /// How a run ends, and what it executes.
    fn logged(&mut self, attempt: &Attempt<'_>) -> Outcome<(End, Vec<u32>)> {
        let moment = self.moment(attempt).clone();
        self.put_back(&moment, 0)?;
        self.begin_by_hand(attempt, true)?;
        let end = self.go()?;
        self.gdb.monitor("log none")?;
        self.gdb.monitor("singlestep off")?;
        let end = match end {
            Ok(ends::OVER) => self.left(Place(LEFT))?.end,
            Ok(_) => return Err("a run has ended nowhere".into()),
            Err(end) => end,
        };
        Ok((end, self.take_log()?))
    }

    pub(super) fn start_log(&mut self) -> Outcome<()> {
        self.gdb.monitor("singlestep on")?;
        self.gdb.monitor("log exec,nochain").map(drop)
    }

    /// What was executed since. QEMU writes it out some time after it was told to log no more.
    fn take_log(&mut self) -> Outcome<Vec<u32>> {
        let mut len = 0;
        loop {
            thread::sleep(WRITTEN_OUT);
            let now = fs::metadata(&self.log)?.len();
            if now == len {
                break;
            }
            len = now;
        }
        let log = fs::read_to_string(&self.log)?;
        fs::write(&self.log, "")?;
        Ok(executed(&log))
    }
}
