//! A device and its reference, and whatever befalls both.

use std::collections::BTreeMap;

use latch_verify::{
    device::{Device as Verifier, Observation, Ticket},
    limits::MAX_RECEIPT_ENVELOPE,
    types::Posture,
};

use super::{
    compare::{check_account, check_published, check_state, same},
    labels::outcome_label,
    memory::Account,
    others::first_root,
    reference::Device,
    said::{Said, Statement},
    seal::{sealed, spec},
    step::Clock,
};
use crate::world::{
    answer::Told,
    bench::Bench,
    hardware::{Kit, START_MS},
    keys::ROOT,
};

/// How often each verdict was met.
pub(crate) type Met = BTreeMap<String, u64>;

pub(crate) struct Run {
    bench: Option<Bench>,
    pub(super) model: Device,
    pub(super) sent: Vec<(Statement, Vec<u8>)>,
    /// Receipts by their numbers.
    pub(super) told: BTreeMap<u64, Vec<u8>>,
    pub(super) ticket: Option<(Ticket, u8)>,
    pub(super) random: u16,
    pub(super) new_keys: u8,
    /// Statements that were refused or ignored.
    pub(super) refused: u64,
    pub(crate) met: Met,
}

/// The first moment that a sequence cannot hold.
const ABSURD_MS: u64 = 1 << 48;

/// As the rules ask for.
pub(super) const FIT: [Option<bool>; 2] = [Some(true), Some(false)];

impl Run {
    pub(crate) fn new() -> Self {
        let root = first_root();
        let bench = Bench::with_root(&spec(&root));
        let (first, _) = sealed(Said::Root(root.clone()), ROOT.to_vec(), None);
        let mut model = Device::provisioned(root, first.id, START_MS);
        model.observe(FIT, u64::MAX);
        Self {
            bench: Some(bench),
            model,
            sent: Vec::new(),
            told: BTreeMap::new(),
            ticket: None,
            random: 0,
            new_keys: 100,
            refused: 0,
            met: Met::new(),
        }
    }

    /// Compares everything that both remember.
    pub(super) fn check(&self) -> Result<(), String> {
        check_state(
            &self.model,
            self.bench.as_ref().expect("a device on the bench"),
        )
    }

    pub(super) fn bench(&mut self) -> &mut Bench {
        self.bench.as_mut().expect("a device on the bench")
    }

    pub(super) fn device(&mut self) -> &mut Verifier<Kit> {
        &mut self.bench().device
    }

    pub(super) fn meet(&mut self, label: String) {
        *self.met.entry(label).or_default() += 1;
    }

    pub(super) fn advance(&mut self, ms: u64) {
        self.bench().hardware.clock.advance(ms);
        self.model.ticks_ms += ms;
        self.model.clock_ms = self.model.clock_ms.map(|now| now + ms);
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        let true_ms = START_MS + self.model.ticks_ms;
        let shown = self
            .model
            .clock_ms
            .filter(|now| *now < ABSURD_MS)
            .unwrap_or(true_ms);
        let clock_ms = match clock {
            Clock::Off => None,
            Clock::True => Some(true_ms),
            Clock::Back(ms) => Some(shown.saturating_sub(ms)),
            Clock::Forward(ms) => Some(shown + ms),
            Clock::Absurd => Some(ABSURD_MS),
        };
        self.bench().hardware.clock.trust(clock_ms);
        self.model.clock_ms = clock_ms;
    }

    pub(super) fn observe(&mut self, facts: [Option<bool>; 2], max_age_ms: u64) {
        let mut posture = Posture::default();
        for (bit, fact) in facts.iter().enumerate() {
            posture.known |= u32::from(fact.is_some()) << bit;
            posture.value |= u32::from(*fact == Some(true)) << bit;
        }
        self.device().observe(&Observation {
            facts: u32::MAX,
            posture,
            max_age_ms,
        });
        self.model.observe(facts, max_age_ms);
    }

    pub(super) fn publish(&mut self) -> Result<(), String> {
        let state = self
            .bench()
            .state()
            .map_err(|refusal| format!("no state: {refusal:?}"))?;
        self.model.publish();
        check_published(&self.model, &state)
    }

    pub(super) fn reboot(&mut self, resume: bool) -> Result<(), String> {
        let bench = self.bench.take().expect("a device on the bench");
        self.bench = Some(bench.reboot());
        self.ticket = None;
        self.model.reboot();
        self.model.observe(FIT, u64::MAX);
        self.read_again()?;
        if resume { self.resume() } else { Ok(()) }
    }

    pub(super) fn resume(&mut self) -> Result<(), String> {
        let expected = self.model.resume();
        let Some(unlatched) = self.device().resume() else {
            return same("whether a change is made again", &expected, &false);
        };
        let (_, ticket) = unlatched.act();
        same("whether a change is made again", &expected, &true)?;
        self.settle_with(ticket, None)
    }

    /// Receipts that were made on the way and handed to nobody, as far as they are kept.
    pub(super) fn read_untold(&mut self) -> Result<(), String> {
        for account in self.model.receipts.kept.clone() {
            if !self.told.contains_key(&account.number) {
                let told = self.kept(&account)?;
                self.meet(outcome_label(&account.outcome));
                check_account(&account, &told)?;
                self.told.insert(account.number, told.bytes);
            }
        }
        Ok(())
    }

    /// A boot finds the receipts that are kept, and makes some.
    fn read_again(&mut self) -> Result<(), String> {
        for account in self.model.receipts.kept.clone() {
            let told = self.kept(&account)?;
            if let Some(bytes) = self.told.get(&account.number) {
                same("a receipt told again", bytes, &told.bytes)?;
            }
        }
        self.read_untold()
    }

    fn kept(&mut self, account: &Account) -> Result<Told, String> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let read = self.device().receipt_numbered(account.number, &mut out);
        let bytes = read.map_err(|refusal| format!("{account:?} is lost: {refusal:?}"))?;
        Ok(Told::read(bytes))
    }
}
