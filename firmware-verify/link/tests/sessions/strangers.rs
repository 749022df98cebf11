//! Who does not belong there: other versions, our own echo, and peers that do not keep to the
//! protocol.

use latch_link::{
    DeviceSession, FromDevice, Happened, HostSession, Lost, MAX_LINE, NotSent, ToDevice, VERSION,
    Version,
    frame::{Body, Decoder, Frame},
    timing::{HELLO_MS, PING_MS, RETRY_FIRST_MS},
};
use latch_verify::device::Release;

type Host = HostSession<600, 600>;
type Device = DeviceSession<600, 600>;

/// Everything that a session says now.
fn said<E: latch_link::End, const IN: usize, const OUT: usize>(
    session: &mut latch_link::Session<E, IN, OUT>,
    now_ms: u64,
) -> Vec<u8> {
    let (mut all, mut out) = (Vec::new(), [0; MAX_LINE]);
    loop {
        match session.transmit(now_ms, &mut out) {
            0 => return all,
            len => all.extend_from_slice(&out[..len]),
        }
    }
}

fn encoded(from: u32, to: u32, body: Body<'_>) -> Vec<u8> {
    let mut out = [0; MAX_LINE];
    let len = Frame { from, to, body }.encode(&mut out).unwrap();
    out[..len].to_vec()
}

/// Lets both talk until neither has more to say.
fn talk(host: &mut Host, device: &mut Device, now_ms: u64) {
    loop {
        let (down, up) = (said(host, now_ms), said(device, now_ms));
        if down.is_empty() && up.is_empty() {
            return;
        }
        device.receive(now_ms, &down);
        host.receive(now_ms, &up);
    }
}

fn met() -> (Host, Device) {
    let (mut host, mut device) = (Host::new(10), Device::new(20));
    talk(&mut host, &mut device, 0);
    assert_eq!(host.happened(), Some(Happened::Up));
    assert_eq!(device.happened(), Some(Happened::Up));
    (host, device)
}

fn statement(bytes: &[u8]) -> ToDevice<'_> {
    ToDevice::Statement {
        tag: 1,
        release: Release::NotAsked,
        statement: bytes,
    }
}

#[test]
fn another_major_version_is_refused_by_name() {
    let mut host = Host::new(10);
    for minute in 0..3 {
        let other = encoded(20, 0, Body::Hello(&[VERSION.major + 1, 3, 0xff]));
        host.receive(minute * HELLO_MS, &other);
        assert!(
            !said(&mut host, minute * HELLO_MS).is_empty(),
            "it has to learn of ours"
        );
    }
    let Some(Happened::Refused(mismatch)) = host.happened() else {
        panic!("nothing was told");
    };
    let theirs = Version {
        major: VERSION.major + 1,
        minor: 3,
    };
    assert_eq!((mismatch.ours, mismatch.theirs), (VERSION, theirs));
    let sentence = mismatch.to_string();
    assert!(
        sentence.contains("version 2.3") && sentence.contains("version 1.0"),
        "{sentence}"
    );
    // Once, and not every second.
    assert_eq!((host.happened(), host.is_up()), (None, false));
}

#[test]
fn a_minor_version_may_say_more() {
    let mut host = Host::new(10);
    let greeting = [VERSION.major, 9, 2, 0x58, 0x02, 1, 2, 3];
    host.receive(0, &encoded(20, 10, Body::Hello(&greeting)));
    assert_eq!(host.happened(), Some(Happened::Up));
    assert_eq!(host.peer_version().map(|version| version.minor), Some(9));
}

#[test]
fn an_echo_is_no_peer() {
    let mut host = Host::new(10);
    for now_ms in (0..20_000).step_by(100) {
        let own = said(&mut host, now_ms);
        host.receive(now_ms, &own);
    }
    assert!(!host.is_up());
    assert_eq!(host.happened(), None);
    // Nor beside one.
    let (mut host, mut device) = (Host::new(10), Device::new(20));
    for now_ms in (0..20_000).step_by(100) {
        let (down, up) = (said(&mut host, now_ms), said(&mut device, now_ms));
        device.receive(now_ms, &[&up[..], &down].concat());
        host.receive(now_ms, &[&down[..], &up].concat());
    }
    assert!(host.is_up() && device.is_up());
    assert_eq!(host.happened(), Some(Happened::Up));
    assert_eq!(host.happened(), None);
}

#[test]
fn an_old_hello_ends_nothing() {
    let (mut host, mut device) = met();
    let old = encoded(77, 0, Body::Hello(&[VERSION.major, 0, 2, 0x58, 0x02]));
    for now_ms in 0..100 {
        host.receive(now_ms, &old);
        talk(&mut host, &mut device, now_ms);
    }
    // Not even one that says that it has heard the host, as it did long ago.
    host.receive(
        100,
        &encoded(77, 10, Body::Welcome(&[VERSION.major, 0, 2, 0x58, 0x02])),
    );
    assert_eq!((host.happened(), device.happened()), (None, None));
    assert!(host.is_up() && device.is_up());
}

#[test]
fn a_welcome_that_was_lost_is_asked_for() {
    let (mut host, mut device) = (Host::new(10), Device::new(20));
    let hello = said(&mut host, 0);
    device.receive(0, &hello);
    let welcome = said(&mut device, 0);
    host.receive(0, &welcome);
    assert!(host.is_up());
    // Its welcome, by which the device would know that it was heard, is lost; what it says next is not.
    assert!(!said(&mut host, 0).is_empty());
    assert!(!device.is_up());
    host.send(&statement(b"first")).unwrap();
    let lost = said(&mut host, 1);
    device.receive(1, &lost);
    assert!(device.message().is_none());
    talk(&mut host, &mut device, 1);
    assert!(device.is_up());
    talk(&mut host, &mut device, 1 + RETRY_FIRST_MS);
    assert!(device.message().is_some());
    assert_eq!(host.happened(), Some(Happened::Up));
    assert_eq!(host.happened(), None);
}

#[test]
fn a_message_that_is_held_is_acknowledged_when_it_is_taken() {
    let (mut host, mut device) = met();
    host.send(&statement(b"first")).unwrap();
    host.send(&statement(b"second")).unwrap();
    talk(&mut host, &mut device, 0);
    let is = |device: &Device, expected: &[u8]| match device.message() {
        Some(Ok(ToDevice::Statement { statement, .. })) => statement == expected,
        _ => false,
    };
    assert!(is(&device, b"first"));
    for now_ms in (0..50_000).step_by(500) {
        talk(&mut host, &mut device, now_ms);
        assert!(is(&device, b"first") && !host.all_arrived());
    }
    device.taken();
    assert!(device.message().is_none());
    talk(&mut host, &mut device, 50_000);
    assert!(is(&device, b"second") && !host.all_arrived());
    device.taken();
    device.taken();
    talk(&mut host, &mut device, 50_000);
    assert!(device.message().is_none() && host.all_arrived());
    assert!(host.is_up() && device.is_up());
    assert_eq!((host.happened(), device.happened()), (None, None));
}

#[test]
fn a_held_request_stays_until_the_device_is_told_of_the_loss() {
    let (mut host, mut device) = met();
    host.send(&statement(b"old")).unwrap();
    talk(&mut host, &mut device, 0);
    while device.happened().is_some() {}
    let mut host = Host::new(30);
    talk(&mut host, &mut device, 0);
    host.send(&statement(b"new")).unwrap();
    talk(&mut host, &mut device, 0);
    let text = |device: &Device| match device.message() {
        Some(Ok(ToDevice::Statement { statement, .. })) => statement.to_vec(),
        _ => Vec::new(),
    };
    // Somebody may be at it.
    assert_eq!(text(&device), b"old");
    assert_eq!(device.happened(), Some(Happened::Lost(Lost::Restarted)));
    assert_eq!(text(&device), b"", "nobody waits for its end");
    assert_eq!(device.happened(), Some(Happened::Up));
    talk(&mut host, &mut device, 1_000);
    assert_eq!(text(&device), b"new");
    assert!(!host.all_arrived(), "nobody has taken the new one");
    device.taken();
    talk(&mut host, &mut device, 1_000);
    assert!(host.all_arrived());
}

#[test]
fn a_receipt_that_had_come_whole_outlives_its_device() {
    let (mut host, mut device) = met();
    device.send(&FromDevice::Receipt(b"burned")).unwrap();
    talk(&mut host, &mut device, 0);
    let mut device = Device::new(30);
    talk(&mut host, &mut device, 0);
    while host.happened().is_some() {}
    assert!(matches!(
        host.message(),
        Some(Ok(FromDevice::Receipt(b"burned")))
    ));
}

#[test]
fn what_does_not_fit_is_not_sent() {
    let mut host = HostSession::<600, 4000>::new(1);
    assert_eq!(host.send(&statement(b"x")), Err(NotSent::Down));
    host.receive(
        0,
        &encoded(2, 1, Body::Hello(&[VERSION.major, 0, 2, 0x2c, 0x01])),
    );
    // Number, tag and release take four bytes of three hundred.
    assert_eq!(
        host.send(&statement(&[1; 297])),
        Err(NotSent::TooLong { most: 300 })
    );
    assert_eq!(
        host.send(&statement(&[1; 3000])),
        Err(NotSent::TooLong { most: 300 })
    );
    for _ in 0..13 {
        host.send(&statement(&[1; 296])).unwrap();
    }
    // Thirteen times 302 leave 74, of which two are for the length.
    assert_eq!(host.send(&statement(&[1; 69])), Err(NotSent::Busy));
    host.send(&statement(&[1; 68])).unwrap();
}

#[test]
fn a_breach_ends_the_session_and_no_more() {
    let first = |first, last, fragment| Body::Data {
        sequence: 0,
        first,
        last,
        fragment,
    };
    let long = [1; 256];
    // A middle without a beginning.
    for (body, then) in [
        (first(false, true, &[1, 2][..]), None),
        // A beginning behind a beginning.
        (first(true, false, &[1]), Some((true, &[1][..]))),
        // Longer than there is room.
        (first(true, false, &long), Some((false, &long))),
    ] {
        let (_, mut device) = met();
        device.receive(0, &encoded(10, 20, body));
        if let Some((begins, fragment)) = then {
            for sequence in 1..4 {
                let body = Body::Data {
                    sequence,
                    first: begins,
                    last: false,
                    fragment,
                };
                device.receive(0, &encoded(10, 20, body));
            }
        }
        assert_eq!(
            device.happened(),
            Some(Happened::Lost(Lost::Breach)),
            "{body:?}"
        );
        assert!(!device.is_up() && device.message().is_none());
        // It can be met again, under another id.
        let mut host = Host::new(40);
        talk(&mut host, &mut device, 0);
        assert!(host.is_up() && device.is_up());
    }
}

#[test]
fn what_somebody_else_says_of_the_peer_lasts_until_it_is_greeted_again() {
    let (mut host, mut device) = (Host::new(10), Device::new(20));
    // In the host's name, before the host is heard: it takes no message at all.
    device.receive(
        0,
        &encoded(10, 20, Body::Welcome(&[VERSION.major, 0, 1, 0, 0])),
    );
    let wanted = FromDevice::Wanted(None);
    let refused = device.send(&wanted);
    talk(&mut host, &mut device, 0);
    for now_ms in (0..=2 * PING_MS).step_by(100) {
        talk(&mut host, &mut device, now_ms);
    }
    assert_eq!(
        (refused, device.send(&wanted)),
        (Err(NotSent::TooLong { most: 0 }), Ok(()))
    );
}

#[test]
fn what_somebody_else_has_acknowledged_is_noticed() {
    let (mut host, mut device) = met();
    host.send(&statement(b"first")).unwrap();
    host.send(&statement(b"second")).unwrap();
    // The first is lost on its way, and somebody says that it came.
    assert!(!said(&mut host, 0).is_empty());
    host.receive(0, &encoded(20, 10, Body::Ack(0)));
    talk(&mut host, &mut device, 0);
    assert_eq!(device.happened(), Some(Happened::Lost(Lost::Breach)));
    assert_eq!(device.happened(), Some(Happened::Up));
    assert_eq!(host.happened(), Some(Happened::Lost(Lost::Restarted)));
    assert!(host.is_up() && device.is_up());
}

#[test]
fn a_part_that_is_never_answered_ends_the_session() {
    let (mut host, mut device) = met();
    // Somebody has sent two parts in the host's name.
    for sequence in 0..2 {
        let body = Body::Data {
            sequence,
            first: sequence == 0,
            last: false,
            fragment: b"forged",
        };
        device.receive(0, &encoded(10, 20, body));
    }
    host.send(&statement(b"old, to the device")).unwrap();
    let mut now_ms = 0;
    while host.happened() != Some(Happened::Lost(Lost::Unanswered)) {
        assert!(now_ms < 62_000, "and nobody notices");
        // The device talks all the while.
        if device.all_arrived() {
            device.send(&FromDevice::Wanted(None)).unwrap();
        }
        talk(&mut host, &mut device, now_ms);
        host.taken();
        now_ms += 50;
    }
    talk(&mut host, &mut device, now_ms);
    host.send(&statement(b"new")).unwrap();
    talk(&mut host, &mut device, now_ms);
    assert!(device.message().is_some());
}

#[test]
fn frames_name_no_session_of_before() {
    let (mut host, mut device) = met();
    host.send(&statement(b"old")).unwrap();
    let old = said(&mut host, 0);
    let mut host = Host::new(30);
    talk(&mut host, &mut device, 0);
    device.receive(0, &old);
    assert!(device.message().is_none());
    let mut decoder = Decoder::new();
    let frames = old.iter().filter(|byte| decoder.push(**byte).is_some());
    assert_eq!(frames.count(), 1, "there was one to be refused");
}
