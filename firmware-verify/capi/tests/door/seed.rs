//! A key that is kept as a seed signs as the operator's side expects.

use std::{mem::MaybeUninit, ptr};

use latch_capi::*;

use super::board::{answer, input};
use crate::issued::{DEVICE, key};

#[test]
fn a_seed_makes_the_key_that_was_enrolled() {
    let (seed, mut kept) = (input("seed"), MaybeUninit::<latch_seed_t>::uninit());
    let place = kept.as_mut_ptr();
    // SAFETY: as C would, with what is to be refused among it.
    let made = unsafe {
        let none = answer::<latch_key_t>(|key| latch_seed_key(ptr::null(), place, key));
        let nowhere =
            answer::<latch_key_t>(|key| latch_seed_key(seed.as_ptr(), ptr::null_mut(), key));
        assert_eq!((none.0, nowhere.0), (LATCH_NULL, LATCH_NULL));
        assert_eq!(
            latch_seed_key(seed.as_ptr(), place, ptr::null_mut()),
            LATCH_NULL
        );
        answer::<latch_key_t>(|key| latch_seed_key(seed.as_ptr(), place, key))
    };
    let (result, made) = made;
    assert_eq!(result, LATCH_OK);
    let (mut public, mut signature) = ([0_u8; 32], [0_u8; 64]);
    // SAFETY: the callbacks with the context that belongs to them, and room for what they write.
    unsafe {
        assert_eq!(
            made.public_key.unwrap()(made.context, public.as_mut_ptr()),
            0
        );
        let sign = made.sign.unwrap();
        assert_eq!(
            sign(made.context, b"message".as_ptr(), 7, signature.as_mut_ptr()),
            0
        );
    }
    let expected = key(DEVICE).public();
    assert_eq!(public, *expected.bytes());
    expected.verify(b"message", &signature).unwrap();
}
