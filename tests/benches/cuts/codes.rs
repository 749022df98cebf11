//! A twin change is cut anywhere from its signature check to its outcome; the device boots, has not acted without a
//! burned code, and takes a fresh one.

use latch_flash::Tear;
use latch_verify::{
    device::{Release, Settlement, Submitted},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Outcome, Receipt},
    twin::Value,
    types::{LatchId, StatementId},
    wire::{Envelope, Kind},
};

use crate::{
    board::{Board, Kept, Machine, Out, Place, code},
    world::code::{leaves, set},
};

/// Seeds of the tears that have some.
const SEEDS: u64 = 4;

/// Submits a code and carries it out; says whether it acted, and what the receipt tells.
fn carry_out(device: &mut Machine, code: &[u8]) -> (bool, Option<Outcome>) {
    let mut out: Out = [0; MAX_RECEIPT_ENVELOPE];
    let Submitted::Unlatched(unlatched) = device.submit(code, Release::NotAsked, &mut out) else {
        return (false, None);
    };
    let (_, ticket) = unlatched.act();
    let told = device.settle(ticket, Settlement::Done, &mut out).ok();
    let outcome = told.map(|bytes| {
        let receipt = Envelope::parse(Kind::Receipt, bytes).expect("an envelope");
        receipt.read::<Receipt>().expect("a receipt").outcome
    });
    (true, outcome)
}

fn change(number: u16) -> Vec<u8> {
    let leaves = leaves(&[("speed", Value::Int(number.into()))]);
    code(number, LatchId::TWIN, set(&leaves))
}

/// The board when the power goes before an operation, and whether the device had acted by then.
struct Halt {
    place: Place,
    kept: Kept,
    acted: bool,
}

pub(crate) fn course() -> Box<dyn FnMut(u64, u64) -> u64> {
    let board = Board::provisioned();
    board.boot().expect("a boot");
    let before = board.snapshot();
    let (first, fresh) = (change(1), change(2));
    let statement: StatementId = Envelope::parse(Kind::Code, &first)
        .expect("an envelope")
        .id();
    let [from, ..] = board.operations();
    let mut device = board.boot().expect("a boot");
    let [booted, ..] = board.operations();
    let (acted, told) = carry_out(&mut device, &first);
    assert!(acted && matches!(told, Some(Outcome::Applied { .. })));
    let [end, ..] = board.operations();

    let halts: Vec<Halt> = (booted - from..end - from)
        .map(|operation| {
            let place = (0, operation);
            board.restore(&before);
            board.halt(place);
            let mut device = board.boot().expect("a boot before the cut");
            let (acted, _) = carry_out(&mut device, &first);
            Halt {
                place,
                kept: board.snapshot(),
                acted,
            }
        })
        .collect();
    let tears: Vec<Tear> = Tear::every(4, SEEDS).collect();
    Box::new(move |from, count| {
        let all = (halts.len() * tears.len()) as u64;
        for trial in from..from + count {
            let trial = (trial % all) as usize;
            let halt = &halts[trial / tears.len()];
            board.restore(&halt.kept);
            board.tear(halt.place, tears[trial % tears.len()]);
            board.power_on();
            let mut device = board.boot().expect("a boot after the cut");
            let mut burned = device.facts().replay.burned();
            assert!(
                !halt.acted || burned.any(|used| used.is(statement)),
                "it acted, and the code is good again"
            );
            drop(burned);
            if let Some(unlatched) = device.resume() {
                let (_, ticket) = unlatched.act();
                let mut out: Out = [0; MAX_RECEIPT_ENVELOPE];
                device
                    .settle(ticket, Settlement::Done, &mut out)
                    .expect("a receipt");
            }
            let (_, told) = carry_out(&mut device, &fresh);
            assert!(matches!(told, Some(Outcome::Applied { .. })), "{told:?}");
        }
        all
    })
}
