//! The debugger's side of QEMU's stub: the GDB Remote Serial Protocol, over the machine's standard input and output.

use std::{
    io::{BufReader, BufWriter, Read, Write},
    process::{ChildStdin, ChildStdout},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use crate::Outcome;

/// The stub takes packets of 4 KiB (QEMU's `MAX_PACKET_LENGTH`), and a byte is two digits.
const PIECE: usize = 1_900;
/// The longest that an answer takes which is not the end of a run.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Stops a machine that runs.
const BREAK: u8 = 3;
/// The number of the program counter (QEMU's `arm-m-profile.xml`).
const PC: u8 = 15;

/// A connection to a stopped machine.
pub(crate) struct Gdb {
    to: BufWriter<ChildStdin>,
    from: Receiver<Heard>,
}

/// What comes from the machine.
enum Heard {
    /// From the stub.
    Packet(Vec<u8>),
    /// From the program, by the machine's serial line.
    Word(u8),
    /// Nothing more.
    End,
}

/// Why a machine that was let go has not stopped.
pub(crate) enum Stop {
    /// It has.
    Stopped,
    /// It was, since the program has said this.
    Said(u8),
    /// It still runs, after as long as it was given.
    Runs,
    /// It is gone.
    Gone,
}

impl Gdb {
    /// Takes the stub's ends, and that of the serial line.
    pub(crate) fn new(
        to: ChildStdin,
        from: ChildStdout,
        serial: impl Read + Send + 'static,
    ) -> Outcome<Self> {
        let (sender, receiver) = channel();
        let words = sender.clone();
        thread::spawn(move || {
            let mut bytes = BufReader::new(from).bytes().map_while(Result::ok);
            tell(&sender, || next_packet(&mut bytes).map(Heard::Packet));
            let _ = sender.send(Heard::End);
        });
        thread::spawn(move || {
            let mut bytes = BufReader::new(serial).bytes().map_while(Result::ok);
            tell(&words, || bytes.next().map(Heard::Word));
        });
        let mut gdb = Self {
            to: BufWriter::new(to),
            from: receiver,
        };
        gdb.ask("?")?;
        // Whoever has read what registers there are is told of all of them.
        gdb.ask("qXfer:features:read:target.xml:0,ffb")?;
        Ok(gdb)
    }

    /// Puts a packet on its way; [`flush`](Self::flush) sees to it that it goes.
    fn send(&mut self, packet: &str) -> Outcome<()> {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        Ok(write!(self.to, "${packet}#{sum:02x}")?)
    }

    fn flush(&mut self) -> Outcome<()> {
        Ok(self.to.flush()?)
    }

    fn hear(&mut self, limit: Duration) -> Result<Heard, RecvTimeoutError> {
        match self.from.recv_timeout(limit)? {
            Heard::End => Err(RecvTimeoutError::Disconnected),
            heard => Ok(heard),
        }
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        loop {
            if let Heard::Packet(packet) = self.hear(limit)? {
                // The acknowledgement goes out with the next packet: any byte would stop a machine that runs. What cannot be
                // written now cannot be then.
                let _ = self.to.write_all(b"+");
                return Ok(packet);
            }
        }
    }

    fn ask(&mut self, packet: &str) -> Outcome<Vec<u8>> {
        self.send(packet)?;
        self.answer()
    }

    /// The answer to the first packet that has none yet.
    fn answer(&mut self) -> Outcome<Vec<u8>> {
        self.flush()?;
        let answer = self.receive(ANSWER_LIMIT)?;
        if answer.first() == Some(&b'E') {
            return Err(format!("QEMU refuses: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(answer)
    }

    /// Asks all at once, which spares waiting for each: the answers come in the same order.
    fn ask_all(&mut self, packets: &[String]) -> Outcome<Vec<Vec<u8>>> {
        for packet in packets {
            self.send(packet)?;
        }
        packets.iter().map(|_| self.answer()).collect()
    }

    /// A command of QEMU's monitor, and what it says.
    pub(crate) fn monitor(&mut self, command: &str) -> Outcome<String> {
        let mut answer = self.ask(&format!("qRcmd,{}", to_hex(command.as_bytes())))?;
        let mut said = String::new();
        while let Some(text) = answer.strip_prefix(b"O").filter(|text| *text != b"K") {
            said += &String::from_utf8_lossy(&from_hex(text)?);
            answer = self.receive(ANSWER_LIMIT)?;
        }
        Ok(said)
    }

    pub(crate) fn read(&mut self, from: u32, len: usize) -> Outcome<Vec<u8>> {
        let pieces = (0..len).step_by(PIECE);
        let packets: Vec<String> = pieces
            .map(|at| format!("m{:x},{:x}", from as usize + at, PIECE.min(len - at)))
            .collect();
        let mut bytes = Vec::with_capacity(len);
        for answer in self.ask_all(&packets)? {
            bytes.extend(from_hex(&answer)?);
        }
        Ok(bytes)
    }

    pub(crate) fn write(&mut self, to: u32, bytes: &[u8]) -> Outcome<()> {
        let pieces = bytes.chunks(PIECE).enumerate();
        let packets: Vec<String> = pieces
            .map(|(number, piece)| {
                let at = to as usize + number * PIECE;
                format!("M{at:x},{:x}:{}", piece.len(), to_hex(piece))
            })
            .collect();
        self.ask_all(&packets).map(drop)
    }

    /// All registers, as the stub gives them out and takes them back.
    pub(crate) fn registers(&mut self) -> Outcome<String> {
        Ok(String::from_utf8(self.ask("g")?)?)
    }

    pub(crate) fn set_registers(&mut self, registers: &str) -> Outcome<()> {
        self.ask(&format!("G{registers}")).map(drop)
    }

    pub(crate) fn set_register(&mut self, number: u8, value: u32) -> Outcome<()> {
        let value = to_hex(&value.to_le_bytes());
        self.ask(&format!("P{number:x}={value}")).map(drop)
    }

    pub(crate) fn register(&mut self, number: u8) -> Outcome<u32> {
        let value = from_hex(&self.ask(&format!("p{number:x}"))?)?;
        Ok(u32::from_le_bytes(value.as_slice().try_into()?))
    }

    pub(crate) fn pc(&mut self) -> Outcome<u32> {
        self.register(PC)
    }

    pub(crate) fn break_at(&mut self, address: u32) -> Outcome<()> {
        self.ask(&format!("Z0,{address:x},2")).map(drop)
    }

    pub(crate) fn pass(&mut self, address: u32) -> Outcome<()> {
        self.ask(&format!("z0,{address:x},2")).map(drop)
    }

    /// One instruction, without interrupts.
    pub(crate) fn step(&mut self) -> Outcome<()> {
        self.ask("s").map(drop)
    }

    /// Lets the machine run until it stops, or its monitor has said something and it was stopped for it. The latter costs less: QEMU
    /// forgets all that it has translated wherever it stops by itself.
    pub(crate) fn go(&mut self, limit: Duration) -> Outcome<Stop> {
        self.send("c")?;
        self.flush()?;
        self.wait(limit)
    }

    /// The same for a machine that runs.
    pub(crate) fn wait(&mut self, limit: Duration) -> Outcome<Stop> {
        match self.hear(limit) {
            Ok(Heard::Word(word)) => {
                self.to.write_all(&[BREAK])?;
                self.flush()?;
                self.receive(ANSWER_LIMIT)?;
                Ok(Stop::Said(word))
            }
            Ok(_) => {
                let _ = self.to.write_all(b"+");
                Ok(Stop::Stopped)
            }
            Err(RecvTimeoutError::Timeout) => Ok(Stop::Runs),
            Err(RecvTimeoutError::Disconnected) => Ok(Stop::Gone),
        }
    }
}

/// Tells what there is, until there is nothing more.
fn tell(to: &Sender<Heard>, mut next: impl FnMut() -> Option<Heard>) {
    while let Some(heard) = next() {
        if to.send(heard).is_err() {
            break;
        }
    }
}

/// The next packet of a stream, without its frame.
fn next_packet(bytes: &mut impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    bytes.find(|byte| *byte == b'$')?;
    let packet = bytes.take_while(|byte| *byte != b'#').collect();
    bytes.nth(1)?;
    Some(packet)
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(pair).collect()
}

pub(crate) fn from_hex(digits: &[u8]) -> Outcome<Vec<u8>> {
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    };
    let bytes = digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>();
    Ok(bytes.ok_or("no digits")?)
}

#[cfg(test)]
mod tests {
    use super::{from_hex, next_packet, to_hex};

    #[test]
    fn packets_are_found_between_acknowledgements() {
        let mut stream = b"++$OK#9a+$T05thread:01;#07".iter().copied();
        assert_eq!(next_packet(&mut stream).as_deref(), Some(&b"OK"[..]));
        assert_eq!(
            next_packet(&mut stream).as_deref(),
            Some(&b"T05thread:01;"[..])
        );
        assert_eq!(next_packet(&mut stream), None);
    }

    #[test]
    fn digits_are_bytes() {
        assert_eq!(
            from_hex(to_hex(&[0, 0xaf, 7]).as_bytes()).unwrap(),
            [0, 0xaf, 7]
        );
        assert!(from_hex(b"0g").is_err());
    }
}
