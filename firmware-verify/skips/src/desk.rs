//! What the host shares with the machine: RAM that is a file of the host's, in which they tell each other what to run, from which
//! moment, and what was left. What lies where is as in `monitor.s`.

use std::{
    fs::{File, OpenOptions},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::Path,
};

use crate::Outcome;

/// The second bank of RAM, where nothing of the device's is (Arm AN386).
pub(crate) const DESK: u32 = 0x2100_0000;
pub(crate) const DESK_BYTES: u32 = 16 << 20;
/// Which job is the current one.
const CURRENT: u64 = 0;
/// How many there are, ticks until one counts as hung, and what memory is kept: two ranges.
const COUNT: u64 = 4;
const JOBS: u64 = 0x100;
const JOB: u64 = 128;
/// Copies of memory.
const COPIES: u32 = 0x2_0000;
/// Behind how a run ended.
const LEFT_MEMORY: u32 = 32;
/// Room for one, with what a monitor notes before it.
const COPY: u32 = 88 * 1024 + LEFT_MEMORY;
/// Places that there is room for.
pub(crate) const PLACES: u32 = (DESK_BYTES - COPIES) / COPY;
/// Registers of a job: r0 to r12, sp, lr, flags, pc.
pub(crate) const REGISTERS: usize = 17;

/// Place for a copy of what memory is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place(pub(crate) u32);

impl Place {
    /// Where it lies in the machine, of which the monitor knows.
    pub(crate) fn address(self) -> u32 {
        DESK + COPIES + self.0 * COPY
    }

    fn offset(self) -> u64 {
        u64::from(self.address() - DESK)
    }
}

/// A run.
pub(crate) struct Job {
    pub(crate) from: Place,
    pub(crate) left: Place,
    /// The monitor only puts memory back: registers are the debugger's.
    pub(crate) by_hand: bool,
    pub(crate) watched: u32,
    pub(crate) registers: [u32; REGISTERS],
}

pub(crate) struct Desk {
    file: File,
    kept: [Range<u32>; 2],
}

impl Desk {
    /// A desk for a machine that has this file for its RAM. What lies there stays.
    pub(crate) fn new(path: &Path, kept: [Range<u32>; 2], patience_ticks: u32) -> Outcome<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let len = |range: &Range<u32>| range.len() as u32;
        let desk = Self { file, kept };
        if desk.kept.iter().any(|range| len(range) % 4 != 0)
            || desk.kept_bytes() > COPY as usize - 32
        {
            return Err("no room for what is kept".into());
        }
        let words = [patience_ticks].into_iter();
        let kept = desk.kept.iter().flat_map(|it| [it.start, len(it)]);
        desk.put(COUNT + 4, &words.chain(kept).collect::<Vec<u32>>())?;
        Ok(desk)
    }

    fn kept_bytes(&self) -> usize {
        self.kept.iter().map(|range| range.len()).sum()
    }

    fn put(&self, at: u64, words: &[u32]) -> Outcome<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(self.file.write_all_at(&bytes, at)?)
    }

    fn get(&self, at: u64, len: usize) -> Outcome<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn word(&self, at: u64) -> Outcome<u32> {
        Ok(u32::from_le_bytes(self.get(at, 4)?.as_slice().try_into()?))
    }

    /// Puts jobs there, the first of which is the next one.
    pub(crate) fn put_jobs(&self, jobs: &[Job]) -> Outcome<()> {
        self.put(CURRENT, &[0, u32::try_from(jobs.len())?])?;
        for (number, job) in (0_u64..).zip(jobs) {
            let Job {
                from,
                left,
                by_hand,
                watched,
                registers,
            } = job;
            let mut words = vec![from.address(), left.address(), (*by_hand).into(), *watched];
            words.extend(registers);
            self.put(JOBS + number * JOB, &words)?;
        }
        Ok(())
    }

    /// Which job is the current one.
    pub(crate) fn current(&self) -> Outcome<usize> {
        Ok(self.word(CURRENT)? as usize)
    }

    /// How a run has ended, and the first of the ranges that are kept as it left it.
    pub(crate) fn left(&self, place: Place) -> Outcome<(u8, Vec<u8>)> {
        let word = u8::try_from(self.word(place.offset())?)?;
        let at = place.offset() + u64::from(LEFT_MEMORY);
        Ok((word, self.get(at, self.kept[0].len())?))
    }

    /// What memory holds in a copy.
    pub(crate) fn copied(&self, place: Place) -> Outcome<Vec<u8>> {
        self.get(place.offset(), self.kept_bytes())
    }

    pub(crate) fn put_copy(&self, place: Place, memory: &[u8]) -> Outcome<()> {
        Ok(self.file.write_all_at(memory, place.offset())?)
    }

    /// So many bytes from a place on.
    pub(crate) fn bytes(&self, place: Place, len: usize) -> Outcome<Vec<u8>> {
        self.get(place.offset(), len)
    }
}
