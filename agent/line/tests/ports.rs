//! Real ports: a socket in the file system, one of the network, and a pseudo terminal in place of a
//! serial port, each with a board at the other end.

use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    os::{
        fd::OwnedFd,
        unix::{fs::OpenOptionsExt as _, net::UnixListener},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use latch_board::{Board, Clock, serve};
use latch_line::{Address, Happening, Line};
use latch_link::{FromDevice, Life, ToDevice};
use latch_verify::verdict::Identity;
use tokio::time::timeout;

/// Only bounds a hang: everything here takes milliseconds, or the second of a hello.
const HANG: Duration = Duration::from_secs(60);
/// How long a board waits for bytes before it looks around.
const LOOK: Duration = Duration::from_millis(5);

fn board() -> Board {
    Board::new([7; 32], Clock::default())
}

fn name() -> Identity {
    Identity {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
    }
}

async fn next(line: &mut Line) -> Happening {
    timeout(HANG, line.next()).await.expect("something happens")
}

async fn until_up(line: &mut Line) {
    loop {
        match next(line).await {
            Happening::Up => return,
            Happening::Message => line.taken(),
            _ => {}
        }
    }
}

/// Asks the board for its request to be enrolled, which takes messages in both directions.
async fn talk(line: &mut Line) {
    let ask = ToDevice::AskRequest {
        tag: 9,
        name: name(),
    };
    let (mut standing, mut request) = (None, None);
    loop {
        match next(line).await {
            Happening::Message => {}
            // Two that say hello at one moment may meet twice; and what comes with the news that somebody
            // is there is told before it.
            Happening::Up => line.send(&ask).unwrap(),
            _ => continue,
        }
        match line.message() {
            Some(Ok(FromDevice::Standing(told))) => standing = Some(told.life),
            Some(Ok(FromDevice::Request(made))) => request = Some(made.len()),
            Some(Ok(FromDevice::Done { tag: 9, result })) => {
                assert_eq!(result, Ok(()));
                break;
            }
            _ => {}
        }
        line.taken();
    }
    assert_eq!(standing, Some(Life::Unprovisioned));
    assert!(request.is_some_and(|len| len > 100));
}

/// A board behind a socket in the file system, which serves so many hosts one after the other.
fn on_unix(path: &Path, hosts: usize) -> JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        let (mut board, begin) = (board(), Instant::now());
        for _ in 0..hosts {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(LOOK)).unwrap();
            serve(&mut board, &stream, begin, |_| true);
        }
    })
}

#[tokio::test]
async fn a_socket_in_the_file_system() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board.sock");
    let board = on_unix(&path, 1);
    let mut line = Line::new(Address::Unix(path));
    talk(&mut line).await;
    drop(line);
    board.join().unwrap();
}

#[tokio::test]
async fn a_socket_of_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let board = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LOOK)).unwrap();
        serve(&mut board(), &stream, Instant::now(), |_| true);
    });
    let mut line = Line::new(Address::Tcp(place));
    talk(&mut line).await;
    drop(line);
    board.join().unwrap();
}

#[tokio::test]
async fn a_serial_port() {
    let (terminal, port, path) = pseudo_terminal();
    let board = thread::spawn(move || {
        serve(&mut board(), Terminal(terminal), Instant::now(), |_| true);
    });
    let mut line = Line::new(Address::Serial { path, baud: 9600 });
    talk(&mut line).await;
    drop((line, port));
    board.join().unwrap();
}

#[tokio::test]
async fn a_line_that_is_lost_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board.sock");
    let mut line = Line::new(Address::Unix(path.clone()));
    let Happening::NotOpen { reason } = next(&mut line).await else {
        panic!("nobody listens there")
    };
    assert!(reason.contains("No such file"), "{reason}");

    // The first host that is served is cut off by dropping its stream.
    let listener = UnixListener::bind(&path).unwrap();
    let cut = thread::spawn(move || {
        let (mut board, begin) = (board(), Instant::now());
        let mut stay = 2;
        while stay > 0 {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(LOOK)).unwrap();
            let mut greeted = false;
            serve(&mut board, &stream, begin, |board| {
                greeted |= board.is_up();
                !(greeted && stay == 2)
            });
            stay -= 1;
        }
    });
    until_up(&mut line).await;
    while !matches!(next(&mut line).await, Happening::Down { .. }) {
        line.taken();
    }
    talk(&mut line).await;
    drop(line);
    cut.join().unwrap();
}

#[tokio::test]
async fn a_serial_port_that_is_pulled_out_comes_back_under_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ttyUSB0");
    let mut line = Line::new(Address::Serial {
        path: path.clone(),
        baud: 9600,
    });
    for _ in 0..2 {
        let (terminal, port, name) = pseudo_terminal();
        std::os::unix::fs::symlink(name, &path).unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let go_on = Arc::clone(&ends);
        let board = thread::spawn(move || {
            let go_on = |_: &mut Board| !go_on.load(Ordering::Relaxed);
            serve(&mut board(), Terminal(terminal), Instant::now(), go_on);
        });
        talk(&mut line).await;
        // Its path is gone, and then what was open ends.
        std::fs::remove_file(&path).unwrap();
        ends.store(true, Ordering::Relaxed);
        board.join().unwrap();
        drop(port);
        loop {
            match next(&mut line).await {
                Happening::Message => line.taken(),
                Happening::Down { reason } => {
                    assert!(!reason.is_empty());
                    break;
                }
                _ => {}
            }
        }
        let Happening::NotOpen { reason } = next(&mut line).await else {
            panic!("it is not there")
        };
        assert!(reason.contains("No such file"), "{reason}");
    }
}

/// A terminal whose other side is a file that can be opened as a port. It is open already: a
/// terminal of which no side is ends.
fn pseudo_terminal() -> (OwnedFd, File, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let path = PathBuf::from(name.to_str().unwrap());
    // Bytes are to come as they are, before anybody has opened the port as one.
    let port = File::options()
        .read(true)
        .write(true)
        .custom_flags(rustix::fs::OFlags::NOCTTY.bits().try_into().unwrap())
        .open(&path)
        .unwrap();
    let mut mode = rustix::termios::tcgetattr(&port).unwrap();
    mode.make_raw();
    rustix::termios::tcsetattr(&port, rustix::termios::OptionalActions::Now, &mode).unwrap();
    (terminal, port, path)
}

/// The board's side of a pseudo terminal, with a bound on each read.
struct Terminal(OwnedFd);

impl Read for Terminal {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
        let look = Timespec {
            tv_sec: 0,
            tv_nsec: 5_000_000,
        };
        if poll(&mut ready, Some(&look))? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(rustix::io::read(&self.0, bytes)?)
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
