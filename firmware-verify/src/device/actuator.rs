//! Statement in, deed done, receipt out: the device for products whose actuators answer at once.

use core::ops::DerefMut;

use super::{Device, Memory, Opened, Platform, Release, Settlement, Submitted, poll::Polled};
use crate::{
    reject::Refusal,
    statement::CloseCause,
    types::{LatchId, StatementId},
};

/// What makes changes real.
pub trait Actuator {
    /// Carries out an action whose code is burned. Called once for each code; a twin change may
    /// come again after a restart.
    ///
    /// # Errors
    /// The product's own number for why not: it goes into the receipt.
    fn act(&mut self, action: Opened<'_>) -> Result<(), i32>;

    /// Shuts what stands behind a latch that has closed by itself.
    fn shut(&mut self, latch: LatchId, cause: CloseCause);
}

/// What came of a statement that was served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Handled {
    /// There is a verdict; its receipt was sent.
    Answered,
    /// It was taken in, and there is nothing to tell.
    Noted,
    /// Not meant for this device, from nobody it knows, or beyond its budget: counted.
    Ignored(Refusal),
    /// The code asks for a release: serve it again with the manifest.
    ManifestWanted(StatementId),
    /// The code is burned and its action was carried out, but no receipt could be made. The next
    /// boot tells what is known.
    Untold(Refusal),
}

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Puts a statement through every check, lets the actuator carry out what it opens, and
    /// sends the receipt.
    pub fn serve(
        &mut self,
        statement: &[u8],
        release: Release<'_>,
        actuator: &mut impl Actuator,
        out: &mut [u8],
        send: &mut dyn FnMut(&[u8]),
    ) -> Handled {
        let unlatched = match self.submit(statement, release, out) {
            Submitted::Answered(receipt) => {
                send(receipt);
                return Handled::Answered;
            }
            Submitted::Noted => return Handled::Noted,
            Submitted::Ignored(refusal) => return Handled::Ignored(refusal),
            Submitted::ManifestWanted(manifest) => return Handled::ManifestWanted(manifest),
            Submitted::Unlatched(unlatched) => unlatched,
        };
        let (action, ticket) = unlatched.act();
        let settlement = match actuator.act(action) {
            Ok(()) => Settlement::Done,
            Err(code) => Settlement::Failed { code },
        };
        match self.settle(ticket, settlement, out) {
            Ok(receipt) => {
                send(receipt);
                Handled::Answered
            }
            Err(fault) => Handled::Untold(fault),
        }
    }

    /// Shuts every latch that has closed by itself, sends the receipts, and says in how many
    /// milliseconds to come again at the latest.
    pub fn tend(
        &mut self,
        actuator: &mut impl Actuator,
        out: &mut [u8],
        send: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        loop {
            match self.poll(out) {
                Polled::Idle { wake_in_ms } => return wake_in_ms,
                Polled::Closed {
                    latch,
                    cause,
                    receipt,
                } => {
                    actuator.shut(latch, cause);
                    if let Ok(receipt) = receipt {
                        send(receipt);
                    }
                }
                Polled::InstallEnded(Ok(receipt)) => send(receipt),
                Polled::InstallEnded(Err(_)) => {}
            }
        }
    }
}
