//! Cuts from the first page of an image to its confirmation, and on the way back.

use latch_verify::{
    Reason,
    ledger::InstallPhase,
    limits::TRIAL_BOOTS,
    statement::{Action, Outcome},
    types::{LatchId, StatementId},
};

use super::{
    codes::{goes_on, id, lasting},
    sweep::{Past, Scene, crowded, journal, seasoned, start},
};
use crate::world::{
    bench::Bench,
    hardware::Hardware,
    release::{FACTORY, Image, Release, version},
};

/// A device, an image for it, and the code that installs it.
struct Rollout {
    bench: Bench,
    image: Image,
    release: Release,
    code: Vec<u8>,
}

impl Rollout {
    fn new(mut bench: Bench) -> Self {
        // Five full pages and a bit: two erase blocks, left in the middle of both.
        let image = Image::new(5 * 1024 + 100, 1);
        let release = image.release(version(2), 3);
        let install = Action::Install {
            manifest: release.id,
        };
        let code = lasting(&mut bench, LatchId::FIRMWARE, install);
        Self {
            bench,
            image,
            release,
            code,
        }
    }

    /// The download has begun.
    fn begun(bench: Bench) -> Self {
        let mut rollout = Self::new(bench);
        rollout
            .bench
            .submit_found(&rollout.code, &rollout.release)
            .told();
        rollout
    }

    fn received(bench: Bench) -> Self {
        let mut rollout = Self::begun(bench);
        rollout.bench.feed(&rollout.image).expect("pages");
        rollout
    }

    fn armed(bench: Bench) -> Self {
        let mut rollout = Self::received(bench);
        assert_eq!(rollout.bench.arm(), Ok(None));
        rollout
    }

    /// The last of its trial boots is over.
    fn tried(bench: Bench) -> Self {
        let mut rollout = Self::armed(bench);
        for _ in 0..TRIAL_BOOTS {
            rollout.bench = rollout.bench.reboot();
        }
        rollout
    }

    fn statement(&self) -> StatementId {
        id(&self.code)
    }

    /// What the device says of the installation is what is so.
    #[track_caller]
    fn is_told_truly(&self, bench: &mut Bench, past: &mut Past) {
        let burned = bench
            .device
            .facts()
            .replay
            .burned()
            .any(|used| used.is(self.statement()));
        let phase = bench.device.install_phase();
        let Ok(told) = bench.receipt(self.statement()) else {
            assert!(
                !burned && phase.is_none(),
                "burned, and nothing is said of it"
            );
            assert_eq!(
                past.last(self.statement()),
                None,
                "what has left the device is forgotten"
            );
            return;
        };
        assert!(burned, "an installation without a burned code");
        past.keep(&told);
        assert_eq!(
            past.last(self.statement()),
            Some(&told),
            "what has left the device is newer"
        );
        let confirmed = bench.device.facts().firmware.confirmed.version;
        let floor = bench.device.facts().firmware.security_floor;
        match told.outcome() {
            Outcome::InstallStarted => {
                assert!(phase.is_some() && confirmed == FACTORY && floor == 0);
            }
            Outcome::InstallConfirmed => {
                assert!(phase.is_none() && confirmed == version(2) && floor == 3);
            }
            Outcome::InstallReverted { .. } => {
                assert!(phase.is_none() && confirmed == FACTORY && floor == 0);
            }
            outcome => panic!("{outcome:?} in phase {phase:?}"),
        }
        let on_trial = matches!(phase, Some(InstallPhase::Trial { .. }));
        let runs_new = on_trial || confirmed == version(2);
        assert_eq!(
            bench.device.running().version,
            if runs_new { version(2) } else { FACTORY }
        );
        if runs_new {
            self.lies_in_its_slot(bench);
        }
    }

    fn lies_in_its_slot(&self, bench: &Bench) {
        let slot = usize::from(bench.device.running().slot);
        let whole = bench.hardware.slots[slot]
            .look()
            .contents()
            .starts_with(&self.image.bytes);
        assert!(whole, "what runs is not the image");
    }

    /// Brings the installation to its end from wherever it is.
    #[track_caller]
    fn finish(&self, mut bench: Bench, past: &mut Past) -> Bench {
        self.is_told_truly(&mut bench, past);
        if bench.receipt(self.statement()).is_err() {
            let answer = bench.submit_found(&self.code, &self.release);
            past.hear(&answer);
            assert_eq!(answer.outcome(), Outcome::InstallStarted);
        }
        loop {
            match bench.device.install_phase() {
                None => break,
                Some(InstallPhase::Receiving { .. }) => bench.feed(&self.image).expect("pages"),
                Some(InstallPhase::Received) => assert_eq!(bench.arm(), Ok(None)),
                Some(InstallPhase::Armed) => bench = bench.reboot(),
                Some(InstallPhase::Trial { .. }) => {
                    self.lies_in_its_slot(&bench);
                    past.keep(&bench.confirm().expect("a confirmation"));
                }
            }
        }
        self.is_told_truly(&mut bench, past);
        goes_on(&mut bench, past);
        bench
    }

    /// As [`finish`](Self::finish), and the new image runs.
    #[track_caller]
    fn succeed(&self, bench: Bench, mut past: Past) {
        let bench = self.finish(bench, &mut past);
        assert_eq!(bench.device.running().version, version(2));
        self.lies_in_its_slot(&bench);
    }
}

/// Sweeps over a journal with room, and over one where the scene begins a new sector.
fn sweep(
    name: &'static str,
    make: fn(Bench) -> Rollout,
    act: fn(&Rollout, &Hardware, &mut Past),
    check: fn(&Rollout, Bench, Past),
) {
    let crowded = crowded(make, |rollout| &rollout.bench.hardware, act);
    for rollout in [make(seasoned()), crowded] {
        Scene {
            name,
            start: &rollout.bench.hardware,
            chip: journal,
            act: &|hardware, past| act(&rollout, hardware, past),
            check: &|bench, past| check(&rollout, bench, past),
        }
        .sweep();
    }
}

/// Takes all pages.
fn feed(rollout: &Rollout, hardware: &Hardware, _: &mut Past) {
    let Some(mut bench) = start(hardware) else {
        return;
    };
    if bench.feed(&rollout.image).is_err() {
        assert!(
            hardware.is_off(),
            "a page was refused, though the power is on"
        );
    }
}

#[test]
fn an_installation_begins_wholly_or_not_at_all() {
    let submit = |rollout: &Rollout, hardware: &Hardware, past: &mut Past| {
        if let Some(mut bench) = start(hardware) {
            past.hear(&bench.submit_found(&rollout.code, &rollout.release));
        }
    };
    sweep("installation begun", Rollout::new, submit, Rollout::succeed);
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    sweep("pages", Rollout::begun, feed, Rollout::succeed);
}

#[test]
fn a_page_that_was_cut_in_the_slot_is_written_again() {
    let rollout = Rollout::begun(seasoned());
    Scene {
        name: "pages, slot",
        start: &rollout.bench.hardware,
        chip: |hardware| &hardware.slots[1],
        act: &|hardware, past| feed(&rollout, hardware, past),
        check: &|bench, past| rollout.succeed(bench, past),
    }
    .sweep();
}

#[test]
fn an_image_is_armed_or_not() {
    let arm = |_: &Rollout, hardware: &Hardware, _: &mut Past| {
        if let Some(mut bench) = start(hardware) {
            assert!(
                bench.arm() == Ok(None) || hardware.is_off(),
                "not armed, though the power is on"
            );
        }
    };
    sweep("arming", Rollout::received, arm, Rollout::succeed);
}

#[test]
fn a_trial_is_confirmed_or_still_a_trial() {
    let confirm = |_: &Rollout, hardware: &Hardware, past: &mut Past| {
        let Some(mut bench) = start(hardware) else {
            return;
        };
        match bench.confirm() {
            Ok(told) => past.keep(&told),
            Err(refusal) => assert!(hardware.is_off(), "{refusal}"),
        }
    };
    sweep(
        "trial and confirmation",
        Rollout::armed,
        confirm,
        |rollout, bench, mut past| {
            let cuts = past.cuts;
            let bench = rollout.finish(bench, &mut past);
            // Each cut may have used up one of the boots that the image has to confirm itself.
            assert!(bench.device.running().version == version(2) || cuts >= u32::from(TRIAL_BOOTS));
        },
    );
}

#[test]
fn an_image_that_gives_up_makes_way() {
    let give_up = |_: &Rollout, hardware: &Hardware, past: &mut Past| {
        let Some(mut bench) = start(hardware) else {
            return;
        };
        match bench.give_up() {
            Ok(told) => past.keep(&told),
            Err(refusal) => assert!(hardware.is_off(), "{refusal}"),
        }
        start(hardware);
    };
    sweep(
        "giving up",
        Rollout::armed,
        give_up,
        |rollout, mut bench, mut past| {
            rollout.is_told_truly(&mut bench, &mut past);
            if bench.device.install_phase().is_some() {
                past.keep(&bench.give_up().expect("a receipt"));
                bench = bench.reboot();
            }
            rollout.is_told_truly(&mut bench, &mut past);
            assert_eq!(bench.device.running().version, FACTORY);
            goes_on(&mut bench, &mut past);
        },
    );
}

#[test]
fn an_image_that_never_confirms_is_given_up_at_a_boot() {
    let boot = |_: &Rollout, hardware: &Hardware, _: &mut Past| drop(start(hardware));
    sweep(
        "the end of a trial",
        Rollout::tried,
        boot,
        |rollout, mut bench, mut past| {
            rollout.is_told_truly(&mut bench, &mut past);
            let told = bench.receipt(rollout.statement()).expect("a receipt");
            let reason = Reason::TrialExpired.number();
            assert_eq!(told.outcome(), Outcome::InstallReverted { reason });
            goes_on(&mut bench, &mut past);
        },
    );
}
