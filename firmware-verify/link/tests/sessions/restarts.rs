//! Either side starts again, at any moment.

use latch_link::{
    Happened, Lost,
    timing::{HELLO_MS, SILENT_MS},
};
use proptest::prelude::*;

use super::{wire::Noise, world::World};

#[test]
fn the_other_side_learns_of_a_restart_at_once() {
    let mut world = World::new(1);
    world.pass(500);
    assert!(world.host.is_up() && world.device.is_up());
    world.restart_device();
    world.pass(HELLO_MS / 2);
    assert!(world.host.is_up() && world.device.is_up());
    assert_eq!((world.asks.losses, world.does.losses), (1, 0));
    world.restart_host();
    world.pass(HELLO_MS / 2);
    assert!(world.host.is_up() && world.device.is_up());
    assert_eq!((world.asks.losses, world.does.losses), (1, 1));
}

#[test]
fn a_side_that_always_has_the_same_id_is_recognised_still() {
    let mut world = World::new(2);
    world.asks.goal = 1_000;
    for restarts in 1..10 {
        world.restart_device_as(7);
        world.pass(HELLO_MS);
        assert!(world.host.is_up() && world.device.is_up());
        assert_eq!(world.asks.losses, restarts - 1);
        let before = world.asks.ended;
        world.pass(3_000);
        assert!(world.asks.ended > before, "nothing comes through");
    }
    world.does.check();
}

#[test]
fn a_line_that_is_cut_is_noticed_on_both_sides() {
    let mut world = World::new(3);
    world.pass(500);
    world.set_noise(Noise {
        lose: 1,
        ..Noise::default()
    });
    world.pass(SILENT_MS - 500);
    assert!(world.host.is_up() && world.device.is_up());
    world.pass(2_500);
    assert!(!world.host.is_up() && !world.device.is_up());
    assert_eq!((world.asks.losses, world.does.losses), (1, 1));
    world.set_noise(Noise::default());
    world.pass(HELLO_MS + 100);
    assert!(world.host.is_up() && world.device.is_up());
}

/// The device had its last request whole, and had not looked at it, when the host went.
#[test]
fn a_request_of_a_host_that_has_gone_is_ended_no_more() {
    let mut world = World::new(1_852_010_547_219_070_270);
    world.asks.goal = 1_000;
    for (host, after_ms) in [(true, 3_440), (false, 3_406), (true, 3_396)] {
        world.run(after_ms);
        if host {
            world.restart_host();
        } else {
            world.restart_device();
        }
    }
    world.asks.goal = world.asks.ended + 10;
    world.run(120_000);
    assert!(world.is_over());
    world.does.check();
}

#[test]
fn who_is_given_up_is_met_again() {
    let mut world = World::new(4);
    world.pulses = false;
    world.pass(500);
    world.host.restart(99);
    assert!(!world.host.is_up());
    assert_eq!(world.host.happened(), Some(Happened::Lost(Lost::GivenUp)));
    assert_eq!(world.host.happened(), None);
    world.pass(500);
    assert!(world.host.is_up() && world.device.is_up());
    assert_eq!(world.does.losses, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Nothing is half delivered, nothing comes late, and the rest is asked for again.
    #[test]
    fn restarts_cost_a_repetition_and_nothing_else(
        seed: u64,
        restarts in prop::collection::vec((any::<bool>(), 0..4_000_u64), 1..12),
        slow_ms in prop_oneof![Just(0), 0..2000_u64],
        noisy: bool,
    ) {
        let mut world = World::new(seed);
        (world.asks.goal, world.does.slow_ms) = (1_000, slow_ms);
        if noisy {
            // Old frames come back, of sessions that are gone too.
            world.set_noise(Noise { repeat: 3, lose: 20, flip: 5_000, ..Noise::default() });
        }
        for (host, after_ms) in restarts {
            world.run(after_ms);
            if host { world.restart_host() } else { world.restart_device() }
        }
        world.asks.goal = world.asks.ended + 10;
        world.run(120_000);
        prop_assert!(world.is_over(), "{} requests were ended", world.asks.ended);
        world.does.check();
    }
}
