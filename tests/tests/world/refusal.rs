//! What it means to be refused: the reason is told or counted, and nothing else has changed.

use latch_verify::{
    Reason, Refusal,
    device::Release as Offer,
    ledger::{Firmware, InstallPhase, Pending},
    statement::{Outcome, Status},
    types::TimeMs,
    verdict::{Burned, Floor},
};

use super::{
    answer::{Answer, Told},
    bench::Bench,
};

/// What a refusal must leave as it is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Standing {
    twin: (u64, Vec<u8>),
    burned: Vec<Burned>,
    floors: Vec<Floor>,
    time_floor: TimeMs,
    firmware: Firmware,
    install: Option<InstallPhase>,
    pending: Option<Pending>,
    boot: u32,
    status: Status,
}

impl Bench {
    /// What a refusal must leave as it is; the count of junk is looked at by itself.
    pub(crate) fn standing(&self) -> Standing {
        let facts = self.device.facts();
        let mut status = self.device.status();
        status.junk = Default::default();
        Standing {
            twin: (facts.twin.version, self.device.twin().bytes().to_vec()),
            burned: facts.replay.burned().collect(),
            floors: facts.replay.floors().collect(),
            time_floor: facts.time_floor_ms,
            firmware: facts.firmware,
            install: self.device.install_phase(),
            pending: facts.pending,
            boot: facts.boot,
            status,
        }
    }

    /// Replaces a challenge that has grown old, which is no work of the statement that comes next.
    fn age_challenge(&mut self) {
        // Without randomness it stays.
        let _ = self.state();
    }

    /// Tries again after a while where the device has checked too many signatures of late.
    fn unthrottled<B, N>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> (B, N, Answer),
    ) -> (B, N, Answer) {
        let (before, number, answer) = attempt(self);
        if answer != Answer::Ignored(Reason::Throttled.into()) {
            return (before, number, answer);
        }
        self.rest();
        attempt(self)
    }

    /// Puts in a statement that must be refused with a receipt, and change nothing else.
    #[track_caller]
    pub(crate) fn refuses(&mut self, statement: &[u8], expected: impl Into<Refusal>) -> Told {
        self.refuses_with(statement, Offer::NotAsked, expected)
    }

    #[track_caller]
    pub(crate) fn refuses_with(
        &mut self,
        statement: &[u8],
        release: Offer<'_>,
        expected: impl Into<Refusal>,
    ) -> Told {
        let expected = expected.into();
        self.age_challenge();
        let (before, number, answer) = self.unthrottled(|bench| {
            let before = (bench.standing(), bench.effects.clone(), bench.device.junk());
            let number = bench.device.facts().chain.number;
            (before, number, bench.submit_once(statement, release))
        });
        let told = match answer {
            Answer::Told(told) => told,
            other => panic!("{other:?} rather than a receipt that refuses for {expected:?}"),
        };
        let found = match told.outcome() {
            Outcome::Refused {
                reason,
                expected,
                found,
            } => Refusal {
                reason: Reason::from_number(reason).expect("a known reason"),
                expected,
                found,
            },
            other => panic!("{other:?} rather than refused for {expected:?}"),
        };
        assert_eq!(found, expected);
        assert_eq!(told.receipt.number, number + 1);
        assert_eq!(self.device.facts().chain.number, number + 1);
        assert_eq!(
            (self.standing(), self.effects.clone(), self.device.junk()),
            before
        );
        told
    }

    /// Puts in a statement that must be counted, and cost neither a write nor a signature.
    #[track_caller]
    pub(crate) fn ignores(&mut self, statement: &[u8], expected: impl Into<Refusal>) {
        let expected = expected.into();
        self.age_challenge();
        let costs = |bench: &Self| (bench.journal_operations(), bench.hardware.signed.get());
        let (before, count, answer) = self.unthrottled(|bench| {
            let before = (bench.standing(), bench.effects.clone(), costs(bench));
            let count = bench.device.junk().count;
            (before, count, bench.submit_once(statement, Offer::NotAsked))
        });
        assert_eq!(answer, Answer::Ignored(expected));
        assert_eq!((self.standing(), self.effects.clone(), costs(self)), before);
        let junk = self.device.junk();
        assert_eq!(
            (junk.count, junk.last_reason),
            (count + 1, expected.reason.number())
        );
    }
}
