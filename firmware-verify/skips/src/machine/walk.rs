//! Which moments of a run without a fault are kept, and how the machine comes to them.

use super::{CARRIED, GIVEN_UP, MOMENTS, Machine, processor::STATUS};
use crate::{Outcome, desk::Place, gdb::Stop, moment::Moment, route::Way};

impl Machine<'_> {
    /// Keeps moments of a run without a fault: the first of them from where the device is prepared or another moment is, and each
    /// other from the one before it.
    pub(crate) fn walk(&mut self, from: Option<&Moment>, ways: &[Way]) -> Outcome<Vec<Moment>> {
        let from = from.unwrap_or(&self.ready).clone();
        // Each stop on the way would count.
        self.put_back(&from, 0)?;
        self.gdb.set_registers(&from.registers)?;
        let mut moments: Vec<Moment> = Vec::new();
        for (number, way) in (MOMENTS..).zip(ways) {
            self.follow(way)?;
            let moment = Moment {
                registers: self.gdb.registers()?,
                memory: Place(number),
            };
            self.call("keep", &[moment.memory.address()])?;
            self.gdb.set_registers(&moment.registers)?;
            moments.push(moment);
        }
        Ok(moments)
    }

    /// Keeps a moment for the next batch, which takes the place of all others.
    pub(crate) fn carry_over(&self, moment: &Moment) -> Outcome<Moment> {
        self.desk
            .put_copy(CARRIED, &self.desk.copied(moment.memory)?)?;
        Ok(Moment {
            memory: CARRIED,
            ..moment.clone()
        })
    }

    fn follow(&mut self, way: &Way) -> Outcome<()> {
        for (place, times) in way {
            let mut stops = false;
            for time in 0..*times {
                if time > 0 {
                    self.gdb.step()?;
                }
                if self.gdb.pc()? == *place {
                    continue;
                }
                if !stops {
                    self.gdb.break_at(*place)?;
                    stops = true;
                }
                if !matches!(self.gdb.go(GIVEN_UP)?, Stop::Stopped) || self.gdb.pc()? != *place {
                    let (pc, status) = (self.gdb.pc()?, self.gdb.register(STATUS)?);
                    self.gdb.pass(*place)?;
                    return Err(format!("{pc:#x} in {status:#x} instead of {place:#x}").into());
                }
            }
            if stops {
                self.gdb.pass(*place)?;
            }
        }
        Ok(())
    }
}
