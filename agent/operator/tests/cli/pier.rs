//! A board on a socket, as an emulator offers it, for commands that reach a device by its line.

use std::time::{SystemTime, UNIX_EPOCH};

use latch_board::{Board, Clock, OnSocket};

use crate::bench::Bench;

/// A board that serves one host after the other until it is dropped.
pub(crate) struct Pier {
    /// What `--link` takes.
    pub(crate) link: String,
    board: OnSocket,
}

impl Pier {
    /// A board that is nobody's yet, with the time of this machine.
    pub(crate) fn new(bench: &Bench, seed: [u8; 32]) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = now.expect("a time after 1970").as_millis();
        let clock = Clock::trusted(u64::try_from(now_ms).expect("a time that fits"));
        let path = bench.path("board.sock");
        Self {
            link: format!("unix:{}", path.display()),
            board: OnSocket::new(&path, Board::new(seed, clock)).expect("a socket"),
        }
    }

    /// The board enrolled in the bench's project and provisioned, all over its line.
    pub(crate) fn enrolled(bench: &Bench, device: &str, seed: [u8; 32]) -> Self {
        let pier = Self::new(bench, seed);
        let name = ["--product", "pump", "--device", device];
        let request = [&["device", "request", "--link", &pier.link], &name[..]].concat();
        bench.run_with(&request, "").ok();
        let request = format!("{device}.request");
        bench.run(["device", "enroll", &request]).ok();
        let bundle = format!("devices/{device}.bundle");
        let link = pier.link.as_str();
        bench
            .run(["device", "provision", "--link", link, &bundle])
            .ok();
        pier
    }

    /// The board's images are lost.
    pub(crate) fn lose_images(&self) {
        self.board.lose_images();
    }

    /// Ends the serving, and gives the board back.
    pub(crate) fn end(self) -> Board {
        self.board.end()
    }
}
