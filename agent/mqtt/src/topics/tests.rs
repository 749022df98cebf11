use proptest::prelude::*;

use super::*;

fn topics() -> Topics {
    Topics::new(DEFAULT_PREFIX, "acme-prod").expect("a fine prefix")
}

fn device() -> DeviceId {
    "pump-7".parse().expect("a fine name")
}

#[test]
fn names_are_spelled_as_documented() {
    let topics = topics();
    let device = device();
    assert_eq!(
        topics.device_code(&device),
        "latch/v1/acme-prod/d/pump-7/code"
    );
    assert_eq!(
        topics.device_receipt(&device),
        "latch/v1/acme-prod/d/pump-7/receipt"
    );
    assert_eq!(
        topics.device_state(&device),
        "latch/v1/acme-prod/d/pump-7/state"
    );
    assert_eq!(
        topics.device_want(&device),
        "latch/v1/acme-prod/d/pump-7/want"
    );
    assert_eq!(
        topics.device_page(&device),
        "latch/v1/acme-prod/d/pump-7/page"
    );
    assert_eq!(topics.trust(12), "latch/v1/acme-prod/t/trust/12");
    assert_eq!(topics.time(), "latch/v1/acme-prod/t/time");
    assert_eq!(
        topics.revoked(RevokedId::Key(KeyId([0x0a; 8]))),
        "latch/v1/acme-prod/t/revoked/0a0a0a0a0a0a0a0a"
    );
    assert_eq!(
        topics.revoked(RevokedId::Statement(StatementId([0xf0; 16]))),
        format!("latch/v1/acme-prod/t/revoked/{}", "f0".repeat(16))
    );
    assert_eq!(
        topics.code(StatementId([1; 16])),
        format!("latch/v1/acme-prod/t/code/{}", "01".repeat(16))
    );
    assert_eq!(
        topics.release(StatementId([2; 16])),
        format!("latch/v1/acme-prod/t/release/{}", "02".repeat(16))
    );
    assert_eq!(
        topics.page(Digest([3; 32]), 9),
        format!("latch/v1/acme-prod/t/page/{}/9", "03".repeat(32))
    );
}

#[test]
fn what_is_not_ours_is_not_parsed() {
    let topics = topics();
    let wrong = [
        "t/time",
        "latch/v1/acme-dev/t/time",
        "latch/v1/acme-prod",
        "latch/v1/acme-prod/",
        "latch/v1/acme-prodd/t/time",
        "latch/v1/acme-prod/t/time/",
        "latch/v1/acme-prod/t/tim",
        "latch/v1/acme-prod/d/pump-7",
        "latch/v1/acme-prod/d/pump-7/codes",
        "latch/v1/acme-prod/d//code",
        "latch/v1/acme-prod/d/../code",
        "latch/v1/acme-prod/d/./code",
        "latch/v1/acme-prod/d/+/code",
        "latch/v1/acme-prod/d/pump 7/code",
        "latch/v1/acme-prod/d/abcdefghijklmnopqrstuvwxyz0123456/code",
        "latch/v1/acme-prod/t/trust/01",
        "latch/v1/acme-prod/t/trust/+1",
        "latch/v1/acme-prod/t/trust/",
        "latch/v1/acme-prod/t/trust/4294967296",
        "latch/v1/acme-prod/t/revoked/0A0a0a0a0a0a0a0a",
        "latch/v1/acme-prod/t/revoked/0a0a0a0a0a0a0a",
        "latch/v1/acme-prod/t/code/0a0a0a0a0a0a0a0a",
        "latch/v1/acme-prod/t/code/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0g",
    ];
    for name in wrong {
        assert_eq!(topics.parse(name), None, "{name}");
        assert!(!topics.retained(name), "{name}");
    }
    let too_far = format!("latch/v1/acme-prod/t/page/{}/4294967296", "03".repeat(32));
    assert_eq!(topics.parse(&too_far), None);
}

#[test]
fn retained_is_what_a_newcomer_needs_and_nothing_for_one_device() {
    let topics = topics();
    let device = device();
    let yes = [
        topics.device_state(&device),
        topics.trust(1),
        topics.revoked(RevokedId::Key(KeyId([0; 8]))),
        topics.revoked(RevokedId::Statement(StatementId([0; 16]))),
        topics.code(StatementId([0; 16])),
        topics.release(StatementId([0; 16])),
    ];
    let no = [
        topics.device_code(&device),
        topics.device_receipt(&device),
        topics.device_want(&device),
        topics.device_page(&device),
        topics.page(Digest([0; 32]), 0),
        topics.time(),
    ];
    for name in yes {
        assert!(topics.retained(&name), "{name}");
    }
    for name in no {
        assert!(!topics.retained(&name), "{name}");
    }
}

#[test]
fn prefixes_are_checked() {
    assert!(Topics::new("$aws/{tenant}", "t").is_err());
    for wrong in [
        "",
        "/a",
        "a/",
        "a//b",
        "a/+/b",
        "a/#",
        "a b",
        "{tenant",
        "a/{other}",
        "ä",
        "a\0b",
    ] {
        assert_eq!(
            Topics::new(wrong, "t"),
            Err(TopicError::Prefix(wrong.to_owned()))
        );
    }
    for wrong in ["", "a/b", "a+b", "#", "a b"] {
        assert_eq!(
            Topics::new(DEFAULT_PREFIX, wrong),
            Err(TopicError::Tenant(wrong.to_owned()))
        );
    }
    assert!(Topics::new(&"p".repeat(160), "t").is_ok());
    assert!(Topics::new(&"p".repeat(161), "t").is_err());
    assert_eq!(
        Topics::new("plant", "t").map(|t| t.time()),
        Ok("plant/t/time".to_owned())
    );
}

#[test]
fn the_longest_name_fits_the_narrowest_broker() {
    let topics = Topics::new(&"p".repeat(160), "t").expect("a fine prefix");
    assert!(topics.page(Digest([0xff; 32]), u32::MAX).len() <= 256);
}

#[test]
fn each_party_listens_to_its_own() {
    let topics = topics();
    let device = device();
    assert_eq!(
        topics.agent_filters(&device),
        [
            "latch/v1/acme-prod/d/pump-7/code",
            "latch/v1/acme-prod/d/pump-7/page",
            "latch/v1/acme-prod/t/trust/+",
            "latch/v1/acme-prod/t/revoked/+",
            "latch/v1/acme-prod/t/code/+",
            "latch/v1/acme-prod/t/release/+",
            "latch/v1/acme-prod/t/time",
        ]
    );
    assert_eq!(
        topics.page_filter(Digest([3; 32])),
        format!("latch/v1/acme-prod/t/page/{}/+", "03".repeat(32))
    );
    assert_eq!(
        topics.operator_filters(None),
        [
            "latch/v1/acme-prod/d/+/receipt",
            "latch/v1/acme-prod/d/+/state"
        ]
    );
    assert_eq!(
        topics.operator_filters(Some(&device)),
        [
            "latch/v1/acme-prod/d/pump-7/receipt",
            "latch/v1/acme-prod/d/pump-7/state"
        ]
    );
    assert_eq!(
        topics.page_server_filters(),
        ["latch/v1/acme-prod/d/+/want"]
    );
    assert_eq!(
        topics.fleet_filters(),
        [
            "latch/v1/acme-prod/d/+/receipt",
            "latch/v1/acme-prod/d/+/state",
            "latch/v1/acme-prod/d/+/want"
        ]
    );
}

fn any_topic() -> impl Strategy<Value = Topic> {
    let device =
        "[A-Za-z0-9._-]{1,32}".prop_filter_map("not a device name", |name| name.parse().ok());
    prop_oneof![
        (device, prop::sample::select(&DeviceTopic::ALL[..]))
            .prop_map(|(device, kind)| Topic::Device(device, kind)),
        any::<u32>().prop_map(Topic::Trust),
        any::<[u8; 8]>().prop_map(|id| Topic::Revoked(RevokedId::Key(KeyId(id)))),
        any::<[u8; 16]>().prop_map(|id| Topic::Revoked(RevokedId::Statement(StatementId(id)))),
        any::<[u8; 16]>().prop_map(|id| Topic::Code(StatementId(id))),
        any::<[u8; 16]>().prop_map(|id| Topic::Release(StatementId(id))),
        Just(Topic::Time),
        (any::<[u8; 32]>(), any::<u32>()).prop_map(|(root, index)| Topic::Page {
            root: Digest(root),
            index
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_named_is_read_back(topic in any_topic()) {
        let topics = topics();
        prop_assert_eq!(topics.parse(&topics.name(&topic)), Some(topic));
    }

    #[test]
    fn what_is_read_has_one_spelling(name in "latch/v1/acme-prod/[dt]/[a-f0-9A-F./+]{0,40}") {
        let topics = topics();
        if let Some(topic) = topics.parse(&name) {
            prop_assert_eq!(topics.name(&topic), name);
        }
    }
}
