//! The scripts do what they say, and the witness sees what it is there to see.

use std::panic::{AssertUnwindSafe, catch_unwind};

use latch_verify::{
    device::Opened,
    ledger::InstallPhase,
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Receipt, TimeStatus},
    twin::Entries,
    types::StatementId,
    wire::{Envelope, Kind},
};

use super::{Bench, ordinary_code, play, witness::Witness};
use crate::{
    input::Input,
    keys::{Crew, sign_message},
};

/// The bench after the last step.
fn end<T>(script: &[u8], look: impl Fn(&Bench) -> T) -> T {
    let mut found = None;
    play(script, &mut |bench| found = Some(look(bench)));
    found.expect("a step")
}

#[test]
fn a_code_of_zeros_is_accepted() {
    for action in [0, 1, 2, 4] {
        let effects = end(&[0, 0, action, 0, 0, 0, 1], |bench| bench.effects);
        assert_eq!(effects, 1, "action {action}");
    }
}

#[test]
fn every_oddity_makes_another_code() {
    // A twin change needs no answer to a challenge, may be for many, may be out of order as
    // long as it is the newest, with the right context, and for any product.
    let harmless = [0, 1, 2, 3, 5, 6, 11];
    for bit in 0..16 {
        let [low, high] = u16::to_le_bytes(1 << bit);
        let effects = end(&[0, 0, 0, low, high, 0, 1], |bench| bench.effects);
        assert_eq!(effects == 1, harmless.contains(&bit), "oddity {bit}");
    }
}

#[test]
fn a_code_acts_once_however_often_it_comes() {
    let again = [3, 0, 9, 3, 0, 5, 0, 2, 5, 0, 6];
    let script = [&[0, 0, 2, 0, 0, 0, 1, 10, 0], again.as_slice()].concat();
    assert_eq!(end(&script, |bench| bench.effects), 1);
}

#[test]
fn a_release_goes_all_the_way() {
    let install = [0, 0, 5, 0, 0, 0, 0, 0];
    let phase = |bench: &Bench| bench.device.install_phase();
    assert_eq!(
        end(&install, phase),
        Some(InstallPhase::Receiving { next: 0 })
    );
    let received = [&install[..], &[12, 2, 0, 0, 0]].concat();
    assert_eq!(end(&received, phase), Some(InstallPhase::Received));
    let armed = [&received[..], &[13]].concat();
    assert_eq!(end(&armed, phase), Some(InstallPhase::Armed));
    let confirmed = [&armed[..], &[9, 14]].concat();
    let floor = |bench: &Bench| bench.device.facts().firmware.security_floor;
    assert_eq!(end(&confirmed, floor), 1);
}

/// Opens the safety latch for ten seconds.
const OPEN: [u8; 8] = [0, 8, 0, 0, 0, 9, 10, 0];

#[test]
fn a_latch_opens_and_closes() {
    let open = |steps: &[&[u8]]| {
        let script = [&[0], OPEN.as_slice(), &steps.concat()].concat();
        end(&script, |bench| bench.device.status().open)
    };
    assert_eq!(open(&[]), 1 << 3);
    // Renewed after eight seconds; then silent for two minutes, or not.
    let renew = [0, 9, 0, 0, 0, 249, 10, 0];
    assert_eq!(open(&[&[6, 13], &renew, &[6, 13]]), 1 << 3);
    assert_eq!(open(&[&renew, &[6, 16, 17], &[6, 16]]), 0);
    assert_eq!(
        open(&[&renew, &[6, 16, 17], &[22, 0, 0, 0], &[6, 16]]),
        1 << 3
    );
    for shut in [
        &[6, 14][..],
        &[0, 10, 0, 0, 0, 0],
        &[0, 11, 0, 0, 0, 0],
        &[9],
        &[23, 0, 0, 0],
        &[24, 0, 0],
        &[25, 0, 1, 0],
        &[8, 2, 0, 0, 16, 6, 13, 16],
    ] {
        assert_eq!(open(&[shut]), 0, "{shut:?}");
    }
}

#[test]
fn a_lockdown_lasts_until_it_is_lifted() {
    let command = [0, 4, 0, 0, 0, 0];
    let (lock, unlock) = ([0, 11, 0, 0, 0, 0, 10, 0], [0, 13, 0, 0, 0, 0]);
    let locked = [&[0], lock.as_slice(), &[9], &command].concat();
    assert_eq!(end(&locked, |bench| bench.effects), 1);
    let lifted = [&[0], lock.as_slice(), &unlock, &command].concat();
    assert_eq!(end(&lifted, |bench| bench.effects), 2);
}

#[test]
fn orders_of_zeros_are_taken() {
    let root = |bench: &Bench| {
        let status = bench.device.status();
        (status.root_version, status.epoch)
    };
    assert_eq!(end(&[0, 25, 0, 0, 0], root), (2, 3));
    assert_eq!(end(&[0, 25, 0, 4, 0, 25, 0, 0, 0], root), (3, 7));
    assert_eq!(end(&[0, 25, 0, 0, 1], root), (1, 3));
    let probe = [0, 7, 0, 0, 0, 4];
    let revoked = |bench: &Bench| {
        let floors = bench.device.facts().replay.floors();
        floors.filter(|floor| floor.revoked.0 > 0).count()
    };
    assert_eq!(
        end(&[&[0], &probe[..], &[23, 0, 0, 0]].concat(), revoked),
        1
    );
    let stopped = |bench: &Bench| {
        let burned = bench.device.facts().replay.burned();
        burned.filter(|burned| burned.stopped).count()
    };
    // One that was used, and one that was refused before.
    assert_eq!(end(&[&[0], &probe[..], &[24, 0, 0]].concat(), stopped), 1);
    let refused = [0, 7, 0, 0x20, 0, 4];
    assert_eq!(end(&[&[0], &refused[..], &[24, 0, 0]].concat(), stopped), 1);
    // The clock is not trusted; the device is told the time in answer to its pulse.
    let time = |bench: &Bench| bench.device.status().time;
    let unknown = end(&[0, 7, 0, 0], time);
    assert_eq!(unknown, TimeStatus::Unknown);
    let told = end(&[0, 7, 0, 0, 17, 22, 0, 0, 0], time);
    assert!(matches!(told, TimeStatus::Trusted(_)), "{told:?}");
}

#[test]
fn a_counter_follows_the_journal() {
    let script = [4, 0, 2, 0, 0, 0, 1, 10, 0, 19, 0, 2, 1, 0, 7, 0, 0, 0, 4, 9];
    assert_eq!(end(&script, |bench| bench.effects), 1);
}

#[test]
fn a_mishap_is_survived() {
    for (when, how) in [(0, 0), (0, 1), (2, 0), (3, 1)] {
        let script = [2, 19, 0, when, how, 0, 2, 0, 0, 0, 1, 10, 0, 9];
        let end = end(&script, |bench| {
            (bench.effects, bench.hardware.expects_mishap())
        });
        assert_eq!(end, (1, false), "mishap {how} at {when}");
    }
}

#[test]
fn a_cut_is_hit_and_survived() {
    for when in 0..5 {
        let script = [0, 19, 0, when, 1, 0, 2, 0, 0, 0, 1];
        let (hit, boots) = end(&script, |bench| {
            let hit = bench.hardware.journal.look().cut_hit();
            (hit, bench.device.facts().boot)
        });
        assert!(hit && boots > 2, "cut at {when}");
    }
}

/// What an ordinary code opens.
fn restart() -> Opened<'static> {
    Opened::Command {
        name: "restart",
        arguments: Entries::default(),
    }
}

/// Whether the witness objects.
fn objects(act: impl FnOnce(&mut Witness, &Bench)) -> bool {
    let bench = Bench::new(false);
    let mut witness = Witness::default();
    witness.look(&bench.device, &bench.hardware);
    catch_unwind(AssertUnwindSafe(|| act(&mut witness, &bench))).is_err()
}

fn id(code: &[u8]) -> StatementId {
    Envelope::parse(Kind::Code, code).expect("a code").id()
}

#[test]
fn the_witness_takes_what_is_right() {
    assert!(!objects(|witness, bench| {
        let code = ordinary_code(bench.device.status().challenge);
        witness.attempt(&code, bench.moment(), 0);
        witness.effect(id(&code), &restart());
    }));
}

#[test]
fn the_witness_sees_an_effect_of_nothing() {
    assert!(objects(|witness, bench| {
        let code = ordinary_code(bench.device.status().challenge);
        witness.effect(id(&code), &restart());
    }));
}

#[test]
fn the_witness_sees_too_few_signatures() {
    assert!(objects(|witness, bench| {
        let code = ordinary_code(bench.device.status().challenge);
        let envelope = Envelope::parse(Kind::Code, &code).expect("a code");
        let first = Crew(Crew::on(&envelope).0 & 0b10);
        assert_eq!(first.signers().count(), 1);
        witness.attempt(&sign_message(envelope.message(), first), bench.moment(), 0);
        witness.effect(envelope.id(), &restart());
    }));
}

#[test]
fn the_witness_sees_a_second_effect() {
    assert!(objects(|witness, bench| {
        let code = ordinary_code(bench.device.status().challenge);
        witness.attempt(&code, bench.moment(), 0);
        witness.effect(id(&code), &restart());
        witness.attempt(&code, bench.moment(), 0);
        witness.effect(id(&code), &restart());
    }));
}

#[test]
fn the_witness_sees_a_floor_fall() {
    assert!(objects(|witness, bench| {
        let mut later = Bench::new(false);
        later.step(&mut Input::new(&[0, 0, 0, 0, 0, 1]));
        later.after();
        *witness = std::mem::take(&mut later.witness);
        witness.look(&bench.device, &bench.hardware);
    }));
}

#[test]
fn the_witness_sees_a_latch_that_nobody_opened() {
    assert!(objects(|witness, _| {
        let mut open = Bench::new(false);
        let mut input = Input::new(&OPEN);
        open.step(&mut input);
        open.step(&mut input);
        assert_eq!(open.device.status().open, 1 << 3);
        *witness = std::mem::take(&mut open.witness);
        witness.booted();
        witness.look(&open.device, &open.hardware);
    }));
}

#[test]
fn the_witness_sees_orders_that_nobody_signed() {
    let steps: [&[u8]; 5] = [
        &[25, 0, 0, 0],
        &[23, 0, 0, 0],
        &[22, 0, 60, 0],
        &[0, 11, 0, 0, 0, 0],
        &[0, 7, 0, 0, 0, 4],
    ];
    for step in steps {
        let sees = objects(|witness, _| {
            let mut changed = Bench::new(false);
            changed.step(&mut Input::new(&[17]));
            changed.step(&mut Input::new(step));
            witness.look(&changed.device, &changed.hardware);
        });
        assert!(sees, "{step:?}");
    }
}

/// A receipt, and another that the device's key has signed under the same number.
fn receipts(bench: &Bench) -> [Vec<u8>; 2] {
    [1, 2].map(|argument| {
        let mut bench = Bench {
            hardware: bench.hardware.fork(),
            ..Bench::new(false)
        };
        bench.boot();
        bench.step(&mut Input::new(&[0, 7, 0, 0, 0, argument]));
        let statement = id(&bench.kept[0]);
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let receipt = bench.device.receipt(statement, &mut out);
        receipt.expect("a receipt").to_vec()
    })
}

/// Whether the witness objects to hearing these, after the code of each was permitted.
fn objects_to_hearing(change: impl Fn([Vec<u8>; 2]) -> Vec<Vec<u8>>) -> bool {
    objects(|witness, bench| {
        let receipts = receipts(bench);
        for receipt in &receipts {
            let envelope = Envelope::parse(Kind::Receipt, receipt).expect("a receipt");
            let receipt: Receipt = envelope.read().expect("a body");
            witness.permit_unseen(receipt.statement);
        }
        for receipt in change(receipts) {
            witness.hear(&receipt);
        }
    })
}

#[test]
fn the_witness_hears_receipts() {
    assert!(!objects_to_hearing(|[one, _]| vec![one.clone(), one]));
    assert!(
        objects_to_hearing(|[one, other]| vec![one, other]),
        "two of one number"
    );
    assert!(objects_to_hearing(|[mut one, _]| {
        one[200] ^= 1;
        vec![one]
    }));
}
