//! A whole device, and a script of what its world does to it.
//!
//! An input is a header byte and steps: a byte each, with what it needs after it. Zeros make the
//! step that a well-meaning world would do. Bit 0 of the header: cuts leave weak bits; bit 1:
//! operations of the flash fail, instead of the power; bit 2: the device has a counter.
//!
//! ```text
//!  0  a code, see codes.rs             13  arm          14  confirm
//!  1  any body: kind, version, crew,   15  give up      16  poll until idle
//!     bytes                            17  state        18  the receipt of one: which
//!  2  any bytes                        19  cut: chip, when, how
//!  3  a statement once more: which     20  break or mend the device's key
//!  4  ... changed: where (2), bits     21  break or mend its randomness
//!  5  ... signed by others: crew       22  the time, see orders.rs
//!  6  wait                             23  a revocation
//!  7  set the clock                    24  a stop slip
//!  8  set its posture                  25  the next trust root
//!  9  boot                             the rest: nothing
//! 10  settle what came out
//! 11  carry on with a twin change that was cut off
//! 12  pages: how many, then how each is changed
//! ```

mod bench;
mod chip;
mod codes;
mod hardware;
mod orders;
mod releases;
#[cfg(test)]
mod tests;
mod witness;

use latch_flash::Tear;
use latch_verify::{
    device::{Armed, Clock as _, Observation, Opened, Polled, Release as Offer, Settlement},
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
    statement::State,
    types::Posture,
    wire::{Envelope, Kind, peek_kind},
};

use crate::{
    input::Input,
    keys::{Crew, DEVICE, STRANGER, seal_bytes, sign_message},
    tenant::START_MS,
};
use bench::{Bench, FIT};
use chip::Mishap;
use codes::code;
pub(crate) use codes::ordinary as ordinary_code;
pub(crate) use hardware::{Hardware, Machine};

/// Most steps of a script: more take long and find what fewer find.
const MOST_STEPS: usize = 64;
/// Statements that a script can put in again.
const KEPT: usize = 16;

/// Takes bytes as a script, and plays it to a device that was just provisioned.
///
/// # Panics
/// When the verifier panics, or something does not hold that [`witness`] asks for.
pub fn device(input: &[u8]) {
    play(input, &mut |_| ());
}

/// Plays a script, and shows the bench after each step.
pub(crate) fn play(input: &[u8], see: &mut dyn FnMut(&Bench)) {
    let mut input = Input::new(input);
    let header = input.byte();
    let mut bench = Bench::new(header & 1 == 1);
    bench.mishaps = header & 2 == 2;
    if header & 4 == 4 {
        bench.hardware.add_counter();
        bench.boot();
    }
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            return;
        }
        bench.step(&mut input);
        bench.after();
        see(&bench);
    }
}

impl Bench {
    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() & 31 {
            0 => {
                self.issued += 1;
                let bytes = code(input, &self.told(), &self.hardware.clock, self.issued);
                self.submit_new(bytes, input);
            }
            1 => {
                let kind = Kind::from_number(input.byte()).unwrap_or(Kind::Code);
                let (version, crew) = (input.byte(), Crew(input.byte().into()));
                let bytes = seal_bytes(kind, version, input.short(), crew);
                self.submit_new(bytes, input);
            }
            2 => {
                let bytes = input.short().to_vec();
                self.submit_new(bytes, input);
            }
            3 => {
                let bytes = self.kept(input);
                self.submit(&bytes, input);
            }
            4 => self.changed(input),
            5 => self.signed_again(input),
            6 => self.hardware.clock.advance(1 << (input.byte() % 28)),
            7 => self.set_clock(input),
            8 => {
                let (known, value) = (u32::from(input.byte()), u32::from(input.byte()));
                self.posture = Observation {
                    facts: u32::MAX,
                    posture: Posture {
                        known: FIT.known ^ known,
                        value: (FIT.value ^ value) & (FIT.known ^ known),
                    },
                    max_age_ms: match input.byte() {
                        0 => u64::MAX,
                        power => 1 << (power % 24),
                    },
                };
                self.observe();
            }
            9 => self.boot(),
            10 => self.settle(input),
            11 => self.resume(),
            12 => self.pages(input),
            13 => self.arm(),
            14 => self.heard(|device, out| device.confirm(out).ok()),
            15 => self.heard(|device, out| device.give_up(out).ok()),
            16 => self.poll(),
            17 => self.state(),
            18 => {
                let bytes = self.kept(input);
                let kind = peek_kind(&bytes).unwrap_or(Kind::Code);
                if let Ok(envelope) = Envelope::parse(kind, &bytes) {
                    self.heard(|device, out| device.receipt(envelope.id(), out).ok());
                }
            }
            19 => self.cut(input),
            20 => {
                let broken = &self.hardware.key_broken;
                broken.set(!broken.get());
            }
            21 => {
                let broken = &self.hardware.entropy.broken;
                broken.set(!broken.get());
            }
            22 => {
                let bytes = orders::time(input, &self.device.status(), &self.hardware.clock);
                self.submit_new(bytes, input);
            }
            23 => {
                let bytes = orders::revocation(input, self.issued);
                self.submit_new(bytes, input);
            }
            24 => {
                let code = self.kept(input);
                if let Some(bytes) = orders::stop_slip(input, &code) {
                    self.submit_new(bytes, input);
                }
            }
            25 => {
                let bytes = orders::root(input, &self.device.status());
                self.submit_new(bytes, input);
            }
            _ => {}
        }
    }

    fn kept(&self, input: &mut Input<'_>) -> Vec<u8> {
        let back = usize::from(input.byte());
        let newest = self.kept.iter().rev();
        newest.cycle().nth(back).cloned().unwrap_or_default()
    }

    fn submit_new(&mut self, bytes: Vec<u8>, input: &mut Input<'_>) {
        self.submit(&bytes, input);
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(bytes);
    }

    fn changed(&mut self, input: &mut Input<'_>) {
        let mut bytes = self.kept(input);
        let (place, bits) = (input.number(), input.byte());
        if !bytes.is_empty() {
            let place = place % bytes.len();
            bytes[place] ^= bits;
        }
        self.submit_new(bytes, input);
    }

    fn signed_again(&mut self, input: &mut Input<'_>) {
        let bytes = self.kept(input);
        let crew = Crew(input.byte().into());
        let kind = peek_kind(&bytes).unwrap_or(Kind::Code);
        let Ok(envelope) = Envelope::parse(kind, &bytes) else {
            return;
        };
        let mut again = sign_message(envelope.message(), crew);
        if crew.signers().next().is_none() {
            // By somebody whom nobody knows.
            let count = envelope.message().len();
            again[count] = 1;
            again.extend(STRANGER.signature(envelope.message()));
        }
        self.submit_new(again, input);
    }

    /// Puts a statement in, and finds the manifest that it asks for.
    fn submit(&mut self, statement: &[u8], input: &mut Input<'_>) {
        let Some(wanted) = self.put_in(statement, Offer::NotAsked) else {
            return;
        };
        let choice = input.byte();
        let mut manifest = releases::find(wanted, |release| release.envelope.clone());
        if choice & 0xf0 == 0x10 {
            manifest = Some(releases::with(choice.into(), |other| {
                other.envelope.clone()
            }));
        }
        if choice & 0xf0 == 0x20
            && let Some(bytes) = &mut manifest
        {
            let place = input.number() % bytes.len();
            bytes[place] ^= choice;
        }
        match manifest {
            Some(bytes) if choice != 0xff => self.put_in(statement, Offer::Found(&bytes)),
            _ => self.put_in(statement, Offer::NotFound),
        };
    }

    fn settle(&mut self, input: &mut Input<'_>) {
        let settlement = match input.byte() {
            0 => Settlement::Done,
            code => Settlement::Failed { code: code.into() },
        };
        if let Some(ticket) = self.ticket.take() {
            if settlement == Settlement::Done {
                self.witness.done();
            }
            self.heard(|device, out| device.settle(ticket, settlement, out).ok());
        }
    }

    fn resume(&mut self) {
        if self.ticket.is_none()
            && let Some(unlatched) = self.device.resume()
        {
            let (opened, ticket) = unlatched.act();
            assert!(matches!(opened, Opened::Twin { .. }), "a command again");
            self.witness.resumed(ticket.statement());
            self.ticket = Some(ticket);
        }
    }

    fn pages(&mut self, input: &mut Input<'_>) {
        let count = input.byte() % 8;
        for _ in 0..=count {
            let Some(wanted) = self.device.wanted() else {
                return;
            };
            let change = input.byte();
            let index = wanted.next + u32::from(change & 3);
            let message = releases::find(wanted.manifest, |release| release.page(index));
            let mut message = message.expect("a release of the tenant");
            if change & 4 != 0 {
                message = releases::with(change.into(), |release| release.page(index));
            }
            if change & 8 != 0 {
                let place = input.number() % message.len();
                message[place] ^= 1 << (change >> 5);
            }
            // Whether it is the right one shows in what runs.
            let _ = self.device.page(&message);
        }
    }

    /// Looks at the device until it has nothing more to say.
    fn poll(&mut self) {
        // Each look closes a latch or ends the installation.
        for _ in 0..18 {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            let receipt = match self.device.poll(&mut out) {
                Polled::Idle { .. } => return,
                Polled::Closed { receipt, .. } => {
                    self.witness.closed();
                    receipt
                }
                Polled::InstallEnded(receipt) => receipt,
            };
            let Ok(receipt) = receipt else {
                return;
            };
            assert!(!self.hardware.is_off(), "an answer that is not durable");
            let receipt = receipt.to_vec();
            self.witness.look(&self.device, &self.hardware);
            self.witness.hear(&receipt);
        }
        panic!("it never is idle");
    }

    fn state(&mut self) {
        let mut out = [0; MAX_STATE_ENVELOPE];
        let Ok(bytes) = self.device.state(&mut out) else {
            return;
        };
        let envelope = Envelope::parse(Kind::State, bytes).expect("a state's envelope");
        assert_eq!(Crew::on(&envelope), Crew::of(&[DEVICE]), "not signed");
        let state: State<'_> = envelope.read().expect("a state's body");
        assert_eq!(state.status, self.device.status());
    }

    fn arm(&mut self) {
        let mut ready = false;
        self.heard(|device, out| match device.arm(out) {
            Ok(Armed::Failed(receipt)) => Some(receipt),
            Ok(Armed::Ready) => {
                ready = true;
                None
            }
            Err(_) => None,
        });
        if ready {
            self.witness.armed(&self.device);
        }
    }

    fn set_clock(&mut self, input: &mut Input<'_>) {
        let (how, by) = (input.byte(), 1_u64 << (input.byte() % 36));
        let clock = &self.hardware.clock;
        let ticking = START_MS + clock.ticks_ms();
        clock.trust(match how % 4 {
            0 => None,
            1 => Some(ticking),
            2 => Some(ticking.saturating_sub(by)),
            _ => Some(ticking + by),
        });
    }

    /// Plans a loss of power, or a mishap, in a write or erase to come.
    fn cut(&mut self, input: &mut Input<'_>) {
        let (chip, when, how) = (input.byte(), input.byte(), input.byte());
        let chip = match chip & 3 {
            1 => &self.hardware.slots[0],
            2 => &self.hardware.slots[1],
            _ => &self.hardware.journal,
        };
        if self.mishaps {
            let mishap = match how & 1 {
                0 => Mishap::Refused,
                _ => Mishap::Lost,
            };
            return chip.expect_mishap(when, mishap);
        }
        let tear = match how & 7 {
            0 => Tear::Before,
            1 => Tear::After,
            2 => Tear::Prefix(usize::from(how >> 3)),
            3 => Tear::Suffix(usize::from(how >> 3)),
            4 | 5 => Tear::Words(how.into()),
            _ => Tear::Bits(how.into()),
        };
        chip.probe().cut(u64::from(when), tear);
    }
}
