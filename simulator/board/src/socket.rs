//! A board behind a socket in the file system, as an emulator offers it.

use std::{
    io::{self, ErrorKind},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{board::Board, serve::serve};

/// How long the board waits for bytes before it looks around: short, so that nothing waits for it.
const LOOK: Duration = Duration::from_millis(5);

/// A board in a thread of its own, which serves one host after the other until it is dropped.
pub struct OnSocket {
    ends: Arc<AtomicBool>,
    resets: Arc<AtomicU32>,
    losses: Arc<AtomicU32>,
    board: Option<JoinHandle<Board>>,
}

impl OnSocket {
    /// Offers a board at this path, over any socket that was left there.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(path: &Path, board: Board) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let (ends, resets, losses) = (Arc::default(), Arc::default(), Arc::default());
        let signals = Signals {
            ends: Arc::clone(&ends),
            resets: Arc::clone(&resets),
            losses: Arc::clone(&losses),
        };
        let board = thread::spawn(move || offer(&listener, board, &signals));
        Ok(Self {
            ends,
            resets,
            losses,
            board: Some(board),
        })
    }

    /// Cuts the board's power, in the middle of whatever it does. Its socket stays.
    pub fn reset(&self) {
        self.resets.fetch_add(1, Ordering::Relaxed);
    }

    /// Erases the board's images: its recovery program starts.
    pub fn lose_images(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the board away, as when its emulator is killed: hosts lose their connection.
    ///
    /// # Panics
    /// When the board has.
    #[must_use]
    pub fn end(mut self) -> Board {
        self.ends.store(true, Ordering::Relaxed);
        let board = self.board.take().expect("it ends once");
        board.join().expect("the board did not panic")
    }
}

impl Drop for OnSocket {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(board) = self.board.take() {
            // One that panicked has said why.
            drop(board.join());
        }
    }
}

/// What the thread of a board is told.
struct Signals {
    ends: Arc<AtomicBool>,
    resets: Arc<AtomicU32>,
    losses: Arc<AtomicU32>,
}

fn offer(listener: &UnixListener, mut board: Board, signals: &Signals) -> Board {
    let begin = Instant::now();
    let (mut reset, mut lost) = (0, 0);
    let mut go_on = |board: &mut Board| {
        let wished = signals.resets.load(Ordering::Relaxed);
        if std::mem::replace(&mut reset, wished) != wished {
            board.reset();
        }
        let wished = signals.losses.load(Ordering::Relaxed);
        if std::mem::replace(&mut lost, wished) != wished {
            board.lose_images();
        }
        !signals.ends.load(Ordering::Relaxed)
    };
    while go_on(&mut board) {
        match listener.accept().and_then(|(stream, _)| prepared(stream)) {
            Ok(stream) => serve(&mut board, &stream, begin, &mut go_on),
            Err(_) => thread::sleep(LOOK),
        }
    }
    board
}

fn prepared(stream: UnixStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK))?;
    Ok(stream)
}
