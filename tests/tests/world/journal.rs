//! The journal of a device whose power is off, as somebody writes it who can write its flash.

use latch_verify::{device::JOURNAL_SECTOR, journal::Journal, limits::MAX_RECORD};

use super::hardware::{Chip, Hardware};

/// Writes the journal anew, each record as it comes out.
pub(crate) fn rewrite(hardware: &Hardware, mut change: impl FnMut(&mut Vec<u8>)) {
    let mut records = Vec::new();
    let journal = Journal::<Chip, JOURNAL_SECTOR>::mount(
        hardware.journal.clone(),
        &mut [0; MAX_RECORD],
        &mut |entry| {
            records.push((entry.kind, entry.body.to_vec()));
            Ok(())
        },
    );
    let rewritten = journal.expect("a sound journal").rotate(|snapshot| {
        records.iter().try_for_each(|(kind, body)| {
            let mut body = body.clone();
            change(&mut body);
            snapshot.put(*kind, &body).map(drop)
        })
    });
    rewritten.expect("a sound snapshot");
}
