//! How to come to an execution of an instruction: by stopping at addresses, so and so often.

use std::collections::BTreeMap;

/// Executions before one that are looked through for a shorter way to it.
const WINDOW: usize = 3_000;

/// How often to stop at which address, one after the other.
pub(crate) type Way = Vec<(u32, usize)>;

/// A run, as the addresses that it has executed.
pub(crate) struct Route {
    trace: Vec<u32>,
    /// Where in the trace each address stands.
    places: BTreeMap<u32, Vec<usize>>,
}

impl Route {
    pub(crate) fn new(trace: Vec<u32>) -> Self {
        let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (position, address) in trace.iter().enumerate() {
            places.entry(*address).or_default().push(position);
        }
        Self { trace, places }
    }

    pub(crate) fn trace(&self) -> &[u32] {
        &self.trace
    }

    /// Each address that was executed, with its positions.
    pub(crate) fn places(&self) -> impl Iterator<Item = (u32, &Vec<usize>)> {
        self.places.iter().map(|(at, positions)| (*at, positions))
    }

    /// Which of its address's executions a position is, counted from another on.
    pub(crate) fn execution(&self, from: usize, position: usize) -> usize {
        let positions = &self.places[&self.trace[position]];
        let upto = |end| positions.partition_point(|place| *place < end);
        upto(position + 1) - upto(from)
    }

    /// The way to a position with few stops, for a machine that is about to execute the one at `from`: some rarer instruction
    /// shortly before it first, if that helps.
    pub(crate) fn way(&self, from: usize, position: usize) -> Way {
        let at = self.trace[position];
        let mut best = (self.execution(from, position), None);
        let mut hits = 1;
        for earlier in (position.saturating_sub(WINDOW).max(from)..position).rev() {
            if hits >= best.0 {
                break;
            }
            if self.trace[earlier] == at {
                hits += 1;
                continue;
            }
            let times = self.execution(from, earlier);
            if times + hits < best.0 {
                best = (times + hits, Some((self.trace[earlier], times, hits)));
            }
        }
        match best.1 {
            None => vec![(at, best.0)],
            Some((place, times, hits)) => vec![(place, times), (at, hits)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    /// Follows a way through a trace, and says where it ends.
    fn follow(trace: &[u32], from: usize, way: &[(u32, usize)]) -> usize {
        let mut from = from;
        let mut found = 0;
        for (place, times) in way {
            for _ in 0..*times {
                found = (from..trace.len()).find(|at| trace[*at] == *place).unwrap();
                from = found + 1;
            }
        }
        found
    }

    #[test]
    fn ways_lead_to_the_execution_that_is_meant() {
        let inner = |n: u32| (0..n % 7).flat_map(|_| [100, 102, 104]);
        let trace: Vec<u32> = (0..50)
            .flat_map(|n| [n * 2].into_iter().chain(inner(n)).chain([200]))
            .collect();
        let route = Route::new(trace.clone());
        for position in 0..trace.len() {
            for from in [0, position / 2, position.saturating_sub(3), position] {
                let way = route.way(from, position);
                assert_eq!(follow(&trace, from, &way), position, "{from}: {way:?}");
                let stops: usize = way.iter().map(|(_, times)| times).sum();
                assert!(stops < 20, "ways are short");
            }
            let same = trace[..=position]
                .iter()
                .filter(|at| **at == trace[position]);
            assert_eq!(route.execution(0, position), same.count());
        }
    }
}
