//! What has come of a trial.

use crate::{
    inputs::Opens,
    machine::{End, Left},
    standing::{self, Standing},
};

/// What has come of a trial.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Refused,
    Crashed,
    /// The fault was not reached, on any machine.
    Untried,
    Hung,
    /// The device does not boot from what it has in flash.
    Dead,
    /// The device is neither what it was nor what the input asks for.
    Garbled,
    /// What must not be, and by what it is known.
    Accepted(String),
}

/// The same, with what the device has answered.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) answer: u32,
}

/// What a device may be that has refused the input: what it was, and what it becomes without a fault.
#[derive(Clone)]
pub(crate) struct Allowed {
    pub(crate) opens: Opens,
    /// In RAM.
    pub(crate) standing: [Option<Standing>; 2],
    /// Booted from its flash.
    pub(crate) booted: [Option<Standing>; 2],
}

impl Allowed {
    /// Judges what a trial has left; `booted` is the device that boots from its flash then.
    pub(crate) fn judge(&self, left: &Left, booted: Option<Standing>) -> Verdict {
        if left.end == End::Driven {
            return Verdict::Accepted("the actuator was driven".to_owned());
        }
        // Flash is RAM here, so that a fault that writes anywhere can spoil it, as it cannot spoil flash.
        let mut garbled = booted.is_some() && !self.booted.contains(&booted);
        if let (Some(found), Some(before)) = (&booted, &self.booted[0])
            && standing::is_accept(self.opens, before, found)
        {
            let differs = standing::differs(before, found);
            return Verdict::Accepted(format!("in flash, {differs}"));
        }
        if let (Some(found), Some(before)) = (&left.standing, &self.standing[0]) {
            if self.opens != Opens::Booted && standing::is_accept(self.opens, before, found) {
                let differs = standing::differs(before, found);
                return Verdict::Accepted(format!("in RAM, {differs}"));
            }
            garbled |= !self.standing.contains(&left.standing);
        }
        match left.end {
            _ if booted.is_none() => Verdict::Dead,
            End::Done if garbled => Verdict::Garbled,
            End::Done if left.standing.is_some() => Verdict::Refused,
            End::Done | End::Driven | End::Crashed => Verdict::Crashed,
            End::Hung => Verdict::Hung,
        }
    }
}
