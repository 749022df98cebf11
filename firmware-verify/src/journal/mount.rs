//! Mounting: which sector is active, and making that answer last.
//!
//! Nothing is told to the caller before it is sure to be told again by every later mount: a
//! rotation that was cut is finished first, and records behind which a cut struck are
//! first written again into the next sector.

use core::hint::black_box;

use embedded_storage::nor_flash::NorFlash;

use super::{
    Active, Address, Entry, Journal, MAX_SECTORS,
    error::{MountError, Rejected},
    mark::Mark,
    medium::{Fault, Medium},
    record::{Places, look_head, read_body},
    scan::{Scan, Tail, scan},
    sector::{self, HeadFinding, Layout, Look},
};

/// How often a sector in doubt is read again. With weak bits in every field each reading that
/// looks whole is a coincidence, if the bits are independent.
const STEADY_READS: usize = 4;

/// What was found in each sector.
struct Survey {
    looks: [Option<Look>; MAX_SECTORS],
}

impl<F: NorFlash, const CAPACITY: usize> Journal<F, CAPACITY> {
    /// Mounts the journal in `flash`, whose whole capacity it uses: 2 to 8 sectors of [`SECTOR`](Self::SECTOR) bytes.
    ///
    /// What a power cut has left is repaired first. Then `replay` gets every committed record
    /// of the active sector, in the order of writing; a later mount will replay them again,
    /// up to the next rotation. A journal without any is [blank](Self::is_blank). `buffer` is for the bodies and holds
    /// [`MAX_BODY`](super::MAX_BODY) bytes if nothing is known about them.
    ///
    /// # Errors
    /// [`MountError`]; the journal then refuses everything by not being there.
    pub fn mount(
        flash: F,
        buffer: &mut [u8],
        replay: &mut dyn FnMut(Entry<'_>) -> Result<(), Rejected>,
    ) -> Result<Self, MountError> {
        let mut journal = Self::survey(flash)?;
        journal.replay(buffer, replay)?;
        Ok(journal)
    }

    /// Finds the active sector and repairs it. Apart from the replay, which the caller's needs of
    /// the stack come on top of.
    #[inline(never)]
    fn survey(flash: F) -> Result<Self, MountError> {
        let medium = Medium::new(flash);
        let sectors = (medium.capacity() / Self::SECTOR).min(MAX_SECTORS);
        if sectors < 2 {
            return Err(MountError::TooSmall);
        }
        let mut journal = Self {
            medium,
            sectors,
            active: None,
            highest: 0,
            attempts: 0,
            needs_snapshot: false,
            stuck: false,
        };
        let survey = Survey::of::<F, CAPACITY>(&mut journal.medium, sectors)?;
        journal.highest = survey.highest();
        let Some((sector, head, found)) = survey.choose::<F, CAPACITY>(&mut journal.medium)? else {
            is_nobodys::<F, CAPACITY>(&mut journal.medium)?;
            survey.is_blank()?;
            journal
                .retire_others(None)
                .map_err(|Fault| MountError::Storage)?;
            return Ok(journal);
        };
        let at = Self::start(sector);
        sector::accept::<F, CAPACITY>(&mut journal.medium, at)
            .map_err(|Fault| MountError::Storage)?;
        journal
            .retire_others(Some(sector))
            .map_err(|Fault| MountError::Storage)?;
        journal.active = Some(Active {
            sector,
            sequence: head.sequence,
            count: found.count,
            tail: found.tail,
        });
        if let Tail::Torn { base } = found.state {
            journal.write_again(found.tail, base)?;
        }
        Ok(journal)
    }

    /// Writes the committed records, which end at `tail`, again into the next sector that takes them.
    fn write_again(&mut self, tail: usize, base: usize) -> Result<(), MountError> {
        if let Some(active) = &mut self.active {
            active.tail = base;
        }
        for _ in 1..self.sectors {
            let start = Layout::<F, CAPACITY>::RECORDS;
            match self.rotate(|snapshot| snapshot.copy_all(start, tail)) {
                Ok(()) => return Ok(()),
                Err(_) if self.stuck => break,
                Err(_) => {}
            }
        }
        Err(MountError::Storage)
    }

    fn replay(
        &mut self,
        buffer: &mut [u8],
        replay: &mut dyn FnMut(Entry<'_>) -> Result<(), Rejected>,
    ) -> Result<(), MountError> {
        let Some(active) = self.active else {
            return Ok(());
        };
        let end = Self::start(active.sector) + active.tail;
        let mut at = Self::start(active.sector) + Layout::<F, CAPACITY>::RECORDS;
        let mut replayed = 0_u32;
        while at < end {
            let (_, head) = look_head(&mut self.medium, at, active.sequence);
            let head = head.ok_or(MountError::Unreadable)?;
            if head.length > buffer.len() {
                return Err(MountError::BufferTooSmall);
            }
            let body = read_body(&mut self.medium, at, &head, buffer)?;
            replay(Entry {
                address: Address::of(at)?,
                kind: head.kind,
                body,
            })
            .map_err(|Rejected| MountError::Corrupt)?;
            at += Places::of::<F>(head.length).end;
            replayed = replayed.saturating_add(1);
        }
        // Where an instruction is skipped, a loop may end before its time: what was forgotten then could be used again.
        if black_box(at) != end || black_box(replayed) != active.count {
            return Err(MountError::Unreadable);
        }
        // Nor is a scan believed that has stopped short of a record.
        let places = Places::of::<F>(0).end;
        let room = Layout::<F, CAPACITY>::LIMIT.saturating_sub(black_box(active.tail));
        let behind = (places <= room)
            .then(|| look_head(&mut self.medium, end, active.sequence).1)
            .flatten();
        if behind.is_some() {
            return Err(MountError::Unreadable);
        }
        Ok(())
    }
}

impl Survey {
    fn of<F: NorFlash, const CAPACITY: usize>(
        medium: &mut Medium<F>,
        sectors: usize,
    ) -> Result<Self, MountError> {
        let mut looks = [None; MAX_SECTORS];
        for (sector, slot) in looks.iter_mut().enumerate().take(sectors) {
            let look = sector::look::<F, CAPACITY>(medium, sector * Layout::<F, CAPACITY>::SIZE);
            is_ours(look.head)?;
            *slot = Some(look);
        }
        Ok(Self { looks })
    }

    fn each(&self) -> impl Iterator<Item = (usize, &Look)> {
        self.looks
            .iter()
            .enumerate()
            .filter_map(|(sector, look)| Some((sector, look.as_ref()?)))
    }

    fn highest(&self) -> u32 {
        self.each()
            .filter_map(|(_, look)| look.known())
            .map(|head| head.sequence)
            .max()
            .unwrap_or(0)
    }

    /// The active sector: the complete one with the highest sequence, unless its predecessor
    /// went on without it. `None` if no sector is complete.
    fn choose<F: NorFlash, const CAPACITY: usize>(
        &self,
        medium: &mut Medium<F>,
    ) -> Result<Option<(usize, sector::Head, Scan)>, MountError> {
        let mut below = None;
        let mut damage = None;
        while let Some((sector, look, head)) = self.next(below) {
            below = Some(head.sequence);
            let found = scan_sector::<F, CAPACITY>(medium, sector, look, &head);
            let before = match found {
                Ok(found) if was_used(look, found) => None,
                _ => self.predecessor(&head),
            };
            let before = before.map(|(sector, look, head)| {
                let found = scan_sector::<F, CAPACITY>(medium, sector, look, &head);
                (look.is_closed(), found)
            });
            if matches!(before, Some((_, Ok(before))) if before.tail > head.base) {
                // The predecessor went on, so nobody acted on this one.
                continue;
            }
            if look.is_closed() {
                // The sector that took over from it is lost.
                return Err(damage.unwrap_or(MountError::Corrupt));
            }
            match found.and_then(|found| steady::<F, CAPACITY>(medium, sector, look, &head, found))
            {
                Ok(found) => return Ok(Some((sector, head, found))),
                // Nobody acted on it: the erase after an unfinished rotation was cut.
                Err(_) if !look.is_accepted() => {}
                Err(error) if matches!(before, Some((false, Ok(_)))) => {
                    damage = damage.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        damage.map_or(Ok(None), Err)
    }

    /// The complete sector with the highest sequence below a bound.
    fn next(&self, below: Option<u32>) -> Option<(usize, &Look, sector::Head)> {
        self.each()
            .filter_map(|(sector, look)| Some((sector, look, look.complete()?)))
            .filter(|(.., head)| below.is_none_or(|below| head.sequence < below))
            .max_by_key(|(.., head)| head.sequence)
    }

    fn predecessor(&self, of: &sector::Head) -> Option<(usize, &Look, sector::Head)> {
        self.each()
            .filter_map(|(sector, look)| Some((sector, look, look.complete()?)))
            .find(|(.., head)| head.sequence == of.previous && head.sequence < of.sequence)
    }

    /// Whether a journal without a complete sector never had one.
    fn is_blank(&self) -> Result<(), MountError> {
        for (_, look) in self.each() {
            let marks = || look.accepted.iter().chain(&look.closed);
            // These marks are set in complete sectors only.
            if marks().any(|mark| *mark == Mark::Set) {
                return Err(MountError::Corrupt);
            }
            if marks().any(|mark| *mark == Mark::Unreadable) {
                return Err(MountError::Unreadable);
            }
        }
        Ok(())
    }
}

/// Whether the head of a sector is none that this version must leave alone.
fn is_ours(head: HeadFinding) -> Result<(), MountError> {
    match head {
        HeadFinding::Newer(found) => Err(MountError::NewerFormat { found }),
        HeadFinding::OtherGeometry => Err(MountError::OtherGeometry),
        HeadFinding::Erased
        | HeadFinding::Known(_)
        | HeadFinding::Garbage
        | HeadFinding::Unreadable => Ok(()),
    }
}

/// Whether a flash without a sector of ours has none of another format or geometry either, wherever those begin.
fn is_nobodys<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
) -> Result<(), MountError> {
    let last = medium
        .capacity()
        .saturating_sub(Layout::<F, CAPACITY>::SEAL);
    (0..=last)
        .step_by(F::ERASE_SIZE)
        .try_for_each(|start| is_ours(sector::look_head::<F, CAPACITY>(medium, start)))
}

fn scan_sector<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    sector: usize,
    look: &Look,
    head: &sector::Head,
) -> Result<Scan, MountError> {
    let end = look.sealed.unwrap_or(Layout::<F, CAPACITY>::RECORDS);
    scan::<F, CAPACITY>(
        medium,
        sector * Layout::<F, CAPACITY>::SIZE,
        head.sequence,
        end,
    )
}

/// Whether something was appended behind the snapshot. Then the sector did take over.
fn was_used(look: &Look, found: Scan) -> bool {
    look.sealed.is_some_and(|end| found.tail > end)
}

/// Scans a sector again whose end is in doubt: one that was never used may be one that a mount rejected and began to erase when a
/// cut struck, and then its bits are weak; and what lies behind a torn end is lost for good.
///
/// A reading that stops short of all others is not believed: by one skipped instruction, too, it would forget what was burned.
fn steady<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    sector: usize,
    look: &Look,
    head: &sector::Head,
    found: Scan,
) -> Result<Scan, MountError> {
    let used = was_used(look, found);
    if used && found.state == Tail::Clean {
        return Ok(found);
    }
    let mut shortest = None;
    for _ in 0..STEADY_READS {
        if !used {
            let again = sector::look::<F, CAPACITY>(medium, sector * Layout::<F, CAPACITY>::SIZE);
            if again.complete() != Some(*head) {
                return Err(MountError::Corrupt);
            }
        }
        // The tail may differ, if it is there that a cut struck.
        let again = match scan_sector::<F, CAPACITY>(medium, sector, look, head) {
            Err(_) if used => found,
            again => again?,
        };
        shortest = match shortest {
            Some(shortest @ Scan { tail, .. }) if tail <= again.tail => Some(shortest),
            _ => Some(again),
        };
    }
    Ok(match shortest {
        Some(others) if others.tail > found.tail => others,
        _ => found,
    })
}

#[cfg(test)]
mod tests {
    use latch_flash::Flash;

    use super::{Scan, Survey, Tail, scan_sector, steady};
    use crate::journal::{Journal, MAX_BODY, medium::Medium};

    type Small = Flash<1, 4, 64>;
    const CAPACITY: usize = 230;

    #[test]
    fn a_reading_that_stops_short_of_all_others_is_not_believed() {
        let sectors = 2 * Journal::<Small, CAPACITY>::SECTOR;
        let mut buffer = [0; MAX_BODY];
        let mut journal: Journal<_, CAPACITY> =
            Journal::mount(Small::new(sectors), &mut buffer, &mut |_| Ok(())).unwrap();
        journal.rotate(|to| to.put(1, &[1; 9]).map(drop)).unwrap();
        journal.append(2, &[2; 9]).unwrap();
        journal.append(3, &[3; 9]).unwrap();
        let mut medium = Medium::new(journal.release());
        let survey = Survey::of::<_, CAPACITY>(&mut medium, 2).unwrap();
        let (sector, look, head) = survey.next(None).unwrap();
        let found = scan_sector::<_, CAPACITY>(&mut medium, sector, look, &head).unwrap();
        assert_eq!((found.count, found.state), (3, Tail::Clean));
        let snapshot = look.sealed.unwrap();
        let middle = usize::midpoint(snapshot, found.tail);
        for short in [
            Scan {
                tail: snapshot,
                count: 1,
                state: Tail::Clean,
            },
            Scan {
                tail: middle,
                count: 2,
                state: Tail::Torn { base: middle },
            },
        ] {
            let kept = steady::<_, CAPACITY>(&mut medium, sector, look, &head, short);
            assert_eq!(kept, Ok(found), "{short:?}");
        }
    }
}
