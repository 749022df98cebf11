//! Which executions of which instructions are tried.

use std::collections::BTreeMap;

use crate::fault::{Fault, Trial};

/// Executions before one that are looked through for a shorter way to it.
const WINDOW: usize = 3_000;

/// Numbers that are the same for the same seed: SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below this one, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap_or(u64::MAX)).unwrap_or_default()
    }
}

/// How much is tried of one input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Executions of one instruction: its first, its last, and others drawn from those between.
    pub(crate) executions: usize,
    /// Skips, drawn from all those; without it, all.
    pub(crate) skips: Option<usize>,
    /// Bits that are flipped, drawn from all.
    pub(crate) flips: usize,
}

/// Chooses trials for a run that has executed these addresses, of the instructions that are wanted. `len` tells the length of
/// one in bytes; zero for one that is not wanted.
pub(crate) fn plan(
    trace: &[u32],
    extent: Extent,
    dice: &mut Dice,
    len: impl Fn(u32) -> u8,
) -> Vec<Trial> {
    let mut by_address: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (position, address) in trace.iter().enumerate() {
        by_address.entry(*address).or_default().push(position);
    }
    // How often each position's address was executed up to it.
    let mut ordinals = vec![0; trace.len()];
    for positions in by_address.values() {
        for (ordinal, position) in (1..).zip(positions) {
            ordinals[*position] = ordinal;
        }
    }
    let mut chosen = Vec::new();
    for positions in by_address
        .iter()
        .filter(|(at, _)| len(**at) > 0)
        .map(|(_, positions)| positions)
    {
        chosen.extend(executions(positions, extent.executions, dice));
    }
    if let Some(skips) = extent.skips {
        while chosen.len() > skips {
            chosen.swap_remove(dice.below(chosen.len()));
        }
    }
    chosen.sort_unstable();
    let trial = |position: usize, fault| Trial {
        at: trace[position],
        execution: ordinals[position],
        way: way(trace, &ordinals, position),
        fault,
    };
    let mut trials: Vec<Trial> = chosen
        .iter()
        .map(|position| trial(*position, Fault::Skip))
        .collect();
    let wanted: Vec<usize> = (0..trace.len())
        .filter(|position| len(trace[*position]) > 0)
        .collect();
    for _ in 0..extent.flips.min(wanted.len()) {
        let position = wanted[dice.below(wanted.len())];
        let bits = usize::from(len(trace[position])) * 8;
        let bit = u8::try_from(dice.below(bits)).unwrap_or_default();
        trials.push(trial(position, Fault::Flip(bit)));
    }
    trials
}

/// The first, the last, and others between them.
fn executions(positions: &[usize], most: usize, dice: &mut Dice) -> Vec<usize> {
    let [first, between @ .., last] = positions else {
        return positions.to_vec();
    };
    let mut others = between.to_vec();
    while others.len() > most.saturating_sub(2) {
        others.swap_remove(dice.below(others.len()));
    }
    others.extend([*first, *last]);
    others
}

/// The way to a position with few stops: some rarer instruction shortly before it first, if that helps.
fn way(trace: &[u32], ordinals: &[usize], position: usize) -> Vec<(u32, usize)> {
    let at = trace[position];
    let mut best = (ordinals[position], None);
    let mut hits = 1;
    for earlier in (position.saturating_sub(WINDOW)..position).rev() {
        if trace[earlier] == at {
            hits += 1;
            continue;
        }
        let stops = ordinals[earlier] + hits;
        if stops < best.0 {
            best = (stops, Some((trace[earlier], ordinals[earlier], hits)));
        }
        if hits >= best.0 {
            break;
        }
    }
    match best.1 {
        None => vec![(at, best.0)],
        Some((place, times, hits)) => vec![(place, times), (at, hits)],
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Extent, plan};
    use crate::fault::Fault;

    /// Follows a way through a trace, and says where it ends.
    fn follow(trace: &[u32], way: &[(u32, usize)]) -> usize {
        let mut from = 0;
        let mut found = 0;
        for (place, times) in way {
            for _ in 0..*times {
                found = (from..trace.len()).find(|at| trace[*at] == *place).unwrap();
                from = found + 1;
            }
        }
        found
    }

    fn a_trace() -> Vec<u32> {
        let inner = |n: u32| (0..n % 7).flat_map(|_| [100, 102, 104]);
        (0..50)
            .flat_map(|n| [n * 2].into_iter().chain(inner(n)).chain([200]))
            .collect()
    }

    #[test]
    fn ways_lead_to_the_execution_that_is_meant() {
        let trace = a_trace();
        let extent = Extent {
            executions: 9,
            skips: None,
            flips: 20,
        };
        let trials = plan(&trace, extent, &mut Dice::new(1), |_| 2);
        for trial in &trials {
            let position = follow(&trace, &trial.way);
            assert_eq!(trace[position], trial.at);
            let ordinal = trace[..=position]
                .iter()
                .filter(|at| **at == trial.at)
                .count();
            assert_eq!(ordinal, trial.execution, "{trial:?}");
        }
        let stops = trials
            .iter()
            .map(|trial| trial.way.iter().map(|(_, times)| times).sum::<usize>());
        assert!(stops.max().unwrap() < 20, "ways are short");
    }

    #[test]
    fn every_instruction_is_tried_first_and_last() {
        let trace = a_trace();
        let extent = Extent {
            executions: 4,
            skips: None,
            flips: 0,
        };
        let trials = plan(&trace, extent, &mut Dice::new(1), |_| 2);
        for address in &trace {
            let all = trace.iter().filter(|at| *at == address).count();
            let tried: Vec<usize> = trials
                .iter()
                .filter(|trial| trial.at == *address && trial.fault == Fault::Skip)
                .map(|trial| trial.execution)
                .collect();
            assert!(
                tried.contains(&1) && tried.contains(&all),
                "{address}: {tried:?} of {all}"
            );
            assert_eq!(tried.len(), all.min(4));
        }
    }

    #[test]
    fn a_sample_is_the_same_for_the_same_seed() {
        let trace = a_trace();
        let extent = Extent {
            executions: 4,
            skips: Some(10),
            flips: 5,
        };
        let draw = |seed| {
            let trials = plan(&trace, extent, &mut Dice::new(seed), |_| 2);
            trials
                .iter()
                .map(|trial| (trial.at, trial.execution, trial.fault))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(draw(1).len(), 15);
    }
}
