//! Devices with a past: journals as real devices have written them, and what each of those
//! devices was at one time or another.

use std::collections::BTreeSet;

use latch_verify::{
    boot::{Choice, Start},
    device::JOURNAL_SECTOR,
    journal::Journal,
    ledger::{Image, InstallPhase},
    limits::MAX_RECORD,
    types::{KeyId, Sequence, StatementId},
};

use crate::device::{Hardware, Machine, play};

/// What happens to each device before its journal is taken, as the [device](crate::device)
/// target's scripts: what each step means stands there.
const SCRIPTS: [&[u8]; 12] = [
    // Nothing yet.
    &[0],
    // Two twin changes and a boot.
    &[0, 0, 0, 0, 0, 0, 7, 10, 0, 0, 1, 0, 0, 0, 9, 10, 0, 9],
    // A command that fails, one that is refused, and one that is not settled.
    &[
        0, 0, 2, 0, 0, 0, 0, 10, 5, 0, 4, 0, 0, 1, 0, 0, 4, 0, 0, 0, 0,
    ],
    // A twin change that is not settled.
    &[0, 0, 0, 0, 0, 0, 7, 10, 0, 0, 1, 0, 0, 0, 9],
    // A download on its way.
    &[0, 0, 5, 0, 0, 0, 3, 0, 12, 0, 0],
    // An image that is armed.
    &[0, 0, 5, 0, 0, 0, 0, 0, 12, 7, 0, 0, 0, 13],
    // One on trial; one confirmed, and the next on its way.
    &[0, 0, 5, 0, 0, 0, 0, 0, 12, 7, 0, 0, 0, 13, 9],
    &[
        0, 0, 5, 0, 0, 0, 0, 0, 12, 7, 0, 0, 0, 13, 9, 14, 0, 5, 0, 0, 0, 1, 0, 12, 0, 0,
    ],
    // A latch that is open; everything locked down.
    &[0, 0, 8, 0, 0, 0, 9, 10, 0],
    &[0, 0, 11, 0, 0, 0, 0, 10, 0],
    // A root of a new epoch, and a code under it; a key that is revoked, and a code that is
    // stopped.
    &[0, 25, 0, 1, 0, 0, 7, 0, 0, 0, 4],
    &[
        0, 0, 7, 0, 0, 0, 4, 23, 2, 0, 0, 0, 7, 0, 32, 0, 4, 24, 0, 0,
    ],
];

/// A device that was switched off.
pub(super) struct Past {
    pub(super) hardware: Hardware,
    /// The records of its journal, in order, with their kinds.
    pub(super) records: Vec<(u8, Vec<u8>)>,
    seen: Seen,
}

/// What it was at one time or another.
#[derive(Default)]
struct Seen {
    twins: BTreeSet<(u64, Vec<u8>)>,
    times_ms: BTreeSet<u64>,
    firmware: BTreeSet<(StatementId, u32)>,
    installs: BTreeSet<StatementId>,
    armed: BTreeSet<StatementId>,
    /// What the table of used codes keeps of their ids.
    used: BTreeSet<[u8; 8]>,
    roots: BTreeSet<(u32, u32)>,
    lockdowns: BTreeSet<bool>,
    revoked: BTreeSet<(KeyId, Sequence)>,
}

thread_local! {
    static PASTS: [Past; SCRIPTS.len()] = SCRIPTS.map(Past::of);
}

/// Looks at one of the pasts; every number names one.
pub(super) fn with<T>(number: u8, look: impl FnOnce(&Past) -> T) -> T {
    PASTS.with(|pasts| look(&pasts[usize::from(number) % pasts.len()]))
}

impl Past {
    fn of(script: &[u8]) -> Self {
        let mut seen = Seen::default();
        let blank = Hardware::provisioned();
        seen.add(&Machine::boot(blank.parts()).expect("a boot"));
        let mut end = blank;
        play(script, &mut |bench| {
            seen.add(&bench.device);
            end = bench.hardware.fork();
        });
        // What a boot makes of the end belongs to it too.
        seen.add(&Machine::boot(end.fork().parts()).expect("a boot"));
        let records = records(&end);
        Self {
            hardware: end,
            records,
            seen,
        }
    }

    /// Checks that a device which has come up is what this one was at some time.
    ///
    /// # Panics
    /// When it is not.
    pub(super) fn knows(&self, device: &Machine) {
        let Seen {
            twins,
            times_ms,
            firmware,
            installs,
            armed: _,
            used,
            roots,
            lockdowns,
            revoked,
        } = &self.seen;
        let mut now = Seen::default();
        now.add(device);
        assert!(now.twins.is_subset(twins), "a twin that never was");
        assert!(now.times_ms.is_subset(times_ms), "a time that never was");
        assert!(now.firmware.is_subset(firmware), "firmware that never was");
        assert!(now.installs.is_subset(installs), "an image of no release");
        assert!(now.used.is_subset(used), "a code that was never used");
        assert!(now.roots.is_subset(roots), "a root that never was");
        assert!(now.lockdowns.is_subset(lockdowns), "never locked or open");
        assert!(now.revoked.is_subset(revoked), "never revoked");
    }
}

impl Past {
    /// Checks that what a bootloader starts was confirmed, or armed, at some time.
    ///
    /// # Panics
    /// When it was not.
    pub(super) fn started(&self, choice: &Choice) {
        let confirmed = |image: &Image| {
            let mut confirmed = self.seen.firmware.iter();
            confirmed.any(|(manifest, _)| *manifest == image.manifest)
        };
        match choice.start {
            Start::Confirmed(image) | Start::Fallback(image) => {
                assert!(confirmed(&image), "starts what was never confirmed");
            }
            Start::Trial(image) => {
                let armed = self.seen.armed.contains(&image.manifest);
                assert!(armed, "tries what was never armed");
            }
            Start::Recovery => {}
        }
    }
}

impl Seen {
    fn add(&mut self, device: &Machine) {
        let facts = device.facts();
        let twin = facts.twin.entries().bytes().to_vec();
        self.twins.insert((facts.twin.version, twin));
        self.times_ms.insert(facts.time_floor_ms.get());
        let confirmed = facts.firmware.confirmed.manifest;
        self.firmware
            .insert((confirmed, facts.firmware.security_floor));
        self.installs
            .extend(facts.install.as_ref().map(|install| install.image.manifest));
        let on_trial = facts.install.iter().filter(|install| {
            matches!(
                install.phase,
                InstallPhase::Armed | InstallPhase::Trial { .. }
            )
        });
        self.armed
            .extend(on_trial.map(|install| install.image.manifest));
        let burned = facts.replay.burned().map(|burned| burned.statement);
        let pending = facts.pending.map(|pending| pending.code.statement);
        let used = burned.chain(pending);
        self.used
            .extend(used.filter_map(|id| id.0.first_chunk().copied()));
        let status = device.status();
        self.roots.insert((status.root_version, status.epoch));
        self.lockdowns.insert(facts.locked_down);
        let floors = facts.replay.floors();
        self.revoked
            .extend(floors.map(|floor| (floor.issuer, floor.revoked)));
    }
}

fn records(hardware: &Hardware) -> Vec<(u8, Vec<u8>)> {
    let (mut buffer, mut records) = ([0; MAX_RECORD], Vec::new());
    let flash = hardware.fork().journal;
    Journal::<_, JOURNAL_SECTOR>::mount(flash, &mut buffer, &mut |entry| {
        records.push((entry.kind, entry.body.to_vec()));
        Ok(())
    })
    .expect("a sound journal");
    records
}

#[cfg(test)]
mod tests {
    use super::{InstallPhase, Machine, SCRIPTS, with};
    use crate::journal::journal;

    fn phase(number: u8) -> Option<InstallPhase> {
        with(number, |past| {
            let device = Machine::boot(past.hardware.fork().parts()).expect("a boot");
            device.install_phase()
        })
    }

    #[test]
    fn the_pasts_are_what_they_say() {
        let pending = |number| {
            with(number, |past| {
                let device = Machine::boot(past.hardware.fork().parts()).expect("a boot");
                device.facts().pending.is_some()
            })
        };
        assert!(!pending(1) && pending(3));
        assert!(matches!(phase(4), Some(InstallPhase::Receiving { .. })));
        assert!(matches!(
            phase(5),
            Some(InstallPhase::Trial { boots_left: 2, .. })
        ));
        assert!(matches!(
            phase(6),
            Some(InstallPhase::Trial { boots_left: 1, .. })
        ));
        assert!(matches!(phase(7), Some(InstallPhase::Receiving { .. })));
    }

    #[test]
    fn a_past_does_not_know_another() {
        with(1, |past| {
            let device =
                |past: &super::Past| Machine::boot(past.hardware.fork().parts()).expect("a boot");
            past.knows(&device(past));
            let other =
                std::panic::AssertUnwindSafe(|| with(7, |other| past.knows(&device(other))));
            assert!(std::panic::catch_unwind(other).is_err());
        });
    }

    #[test]
    fn journals_are_taken_whole_damaged_and_written_anew() {
        for past in 0..u8::try_from(SCRIPTS.len()).expect("few") {
            journal(&[0, past]);
            journal(&[0, past, 1, 0, 4, 255]);
            let records = (0..20).flat_map(|number| [0, number]);
            journal(&[1, past, 9].into_iter().chain(records).collect::<Vec<u8>>());
        }
    }
}
