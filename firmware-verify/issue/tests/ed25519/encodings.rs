//! Public keys that no root may list: points of small order, and encodings that are not
//! the canonical one.

use std::collections::BTreeSet;

use ed25519_dalek::VerifyingKey;
use latch_verify::{Reason, wire::PublicKey};

use crate::{
    files::array,
    mixed_order::{File, Set},
};

fn is_refused(key: [u8; 32]) -> bool {
    PublicKey::new(key).is_err_and(|refusal| refusal.reason == Reason::WeakKey)
}

#[test]
fn no_point_of_small_order_is_a_key() {
    let File { small_order, .. } = File::read();
    let distinct: BTreeSet<&str> = small_order
        .iter()
        .map(|point| point.encoding.as_str())
        .collect();
    assert_eq!(distinct.len(), 14);
    let orders = |canonical: bool| -> Vec<u8> {
        let alike = small_order
            .iter()
            .filter(|point| point.canonical == canonical);
        alike.map(|point| point.order).collect()
    };
    assert_eq!(orders(true), [1, 2, 4, 4, 8, 8, 8, 8]);
    // y = 1 and y = -1 with the sign of an x that is 0; y = p and y = p + 1 with either sign.
    assert_eq!(orders(false), [1, 1, 1, 2, 4, 4]);
    for point in &small_order {
        let key = array(&point.encoding);
        let decoded = VerifyingKey::from_bytes(&key).expect(&point.encoding);
        assert!(decoded.is_weak(), "{}", point.encoding);
        assert!(is_refused(key), "{}", point.encoding);
    }
}

/// Every such point stands as R in a vector whose key is a sound one.
#[test]
fn every_encoding_is_tried_as_r() {
    let file = File::read();
    let tried: BTreeSet<&str> = file
        .of(Set::Mixed)
        .map(|vector| &vector.signature[..64])
        .collect();
    for point in &file.small_order {
        assert!(
            tried.contains(point.encoding.as_str()),
            "{}",
            point.encoding
        );
    }
}

/// RFC 8032, 5.1.3: decoding fails where y is not below p = 2^255 - 19.
#[test]
fn no_encoding_with_y_not_below_p_is_a_key() {
    let (mut on_the_curve, mut of_large_order) = (0, 0);
    for above in 0xed..=0xff {
        for last in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (above, last);
            if let Ok(decoded) = VerifyingKey::from_bytes(&key) {
                on_the_curve += 1;
                of_large_order += i32::from(!decoded.is_weak());
            }
            assert!(is_refused(key), "y = p + {}, {last:x}", above - 0xed);
        }
    }
    // The library would take these 20: what refuses them is the verifier.
    assert_eq!((on_the_curve, of_large_order), (24, 20));
    // The bound refuses no more than that: the first point below p - 1 is a key.
    let mut key = [0xff; 32];
    (key[0], key[31]) = (0xeb, 0x7f);
    while VerifyingKey::from_bytes(&key).is_err() {
        key[0] -= 1;
    }
    assert!(PublicKey::new(key).is_ok());
}
