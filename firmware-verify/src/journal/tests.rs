//! The journal against a list of records, on flashes of many geometries.

mod basics;
mod cuts;
mod damage;
mod decay;
mod doubt;
mod faults;
mod lives;
mod model;

/// How much the sweeps try, as a factor: the nightly run sets `LATCH_TEST_EFFORT`.
fn effort() -> u64 {
    std::env::var("LATCH_TEST_EFFORT")
        .ok()
        .and_then(|effort| effort.parse().ok())
        .unwrap_or(1)
}
