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
    board::{Board, Machine, Out, code},
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

pub(crate) fn course() -> Box<dyn FnMut(u64, u64) -> u64> {
    let before = Board::provisioned();
    before.boot().expect("a boot");
    let (first, fresh) = (change(1), change(2));
    let statement: StatementId = Envelope::parse(Kind::Code, &first)
        .expect("an envelope")
        .id();
    let board = before.fork();
    let mut device = board.boot().expect("a boot");
    let booted = board.operations()[0];
    let (acted, told) = carry_out(&mut device, &first);
    assert!(acted && matches!(told, Some(Outcome::Applied { .. })));
    let from = before.operations()[0];
    let cuts: Vec<(u64, Tear)> = (booted - from..board.operations()[0] - from)
        .flat_map(|operation| Tear::every(4, SEEDS).map(move |tear| (operation, tear)))
        .collect();
    Box::new(move |from, count| {
        let all = cuts.len() as u64;
        for trial in from..from + count {
            let (operation, tear) = cuts[(trial % all) as usize];
            board.restore(&before);
            board.cut((0, operation), tear);
            let mut device = board.boot().expect("a boot before the cut");
            let (acted, _) = carry_out(&mut device, &first);
            drop(device);
            board.power_on();
            let mut device = board.boot().expect("a boot after the cut");
            let mut burned = device.facts().replay.burned();
            assert!(
                !acted || burned.any(|used| used.statement == statement),
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
