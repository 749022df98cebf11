//! Every message arrives once and in order while neither side restarts; and soon after noise ends.

use latch_link::timing::{HELLO_MS, PING_MS, RETRY_MOST_MS};
use proptest::prelude::*;

use super::{
    wire::{BYTES_A_SECOND, Noise},
    world::World,
};

/// What it may take from the end of all noise until both sides understand each other again: the
/// longest that either keeps quiet, a greeting of three frames, and the retry of what was lost.
const RECOVERY_MS: u64 = HELLO_MS + PING_MS + RETRY_MOST_MS;

/// How long this many requests take, with work of so many milliseconds each, on a quiet line: all of
/// the line's time twice over, since answers and pulses share it.
fn work_ms(requests: u64, slow_ms: u64) -> u64 {
    requests * (slow_ms + 2 * (2200 + 400) * 1000 / BYTES_A_SECOND + 100)
}

#[test]
fn a_quiet_line_repeats_nothing() {
    let mut world = World::new(1);
    world.asks.goal = 200;
    world.run(work_ms(200, 0));
    assert!(world.is_over());
    world.does.check();
    assert_eq!(world.does.log.len(), 200);
    assert_eq!((world.asks.losses, world.does.losses), (0, 0));
    let (host, device) = (world.host.counts(), world.device.counts());
    assert_eq!((host.broken, device.broken), (0, 0));
    assert_eq!((host.repeated, device.repeated), (0, 0));
}

#[test]
fn nothing_to_say_keeps_a_peer() {
    let mut world = World::new(2);
    world.pulses = false;
    world.pass(3_600_000);
    assert!(world.host.is_up() && world.device.is_up());
    assert_eq!((world.asks.losses, world.does.losses), (0, 0));
}

#[test]
fn slow_work_loses_nobody() {
    let mut world = World::new(3);
    (world.asks.goal, world.does.slow_ms) = (20, 50_000);
    world.run(work_ms(20, 50_000));
    assert!(world.is_over());
    world.does.check();
    assert_eq!(world.does.log.len(), 20);
    assert_eq!((world.asks.losses, world.does.losses), (0, 0));
}

fn light() -> impl Strategy<Value = Noise> {
    let rare = || prop_oneof![Just(0), 3000..20_000_u64];
    let some = || prop_oneof![Just(0), 15..100_u64];
    (rare(), rare(), rare(), some(), some(), some()).prop_map(
        |(drop, flip, insert, cut, lose, repeat)| Noise {
            drop,
            flip,
            insert,
            cut,
            lose,
            repeat,
        },
    )
}

fn heavy() -> impl Strategy<Value = Noise> {
    let often = || prop_oneof![Just(0), 20..2000_u64];
    let some = || prop_oneof![Just(0), 1..8_u64];
    (often(), often(), often(), some(), some(), some()).prop_map(
        |(drop, flip, insert, cut, lose, repeat)| Noise {
            drop,
            flip,
            insert,
            cut,
            lose,
            repeat,
        },
    )
}

fn effort(cases: u32) -> ProptestConfig {
    let times = std::env::var("LATCH_TEST_EFFORT").ok();
    let times = times.and_then(|times| times.parse().ok()).unwrap_or(1);
    ProptestConfig::with_cases(cases * times)
}

proptest! {
    #![proptest_config(effort(100))]

    /// Noise that leaves some frames whole is only a matter of time.
    #[test]
    fn light_noise_loses_no_message_and_repeats_none(
        seed: u64,
        noise in light(),
        slow_ms in prop_oneof![Just(0), 0..3000_u64],
    ) {
        let mut world = World::new(seed);
        (world.asks.goal, world.does.slow_ms) = (40, slow_ms);
        world.set_noise(noise);
        world.run(600_000);
        prop_assert!(world.is_over(), "{} requests were ended", world.asks.ended);
        world.does.check();
        prop_assert_eq!((world.asks.losses, world.does.losses), (0, 0));
        prop_assert_eq!(world.does.log.len(), 40);
    }

    /// However bad it was, and whatever it has broken up: it is over soon after it ends.
    #[test]
    fn the_end_of_noise_is_the_end_of_trouble(
        seed: u64,
        noise in heavy(),
        noisy_ms in 0..90_000_u64,
        slow_ms in prop_oneof![Just(0), 0..3000_u64],
    ) {
        let mut world = World::new(seed);
        (world.asks.goal, world.does.slow_ms) = (1_000, slow_ms);
        world.set_noise(noise);
        world.run(noisy_ms);
        world.set_noise(Noise::default());
        world.pulses = false;
        // At once there is something new, and what has queued up by now is worked off.
        let (done, queued) = (world.does.log.len(), u64::from(world.asks.queued()));
        world.asks.goal = world.asks.ended + 1;
        let soon_ms = RECOVERY_MS + slow_ms + work_ms(1, slow_ms);
        let begin_ms = world.now_ms;
        while world.now_ms < begin_ms + soon_ms && world.does.log.len() == done && !world.is_over() {
            world.run(10);
        }
        prop_assert!(world.does.log.len() > done || world.is_over(), "nothing after {soon_ms} ms");
        // Where a peer was lost, it is all asked for once more.
        world.run(soon_ms + 2 * work_ms(queued + 1, slow_ms));
        prop_assert!(world.is_over(), "{queued} were queued, {} ended", world.asks.ended);
        world.does.check();
    }
}
