//! Into which part of ten thousand a device falls.

use latch_verify::{statement::Audience, types::StatementId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::files::{hex, pin};

#[derive(Serialize)]
struct File {
    about: &'static str,
    vectors: Vec<Vector>,
}

#[derive(Serialize)]
struct Vector {
    salt: StatementId,
    device: String,
    /// Shown, so that a wrong hash is told from a wrong remainder.
    sha256: String,
    part: u16,
}

#[test]
fn parts_are_pinned() {
    let mut vectors = Vec::new();
    let longest = "a".repeat(32);
    for salt in [[0; 16], [0x5a; 16], [0xff; 16]] {
        for device in ["a", "pump-7", "pump-8", "A.b_c-9", &longest] {
            let salt = StatementId(salt);
            let digest = Sha256::digest([&salt.0[..], device.as_bytes()].concat());
            // By long division, digit by digit: another way to the same remainder.
            let remainder = digest[..8]
                .iter()
                .fold(0_u32, |rest, byte| (rest * 256 + u32::from(*byte)) % 10_000);
            let part = Audience::part(salt, &device.parse().unwrap());
            assert_eq!(u32::from(part), remainder);
            let (device, sha256) = (device.to_owned(), hex(&digest));
            vectors.push(Vector {
                salt,
                device,
                sha256,
                part,
            });
        }
    }
    let about = "part is the first 8 bytes of SHA-256(salt || device), big-endian, modulo 10000.";
    pin("cohorts.json", &File { about, vectors });
}

#[test]
fn devices_spread_evenly_and_each_falls_into_one_of_neighbouring_cohorts() {
    let salt = StatementId([7; 16]);
    let inside = (0..20_000)
        .filter(|number| Audience::part(salt, &format!("device-{number}").parse().unwrap()) < 1000)
        .count();
    // 2,000 are expected; six standard deviations are 255.
    assert!((1745..=2255).contains(&inside), "{inside}");
}
