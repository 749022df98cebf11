//! Times of many devices, in two numbers.

use std::time::Duration;

use serde::Serialize;

/// Percentiles by nearest rank: each is a time that some device really took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the devices took at most this, in milliseconds.
    pub p50_ms: f64,
    /// Ninety-nine of a hundred took at most this, in milliseconds.
    pub p99_ms: f64,
    /// The slowest, in milliseconds.
    pub max_ms: f64,
}

impl Latency {
    /// Of these times; `None` of none.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        Some(Self {
            p50_ms: rank(&times, 50)?,
            p99_ms: rank(&times, 99)?,
            max_ms: rank(&times, 100)?,
        })
    }
}

/// The smallest time that at least so many of a hundred do not exceed, to a tenth of a millisecond.
fn rank(sorted: &[Duration], of_hundred: usize) -> Option<f64> {
    let place = (sorted.len() * of_hundred).div_ceil(100).checked_sub(1)?;
    let time = sorted.get(place)?;
    Some((time.as_secs_f64() * 10_000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::Latency;
    use std::time::Duration;

    fn of(times_ms: impl IntoIterator<Item = u64>) -> Option<(f64, f64, f64)> {
        let times = times_ms.into_iter().map(Duration::from_millis).collect();
        Latency::of(times).map(|found| (found.p50_ms, found.p99_ms, found.max_ms))
    }

    #[test]
    fn ranks_are_the_nearest() {
        assert_eq!(of((1..=100).rev()), Some((50.0, 99.0, 100.0)));
        assert_eq!(of(1..=200), Some((100.0, 198.0, 200.0)));
        assert_eq!(of([3, 1, 2]), Some((2.0, 3.0, 3.0)));
        assert_eq!(of([1, 2]), Some((1.0, 2.0, 2.0)));
    }

    #[test]
    fn one_time_is_every_percentile_and_none_is_none() {
        assert_eq!(of([7]), Some((7.0, 7.0, 7.0)));
        assert_eq!(of([]), None);
    }

    #[test]
    fn fractions_are_tenths_of_a_millisecond() {
        let found = Latency::of(vec![Duration::from_micros(1260)]).expect("one time");
        assert!((found.p50_ms - 1.3).abs() < 1e-9, "{found:?}");
    }
}
