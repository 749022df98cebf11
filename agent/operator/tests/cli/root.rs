//! `latch root build`

use latch_verify::Reason;

use crate::bench::{Bench, Wish};

#[test]
fn the_root_follows_its_rules_until_a_device_is_enrolled() {
    let bench =
        Bench::new().with_rules(|rules| rules.replace("max-life  = \"15m\"", "max-life  = \"5m\""));
    let shown = bench.run(["inspect", "root.latch"]).ok();
    assert_eq!(shown["latches"][3]["rule"]["max_life_s"], 300);
    bench.enrol(&Wish::new("pump-7"));
    let before = bench.read("root.latch");
    bench
        .run(["root", "build"])
        .fails(6, "1 devices are enrolled");
    assert_eq!(bench.read("root.latch"), before);
}

#[test]
fn rules_that_make_no_root_change_nothing() {
    let bench = Bench::new();
    let (rules, root) = (bench.read("root.toml"), bench.read("root.latch"));
    let rules = String::from_utf8(rules).unwrap();
    for (from, to, code, words) in [
        ("release = 1", "release = 2", 1, "thresholds.release"),
        (
            "\"trusted-time\"",
            "\"time-floor\"",
            1,
            "latch \"firmware\", freshness",
        ),
        (
            "version = 1",
            "version = 2",
            6,
            "provisioned with version 1",
        ),
        ("\"acme\"", "\"emca\"", 6, "emca"),
    ] {
        bench.write("root.toml", rules.replace(from, to));
        bench.run(["root", "build"]).fails(code, words);
    }
    bench.write("root.toml", &rules);
    bench
        .run(["root", "build", "--key", "keys/operator.pem"])
        .refused(Reason::TooFewRoot);
    assert_eq!(bench.read("root.latch"), root);
}
