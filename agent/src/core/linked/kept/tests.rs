use super::*;

/// What is asked for, of a device that has nothing.
fn asked(kept: &mut Kept) -> Vec<u64> {
    std::iter::from_fn(|| {
        let number = kept.ask().or_else(|| kept.ask_back())?;
        kept.answered();
        Some(number)
    })
    .collect()
}

#[test]
fn each_that_may_still_be_had_is_asked_for_once() {
    let mut kept = Kept::default();
    kept.keep(15, b"fifteen", true);
    kept.told_of(20);
    let recent = [13, 14, 16, 17, 18, 19, 20];
    assert_eq!(
        asked(&mut kept),
        Vec::from_iter(recent.into_iter().chain((1..=12).rev()))
    );
    kept.told_of(20);
    assert!(asked(&mut kept).is_empty());
    kept.keep(21, b"twenty-one", true);
    kept.told_of(22);
    assert_eq!(kept.ask(), Some(22));
    kept.ask_again(22);
    assert_eq!(kept.ask(), Some(22));
}

#[test]
fn no_more_are_asked_for_than_a_device_can_hold() {
    let mut kept = Kept::default();
    assert!(kept.told_of(2_000));
    let mut count = 0;
    while let Some(number) = kept.ask().or_else(|| kept.ask_back()) {
        // It has every second one.
        if number % 2 == 0 {
            kept.keep(number, b"receipt", true);
        }
        kept.answered();
        count += 1;
    }
    // All that are recent, of which it has four, and then until it has given four more.
    assert_eq!(count, 15);
    kept.published_up_to(1_000);
    assert_eq!(kept.loss(0), Some(Loss::Lost(1_000 - 8)));
    assert_eq!(kept.loss(0), None);

    let mut kept = Kept::default();
    kept.told_of(2_000);
    assert_eq!(asked(&mut kept).len() as u64, LOOK_BACK);
    kept.published_up_to(100);
    assert_eq!(kept.loss(0), Some(Loss::Lost(1_900)));
}

#[test]
fn nothing_is_told_before_it_is_known_what_was_published() {
    let mut kept = Kept::default();
    assert!(kept.told_of(9));
    asked(&mut kept);
    assert_eq!((kept.loss(0), kept.until_ms()), (None, None));
    kept.connect(5);
    assert_eq!(kept.until_ms(), Some(5 + WORD_MS));
    assert_eq!(kept.loss(4 + WORD_MS), None);
    assert_eq!(kept.loss(5 + WORD_MS), Some(Loss::Unknown(9)));
    // Later ones were made under our eyes.
    kept.told_of(10);
    asked(&mut kept);
    assert_eq!(kept.loss(5 + WORD_MS), Some(Loss::Lost(1)));
    assert!(!Kept::default().told_of(KEPT as u64), "all are still there");
}

#[test]
fn a_word_that_cannot_be_is_not_taken() {
    let mut kept = Kept::default();
    kept.told_of(9);
    kept.published_up_to(10);
    assert!(kept.is_open());
}

#[test]
fn a_device_that_tells_nonsense_breaks_nothing() {
    let mut kept = Kept::default();
    kept.connect(0);
    kept.told_of(u64::MAX);
    kept.keep(u64::MAX, b"last", true);
    assert_eq!(asked(&mut kept).len() as u64, LOOK_BACK - 1);
    assert_eq!(kept.loss(WORD_MS), Some(Loss::Unknown(u64::MAX - 1)));
    kept.told_of(u64::MAX);
    kept.keep(0, b"none", true);
    assert!(asked(&mut kept).is_empty());

    // Ever more, and none of them asked for.
    let mut kept = Kept::default();
    for step in 1..100 {
        kept.told_of(step * LOOK_BACK);
    }
    assert_eq!(kept.owed.len() as u64, LOOK_BACK);
    assert_eq!(asked(&mut kept).len() as u64, LOOK_BACK);
    kept.published_up_to(0);
    assert_eq!(kept.loss(0), Some(Loss::Lost(99 * LOOK_BACK)));

    // Numbers without an order, while the broker is away.
    let mut kept = Kept::default();
    kept.told_of(9);
    for number in 0..10_000_u64 {
        kept.keep(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), b"", false);
    }
    assert!(kept.gone.len() <= MOST_GAPS && kept.receipts.len() <= UNTOLD);
    assert_eq!(kept.lost_beside, 10_000 - (UNTOLD + MOST_GAPS) as u64);
}

#[test]
fn the_newest_are_kept() {
    let mut kept = Kept::default();
    kept.told_of(0);
    for number in 1..30 {
        kept.keep(number, &[u8::try_from(number).unwrap()], true);
    }
    let here: Vec<u8> = kept.publish().map(|receipt| receipt[0]).collect();
    assert_eq!(here, [22, 23, 24, 25, 26, 27, 28, 29]);
    kept.told_of(29);
    // As after the journal was erased.
    kept.told_of(3);
    assert_eq!((kept.publish().count(), kept.ask()), (0, Some(1)));
}
