//! `latch receipts verify`

use latch_verify::{Reason, device::Release};

use crate::{
    bench::{Bench, Wish},
    fleet::Member,
};

/// A device that has answered five codes; its receipts lie in r1 to r5.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    for number in 1..=5 {
        let code = format!("code{number}");
        bench
            .run(["twin", "set", "pump-7", "a=1", "--out", &code])
            .ok();
        let receipt = member
            .take(&bench.read(&code), Release::NotAsked)
            .expect("a receipt");
        bench.write(&format!("r{number}"), receipt);
    }
    bench
}

#[test]
fn a_whole_chain_is_confirmed_in_any_order() {
    let bench = bench();
    let found = bench
        .run(["receipts", "verify", "r3", "r1", "r2", "r2"])
        .ok();
    assert_eq!(
        (&found["device"], &found["from"], &found["to"]),
        (&"pump-7".into(), &1.into(), &3.into())
    );
    assert_eq!(
        bench.run(["receipts", "verify", "r4", "r5"]).ok()["from"],
        4
    );
}

#[test]
fn a_gap_and_an_altered_receipt_are_refused() {
    let bench = bench();
    bench
        .run(["receipts", "verify", "r1", "r3"])
        .fails(3, "receipt 2 of pump-7 is missing");
    bench.spoil("r2");
    bench
        .run(["receipts", "verify", "r1", "r2", "r3"])
        .refused(Reason::BadSignature);
    bench
        .run(["receipts", "verify", "code1"])
        .refused(Reason::WrongKind);
}
