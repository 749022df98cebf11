//! A board on a socket, as an emulator offers it, for commands that reach a device by its line.

use std::{
    io::ErrorKind,
    os::unix::net::UnixListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use latch_board::{Board, Clock, serve};

use crate::bench::Bench;

/// How long the board waits for bytes before it looks around.
const LOOK: Duration = Duration::from_millis(5);

/// A board that serves one host after the other until it is dropped.
pub(crate) struct Pier {
    /// What `--link` takes.
    pub(crate) link: String,
    over: Arc<AtomicBool>,
    board: Option<JoinHandle<Board>>,
}

impl Pier {
    /// A board that is nobody's yet, with the time of this machine.
    pub(crate) fn new(bench: &Bench, seed: [u8; 32]) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = now.expect("a time after 1970").as_millis();
        let clock = Clock::trusted(u64::try_from(now_ms).expect("a time that fits"));
        Self::serve(bench, Board::new(seed, clock))
    }

    fn serve(bench: &Bench, mut board: Board) -> Self {
        let path = bench.path("board.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        listener.set_nonblocking(true).expect("a socket");
        let over = Arc::new(AtomicBool::new(false));
        let (ends, begin) = (Arc::clone(&over), Instant::now());
        let board = thread::spawn(move || {
            let go_on = || !ends.load(Ordering::Relaxed);
            while go_on() {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).expect("a stream");
                        stream.set_read_timeout(Some(LOOK)).expect("a bound");
                        serve(&mut board, &stream, begin, |_| go_on());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(LOOK),
                    Err(error) => panic!("{error}"),
                }
            }
            board
        });
        Self {
            link: format!("unix:{}", path.display()),
            over,
            board: Some(board),
        }
    }

    /// The board enrolled in the bench's project and provisioned, all over its line.
    pub(crate) fn enrolled(bench: &Bench, device: &str, seed: [u8; 32]) -> Self {
        let pier = Self::new(bench, seed);
        let request = format!("{device}.request");
        bench
            .run([
                "device",
                "request",
                "--link",
                &pier.link,
                "--product",
                "pump",
                "--device",
                device,
            ])
            .ok();
        bench.run(["device", "enroll", &request]).ok();
        let bundle = format!("devices/{device}.bundle");
        bench
            .run(["device", "provision", "--link", &pier.link, &bundle])
            .ok();
        pier
    }

    /// Ends the serving, and gives the board back.
    pub(crate) fn end(mut self) -> Board {
        self.over.store(true, Ordering::Relaxed);
        let board = self.board.take().expect("it was not ended before");
        board.join().expect("the board did not panic")
    }
}

impl Drop for Pier {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(board) = self.board.take() {
            // A board that panicked has said why.
            drop(board.join());
        }
    }
}
