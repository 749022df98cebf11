//! Steps as proptest makes them up. About half of the codes are such as a device takes.

use latch_verify::{statement::RuleChoice, wire::Role};
use proptest::{option, prelude::*, sample::select};

use super::{
    said::Noise,
    step::{
        Clock, Draft, Flaw, Patch, Place, Pulse, Resigned, Revoker, RootChange, Step, Then,
        TimeDraft, UpTo, What, Wide,
    },
};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..most)
}

fn step() -> impl Strategy<Value = Step> {
    let posture = [(); 2].map(|()| option::weighted(0.8, any::<bool>()));
    let ages = select(vec![0, 5 * SECOND, MINUTE, HOUR]);
    let fit = Just(Step::Posture([Some(true), Some(false)], None));
    prop_oneof![
        60 => draft().prop_map(Step::Code),
        8 => (0..12_usize, resigned()).prop_map(|(back, by)| Step::Again(back, by)),
        1 => (1..12_usize, 1..90_usize, select(vec![0, 100, 300, SECOND])).prop_map(
            |(last, times, pause_ms)| Step::Flood { last, times, pause_ms }),
        3 => (0..3_usize, 1..40_u8).prop_map(|(issuer, count)| Step::Drills(issuer, count)),
        4 => (0..12_usize, revoker()).prop_map(|(back, by)| Step::Slip(back, by)),
        2 => (draft(), revoker(), any::<bool>()).prop_map(|(code, by, sent)| Step::SlipAhead(code, by, sent)),
        3 => (0..9_usize, up_to(), revoker()).prop_map(|(whose, to, by)| Step::Revoke(whose, to, by)),
        1 => (1..36_u8).prop_map(Step::RevokeStrangers),
        8 => root_changes().prop_map(Step::Root),
        6 => time().prop_map(Step::Time),
        4 => noise().prop_map(Step::Noise),
        14 => advance().prop_map(Step::Advance),
        6 => (0..2_u64).prop_map(|before_ms| Step::ToWake { before_ms }),
        3 => clock().prop_map(Step::Clock),
        2 => (posture, option::of(ages)).prop_map(|(facts, age)| Step::Posture(facts, age)),
        2 => fit,
        3 => option::of(Just(true)).prop_map(Step::Trouble),
        10 => Just(Step::Poll),
        4 => Just(Step::Publish),
        3 => option::weighted(0.3, 1..9_i32).prop_map(Step::Settle),
        3 => prop::bool::weighted(0.8).prop_map(|resume| Step::Reboot { resume }),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let rule = prop_oneof![5 => Just(RuleChoice::Normal), 1 => Just(RuleChoice::BreakGlass)];
    let audience =
        prop_oneof![8 => Just(Wide::Device), 1 => Just(Wide::Cohort), 1 => Just(Wide::Tenant)];
    let flaws = prop_oneof![
        12 => Just(Vec::new()),
        8 => prop::collection::vec(flaw(), 1),
        1 => prop::collection::vec(flaw(), 2..4),
    ];
    let then = prop_oneof![
        10 => Just(Then::Done),
        1 => (1..99_i32).prop_map(Then::Failed),
        3 => (0..4_u8).prop_map(Then::Later),
    ];
    let more = (any::<bool>(), prop::bool::weighted(0.3), flaws, then);
    (what(), rule, 0..4_usize, audience, more).prop_map(
        |(what, rule, issuer, audience, (answers, in_context, flaws, then))| Draft {
            what,
            rule,
            issuer,
            audience,
            answers,
            in_context,
            flaws,
            then,
        },
    )
}

fn what() -> impl Strategy<Value = What> {
    let place = select(vec![Place::Twin, Place::Limits, Place::Remarks]);
    let seconds = || select(vec![1_u32, 10, 30, 60, 300, 1800, 1801]);
    let latch = || prop_oneof![12 => Just(6_u8), 2 => Just(4_u8), 1 => 0..7_u8];
    prop_oneof![
        10 => (place, any::<[u8; 3]>()).prop_map(|(place, leaves)| What::Set(place, leaves)),
        2 => (0..4_u8).prop_map(What::SetLong),
        3 => Just(What::Restart),
        3 => Just(What::Vent),
        8 => (latch(), seconds()).prop_map(|(latch, seconds)| What::Open(latch, seconds)),
        5 => (latch(), seconds()).prop_map(|(latch, seconds)| What::Renew(latch, seconds)),
        3 => latch().prop_map(What::Close),
        1 => any::<bool>().prop_map(What::Install),
        1 => Just(What::Downgrade),
        2 => Just(What::Lockdown),
        1 => Just(What::Unlock),
        4 => (0..7_u8).prop_map(What::Probe),
    ]
}

fn flaw() -> impl Strategy<Value = Flaw> {
    use Flaw::*;
    let signers = prop_oneof![
        4 => (0..4_usize).prop_map(OneSignerLess),
        2 => select(vec![1_u8, 11, 12, 13, 21, 31, 32, 41, 51, 52, 61, 99]).prop_map(OneSignerMore),
        1 => Just(Twice),
        1 => (0..4_usize).prop_map(Forged),
        1 => Just(IssuerUnsigned),
        2 => select(vec![1_u8, 12, 31, 51, 99]).prop_map(Issuer),
        2 => Just(OtherRule),
    ];
    let address = select(vec![
        OtherTenant,
        OtherDevice,
        Outside(false),
        Outside(true),
        Nobody,
        ForAll,
        ForAll,
        OtherProduct,
        Incarnation(None),
        Incarnation(Some(1)),
        Incarnation(Some(3)),
    ]);
    let times = prop_oneof![
        3 => select(vec![1, 1000, MINUTE, HOUR, DAY]).prop_map(EarlierPlace),
        2 => (0..2_u64).prop_map(Floor),
        1 => (0..12_usize).prop_map(SamePlace),
        1 => Just(PlaceAfterEnd),
        1 => select(vec![0, 1, MINUTE]).prop_map(BeginsIn),
        2 => select(vec![-60_000_i64, -1, 0, 1, 2]).prop_map(EndsIn),
        1 => Just(Inverted),
        1 => (0..2_u64).prop_map(Longest),
    ];
    let fresh = prop_oneof![
        Just(NoAnswer),
        Just(PreviousAnswer),
        (1..8_u64).prop_map(OldAnswer),
    ];
    let context = prop_oneof![
        (-1..2_i8).prop_map(Twin),
        (-1..2_i8).prop_map(Boot),
        (0..3_u16, 0..3_u16).prop_map(|(least, most)| Firmware(least, most)),
    ];
    let action = prop_oneof![
        3 => patch().prop_map(Patch),
        2 => select(vec!["reset", "", "two words", "vent"]).prop_map(Name),
        1 => select(vec![0_u32, 31, 1800, 1801]).prop_map(Seconds),
    ];
    prop_oneof![
        4 => signers, 3 => address, 4 => times, 3 => fresh, 3 => context, 3 => action,
        1 => (-1..2_i8).prop_map(Epoch),
        1 => (0..8_u8).prop_map(Latch),
    ]
}

fn patch() -> impl Strategy<Value = Patch> {
    use Patch::*;
    let paths = vec!["", "a//b", "a/b/c/d/e", "a b", "/a"];
    prop_oneof![
        3 => select(vec![Nothing, Mixed, Above, Disorder, Below, TooLong, NullArgument]),
        1 => select(paths).prop_map(BadPath),
    ]
}

fn resigned() -> impl Strategy<Value = Resigned> {
    use Resigned::*;
    prop_oneof![8 => Just(Same), 2 => Just(IssuerAlone), 1 => Just(WithStranger), 1 => Just(Forged)]
}

fn revoker() -> impl Strategy<Value = Revoker> {
    use Revoker::*;
    prop_oneof![
        5 => Just(Issuer), 3 => Just(Root), 1 => Just(OneRoot), 1 => Just(Another), 1 => Just(InOwnName), 1 => Just(Forged),
        1 => Just(ForOthers),
    ]
}

fn up_to() -> impl Strategy<Value = UpTo> {
    use UpTo::*;
    prop_oneof![
        1 => Just(Nothing), 3 => select(vec![0, MINUTE, HOUR]).prop_map(Before), 4 => Just(Now), 1 => Just(All),
        3 => (0..6_usize).prop_map(Code),
    ]
}

fn root_changes() -> impl Strategy<Value = Vec<RootChange>> {
    use RootChange::*;
    let roles = vec![
        Role::Root,
        Role::Operator,
        Role::Operator,
        Role::Approver,
        Role::Time,
        Role::BreakGlass,
    ];
    let good = prop_oneof![
        1 => Just(Epoch(1)),
        3 => select(roles).prop_map(Rotate),
        1 => (1..4_u8).prop_map(TwinOperators),
        1 => (0..3_u8).prop_map(LimitsApprovers),
        2 => select(vec![0_u32, 60]).prop_map(|max_open_s| Maintenance { max_open_s }),
        1 => select(vec![0_u32, 20]).prop_map(ServiceHeartbeat),
        1 => select(vec![NoEmergency, ServiceGone, NoTime, WithOperator]),
        1 => (1..3_u8).prop_map(RootThreshold),
    ];
    let bad = prop_oneof![
        5 => select(vec![
            Epoch(-1), Version(-1), Version(1), OtherTenant, TwinOperators(4), WeakRemarks, Lives(0), KeyTwice,
            DeviceKey, Disorder, NoTrust, AssignedNowhere, OneOldSigner, NoNewSigner, Stranger, RootThreshold(0),
            TimeOutOfReach,
        ]),
        1 => (0..5_usize).prop_map(Forged),
    ];
    let bad = option::weighted(0.4, bad);
    (prop::collection::vec(good, 0..3), bad).prop_map(|(mut changes, bad)| {
        changes.extend(bad);
        changes
    })
}

fn time() -> impl Strategy<Value = TimeDraft> {
    let pulse = prop_oneof![
        5 => Just(Pulse::Current), 2 => Just(Pulse::Previous), 1 => (1..6_u64).prop_map(Pulse::Old),
        4 => Just(Pulse::None),
    ];
    let offsets = [
        0,
        0,
        0,
        -1000,
        1000,
        -3_600_000,
        7_200_000,
        3 * 86_400_000,
        -10 * 86_400_000,
    ];
    let by = option::weighted(0.15, revoker());
    (
        prop::bool::weighted(0.6),
        pulse,
        select(offsets.to_vec()),
        by,
    )
        .prop_map(|(fresh, pulse, offset_ms, by)| TimeDraft {
            fresh,
            pulse,
            offset_ms,
            by,
        })
}

fn noise() -> impl Strategy<Value = Noise> {
    use Noise::*;
    select(vec![
        Nothing,
        OtherMagic,
        OtherKind,
        LaterVersion,
        Cut,
        Unsigned,
        Trailing,
        Padded,
        Undecodable,
    ])
}

fn advance() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1..5000_u64,
        4 => select(vec![10 * SECOND, 20 * SECOND, 30 * SECOND, MINUTE, 61 * SECOND]),
        2 => select(vec![5 * MINUTE, 30 * MINUTE, HOUR]),
        1 => select(vec![2 * HOUR, DAY, 25 * HOUR]),
    ]
}

fn clock() -> impl Strategy<Value = Clock> {
    prop_oneof![
        3 => Just(Clock::Off), 5 => Just(Clock::True),
        2 => select(vec![1, 4000, 6000, HOUR, 2 * DAY]).prop_map(Clock::Back),
        1 => select(vec![MINUTE, HOUR, 400 * DAY]).prop_map(Clock::Forward),
        1 => Just(Clock::Absurd),
    ]
}
