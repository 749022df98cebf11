//! What the reference knows about itself.

use latch_verify::types::PostureRule;

use super::reference::Device;

impl Device {
    /// Known and value bits.
    pub(crate) fn posture(&self) -> (u32, u32) {
        let mut posture = (0, 0);
        for (bit, fact) in self.facts.iter().enumerate() {
            if let Some((holds, _)) = fact.filter(|(_, until)| *until > self.ticks_ms) {
                posture.0 |= 1 << bit;
                posture.1 |= u32::from(holds) << bit;
            }
        }
        posture
    }

    pub(crate) fn posture_fits(&self, rule: PostureRule) -> bool {
        let (known, value) = self.posture();
        let (holds, fails) = (known & value, known & !value);
        rule.must_hold & !holds == 0 && rule.must_not_hold & !fails == 0
    }

    pub(crate) fn observe(&mut self, facts: [Option<bool>; 2], max_age_ms: u64) {
        self.note();
        let until = self.ticks_ms.saturating_add(max_age_ms);
        self.facts = facts.map(|fact| fact.map(|holds| (holds, until)));
        self.note();
    }

    /// When the first fact that a rule asks for grew too old.
    pub(super) fn aged_ticks_ms(&self, rule: PostureRule) -> Option<u64> {
        let asked = |bit: &usize| (rule.must_hold | rule.must_not_hold) >> bit & 1 == 1;
        let facts = self.facts.iter().enumerate().filter(|(bit, _)| asked(bit));
        let ends = facts.filter_map(|(_, fact)| fact.map(|(_, until)| until));
        ends.filter(|until| *until <= self.ticks_ms).min()
    }
}
