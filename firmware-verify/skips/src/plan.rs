//! Which executions of which instructions are tried.

use crate::{
    fault::{Fault, Trial},
    route::Route,
};

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
    pub(crate) fn below(&mut self, bound: usize) -> usize {
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

/// Chooses trials for a run, of the instructions that are wanted, in the order in which it comes to them. `len` tells the length
/// of one in bytes; zero for one that is not wanted.
pub(crate) fn plan(
    route: &Route,
    extent: Extent,
    dice: &mut Dice,
    len: impl Fn(u32) -> u8,
) -> Vec<Trial> {
    let trace = route.trace();
    let mut chosen = Vec::new();
    for (_, positions) in route.places().filter(|(at, _)| len(*at) > 0) {
        chosen.extend(executions(positions, extent.executions, dice));
    }
    if let Some(skips) = extent.skips {
        while chosen.len() > skips {
            chosen.swap_remove(dice.below(chosen.len()));
        }
    }
    let trial = |position: usize, fault| Trial {
        at: trace[position],
        execution: route.execution(0, position),
        position,
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
    trials.sort_unstable_by_key(|trial| (trial.position, trial.fault));
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

#[cfg(test)]
mod tests {
    use super::{Dice, Extent, plan};
    use crate::{fault::Fault, route::Route};

    fn a_trace() -> Vec<u32> {
        let inner = |n: u32| (0..n % 7).flat_map(|_| [100, 102, 104]);
        (0..50)
            .flat_map(|n| [n * 2].into_iter().chain(inner(n)).chain([200]))
            .collect()
    }

    #[test]
    fn every_instruction_is_tried_first_and_last() {
        let trace = a_trace();
        let extent = Extent {
            executions: 4,
            skips: None,
            flips: 0,
        };
        let trials = plan(&Route::new(trace.clone()), extent, &mut Dice::new(1), |_| 2);
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
            let trials = plan(
                &Route::new(trace.clone()),
                extent,
                &mut Dice::new(seed),
                |_| 2,
            );
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
