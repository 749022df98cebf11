//! The power goes at every operation of the flash while the root changes: afterwards the old root is in force or the new
//! one, wholly, and the new one is told of once.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    statement::{Action, CloseCause, Outcome},
    types::LatchId,
    wire::{Envelope, Kind},
};

use crate::{
    sweep::{Past, Scene, crowded, journal, seasoned, start},
    world::{
        answer::{Answer, Effect},
        bench::Bench,
        code::command,
        hardware::Hardware,
        keys::{CREW, ROOT, Signer, seal},
        root::{EPOCH, RootSpec, maintenance, service},
        statements::{NEXT_ROOT, root_id},
    },
};

/// A device, and a root for it.
struct Case {
    bench: Bench,
    root: RootSpec,
    envelope: Vec<u8>,
    /// Codes of the epoch before that rest on the clock: one that leaves its command in hand, and one that opens.
    codes: Option<[Vec<u8>; 2]>,
}

impl Case {
    fn new(bench: Bench, root: RootSpec) -> Self {
        let envelope = root.sealed(&[ROOT, NEXT_ROOT].concat());
        Self {
            bench,
            root,
            envelope,
            codes: None,
        }
    }

    /// The device has an open latch and a command in hand when the root comes.
    fn busy(mut bench: Bench, root: RootSpec) -> Self {
        let mut code = |latch, action| {
            let mut code = bench.code(latch, action);
            code.challenge = None;
            seal(&code, &CREW)
        };
        let run = code(maintenance(), command("restart"));
        let open = code(service(), Action::Open { seconds: 100 });
        Self {
            codes: Some([run, open]),
            ..Self::new(bench, root)
        }
    }

    fn act(&self, hardware: &Hardware, past: &mut Past) {
        let Some(mut bench) = start(hardware) else {
            return;
        };
        if let Some([run, open]) = &self.codes {
            past.hear(&bench.submit(open));
            let mut out = [0; latch_verify::limits::MAX_RECEIPT_ENVELOPE];
            let submitted = bench.device.submit(run, Offer::NotAsked, &mut out);
            if let latch_verify::device::Submitted::Unlatched(unlatched) = submitted {
                let (opened, _) = unlatched.act();
                past.effects.push(Effect::of(&opened));
            }
        }
        past.hear(&bench.submit_once(&self.envelope, Offer::NotAsked));
    }

    /// Receipts about a statement among those that the device still has.
    fn receipts(bench: &Bench, envelope: &[u8]) -> usize {
        let id = root_id(envelope);
        bench.device.recent().filter(|recent| *recent == id).count()
    }

    fn check(&self, mut bench: Bench, mut past: Past) {
        let Self { root, envelope, .. } = self;
        let accepted = Outcome::RootAccepted {
            version: root.version,
            epoch: root.epoch,
        };
        let number = bench.device.facts().chain.number;
        let is_new = bench.root_in_force() == (root.version, root.epoch);
        if past.last(root_id(envelope)).is_some() {
            assert!(is_new, "a root was told of and is not in force");
        }
        if is_new {
            assert_eq!(Self::receipts(&bench, envelope), 1);
            let told = bench.receipt(root_id(envelope)).expect("a receipt");
            past.keep(&told);
            assert_eq!(told.outcome(), accepted);
            assert_eq!(bench.submit_reserved(envelope), Answer::Noted);
            assert_eq!(bench.device.facts().chain.number, number);
        } else {
            assert_eq!(bench.root_in_force(), (1, EPOCH));
            assert_eq!(Self::receipts(&bench, envelope), 0);
            past.keep(&bench.accepts_root(envelope, root));
        }
        self.settled(&mut bench, &mut past);
        let tables = bench.device.facts().replay.burned().count();
        assert_eq!(tables == 0, root.epoch > EPOCH, "{tables} used codes");
        let mut bench = bench.reboot();
        assert_eq!(bench.root_in_force(), (root.version, root.epoch));
        assert_eq!(Self::receipts(&bench, envelope), 1);
        bench.rest_reserves();
        bench.ignores(&RootSpec::default().sealed(&ROOT), Reason::UnknownKey);
        let mut probe = bench.code(LatchId::TWIN, Action::Probe);
        probe.epoch = root.epoch;
        let told = bench.submit(&seal(&probe, &CREW)).told();
        past.keep(&told);
        assert_eq!(told.outcome(), Outcome::Probed);
        let next = root.next();
        bench.succeed(&next, &NEXT_ROOT);
    }

    /// What was in hand has its outcome, whichever root was in force when the power went.
    fn settled(&self, bench: &mut Bench, past: &mut Past) {
        let Some([run, open]) = &self.codes else {
            return;
        };
        let id = |code: &[u8]| Envelope::parse(Kind::Code, code).expect("a code").id();
        assert!(past.effects.len() <= 2, "{:?}", past.effects);
        let (latch, cause) = (service(), CloseCause::Reboot);
        assert!(!bench.device.is_open(latch));
        // What was not burned before the cut is refused for its epoch, or still good.
        for (code, ended) in [
            (run, Outcome::Interrupted),
            (open, Outcome::Closed { latch, cause }),
        ] {
            if let Ok(told) = bench.receipt(id(code)) {
                past.keep(&told);
                let outcome = told.outcome();
                assert!(
                    outcome == ended || (code == open && outcome == Outcome::Interrupted),
                    "{outcome:?}"
                );
                assert_eq!(bench.submit(code), Answer::Told(told));
            } else if self.root.epoch > EPOCH {
                let void = Refusal::new(Reason::OtherEpoch, self.root.epoch.into(), EPOCH.into());
                past.keep(&bench.refuses(code, void));
            }
        }
        assert_eq!(bench.effects, []);
    }
}

/// Sweeps a change of the root on a journal with room, and on one where it begins a new sector.
fn sweep(name: &'static str, case: impl Fn(Bench) -> Case) {
    let crowded = crowded(&case, |case| &case.bench.hardware, Case::act);
    for case in [case(seasoned()), crowded] {
        Scene {
            name,
            start: &case.bench.hardware,
            chip: journal,
            act: &|hardware, past| case.act(hardware, past),
            check: &|bench, past| case.check(bench, past),
        }
        .sweep();
    }
}

fn exchanged(root: RootSpec) -> RootSpec {
    let mut root = root;
    root.exchange_root(ROOT, NEXT_ROOT);
    root
}

#[test]
fn the_next_version_is_in_force_wholly_or_not_at_all() {
    sweep("next version", |bench| {
        let mut root = exchanged(RootSpec::default().next());
        root.exchange(Signer(13), Signer(73));
        Case::new(bench, root)
    });
}

#[test]
fn the_next_epoch_is_in_force_wholly_or_not_at_all() {
    sweep("next epoch", |bench| {
        Case::new(bench, exchanged(RootSpec::default().next_epoch()))
    });
}

#[test]
fn what_is_in_hand_has_its_outcome_whatever_root_is_in_force() {
    sweep("next epoch over things in hand", |bench| {
        Case::busy(bench, exchanged(RootSpec::default().next_epoch()))
    });
}
