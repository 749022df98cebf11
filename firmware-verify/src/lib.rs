#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::unreachable,
        clippy::todo
    )
)]
//! What a device trusts: it checks latch codes and firmware images before anything is
//! unlatched. No `std`, no allocator, no `unsafe`, no panic.
//!
//! A device is made of its [parts](device::Parts): two regions of NOR flash for image slots,
//! one for the journal, a clock, a source of randomness, a key, and a monotonic counter where
//! the hardware has one. It is [provisioned](device::Device::provision) once, [boots](device::Device::boot)
//! after every reset, and then takes statements. What its codes unlatch is carried out by an
//! [`Actuator`](device::Actuator):
//!
//! ```
//! use latch_flash::Flash; // a NOR flash in RAM: yours is the HAL's, or a driver's
//! use latch_verify::{
//!     device::{Actuator, Clock, Device, Entropy, Handled, NoCounter, NoEntropy, Opened, Parts, Platform, Release},
//!     limits::MAX_RECEIPT_ENVELOPE,
//!     statement::CloseCause,
//!     types::{LatchId, Version},
//!     wire::SeedKey,
//! };
//!
//! /// What the product is made of.
//! enum Pump {}
//!
//! impl Platform for Pump {
//!     type Journal = Flash<1, 4, 4096>;
//!     type Slot = Flash<1, 4, 4096>;
//!     type Clock = Ticks;
//!     type Entropy = Noise;
//!     type Key = SeedKey; // or a secure element, behind `DeviceKey`
//!     type Counter = NoCounter; // or a secure element, behind `Counter`
//! }
//!
//! struct Ticks;
//!
//! impl Clock for Ticks {
//!     fn ticks_ms(&self) -> u64 {
//!         1_000 // milliseconds since the reset
//!     }
//!
//!     fn trusted_ms(&self) -> Option<u64> {
//!         None // this pump has no clock that it could vouch for
//!     }
//! }
//!
//! struct Noise;
//!
//! impl Entropy for Noise {
//!     fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
//!         buffer.fill(4); // chosen by fair dice roll: take the hardware's generator
//!         Ok(())
//!     }
//! }
//!
//! /// What makes changes real.
//! #[derive(Default)]
//! struct Valve {
//!     limit: i64,
//! }
//!
//! impl Actuator for Valve {
//!     fn act(&mut self, action: Opened<'_>) -> Result<(), i32> {
//!         match action {
//!             Opened::Twin { twin, .. } => {
//!                 for leaf in twin.iter() {
//!                     if let ("limit", latch_verify::twin::Value::Int(limit)) = (leaf.path.as_str(), leaf.value) {
//!                         self.limit = limit;
//!                     }
//!                 }
//!                 Ok(())
//!             }
//!             Opened::Command { .. } => Err(1), // goes into the receipt
//!             Opened::Open { .. } | Opened::Renew { .. } | Opened::Close { .. } | Opened::Lockdown => Ok(()),
//!         }
//!     }
//!
//!     fn shut(&mut self, _latch: LatchId, _cause: CloseCause) {}
//! }
//!
//! # mod issuer {
//! #     //! What `latch-issue` does: a root, an enrolment and a code, signed.
//! #     use latch_verify::{
//! #         statement::{
//! #             Action, Audience, Code, Context, Enrolment, Freshness, KeyKept, Latch, Root, Rule, RuleChoice, Thresholds,
//! #         },
//! #         twin::{Entries, Entry, Path, Value},
//! #         types::{Challenge, DeviceId, Digest, LatchId, PostureRule, ProductId, Sequence, TenantId, TimeMs},
//! #         wire::{Body, DeviceKey as _, PublicKey, Role, Run, RunWriter, SeedKey, encode, seal_head},
//! #     };
//! #
//! #     fn key(seed: u8) -> SeedKey {
//! #         SeedKey::new(&[seed; 32])
//! #     }
//! #
//! #     fn seal<'a, B: Body<'a>>(body: &B, seeds: &[u8]) -> Vec<u8> {
//! #         let mut buffer = [0; 2048];
//! #         let body_bytes = encode(body, &mut buffer).unwrap();
//! #         let mut message = seal_head(B::KIND, body.version(), body_bytes.len()).unwrap().to_vec();
//! #         message.extend_from_slice(body_bytes);
//! #         let mut envelope = message.clone();
//! #         envelope.push(seeds.len() as u8);
//! #         for seed in seeds {
//! #             let public = PublicKey::new(key(*seed).public()).unwrap();
//! #             envelope.extend_from_slice(&public.id().0);
//! #             envelope.extend_from_slice(&key(*seed).sign(&message).unwrap());
//! #         }
//! #         envelope
//! #     }
//! #
//! #     pub fn root() -> Vec<u8> {
//! #         let rule = Rule {
//! #             operators: 1,
//! #             approvers: 0,
//! #             break_glass: 0,
//! #             freshness: Freshness::Challenge,
//! #             max_life_s: 600,
//! #             max_open_s: 0,
//! #             posture: PostureRule::default(),
//! #             heartbeat_s: 0,
//! #             grace_s: 0,
//! #         };
//! #         let mut keys = [0; 256];
//! #         let mut run = RunWriter::new(&mut keys);
//! #         for (role, seed) in [(Role::Root, 1), (Role::Operator, 2), (Role::Release, 3)] {
//! #             run.push(&(role, key(seed).public())).unwrap();
//! #         }
//! #         let keys = run.finish();
//! #         let mut latches = [0; 256];
//! #         let mut run = RunWriter::new(&mut latches);
//! #         for (id, name) in [(LatchId::TWIN, "twin"), (LatchId::FIRMWARE, "firmware"), (LatchId::TRUST, "trust")] {
//! #             run.push(&Latch { id, name, rule, break_glass: None, trial: None }).unwrap();
//! #         }
//! #         let root = Root {
//! #             tenant: "acme".parse().unwrap(),
//! #             version: 1,
//! #             epoch: 1,
//! #             keys: Run::from_bytes(keys),
//! #             thresholds: Thresholds { root: 1, release: 1, time: 0 },
//! #             latches: Run::from_bytes(run.finish()),
//! #             properties: Run::default(),
//! #             commands: Run::default(),
//! #         };
//! #         seal(&root, &[1])
//! #     }
//! #
//! #     pub fn enrolment(device_seed: u8) -> Vec<u8> {
//! #         let enrolment = Enrolment {
//! #             tenant: "acme".parse().unwrap(),
//! #             product: "pump".parse().unwrap(),
//! #             device: "pump-7".parse().unwrap(),
//! #             incarnation: 1,
//! #             device_key: Digest(key(device_seed).public()),
//! #             key_kept: KeyKept::Software,
//! #         };
//! #         seal(&enrolment, &[device_seed, 2])
//! #     }
//! #
//! #     pub fn code(limit: i64, challenge: Challenge) -> Vec<u8> {
//! #         let mut leaves = [0; 64];
//! #         let mut run = RunWriter::new(&mut leaves);
//! #         run.push(&Entry { path: Path::new("limit").unwrap(), value: Value::Int(limit) }).unwrap();
//! #         let moment = |ms| TimeMs::new(ms).unwrap();
//! #         let code = Code {
//! #             tenant: "acme".parse().unwrap(),
//! #             issuer: PublicKey::new(key(2).public()).unwrap().id(),
//! #             epoch: 1,
//! #             incarnation: Some(1),
//! #             audience: Audience::Device("pump-7".parse().unwrap()),
//! #             product: None,
//! #             latch: LatchId::TWIN,
//! #             rule: RuleChoice::Normal,
//! #             sequence: Sequence::at(moment(1_790_000_000_000), 7),
//! #             not_before_ms: moment(1_790_000_000_000),
//! #             not_after_ms: moment(1_790_000_300_000),
//! #             challenge: Some(challenge),
//! #             context: Context::default(),
//! #             action: Action::SetTwin(Entries::from_bytes(run.finish())),
//! #         };
//! #         seal(&code, &[2])
//! #     }
//! # }
//! #
//! # fn main() -> Result<(), latch_verify::device::MountFault> {
//! let parts = Parts::<Pump> {
//!     journal: Flash::new(2 * 20 * 1024),
//!     slots: [Flash::new(64 * 1024), Flash::new(64 * 1024)],
//!     clock: Ticks,
//!     entropy: Noise,
//!     key: SeedKey::new(&[61; 32]),
//!     counter: NoCounter,
//! };
//! // Once, in the factory: the tenant's first root, and the enrolment that an operator has signed.
//! let factory = Version { major: 1, minor: 0, patch: 0 };
//! let mut device: Device<Pump> = Device::provision(parts, &issuer::root(), &issuer::enrolment(61), factory)?;
//!
//! // Then, for every message: an operator has answered the device's challenge with a code.
//! let statement = issuer::code(5, device.status().challenge);
//! let (mut valve, mut out) = (Valve::default(), [0; MAX_RECEIPT_ENVELOPE]);
//! let mut receipts = Vec::new();
//! let mut send = |receipt: &[u8]| receipts.push(receipt.to_vec());
//! let handled = device.serve(&statement, Release::NotAsked, &mut valve, &mut out, &mut send);
//! assert_eq!((handled, valve.limit), (Handled::Answered, 5));
//!
//! // A code that comes again opens nothing: it is answered by the receipt of its first time.
//! valve.limit = 0;
//! let handled = device.serve(&statement, Release::NotAsked, &mut valve, &mut out, &mut send);
//! assert_eq!((handled, valve.limit), (Handled::Answered, 0));
//! assert_eq!(receipts[0], receipts[1]);
//!
//! // And between messages: latches close by themselves, and say when to look again.
//! let wake_in_ms = device.tend(&mut valve, &mut out, &mut |_| {});
//! assert_eq!(wake_in_ms, None);
//! # Ok(())
//! # }
//! ```
//!
//! Products whose actuators take their time, as hooks in an operating system do, take the code
//! in with [`submit`](device::Device::submit) and report with [`settle`](device::Device::settle).
//! How much RAM a device takes is set by the const parameters of [`Device`](device::Device). Where
//! the stack is small, most of it is put in a static: a [`Memory`](device::Memory), in which a
//! device [boots](device::Device::boot_in).
//!
//! A product whose bootloader is its own chooses the image to start with a
//! [`Bootloader`](boot::Bootloader), which reads the journal and handles no code; the program that it starts
//! [boots as](device::Device::boot_as) what was started.
//!
//! The format of everything signed is in `WIRE.md`, beside this crate, and what happens in a
//! device's life from factory to recovery in `LIFE.md`. Every bound is in [`limits`], every
//! reason for a refusal in [`Reason`].

#[cfg(test)]
extern crate std;

mod assured;
pub mod boot;
pub mod device;
mod division;
mod flash;
pub mod image;
pub mod journal;
pub mod ledger;
pub mod limits;
mod reject;
pub mod statement;
mod summed;
pub mod twin;
pub mod types;
#[cfg(test)]
mod vectors;
pub mod verdict;
pub mod wire;

pub use reject::{Reason, Refusal};
