//! TLS against a real broker, with authorities made for the test.

mod broker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use broker::{Broker, path, run};
use latch_mqtt::{Endpoint, Event, LossKind, Options, Publication, Session, StartError};
use tempfile::TempDir;
use tokio::time::timeout;

/// Only bounds a hang.
const HANG: Duration = Duration::from_secs(60);

/// A certificate authority with its files in a directory of its own.
struct Authority {
    dir: TempDir,
}

impl Authority {
    fn new() -> Self {
        let authority = Self {
            dir: tempfile::tempdir().expect("a directory"),
        };
        let key = authority.file("ca.key");
        authority.generate_key(&key);
        run(
            "openssl",
            [
                "req",
                "-x509",
                "-new",
                "-key",
                path(&key),
                "-subj",
                "/CN=test authority",
                "-days",
                "2",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-out",
                path(&authority.certificate()),
            ],
        );
        authority
    }

    fn certificate(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// A certificate for `name` with these extensions, and its key.
    fn issue(&self, name: &str, extensions: &str) -> (PathBuf, PathBuf) {
        let file = |suffix: &str| self.file(&format!("{name}.{suffix}"));
        let (key, request, certificate, ext) = (file("key"), file("csr"), file("pem"), file("ext"));
        self.generate_key(&key);
        std::fs::write(&ext, extensions).expect("writes extensions");
        let subject = format!("/CN={name}");
        run(
            "openssl",
            [
                "req",
                "-new",
                "-key",
                path(&key),
                "-subj",
                &subject,
                "-out",
                path(&request),
            ],
        );
        run(
            "openssl",
            [
                "x509",
                "-req",
                "-in",
                path(&request),
                "-CA",
                path(&self.certificate()),
                "-CAkey",
                path(&self.file("ca.key")),
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                path(&ext),
                "-out",
                path(&certificate),
            ],
        );
        (certificate, key)
    }

    fn server(&self) -> (PathBuf, PathBuf) {
        self.issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    }

    fn generate_key(&self, file: &Path) {
        run(
            "openssl",
            [
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                path(file),
            ],
        );
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn endpoint(broker: &Broker, host: &str, authority: &Authority) -> Endpoint {
    Endpoint::parse(&format!("mqtts://{host}:{}", broker.port()))
        .and_then(|endpoint| endpoint.with_ca_file(&authority.certificate()))
        .expect("a fine address and file")
}

/// The first event of a session with this endpoint; if it is connected, it works too.
async fn first_event(endpoint: Endpoint) -> Event {
    let (publisher, mut events) =
        Session::start(Options::new(endpoint, "a")).expect("fine options");
    let event = timeout(HANG, events.recv())
        .await
        .expect("no event came")
        .expect("no event");
    if matches!(event, Event::Connected { .. }) {
        publisher
            .publish(Publication::new("x", b"y"))
            .await
            .expect("acknowledged");
    }
    event
}

fn is_refused_by_tls(event: &Event, words: &str) -> bool {
    matches!(event, Event::Disconnected { kind: LossKind::Tls, reason } if reason.contains(words))
}

#[tokio::test]
async fn the_broker_must_prove_its_name_with_a_trusted_certificate() {
    let authority = Authority::new();
    let (certificate, key) = authority.server();
    let broker = Broker::with_tls(&certificate, &key, None);
    for host in ["127.0.0.1", "localhost"] {
        let event = first_event(endpoint(&broker, host, &authority)).await;
        assert_eq!(
            event,
            Event::Connected {
                session_present: false
            }
        );
    }

    let other = first_event(endpoint(&broker, "127.0.0.1", &Authority::new())).await;
    assert!(
        is_refused_by_tls(&other, "invalid peer certificate"),
        "{other:?}"
    );

    // The same authority, but a certificate for another name.
    let (certificate, key) = authority.issue("elsewhere", "subjectAltName=DNS:elsewhere.example\n");
    let broker = Broker::with_tls(&certificate, &key, None);
    let misnamed = first_event(endpoint(&broker, "127.0.0.1", &authority)).await;
    assert!(
        is_refused_by_tls(&misnamed, "not valid for name"),
        "{misnamed:?}"
    );
}

#[tokio::test]
async fn a_client_certificate_lets_in() {
    let authority = Authority::new();
    let (certificate, key) = authority.server();
    let broker = Broker::with_tls(&certificate, &key, Some(&authority.certificate()));
    let (own, own_key) = authority.issue("device", "extendedKeyUsage=clientAuth\n");

    let with = endpoint(&broker, "127.0.0.1", &authority)
        .with_client_certificate(&own, &own_key)
        .expect("fine files");
    assert_eq!(
        first_event(with).await,
        Event::Connected {
            session_present: false
        }
    );

    let without = first_event(endpoint(&broker, "127.0.0.1", &authority)).await;
    assert!(matches!(without, Event::Disconnected { .. }), "{without:?}");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_found_before_connecting() {
    let authority = Authority::new();
    let (own, key) = authority.issue("device", "extendedKeyUsage=clientAuth\n");
    let (_, other_key) = authority.issue("other", "extendedKeyUsage=clientAuth\n");
    let address = Endpoint::parse("mqtts://127.0.0.1:1").expect("a fine address");
    let start = |endpoint: Endpoint| Session::start(Options::new(endpoint, "a")).err();

    let broken = authority.file("broken.pem");
    std::fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
    )
    .expect("writes a file");
    let error = start(
        address
            .clone()
            .with_ca_file(&broken)
            .expect("looks like PEM"),
    );
    assert!(
        matches!(error, Some(StartError::Authorities(_))),
        "{error:?}"
    );

    // OpenSSL's own form, which other libraries pass over.
    std::fs::write(
        &broken,
        "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
    )
    .expect("writes a file");
    let error = start(
        address
            .clone()
            .with_ca_file(&broken)
            .expect("looks like PEM"),
    );
    assert!(
        matches!(error, Some(StartError::Authorities(_))),
        "{error:?}"
    );

    let trusting = address
        .with_ca_file(&authority.certificate())
        .expect("a fine file");
    let mismatch = trusting
        .clone()
        .with_client_certificate(&own, &other_key)
        .expect("fine files");
    let error = start(mismatch);
    assert!(matches!(error, Some(StartError::Identity(_))), "{error:?}");
    let matching = trusting
        .with_client_certificate(&own, &key)
        .expect("fine files");
    assert!(start(matching).is_none());
}
