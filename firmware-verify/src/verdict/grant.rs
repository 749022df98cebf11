//! Leave to burn a code.

use crate::{
    assured::Assured,
    reject::{Reason, ensure},
    statement::Rule,
};

/// Leave to burn a code: the only way to one is through [`judge`](super::judge), and it serves once.
///
/// A code is judged twice, the second time by whoever burns it: one skipped instruction can turn a branch of one judgement, not
/// of both.
pub struct Grant {
    rule: Rule,
    trial: Option<Reason>,
    judged: Assured<0xa635_c95a>,
}

impl Grant {
    /// A code has passed every check, by this rule.
    pub(super) fn new(rule: Rule, trial: Option<Reason>) -> Self {
        Self {
            rule,
            trial,
            judged: Assured::here(),
        }
    }

    /// The rule that the code was held to.
    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Why a rule on trial would have refused the code.
    #[must_use]
    pub fn trial(&self) -> Option<Reason> {
        self.trial
    }

    /// Whether it came from a judgement.
    ///
    /// # Errors
    /// [`Reason::LogicFault`]: a fault has led here without one.
    pub(crate) fn holds(&self) -> Result<(), Reason> {
        ensure(self.judged.holds(), Reason::LogicFault)
    }
}
