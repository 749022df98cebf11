//! A whole firmware update, cut at each operation of each flash, booted and brought to its end.

use latch_flash::Tear;
use latch_issue::ImageTree;
use latch_verify::{
    device::{Armed, Release, Submitted},
    ledger::InstallPhase,
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Action, Manifest, Outcome, Receipt},
    types::{LatchId, StatementId},
    wire::{Envelope, Kind, Run},
};

use crate::{
    board::{Board, Kept, Machine, Out, Place, code},
    world::{
        keys::{RELEASE, seal},
        release::version,
        root::{PRODUCT, TENANT},
    },
};

/// Length of the image in bytes.
const LENGTH: usize = 40 * 1024;
const PAGE_LOG2: u8 = 12;
/// Seeds of the tears that have some.
const SEEDS: u64 = 1;

/// What is installed.
struct Update {
    manifest: Vec<u8>,
    code: Vec<u8>,
    pages: Vec<Vec<u8>>,
}

/// What comes after a step.
#[derive(PartialEq, Eq)]
enum Next {
    /// Another one, whatever came of it.
    Step,
    /// A boot.
    Boot,
    /// Nothing: the new image is confirmed.
    Over,
}

impl Update {
    fn new() -> Self {
        let bytes: Vec<u8> = (0..LENGTH).map(|place| (place % 251) as u8).collect();
        let tree = ImageTree::read(bytes.as_slice(), PAGE_LOG2).expect("an image");
        let manifest = Manifest {
            tenant: TENANT,
            product: PRODUCT,
            component: 0,
            version: version(2),
            security_version: 3,
            size: tree.size(),
            page_size_log2: PAGE_LOG2,
            merkle_root: tree.root(),
            image_sha256: tree.sha256(),
            current: None,
            requirements: Run::default(),
        };
        let manifest = seal(&manifest, &RELEASE);
        let id: StatementId = Envelope::parse(Kind::Manifest, &manifest)
            .expect("an envelope")
            .id();
        let pages = (0_u32..).zip(bytes.chunks(1 << PAGE_LOG2));
        let pages = pages
            .map(|(index, bytes)| tree.page(id, index, bytes).expect("a page"))
            .collect();
        Self {
            code: code(1, LatchId::FIRMWARE, Action::Install { manifest: id }),
            manifest,
            pages,
        }
    }

    /// Takes the next step, whatever it is. Without power it comes to nothing.
    fn step(&self, device: &mut Machine) -> Next {
        let mut out: Out = [0; MAX_RECEIPT_ENVELOPE];
        match device.install_phase() {
            None if device.running().version == version(2) => return Next::Over,
            None => {
                let release = Release::Found(&self.manifest);
                let answer = device.submit(&self.code, release, &mut out);
                // It tells that it has begun, or has no power.
                if let Submitted::Answered(receipt) = answer {
                    let receipt = Envelope::parse(Kind::Receipt, receipt).expect("an envelope");
                    let outcome = receipt.read::<Receipt>().expect("a receipt").outcome;
                    assert_eq!(outcome, Outcome::InstallStarted);
                }
            }
            Some(InstallPhase::Receiving { .. }) => {
                if let Some(wanted) = device.wanted() {
                    let _ = device.page(&self.pages[wanted.next as usize]);
                }
            }
            Some(InstallPhase::Received) => {
                let armed = device.arm(&mut out);
                assert!(
                    !matches!(armed, Ok(Armed::Failed(_))),
                    "a good image is not armed"
                );
            }
            Some(InstallPhase::Armed) => return Next::Boot,
            Some(InstallPhase::Trial { .. }) => {
                let _ = device.confirm(&mut out);
            }
        }
        Next::Step
    }

    /// Brings it to its end.
    fn finish(&self, board: &Board) {
        let mut device = board.boot().expect("a boot after the cut");
        // Each page and each phase once, and room for what a cut has undone.
        for _ in 0..2 * self.pages.len() + 8 {
            match self.step(&mut device) {
                Next::Step => {}
                Next::Boot => device = board.boot().expect("a boot into the new image"),
                Next::Over => {
                    assert_eq!(device.facts().firmware.security_floor, 3);
                    return;
                }
            }
        }
        panic!("the update does not end");
    }
}

/// The board when the power goes before an operation of the update.
struct Halt {
    place: Place,
    kept: Kept,
}

pub(crate) fn course() -> Box<dyn FnMut(u64, u64) -> u64> {
    let update = Update::new();
    let board = Board::provisioned();
    let mut halts = Vec::new();
    loop {
        let (before, from) = (board.snapshot(), board.operations());
        let mut device = board.boot().expect("a boot");
        if update.step(&mut device) == Next::Over {
            break;
        }
        let (after, to) = (board.snapshot(), board.operations());
        for (chip, (from, to)) in from.into_iter().zip(to).enumerate() {
            for operation in 0..to - from {
                let place = (chip, operation);
                board.restore(&before);
                board.halt(place);
                if let Ok(mut device) = board.boot() {
                    update.step(&mut device);
                }
                let kept = board.snapshot();
                halts.push(Halt { place, kept });
            }
        }
        board.restore(&after);
    }
    let drawn = (0..SEEDS).flat_map(|seed| [Tear::Words(seed), Tear::Bits(seed)]);
    let tears: Vec<Tear> = [Tear::Before, Tear::Prefix(2), Tear::After]
        .into_iter()
        .chain(drawn)
        .collect();
    Box::new(move |from, count| {
        let all = (halts.len() * tears.len()) as u64;
        for trial in from..from + count {
            let trial = (trial % all) as usize;
            let halt = &halts[trial / tears.len()];
            board.restore(&halt.kept);
            board.tear(halt.place, tears[trial % tears.len()]);
            board.power_on();
            update.finish(&board);
        }
        all
    })
}
