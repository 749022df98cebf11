use super::*;

fn parse(url: &str) -> Endpoint {
    Endpoint::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn user(endpoint: &Endpoint) -> Option<(&str, Option<&str>)> {
    endpoint
        .credentials()
        .map(|c| (c.user.as_str(), c.password.as_deref()))
}

#[test]
fn addresses_are_read() {
    let plain = parse("mqtt://broker.example");
    assert_eq!(
        (plain.host(), plain.port(), plain.is_tls()),
        ("broker.example", 1883, false)
    );
    assert_eq!(user(&plain), None);
    let tls = parse("mqtts://10.0.0.1/");
    assert_eq!(
        (tls.host(), tls.port(), tls.is_tls()),
        ("10.0.0.1", 8883, true)
    );
    let six = parse("mqtt://u@[fe80::1]:77");
    assert_eq!((six.host(), six.port()), ("fe80::1", 77));
    assert_eq!(six.authority(), "[fe80::1]:77");
    assert_eq!(user(&six), Some(("u", None)));
    let full = parse("mqtts://us%40er:p%3a%25@ss@h:9");
    assert_eq!(user(&full), Some(("us@er", Some("p:%@ss"))));
    assert_eq!((full.host(), full.port()), ("h", 9));
}

#[test]
fn each_wrong_part_has_its_own_error() {
    let error = |url: &str| Endpoint::parse(url).err();
    for url in [
        "",
        "broker",
        "broker:1883",
        "http://h",
        "MQTT://h",
        "tcp://h",
    ] {
        assert!(matches!(error(url), Some(EndpointError::Scheme)), "{url}");
    }
    for url in ["mqtt://", "mqtt://:1883", "mqtt://u:p@", "mqtt:///"] {
        assert!(matches!(error(url), Some(EndpointError::Host)), "{url}");
    }
    for url in [
        "mqtt://::1",
        "mqtt://[::1",
        "mqtt://[::1]x",
        "mqtt://[h]",
        "mqtt://a b",
        "mqtt://[]",
    ] {
        assert!(
            matches!(error(url), Some(EndpointError::HostForm(_))),
            "{url}"
        );
    }
    for url in [
        "mqtt://h:",
        "mqtt://h:0",
        "mqtt://h:65536",
        "mqtt://h:+1",
        "mqtt://[::1]:x",
    ] {
        assert!(matches!(error(url), Some(EndpointError::Port(_))), "{url}");
    }
    for url in ["mqtt://h/topic", "mqtt://h?x", "mqtt://h:1#y"] {
        assert!(
            matches!(error(url), Some(EndpointError::Trailing(_))),
            "{url}"
        );
    }
    for url in [
        "mqtt://u:%@h",
        "mqtt://u:%2@h",
        "mqtt://u:%zz@h",
        "mqtt://%ff@h",
        "mqtt://%+1@h",
    ] {
        assert!(matches!(error(url), Some(EndpointError::Encoding)), "{url}");
    }
    for url in ["mqtt://@h", "mqtt://:p@h"] {
        assert!(
            matches!(error(url), Some(EndpointError::PasswordWithoutUser)),
            "{url}"
        );
    }
}

#[test]
fn secrets_are_never_shown() {
    let endpoint = parse("mqtts://who:secret@h").with_credentials("who", "secret");
    assert_eq!(
        format!("{endpoint} {endpoint:?}"),
        "mqtts://h:8883 Endpoint(mqtts://h:8883)"
    );
}

#[test]
fn a_password_comes_from_a_file() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("password");
    for (text, password) in [("geheim\n", "geheim"), ("a b\r\n", "a b"), (" x ", " x ")] {
        fs::write(&path, text)?;
        let endpoint = parse("mqtt://u:old@h").with_password_file(&path)?;
        assert_eq!(user(&endpoint), Some(("u", Some(password))));
    }
    for bytes in [&b""[..], b"\n", b"one\ntwo\n", b"\xff"] {
        fs::write(&path, bytes)?;
        let error = parse("mqtt://u@h").with_password_file(&path).err();
        assert!(
            matches!(error, Some(EndpointError::PasswordFile(_))),
            "{bytes:?}"
        );
    }
    let error = parse("mqtt://h").with_password_file(&path).err();
    assert!(matches!(error, Some(EndpointError::PasswordWithoutUser)));
    let error = parse("mqtt://u@h")
        .with_password_file(&dir.path().join("none"))
        .err();
    assert!(matches!(error, Some(EndpointError::File { .. })));
    Ok(())
}

#[test]
fn certificates_are_looked_at_before_they_are_used() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let certificate = dir.path().join("ca.pem");
    let key = dir.path().join("key.pem");
    fs::write(&certificate, "text\n-----BEGIN CERTIFICATE-----\n")?;
    fs::write(&key, "-----BEGIN EC PRIVATE KEY-----\r\n")?;

    assert!(parse("mqtts://h").with_ca_file(&certificate).is_ok());
    assert!(
        parse("mqtts://h")
            .with_client_certificate(&certificate, &key)
            .is_ok()
    );
    let plain = parse("mqtt://h").with_ca_file(&certificate).err();
    assert!(matches!(plain, Some(EndpointError::CertificateWithoutTls)));
    let plain = parse("mqtt://h")
        .with_client_certificate(&certificate, &key)
        .err();
    assert!(matches!(plain, Some(EndpointError::CertificateWithoutTls)));
    let swapped = parse("mqtts://h")
        .with_client_certificate(&key, &certificate)
        .err();
    assert!(matches!(
        swapped,
        Some(EndpointError::Pem {
            what: "certificate",
            ..
        })
    ));
    let twice = parse("mqtts://h")
        .with_client_certificate(&certificate, &certificate)
        .err();
    assert!(matches!(
        twice,
        Some(EndpointError::Pem {
            what: "private key",
            ..
        })
    ));
    Ok(())
}
