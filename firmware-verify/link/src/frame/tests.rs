//! Frames come back as they were sent, and nothing else comes for a frame.

use std::vec::Vec;

use super::{Body, CHECK, Decoder, Frame, MAX_FRAGMENT, MAX_LINE};

fn data(fragment: &[u8]) -> Frame<'_> {
    Frame {
        from: 0x0102_0304,
        to: 0xf0f0_0000,
        body: Body::Data {
            sequence: 0xff00,
            first: true,
            last: false,
            fragment,
        },
    }
}

fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = [0xaa; MAX_LINE];
    let len = frame.encode(&mut out).unwrap();
    out[..len].to_vec()
}

/// The frames in these bytes, each encoded again, and how many were dropped.
fn decoded(bytes: &[u8]) -> (Vec<Vec<u8>>, u32) {
    let mut decoder = Decoder::new();
    let frames = bytes
        .iter()
        .filter_map(|byte| decoder.push(*byte).map(|frame| encoded(&frame)))
        .collect();
    (frames, decoder.broken())
}

#[test]
fn the_checksum_is_that_of_the_catalogue() {
    assert_eq!(CHECK.checksum(b"123456789"), 0xcbf4_3926);
}

#[test]
fn frames_of_every_length_come_back() {
    let fills: [fn(usize) -> u8; 4] = [|_| 0, |_| 0xff, |at| at as u8, |at| (at % 255) as u8 + 1];
    for fill in fills {
        for len in 0..=MAX_FRAGMENT {
            let fragment: Vec<u8> = (0..len).map(fill).collect();
            let frame = data(&fragment);
            let bytes = encoded(&frame);
            assert_eq!(bytes.iter().filter(|byte| **byte == 0).count(), 2);
            assert_eq!((bytes[0], bytes[bytes.len() - 1]), (0, 0));
            let mut decoder = Decoder::new();
            let (last, before) = bytes.split_last().unwrap();
            assert!(before.iter().all(|byte| decoder.push(*byte).is_none()));
            assert_eq!(decoder.push(*last), Some(frame));
        }
    }
}

#[test]
fn the_longest_frame_takes_all_of_its_buffer() {
    let mut out = [0; MAX_LINE];
    let mut frame = data(&[1; MAX_FRAGMENT]);
    frame.to = 0x0101_0101;
    assert_eq!(frame.encode(&mut out), Some(MAX_LINE));
    assert_eq!(data(&[1; MAX_FRAGMENT + 1]).encode(&mut out), None);
}

#[test]
fn every_kind_comes_back() {
    for body in [
        Body::Hello(&[1, 2, 3]),
        Body::Welcome(&[]),
        Body::Ack(0),
        Body::Wait(0xffff),
    ] {
        let frame = Frame {
            from: 1,
            to: 0,
            body,
        };
        assert_eq!(decoded(&encoded(&frame)), (std::vec![encoded(&frame)], 0));
    }
}

#[test]
fn a_changed_bit_is_noticed() {
    let bytes = encoded(&data(b"what was said"));
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        // Where the zero at its end was changed, the next one ends it.
        let (frames, _) = decoded(&[&changed[..], &[0]].concat());
        assert_eq!(frames.len(), 0, "bit {at}");
    }
}

#[test]
fn what_is_lost_or_added_costs_one_frame() {
    let (one, two) = (encoded(&data(b"one")), encoded(&data(b"two")));
    for at in 0..one.len() {
        let mut lacks = one.clone();
        lacks.remove(at);
        let (frames, _) = decoded(&[&lacks[..], &two].concat());
        // A zero of two in a row may be missing.
        let around = at == 0 || at == one.len() - 1;
        assert_eq!(frames.len(), if around { 2 } else { 1 }, "without {at}");
        assert_eq!(frames.last(), Some(&two));
        for byte in [0, 1, 0xff] {
            let mut more = one.clone();
            more.insert(at, byte);
            assert_eq!(decoded(&[&more[..], &two].concat()).0.last(), Some(&two));
        }
        // A sender that starts again in the middle of a frame.
        assert_eq!(decoded(&[&one[..at], &two].concat()).0.last(), Some(&two));
    }
}

#[test]
fn garbage_before_a_frame_is_dropped() {
    let frame = encoded(&data(b"after it"));
    for len in 0..2 * MAX_LINE {
        let garbage: Vec<u8> = (0..len).map(|at| (at * 7 % 255) as u8 + 1).collect();
        let (frames, broken) = decoded(&[&garbage[..], &frame].concat());
        assert_eq!((frames.len(), frames.last()), (1, Some(&frame)));
        assert_eq!(broken, u32::from(len > 0));
    }
}

#[test]
fn a_frame_that_is_too_long_is_none() {
    // Of a later version, say: well formed, with a checksum that is right.
    let mut long = std::vec![1; super::MAX_FRAME + 1 - 4];
    let check = CHECK.checksum(&long);
    long.extend_from_slice(&check.to_le_bytes());
    let mut bytes = std::vec![0; 2 * long.len()];
    let len = cobs::encode(&long, &mut bytes);
    bytes.truncate(len + 1);
    assert_eq!(decoded(&bytes), (Vec::new(), 1));
}

#[test]
fn what_is_said_otherwise_is_not_understood() {
    let sealed = |kind: u8, flags: u8, sequence: u8, payload: &[u8]| {
        let mut plain = [
            &[1, 0, 0, 0, 2, 0, 0, 0, kind, flags, sequence, 0][..],
            payload,
        ]
        .concat();
        let check = CHECK.checksum(&plain);
        plain.extend_from_slice(&check.to_le_bytes());
        let mut bytes = [0; MAX_LINE];
        let len = cobs::encode(&plain, &mut bytes);
        decoded(&bytes[..=len]).0.len()
    };
    assert_eq!(sealed(4, 0, 1, &[]), 1);
    for (kind, flags, sequence, payload) in [
        (0, 0, 0, &[][..]),
        (6, 0, 0, &[]),
        (4, 1, 1, &[]),
        (4, 0, 1, &[0]),
        (2, 0, 1, &[]),
        (1, 0, 1, &[1]),
        (3, 4, 1, &[1]),
    ] {
        assert_eq!(sealed(kind, flags, sequence, payload), 0, "{kind} {flags}");
    }
}
