//! The memory of used codes.

use super::{Burned, Floor, Recall, Replay, Use};
use crate::{
    limits::{MAX_BURNED, MAX_FLOORS},
    reject::Reason,
    types::{KeyId, Sequence, StatementId},
};

fn code(issuer: u8, sequence: u64) -> Burned {
    let statement = StatementId([u8::try_from(sequence % 251).unwrap_or(0); 16]);
    Burned {
        issuer: KeyId([issuer; 8]),
        sequence: Sequence(sequence),
        statement,
        used: Use::Once,
        stopped: false,
        receipt: 0,
    }
}

#[test]
fn a_used_code_is_known_and_so_is_another_in_its_place() {
    let mut replay = Replay::default();
    let used = code(1, 7);
    assert_eq!(
        replay.recall(used.issuer, used.sequence, used.statement),
        Recall::New
    );
    replay.burn(used).unwrap();
    assert_eq!(
        replay.recall(used.issuer, used.sequence, used.statement),
        Recall::Used { receipt: 0 }
    );
    assert_eq!(
        replay.recall(used.issuer, used.sequence, StatementId([9; 16])),
        Recall::OtherUsed
    );
    assert_eq!(
        replay.recall(KeyId([2; 8]), used.sequence, used.statement),
        Recall::New
    );
}

#[test]
fn of_an_id_the_table_keeps_the_beginning() {
    let mut used = code(1, 7);
    used.statement = StatementId(core::array::from_fn(|at| u8::try_from(at + 1).unwrap()));
    let mut replay = Replay::default();
    replay.burn(used).unwrap();
    let recall = |id| replay.recall(used.issuer, used.sequence, id);
    let kept = replay.burned().next().unwrap();
    assert_eq!(
        kept.statement.0,
        [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    // As it comes back from a snapshot, it is the same code.
    let mut again = Replay::default();
    again.burn(kept).unwrap();
    assert!(again.is_used(used.issuer, used.sequence, used.statement));
    assert_eq!(recall(used.statement), Recall::Used { receipt: 0 });
    for byte in 0..16 {
        let mut other = used.statement;
        other.0[byte] ^= 0x80;
        let is_told = byte < 8;
        assert_eq!(used.is(other), !is_told);
        assert_eq!(recall(other) == Recall::OtherUsed, is_told, "{byte}");
        // Whatever it is taken for, it opens nothing.
        assert_ne!(recall(other), Recall::New);
    }
}

#[test]
fn what_the_table_forgets_the_floor_remembers() {
    let mut replay = Replay::default();
    let oldest = code(1, 3);
    replay.burn(code(1, 50)).unwrap();
    replay.burn(oldest).unwrap();
    for sequence in 0..(MAX_BURNED as u64 - 1) {
        replay.burn(code(1, 100 + sequence)).unwrap();
    }
    assert_eq!(
        replay.recall(oldest.issuer, oldest.sequence, oldest.statement),
        Recall::New
    );
    assert_eq!(replay.floor(oldest.issuer).replay, oldest.sequence);
}

#[test]
fn whoever_signs_much_or_far_ahead_settles_only_codes_of_its_own() {
    let mut replay = Replay::default();
    let other = code(1, 3);
    replay.burn(other).unwrap();
    for sequence in 0..2 * MAX_BURNED as u64 {
        replay.burn(code(2, u64::MAX / 2 + sequence)).unwrap();
    }
    assert_eq!(
        replay.recall(other.issuer, other.sequence, other.statement),
        Recall::Used { receipt: 0 }
    );
    assert_eq!(replay.floor(other.issuer).replay, Sequence(0));
    assert!(replay.floor(KeyId([2; 8])).replay > Sequence(u64::MAX / 2));
    // Nor does the far one push out what the other uses from now on.
    let next = code(1, 4);
    replay.burn(next).unwrap();
    replay.burn(code(2, u64::MAX)).unwrap();
    assert_eq!(
        replay.recall(next.issuer, next.sequence, next.statement),
        Recall::Used { receipt: 0 }
    );
}

#[test]
fn a_stopped_code_is_void_used_or_not() {
    let mut replay = Replay::default();
    let (used, unused) = (code(1, 5), code(1, 6));
    replay.burn(used).unwrap();
    let stop = |replay: &mut Replay, code: &Burned| {
        replay.stop(code.issuer, code.sequence, code.statement)
    };
    assert!(!replay.is_void(used.issuer, used.sequence, used.statement));
    assert_eq!(stop(&mut replay, &used), Ok(true));
    assert_eq!(stop(&mut replay, &unused), Ok(false));
    for code in [used, unused] {
        assert!(replay.is_void(code.issuer, code.sequence, code.statement));
        assert!(replay.is_stopped(code.issuer, code.sequence, code.statement));
    }
    assert_eq!(
        replay.recall(unused.issuer, unused.sequence, unused.statement),
        Recall::Stopped
    );
    // A slip for another code in a used place voids nothing.
    let other = StatementId([0xee; 16]);
    assert_eq!(replay.stop(used.issuer, Sequence(5), other), Ok(false));
    assert_eq!(
        replay.recall(used.issuer, Sequence(5), other),
        Recall::OtherUsed
    );
}

#[test]
fn a_revocation_voids_up_to_its_sequence_and_one_issuer_only() {
    let mut replay = Replay::default();
    replay.revoke(KeyId([1; 8]), Sequence(7)).unwrap();
    replay.revoke(KeyId([1; 8]), Sequence(5)).unwrap();
    let is_void = |issuer: u8, sequence| {
        replay.is_void(KeyId([issuer; 8]), Sequence(sequence), StatementId([0; 16]))
    };
    assert!(is_void(1, 7) && !is_void(1, 8) && !is_void(2, 7));
}

#[test]
fn a_new_epoch_remembers_only_what_was_revoked_of_keys_still_listed() {
    let mut replay = Replay::default();
    let (listed, gone) = (KeyId([1; 8]), KeyId([2; 8]));
    replay.burn(code(1, 5)).unwrap();
    replay.burn(code(3, 5)).unwrap();
    replay.revoke(listed, Sequence(7)).unwrap();
    replay.revoke(gone, Sequence(8)).unwrap();
    replay.begin_epoch(|key| key != gone);
    assert_eq!(replay.burned().count(), 0);
    assert_eq!(replay.floor(listed).revoked, Sequence(7));
    assert_eq!(replay.floor(gone).revoked, Sequence(0));
    assert_eq!(replay.floors().count(), 1);
}

#[test]
fn floors_never_fall() {
    let mut replay = Replay::default();
    replay
        .burn(Burned {
            used: Use::Twin,
            ..code(1, 9)
        })
        .unwrap();
    replay
        .burn(Burned {
            used: Use::Twin,
            ..code(1, 5)
        })
        .unwrap();
    let issuer = KeyId([1; 8]);
    assert_eq!(replay.floor(issuer).twin, Sequence(9));

    let high = Floor {
        issuer,
        replay: Sequence(7),
        twin: Sequence(9),
        revoked: Sequence(8),
    };
    replay.set_floor(high).unwrap();
    replay.set_floor(Floor::none(issuer)).unwrap();
    replay.revoke(issuer, Sequence(3)).unwrap();
    assert_eq!(replay.floor(issuer), high);
}

#[test]
fn a_floor_of_the_twin_that_no_known_code_has_set_stands_for_all_codes() {
    let issuer = KeyId([1; 8]);
    let mut replay = Replay::default();
    let floor = Floor {
        twin: Sequence(9),
        replay: Sequence(4),
        ..Floor::none(issuer)
    };
    replay.set_floor(floor).unwrap();
    let found = replay.floor(issuer);
    assert_eq!((found.replay, found.twin), (Sequence(9), Sequence(9)));
    // What is written of it later says the same.
    let mut again = Replay::default();
    again.set_floor(found).unwrap();
    assert_eq!(again.floor(issuer), found);
}

#[test]
fn the_floor_of_the_twin_outlives_the_code_that_has_set_it() {
    let twin = |issuer, sequence| Burned {
        used: Use::Twin,
        ..code(issuer, sequence)
    };
    let issuer = KeyId([1; 8]);
    let mut replay = Replay::default();
    replay.burn(twin(2, 900)).unwrap();
    replay.burn(twin(1, 9)).unwrap();
    replay.burn(twin(1, 5)).unwrap();
    replay.burn(code(1, 12)).unwrap();
    let mut before = replay.floor(issuer).twin;
    assert_eq!(before, Sequence(9));
    assert_eq!(replay.floor(KeyId([2; 8])).twin, Sequence(900));
    // A slip for it changes nothing of that.
    let nine = code(1, 9);
    assert_eq!(replay.stop(issuer, nine.sequence, nine.statement), Ok(true));
    for sequence in 0..2 * MAX_BURNED as u64 {
        replay.burn(code(1, 100 + sequence)).unwrap();
        let now = replay.floor(issuer);
        assert!(now.twin >= before && now.twin >= now.replay, "{now:?}");
        before = now.twin;
    }
    assert!(
        replay
            .burned()
            .all(|burned| burned.issuer != issuer || burned.used != Use::Twin)
    );
    assert_eq!(replay.floor(KeyId([2; 8])).twin, Sequence(900));
}

#[test]
fn an_issuer_without_room_for_its_floor_is_refused_before_anything_is_forgotten() {
    let mut replay = Replay::default();
    for issuer in 0..u8::try_from(MAX_FLOORS).unwrap() {
        replay.burn(code(issuer, 10 + u64::from(issuer))).unwrap();
    }
    let before = replay.burned().collect::<std::vec::Vec<_>>();
    let refusal = replay.burn(code(200, 99)).unwrap_err();
    assert_eq!(refusal.reason, Reason::IssuersFull);
    assert_eq!(replay.burned().collect::<std::vec::Vec<_>>(), before);
}
