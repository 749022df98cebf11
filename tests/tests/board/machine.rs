//! The emulated machine: QEMU's `mps2-an386`, with its flash in a file.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::SystemTime,
};

use tempfile::TempDir;

use super::{host::Host, programs};
use crate::stage::{Log, Process, path_of, until};

/// The chip, as the board's crate lays it out.
const CHIP_BYTES: usize = 0x9_0000;
/// Where the first slot lies; the second follows it.
pub(crate) const FIRST_SLOT: usize = 0x1_0000;
/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 256 * 1024;
/// How QEMU ends when the power was cut as planned.
const POWER_CUT: i32 = 77;

/// A board, switched on or off.
pub(crate) struct Machine {
    qemu: Option<Process>,
    log: Log,
    dir: TempDir,
}

impl Machine {
    /// A board as it leaves the factory: an image in its first slot, and nothing else.
    pub(crate) fn new(image: &[u8]) -> Self {
        let mut flash = vec![0xff; CHIP_BYTES];
        flash[FIRST_SLOT..FIRST_SLOT + image.len()].copy_from_slice(image);
        Self::with_flash(&flash)
    }

    /// A board whose flash holds this.
    pub(crate) fn with_flash(flash: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the machine");
        fs::write(dir.path().join("flash.bin"), flash).expect("the flash is written");
        Self {
            qemu: None,
            log: Log::new(dir.path().join("machine.log")),
            dir,
        }
    }

    /// What its flash holds.
    pub(crate) fn flash(&self) -> Vec<u8> {
        fs::read(self.dir.path().join("flash.bin")).expect("the flash is read")
    }

    /// When its flash was written last.
    pub(crate) fn written(&self) -> SystemTime {
        let data = fs::metadata(self.dir.path().join("flash.bin")).expect("the flash is there");
        data.modified().expect("a file system with times")
    }

    /// What a slot holds.
    pub(crate) fn slot(&self, number: usize) -> Vec<u8> {
        let from = FIRST_SLOT + number * SLOT_BYTES;
        self.flash()[from..from + SLOT_BYTES].to_vec()
    }

    /// Changes what its flash holds, while it is off.
    pub(crate) fn change_flash(&mut self, change: impl FnOnce(&mut [u8])) {
        assert!(self.qemu.is_none(), "the machine runs");
        let mut flash = self.flash();
        change(&mut flash);
        fs::write(self.dir.path().join("flash.bin"), flash).expect("the flash is written");
    }

    /// Plans a loss of power: this many operations of the flash go well, and the next is torn as the seed says.
    pub(crate) fn plan_cut(&self, after: u32, seed: u32) {
        let plan = [after.to_le_bytes(), seed.to_le_bytes()].concat();
        fs::write(self.dir.path().join("power.bin"), plan).expect("the plan is written");
    }

    /// Counts operations of the flash from now on; none is cut.
    pub(crate) fn plan_nothing(&self) {
        self.plan_cut(u32::MAX, 0);
    }

    /// Operations since the plan was made.
    pub(crate) fn operations(&self, planned: u32) -> u32 {
        let plan = fs::read(self.dir.path().join("power.bin")).expect("a plan");
        let left = plan.first_chunk::<4>().expect("four bytes and more");
        planned - u32::from_le_bytes(*left)
    }

    /// Switches it on.
    pub(crate) fn start(&mut self) {
        assert!(self.qemu.is_none(), "the machine runs already");
        let mut command = Command::new(path_of("qemu-system-arm"));
        command
            .current_dir(self.dir.path())
            // Time goes by with instructions, so that a busy host does not trip the watchdog.
            .args(["-machine", "mps2-an386", "-icount", "shift=3,sleep=on"])
            .args(["-display", "none", "-monitor", "none"])
            .args(["-semihosting-config", "enable=on,target=native"])
            // With `mux` QEMU holds some bytes for the program; without, each costs two threads a turn. No byte is its escape.
            .args([
                "-chardev",
                "socket,id=line,path=line,server=on,wait=off,mux=on",
            ])
            .args(["-echr", "256"])
            .args(["-serial", "chardev:line", "-kernel"])
            .arg(programs::bootloader())
            .stdin(Stdio::null())
            .stdout(self.log.writer())
            .stderr(self.log.writer());
        let mut qemu = Process::start(&mut command);
        let line = self.line();
        until("QEMU's socket", || {
            assert!(
                qemu.ended().is_none() || line.exists(),
                "QEMU does not start"
            );
            line.exists().then_some(())
        });
        self.qemu = Some(qemu);
    }

    /// How many lines of what its programs have told people hold this.
    pub(crate) fn said(&self, words: &str) -> usize {
        self.log.lines_with(&[words]).len()
    }

    /// Its serial line.
    pub(crate) fn line(&self) -> PathBuf {
        self.dir.path().join("line")
    }

    /// Whether the planned cut has struck. Then it is off.
    pub(crate) fn was_cut(&mut self) -> bool {
        if self.qemu.is_none() {
            return true;
        }
        let Some(status) = self.qemu.as_mut().and_then(Process::ended) else {
            return false;
        };
        assert_eq!(status.code(), Some(POWER_CUT), "how the machine has ended");
        self.qemu = None;
        let _ = fs::remove_file(self.line());
        true
    }

    /// After its line has closed: waits until it is off.
    pub(crate) fn wait_if_cut(&mut self, host: &Host) {
        if host.is_closed() {
            until("the end of the machine", || self.was_cut().then_some(()));
        }
    }

    /// Pulls the plug.
    pub(crate) fn kill(&mut self) {
        self.qemu.take().expect("the machine runs").kill();
        let _ = fs::remove_file(self.line());
    }
}
