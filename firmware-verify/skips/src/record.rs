//! What has come of an input's trials so far, in a file: a campaign that was ended goes on from there.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    path::Path,
};

use crate::{Outcome, fault::Trial, machine::BATCH, verdict::Verdict};

/// The batches of one input of which it is known what has come.
pub(crate) struct Record {
    file: File,
    known: HashMap<usize, Vec<Verdict>>,
}

impl Record {
    /// Goes on where the file ends, if it is of the same programs and the same trials; else it begins anew.
    pub(crate) fn open(path: &Path, programs: [&[u8]; 2], trials: &[Trial]) -> Outcome<Self> {
        let mut hasher = DefaultHasher::new();
        (programs, BATCH).hash(&mut hasher);
        for trial in trials {
            (trial.position, trial.fault).hash(&mut hasher);
        }
        let head = format!("{:016x}\n", hasher.finish());
        let before = fs::read_to_string(path).unwrap_or_default();
        if let Some(lines) = before.strip_prefix(&head) {
            let file = OpenOptions::new().append(true).open(path)?;
            let known = lines.split_inclusive('\n').filter_map(read).collect();
            return Ok(Self { file, known });
        }
        let mut file = File::create(path)?;
        file.write_all(head.as_bytes())?;
        Ok(Self {
            file,
            known: HashMap::new(),
        })
    }

    /// What has come of a batch, if it is known.
    pub(crate) fn known(&self, batch: usize) -> Option<&[Verdict]> {
        self.known.get(&batch).map(Vec::as_slice)
    }

    /// Keeps what has come of a batch; nothing of one in which something was accepted, which is tried again.
    pub(crate) fn keep(&mut self, batch: usize, verdicts: &[Verdict]) -> Outcome<()> {
        let letters: Option<String> = verdicts.iter().map(letter).collect();
        if let Some(letters) = letters {
            // One that was cut off is a line of its own, which tells nothing.
            self.file
                .write_all(format!("\n{batch} {letters}.\n").as_bytes())?;
        }
        Ok(())
    }
}

/// A line that is whole.
fn read(line: &str) -> Option<(usize, Vec<Verdict>)> {
    let (batch, letters) = line.strip_suffix(".\n")?.split_once(' ')?;
    let verdicts = letters
        .chars()
        .map(verdict)
        .collect::<Option<Vec<Verdict>>>()?;
    Some((batch.parse().ok()?, verdicts))
}

/// By what each is known.
const LETTERS: [(char, Verdict); 6] = [
    ('r', Verdict::Refused),
    ('c', Verdict::Crashed),
    ('u', Verdict::Untried),
    ('h', Verdict::Hung),
    ('d', Verdict::Dead),
    ('g', Verdict::Garbled),
];

fn letter(verdict: &Verdict) -> Option<char> {
    let found = LETTERS.iter().find(|(_, known)| known == verdict);
    found.map(|(letter, _)| *letter)
}

fn verdict(letter: char) -> Option<Verdict> {
    let found = LETTERS.iter().find(|(known, _)| *known == letter);
    found.map(|(_, verdict)| verdict.clone())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::Record;
    use crate::{
        fault::{Fault, Trial},
        verdict::Verdict::{Accepted, Crashed, Refused},
    };

    #[test]
    fn what_is_known_is_what_was_kept_of_the_same_trials() {
        let folder = std::env::temp_dir().join(format!("latch-skips-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("record");
        let trial = |position| Trial {
            at: 8,
            execution: 1,
            position,
            fault: Fault::Skip,
        };
        let open = |program: &[u8], position| {
            Record::open(&path, [program, b"monitor"], &[trial(position)]).unwrap()
        };
        let mut record = open(b"program", 1);
        record.keep(0, &[Refused, Crashed]).unwrap();
        record.keep(1, &[Accepted("so".to_owned())]).unwrap();
        record.file.write_all(b"\n2 rr").unwrap();
        let mut record = open(b"program", 1);
        assert_eq!(record.known(0), Some(&[Refused, Crashed][..]));
        assert_eq!(record.known(1), None);
        assert_eq!(record.known(2), None);
        record.keep(2, &[Crashed]).unwrap();
        assert_eq!(open(b"program", 1).known(2), Some(&[Crashed][..]));
        assert_eq!(open(b"program", 2).known(0), None);
        open(b"program", 1).keep(0, &[Refused]).unwrap();
        assert_eq!(open(b"another", 1).known(0), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
