use super::*;

fn outcome(device: &str, otherwise: Option<&str>) -> (String, Option<String>) {
    (device.to_owned(), otherwise.map(str::to_owned))
}

fn report(row: Row) -> Report {
    let traffic = TrafficTotals {
        published: 3,
        published_bytes: 2048,
        delivered: 4,
        delivered_bytes: 3 << 20,
        pages_published: 1,
    };
    Report {
        schema: Report::SCHEMA,
        passed: false,
        seed: 1,
        devices: 2,
        broker: "mqtt://127.0.0.1:1883".to_owned(),
        tenant: "demo".to_owned(),
        image: ImageSize {
            bytes: 4096,
            pages: 1,
        },
        steps: vec![row],
        attacks: Vec::new(),
        checks: Vec::new(),
        totals: Totals {
            elapsed_ms: 1234,
            traffic,
        },
        problems: Vec::new(),
    }
    .judged()
}

fn good() -> Row {
    Row::new("try", "work", [outcome("a", None), outcome("b", None)])
}

#[test]
fn one_device_that_differs_fails_the_run_and_is_named() {
    assert!(report(good()).passed);
    let bad = report(Row::new(
        "try",
        "work",
        [outcome("a", None), outcome("b", Some("it broke"))],
    ));
    assert!(!bad.passed);
    assert_eq!((bad.steps[0].devices, bad.steps[0].as_expected), (2, 1));
    let text = bad.to_string();
    assert!(
        text.contains("NOT as it should be") && text.contains("b: it broke"),
        "{text}"
    );
}

#[test]
fn a_row_without_devices_has_shown_nothing() {
    assert!(!report(Row::new("try", "work", [])).passed);
}

#[test]
fn a_problem_fails_the_run() {
    let mut report = report(good());
    report.problems.push("the broker lied".to_owned());
    let report = report.judged();
    assert!(!report.passed && report.to_string().contains("- the broker lied"));
}

#[test]
fn a_row_names_some_devices_and_counts_all() {
    let many = (0..50).map(|number| outcome(&format!("d{number}"), Some("no")));
    let row = Row::new("try", "work", many);
    assert_eq!(
        (row.exceptions.len(), row.as_expected, row.devices),
        (EXCEPTIONS_AT_MOST, 0, 50)
    );
}

#[test]
fn the_table_is_aligned_and_ends_with_totals() {
    let latency = Latency {
        p50_ms: 4.1,
        p99_ms: 9.8,
        max_ms: 9.9,
    };
    let text = report(good().timed(Some(latency))).to_string();
    assert!(
        text.contains("try  work  so on 2 of 2 devices, p50 4.1 ms, p99 9.8 ms"),
        "{text}"
    );
    assert!(
        text.contains("3 messages published (2 KiB), 4 delivered (3 MiB) in 1.2 s"),
        "{text}"
    );
    assert!(
        text.ends_with("Everything was as it should be.\n"),
        "{text}"
    );
}

#[test]
fn the_data_has_the_documented_shape() {
    let data = serde_json::to_value(report(good())).expect("plain data");
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut documented = [
        "schema", "passed", "seed", "devices", "broker", "tenant", "image", "steps", "attacks",
        "checks", "totals", "problems",
    ];
    documented.sort_unstable();
    assert_eq!(keys(&data), documented);
    assert_eq!(
        keys(&data["steps"][0]),
        [
            "as_expected",
            "devices",
            "exceptions",
            "expected",
            "happened",
            "latency",
            "tried"
        ]
    );
    assert_eq!(data["totals"]["elapsed_ms"], 1234);
    assert_eq!(data["totals"]["published_bytes"], 2048);
}
