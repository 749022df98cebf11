//! Images of flash that journals of each format have left: this version must read them all, and writes the newest itself.
//!
//! `LATCH_REGENERATE=1` writes the files of the format that this version writes, and of one that is newer. Those of older formats are never made
//! anew: nothing writes them any more.

use std::{collections::BTreeMap, env, fs, path::PathBuf, sync::OnceLock};

use embedded_storage::nor_flash::NorFlash as _;
use latch_flash::Flash;
use latch_verify::journal::{Entry, FORMAT, Journal, MAX_BODY, MountError};
use serde::{Deserialize, Serialize};

/// Erase block, in bytes: small, so that the images stay so.
const ERASE: usize = 512;
/// Room for records in a sector, in bytes: a handful.
const CAPACITY: usize = 900;

type Part<const UNIT: usize> = Flash<1, UNIT, ERASE>;

/// What lies in one flash, and what a journal has to find there.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Image {
    write_unit: usize,
    sectors: usize,
    sector_bytes: usize,
    /// The kind and, in hex, the body of each record.
    records: Vec<(u8, String)>,
    /// In hex, what is not erased, by the offset at which it begins.
    flash: BTreeMap<usize, String>,
}

/// The images of one format.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Images {
    format: u8,
    erase_bytes: usize,
    record_room_bytes: usize,
    images: Vec<Image>,
}

type Records = Vec<(u8, Vec<u8>)>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The runs of bytes between runs of eight erased ones and more.
fn runs(contents: &[u8]) -> BTreeMap<usize, String> {
    let mut runs = BTreeMap::new();
    let mut at = 0;
    while at < contents.len() {
        if contents[at] == 0xff {
            at += 1;
            continue;
        }
        let rest = &contents[at..];
        let end = rest.windows(8).position(|eight| eight == [0xff; 8]);
        let run = &rest[..end.unwrap_or(rest.len())];
        runs.insert(at, hex(run));
        at += run.len();
    }
    runs
}

fn mount<const UNIT: usize>(
    flash: Part<UNIT>,
) -> Result<(Journal<Part<UNIT>, CAPACITY>, Records), MountError> {
    let mut records = Records::new();
    let mut keep = |entry: Entry<'_>| {
        records.push((entry.kind, entry.body.to_vec()));
        Ok(())
    };
    let journal = Journal::mount(flash, &mut [0; MAX_BODY], &mut keep)?;
    Ok((journal, records))
}

fn body(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|place| (place as u8).wrapping_mul(7) ^ seed)
        .collect()
}

/// A journal with some past: sectors that have taken turns, a snapshot of a new and a copied record, others behind it.
fn record<const UNIT: usize>(sectors: usize) -> Image {
    let sector_bytes = Journal::<Part<UNIT>, CAPACITY>::SECTOR;
    let (mut journal, _) = mount(Part::<UNIT>::new(sectors * sector_bytes)).expect("blank");
    let mut kept = None;
    for round in 0..3 {
        journal
            .rotate(|snapshot| {
                if let Some(kept) = kept {
                    snapshot.copy(kept)?;
                }
                snapshot.put(1, &body(30, round)).map(drop)
            })
            .expect("a snapshot");
        kept = Some(journal.append(2, &body(13, round)).expect("a record"));
        journal.append(0x7f, &[]).expect("a record");
        journal.append(3, &body(32, round)).expect("a record");
    }
    let flash = journal.release();
    let (_, records) = mount(flash.clone()).expect("a journal");
    assert_eq!(records.len(), 5);
    Image {
        write_unit: UNIT,
        sectors,
        sector_bytes,
        records: records
            .iter()
            .map(|(kind, body)| (*kind, hex(body)))
            .collect(),
        flash: runs(flash.contents()),
    }
}

fn recorded() -> Images {
    let images = [2, 8].into_iter().flat_map(|sectors| {
        [
            record::<1>(sectors),
            record::<2>(sectors),
            record::<4>(sectors),
            record::<8>(sectors),
            record::<16>(sectors),
            record::<32>(sectors),
        ]
    });
    Images {
        format: FORMAT,
        erase_bytes: ERASE,
        record_room_bytes: CAPACITY,
        images: images.collect(),
    }
}

/// Puts an image into a flash.
fn flash<const UNIT: usize>(image: &Image) -> Part<UNIT> {
    let mut flash = Part::<UNIT>::new(image.sectors * image.sector_bytes);
    for (at, bytes) in &image.flash {
        let bytes = unhex(bytes);
        // By units, so that what was programmed counts as that; within a run some may never have been.
        let start = at - at % UNIT;
        let end = (at + bytes.len()).next_multiple_of(UNIT);
        let mut whole = vec![0xff; end - start];
        whole[at - start..at - start + bytes.len()].copy_from_slice(&bytes);
        for (place, unit) in whole.chunks(UNIT).enumerate() {
            let offset = u32::try_from(start + place * UNIT).expect("a small flash");
            if unit.iter().any(|byte| *byte != 0xff) {
                flash.write(offset, unit).expect("an image of whole units");
            }
        }
    }
    flash
}

/// Mounts an image, and writes on.
fn reads<const UNIT: usize>(image: &Image) -> Result<(), MountError> {
    let (mut journal, records) = mount(flash::<UNIT>(image))?;
    let found: Vec<(u8, String)> = records
        .iter()
        .map(|(kind, body)| (*kind, hex(body)))
        .collect();
    assert_eq!(found, image.records);
    journal.append(4, b"goes on").expect("a record");
    journal
        .rotate(|snapshot| snapshot.put(5, b"and on").map(drop))
        .expect("a snapshot");
    let (_, records) = mount(journal.release())?;
    assert_eq!(records, [(5, b"and on".to_vec())]);
    Ok(())
}

fn reads_on_its_unit(image: &Image) -> Result<(), MountError> {
    match image.write_unit {
        1 => reads::<1>(image),
        2 => reads::<2>(image),
        4 => reads::<4>(image),
        8 => reads::<8>(image),
        16 => reads::<16>(image),
        32 => reads::<32>(image),
        unit => panic!("no journal has units of {unit}"),
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/journal")).join(name)
}

/// The text of a file, which is written anew first if that is asked for.
fn text(name: &str) -> String {
    static REGENERATED: OnceLock<()> = OnceLock::new();
    REGENERATED.get_or_init(|| {
        if env::var_os("LATCH_REGENERATE").is_some_and(|value| value == "1") {
            fs::write(file(FORMATS[usize::from(FORMAT)]), written(&recorded())).expect("a file");
            fs::write(file("newer.json"), written(&renumbered(NEWER))).expect("a file");
        }
    });
    let path = file(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn read(name: &str) -> Images {
    serde_json::from_str(&text(name)).expect("images")
}

/// One image a line.
fn written(images: &Images) -> String {
    let text = serde_json::to_string(images).expect("images");
    text.replace(r#"{"write_unit""#, "\n{\"write_unit\"") + "\n"
}

/// The file of each format up to this version's.
const FORMATS: [&str; FORMAT as usize + 1] = ["format-0.json"];

#[test]
fn what_this_version_writes_is_what_was_recorded() {
    let name = FORMATS[usize::from(FORMAT)];
    assert!(
        text(name) == written(&recorded()),
        "tests/vectors/journal/{name}: the journal's format has changed, which asks for a new number. \
         LATCH_REGENERATE=1 writes the file anew"
    );
}

#[test]
fn every_format_that_was_ever_written_is_read() {
    for (format, name) in (0..).zip(FORMATS) {
        let images = read(name);
        assert_eq!(images.format, format);
        assert_eq!(images.images.len(), 12);
        for image in &images.images {
            let Image {
                write_unit,
                sectors,
                ..
            } = image;
            let found = reads_on_its_unit(image);
            assert_eq!(found, Ok(()), "units of {write_unit}, {sectors} sectors");
        }
    }
}

/// Images of this format that say in every head that they have a newer one.
fn renumbered(format: u8) -> Images {
    let mut images = recorded();
    images.format = format;
    for image in &mut images.images {
        for sector in 0..image.sectors {
            let Some(run) = image.flash.get_mut(&(sector * image.sector_bytes)) else {
                continue;
            };
            let mut bytes = unhex(run);
            bytes[8] = format;
            let sum = checksum(&bytes[..28]).to_le_bytes();
            bytes[28..32].copy_from_slice(&sum);
            *run = hex(&bytes);
        }
    }
    images
}

/// CRC-32/ISCSI of four zeros and these bytes, as JOURNAL.md has it, made apart from the journal's.
fn checksum(bytes: &[u8]) -> u32 {
    let fed = [0; 4].iter().chain(bytes);
    !fed.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0x82f6_3b78 * (sum & 1))
        })
    })
}

/// The newest number that there can be, so that it stays newer.
const NEWER: u8 = u8::MAX;

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let images = read("newer.json");
    assert_eq!((images.format, images.images.len()), (NEWER, 12));
    for image in &images.images {
        let refused = Err(MountError::NewerFormat { found: NEWER });
        assert_eq!(reads_on_its_unit(image), refused);
    }
    // Nothing was erased or written on the way.
    let image = &images.images[0];
    let before = flash::<1>(image);
    let mut now = before.clone();
    let mounted =
        Journal::<&mut Part<1>, CAPACITY>::mount(&mut now, &mut [0; MAX_BODY], &mut |_| Ok(()));
    assert!(mounted.is_err());
    drop(mounted);
    assert_eq!(now.operations(), before.operations());
}
