//! The exchange that LINK.md shows is what two sessions say.

use latch_link::{
    DeviceSession, FromDevice, HostSession, Life, MAX_LINE, Program, Refused, Session, Standing,
    ToDevice, Why, timing::PING_MS,
};
use latch_verify::{Reason, types::Version};

const DOCUMENT: &str = include_str!("../LINK.md");

/// Who speaks, and what, as the document says.
fn documented() -> Vec<(String, Vec<u8>)> {
    let section = DOCUMENT
        .split("## 7. An exchange")
        .nth(1)
        .expect("the section");
    let block = section.split("```").nth(1).expect("its block");
    let lines = block.lines().skip(1).filter(|line| !line.is_empty());
    let byte = |digits| u8::from_str_radix(digits, 16).expect("two hexadecimal digits");
    let mut frames: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines {
        let line = line.split('#').next().unwrap_or_default();
        let (who, bytes) = line.split_at(8);
        if !who.trim().is_empty() {
            frames.push((who.trim().to_owned(), Vec::new()));
        }
        let (_, frame) = frames.last_mut().expect("a speaker");
        frame.extend(bytes.split_whitespace().map(byte));
    }
    frames
}

fn say<E: latch_link::End, const IN: usize, const OUT: usize>(
    session: &mut Session<E, IN, OUT>,
    now_ms: u64,
) -> Vec<u8> {
    let mut out = [0; MAX_LINE];
    let len = session.transmit(now_ms, &mut out);
    out[..len].to_vec()
}

#[test]
fn link_md_shows_what_is_said() {
    let mut host = HostSession::<2520, 3200>::new(0x0000_0a01);
    let mut device = DeviceSession::<3104, 2800>::new(0xd1d2_d3d4);
    let mut said = Vec::new();
    let host_says =
        |host: &mut HostSession<2520, 3200>, device: &mut DeviceSession<3104, 2800>, now_ms| {
            let bytes = say(host, now_ms);
            device.receive(now_ms, &bytes);
            ("host".to_owned(), bytes)
        };
    let device_says =
        |host: &mut HostSession<2520, 3200>, device: &mut DeviceSession<3104, 2800>, now_ms| {
            let bytes = say(device, now_ms);
            host.receive(now_ms, &bytes);
            ("device".to_owned(), bytes)
        };

    // Hello, and a welcome each time that one was heard for the first time.
    said.push(host_says(&mut host, &mut device, 0));
    said.push(device_says(&mut host, &mut device, 0));
    said.push(host_says(&mut host, &mut device, 0));
    said.push(device_says(&mut host, &mut device, 0));
    assert!(host.is_up() && device.is_up());

    let standing = Standing {
        program: Program::Application,
        life: Life::Unprovisioned,
        version: Version {
            major: 1,
            minor: 2,
            patch: 3,
        },
        boot: 0,
        why: Why::Confirmed,
    };
    device.send(&FromDevice::Standing(standing)).unwrap();
    said.push(device_says(&mut host, &mut device, 0));
    assert!(host.message().is_some());
    host.taken();
    said.push(host_says(&mut host, &mut device, 0));
    assert!(device.all_arrived());

    let ask = ToDevice::AskReceiptNumbered {
        tag: 7,
        number: 300,
    };
    host.send(&ask).unwrap();
    said.push(host_says(&mut host, &mut device, 0));
    // It has come, and is being worked on.
    said.push(device_says(&mut host, &mut device, 0));
    device.taken();
    let result = Err(Refused::from(Reason::Unprovisioned));
    device.send(&FromDevice::Done { tag: 7, result }).unwrap();
    said.push(device_says(&mut host, &mut device, 0));
    said.push(device_says(&mut host, &mut device, 0));
    host.taken();
    said.push(host_says(&mut host, &mut device, 0));

    said.push(host_says(&mut host, &mut device, PING_MS));
    said.push(device_says(&mut host, &mut device, PING_MS));

    let shown = documented();
    for ((who, bytes), shown) in said.iter().zip(&shown) {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (who, bytes),
            (&shown.0, &shown.1),
            "{who} says {}",
            hex.join(" ")
        );
    }
    assert_eq!(said.len(), shown.len());
}

/// Every number that the document gives for a time is the one in force.
#[test]
fn link_md_names_every_time() {
    use latch_link::timing;
    for (name, ms) in [
        ("HELLO_MS", timing::HELLO_MS),
        ("RETRY_FIRST_MS", timing::RETRY_FIRST_MS),
        ("RETRY_MOST_MS", timing::RETRY_MOST_MS),
        ("OFFER_AGAIN_MS", timing::OFFER_AGAIN_MS),
        ("PING_MS", timing::PING_MS),
        ("SILENT_MS", timing::SILENT_MS),
        ("WORKING_MS", timing::WORKING_MS),
    ] {
        let row = format!("| `{name}` | {ms} |");
        assert!(DOCUMENT.contains(&row), "{row}");
    }
}
