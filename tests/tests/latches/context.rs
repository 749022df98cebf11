//! An open latch closes when what its code names of the device is no longer so, after the rule's grace.

use latch_verify::{
    statement::{Action, CloseCause, Context, Outcome},
    types::VersionRange,
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::CREW,
    openings::service_rule,
    release::{FACTORY, Image, version},
    root::{SERVICE_GRACE_S, service},
};

const GRACE_MS: u64 = SERVICE_GRACE_S as u64 * 1000;

/// Opens `service` for as long as this holds.
#[track_caller]
fn opens_in(bench: &mut Bench, context: Context) -> Told {
    let mut code = bench.code(service(), Action::Open { seconds: 250 });
    code.context = context;
    bench.opens_by(&code, &CREW)
}

fn of_twin(version: u64) -> Context {
    Context {
        twin_version: Some(version),
        ..Context::default()
    }
}

fn of_firmware(least: u16, most: u16) -> Context {
    let (least, most) = (version(least), version(most));
    Context {
        firmware: Some(VersionRange { least, most }),
        ..Context::default()
    }
}

#[track_caller]
fn change_twin(bench: &mut Bench) {
    let change = bench.change("speed", 3);
    let told = bench.submit(&change).told();
    assert!(matches!(told.outcome(), Outcome::Applied { .. }));
}

#[test]
fn a_twin_that_moves_on_closes_it_after_the_grace() {
    let mut bench = Bench::new();
    change_twin(&mut bench);
    let opened = opens_in(&mut bench, of_twin(1));
    bench.stays_open(10_000, service());
    change_twin(&mut bench);
    assert_eq!(bench.idle(), Some(GRACE_MS));
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Context);
}

#[test]
fn without_a_grace_it_closes_with_the_change() {
    let mut bench = Bench::with_root(&service_rule(|rule| rule.grace_s = 0));
    let opened = opens_in(&mut bench, of_twin(0));
    change_twin(&mut bench);
    bench.closes(&opened, service(), CloseCause::Context);
}

#[test]
fn it_is_shut_after_the_grace_though_nobody_has_looked() {
    let mut bench = Bench::new();
    opens_in(&mut bench, of_twin(0));
    change_twin(&mut bench);
    bench.pass(GRACE_MS);
    assert!(
        !bench.device.is_open(service()),
        "open {GRACE_MS} ms after the twin has moved on, because nobody has looked"
    );
}

/// A code that names nothing is not closed by a change.
#[test]
fn what_is_not_named_may_change() {
    let mut bench = Bench::new();
    let opened = opens_in(&mut bench, Context::default());
    change_twin(&mut bench);
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// What a renewal names is asked of the renewal alone.
#[test]
fn a_renewal_takes_the_context_of_the_opening_over() {
    let mut bench = Bench::new();
    let opened = opens_in(&mut bench, of_twin(0));
    let mut code = bench.code(service(), Action::Renew { seconds: 200 });
    code.context = of_firmware(1, 1);
    let renewal = crate::world::keys::seal(&code, &CREW);
    assert_eq!(
        bench.submit(&renewal).outcome(),
        Outcome::Renewed { seconds: 200 }
    );
    change_twin(&mut bench);
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Context);
}

#[test]
fn this_boot_lasts_as_long_as_the_boot() {
    let mut bench = Bench::new();
    let boot = Some(bench.device.status().boot);
    let context = Context {
        boot,
        ..Context::default()
    };
    let opened = opens_in(&mut bench, context);
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// A device whose new image runs on trial.
fn on_trial() -> Bench {
    let image = Image::new(5000, 1);
    let release = image.release(version(2), 3);
    let mut bench = Bench::new();
    bench.begin(&release);
    bench.feed(&image).expect("pages");
    assert_eq!(bench.arm(), Ok(None));
    let bench = bench.reboot();
    assert_eq!(bench.device.running().version, version(2));
    bench
}

/// The image on trial is given up: what runs counts as the one before, from then on.
#[test]
fn firmware_that_leaves_the_range_closes_it() {
    let mut bench = on_trial();
    let opened = opens_in(&mut bench, of_firmware(2, 2));
    bench.give_up().expect("a receipt");
    assert_eq!(bench.device.running().version, FACTORY);
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Context);
}

#[test]
fn firmware_that_stays_in_the_range_does_not() {
    let mut bench = on_trial();
    let opened = opens_in(&mut bench, of_firmware(1, 2));
    bench.give_up().expect("a receipt");
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
    let mut bench = on_trial();
    let opened = opens_in(&mut bench, of_firmware(2, 2));
    bench.confirm().expect("a receipt");
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// Posture and context share one grace.
#[test]
fn one_grace_serves_for_all_that_is_amiss() {
    let mut bench = Bench::new();
    let opened = opens_in(&mut bench, of_twin(0));
    bench.tampered(Some(true));
    bench.stays_open(15_000, service());
    change_twin(&mut bench);
    bench.idle();
    bench.tampered(Some(false));
    bench.closes_after(GRACE_MS - 15_000, &opened, service(), CloseCause::Context);
}
