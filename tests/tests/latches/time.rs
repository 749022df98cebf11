//! An open latch closes at its time, and at a boot.

use latch_verify::{
    statement::{Action, CloseCause, Outcome},
    wire::Kind,
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::CREW,
    openings::bit,
    root::{RootSpec, maintenance, service},
};

#[test]
fn it_closes_at_its_time_to_the_millisecond() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    assert_eq!(bench.idle(), Some(60_000));
    bench.pass(59_999);
    assert_eq!(bench.idle(), Some(1));
    assert!(bench.device.is_open(service()));
    bench.pass(1);
    bench.closes(&opened, service(), CloseCause::Time);
    assert_eq!(bench.idle(), None);
}

/// It is shut whenever somebody asks, looked at or not, and told when somebody looks.
#[test]
fn it_is_shut_though_nobody_looks() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    bench.pass(59_999);
    assert!(bench.device.is_open(service()));
    bench.pass(1);
    assert!(!bench.device.is_open(service()));
    assert_eq!(bench.device.status().open, 0);
    bench.pass(1_000_000);
    let probe = bench.sealed(service(), Action::Probe);
    let told = bench.submit(&probe).told();
    assert_eq!(told.receipt.status.open, 0);
    bench.closes(&opened, service(), CloseCause::Time);
}

/// The time is that of the ticks: a clock that is set changes nothing.
#[test]
fn a_clock_that_is_set_neither_shortens_nor_lengthens_it() {
    for set_ms in [-3_600_000_i64, 3_600_000] {
        let mut bench = Bench::new();
        let opened = bench.opens(60);
        let now = bench.now_ms();
        bench
            .hardware
            .clock
            .trust(Some(now.saturating_add_signed(set_ms)));
        bench.closes_after(60_000, &opened, service(), CloseCause::Time);
    }
}

/// The last receipt for a statement, if it tells that a boot has closed `service`.
#[track_caller]
fn closed_by_boot(bench: &mut Bench, opened: &Told) -> Told {
    let told = bench.receipt(opened.receipt.statement).expect("a receipt");
    let (latch, cause) = (service(), CloseCause::Reboot);
    assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
    let receipt = &told.receipt;
    assert_eq!(
        (receipt.issuer, receipt.sequence, receipt.kind),
        (
            Some(CREW[0].id()),
            opened.receipt.sequence,
            Kind::Code.number()
        )
    );
    assert_eq!(receipt.status.open, 0);
    assert_eq!(receipt.status.boot, opened.receipt.status.boot + 1);
    told
}

#[test]
fn a_boot_closes_it_and_tells_so_once() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 600 });
    let opened = bench.submit(&code).told();
    let number = opened.receipt.number;
    let mut bench = bench.reboot();
    assert_eq!(bench.device.open_latches(), 0);
    assert_eq!(bench.device.facts().chain.number, number + 1);
    assert_eq!(bench.device.recent().last(), Some(opened.receipt.statement));
    let closed = closed_by_boot(&mut bench, &opened);
    assert_eq!(bench.idle(), None);
    // The code is told what came of it in the end, and opens nothing.
    assert_eq!(bench.submit(&code).told(), closed);
    assert_eq!(bench.effects.len(), 1);
    let bench = bench.reboot();
    assert_eq!(bench.device.facts().chain.number, number + 1);
}

/// A latch whose time was over before the power went, and at which nobody had looked.
#[test]
fn a_boot_tells_of_what_nobody_had_looked_at() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    bench.pass(61_000);
    let mut bench = bench.reboot();
    closed_by_boot(&mut bench, &opened);
}

#[test]
fn a_boot_closes_what_was_renewed_in_the_name_of_the_code_that_had_opened_it() {
    let mut bench = Bench::new();
    let opened = bench.opens(60);
    bench.renews(200);
    let mut bench = bench.reboot();
    closed_by_boot(&mut bench, &opened);
    assert_eq!(bench.idle(), None);
}

#[test]
fn a_boot_closes_every_latch() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 600;
    let mut bench = Bench::with_root(&root);
    let first = bench.opens(60);
    let code = bench.code(maintenance(), Action::Open { seconds: 90 });
    let second = bench.opens_by(&code, &CREW);
    assert_eq!(
        bench.device.open_latches(),
        bit(service()) | bit(maintenance())
    );
    let number = bench.device.facts().chain.number;
    let mut bench = bench.reboot();
    assert_eq!(bench.device.facts().chain.number, number + 2);
    closed_by_boot(&mut bench, &first);
    let told = bench.receipt(second.receipt.statement).expect("a receipt");
    let (latch, cause) = (maintenance(), CloseCause::Reboot);
    assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
}

/// What was burned and not settled was never open, so a boot has nothing to close.
#[test]
fn a_boot_in_the_middle_of_an_opening_tells_that_it_was_interrupted() {
    let mut bench = Bench::new();
    let code = bench.sealed(service(), Action::Open { seconds: 600 });
    drop(bench.open(&code));
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&code).outcome(), Outcome::Interrupted);
    assert_eq!(bench.device.open_latches(), 0);
    assert_eq!(bench.device.facts().open_latch(service()), None);
    let number = bench.device.facts().chain.number;
    assert_eq!(bench.reboot().device.facts().chain.number, number);
}

/// An open latch outlives the journal's sector.
#[test]
fn it_stays_open_while_the_journal_turns_over() {
    let mut bench = Bench::new();
    let opened = bench.opens(1800);
    let before = bench.hardware.journal.look().erases();
    while bench.hardware.journal.look().erases() < before + 2 {
        let probe = bench.sealed(service(), Action::Probe);
        bench.submit(&probe).told();
        assert!(bench.device.is_open(service()));
    }
    let mut rebooted = bench.fork();
    closed_by_boot(&mut rebooted, &opened);
    bench.closes_after(
        300_000 - (bench.now_ms() - crate::world::hardware::START_MS),
        &opened,
        service(),
        CloseCause::Silence,
    );
}
