//! A new image works on the journal while it is on trial, and is reverted.

use latch_verify::{limits::TRIAL_BOOTS, statement::Outcome};

use crate::world::{
    bench::Bench,
    keys::ROOT,
    release::{FACTORY, Image, version},
    root::RootSpec,
};

#[test]
fn what_an_image_on_trial_has_recorded_stays_when_it_is_reverted() {
    let image = Image::new(5000, 1);
    for gives_up in [true, false] {
        let mut bench = Bench::new();
        bench.begin(&image.release(version(2), 3));
        bench.feed(&image).expect("pages");
        assert_eq!(bench.arm(), Ok(None));
        let mut bench = bench.reboot();
        assert_eq!(bench.device.running().version, version(2));
        // Codes, a root, and so many of them that the journal's sector is left.
        let mut used = Vec::new();
        let sectors = bench.hardware.journal.look().erases();
        while bench.hardware.journal.look().erases() == sectors {
            let code = bench.change("speed", used.len() as i64);
            assert!(matches!(
                bench.submit(&code).outcome(),
                Outcome::Applied { .. }
            ));
            used.push(code);
        }
        let root = RootSpec::default().next();
        bench.succeed(&root, &ROOT);
        let twin = bench.device.facts().twin.version;
        let before = bench.device.facts().chain.number;
        let mut bench = if gives_up {
            bench.give_up().expect("a receipt");
            bench.reboot()
        } else {
            (0..TRIAL_BOOTS).fold(bench, |bench, _| bench.reboot())
        };
        assert_eq!(bench.device.running().version, FACTORY);
        let facts = bench.device.facts();
        assert_eq!(
            (facts.twin.version, facts.firmware.security_floor),
            (twin, 0)
        );
        assert_eq!(
            facts.chain.number,
            before + 1,
            "the revert, and nothing else"
        );
        assert_eq!(bench.device.status().root_version, root.version);
        let effects = bench.effects.len();
        for code in used.iter().rev().take(4) {
            bench.submit(code);
        }
        assert_eq!(bench.effects.len(), effects, "a used code was used again");
        // And the next release is installed as ever.
        let next = Image::new(3000, 2);
        let bench = bench.install(&next, &next.release(version(3), 3));
        assert_eq!(bench.device.running().version, version(3));
    }
}
