use super::run;
use crate::{
    attacks::{Attacks, Expected, Volley},
    options::DemoOptions,
};
use latch_verify::Reason;

fn small() -> DemoOptions {
    DemoOptions {
        devices: 4,
        cohort: "25".to_owned(),
        image_size: "16KiB".parse().expect("a size"),
        quiet: true,
        ..DemoOptions::default()
    }
}

#[tokio::test]
async fn nothing_tried_is_not_success() {
    let mut attacks = Attacks::all();
    attacks.at_rest.truncate(1);
    attacks.at_rest[0].aim = |_| {
        Ok(Volley {
            manifest: None,
            shots: Vec::new(),
        })
    };
    attacks.downloading.clear();
    attacks.long_after.clear();
    let report = run(&small(), &attacks)
        .await
        .expect("the run itself goes well");
    assert!(
        !report.passed,
        "an attack that reached no device has shown nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_expectation_fails_the_run_and_names_what_happened() {
    let mut attacks = Attacks::all();
    attacks
        .at_rest
        .retain(|attack| attack.expected == Expected::Receipt(Reason::Expired));
    attacks.at_rest[0].expected = Expected::Receipt(Reason::OtherEpoch);
    attacks.downloading.clear();
    attacks.long_after.clear();
    let report = run(&small(), &attacks)
        .await
        .expect("the run itself goes well");
    assert!(!report.passed);
    assert_eq!(report.problems, [""; 0]);
    let [failure] = &report.failures()[..] else {
        panic!("one row fails: {:?}", report.failures())
    };
    assert!(
        failure.contains("OtherEpoch") && failure.contains("Expired"),
        "{failure}"
    );
}
