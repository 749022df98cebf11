//! Why there is no connection: the library's errors in words that say what to do.

use std::fmt;

use rumqttc::{ConnectReturnCode, ConnectionError, DisconnectReasonCode, StateError};

use crate::endpoint::Endpoint;
use crate::inbox::LossKind;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) struct Loss {
    pub(crate) kind: LossKind,
    pub(crate) reason: String,
}

/// What a failed or broken connection means, for programs and for people.
pub(super) fn loss(endpoint: &Endpoint, error: &ConnectionError) -> Loss {
    use ConnectReturnCode as Code;
    let (kind, reason) = match error {
        ConnectionError::Io(error) => (
            LossKind::Network,
            format!("no connection to {endpoint}: {error}"),
        ),
        ConnectionError::Timeout(_) => (
            LossKind::Network,
            format!("no connection to {endpoint}: no answer in time, is it an MQTT broker?"),
        ),
        ConnectionError::Tls(error) => (
            LossKind::Tls,
            format!("no TLS connection to {endpoint}: {error}"),
        ),
        ConnectionError::ConnectionRefused(
            code @ (Code::BadUserNamePassword
            | Code::NotAuthorized
            | Code::BadAuthenticationMethod
            | Code::Banned),
        ) => (
            LossKind::Credentials,
            format!(
                "{endpoint} does not let us in ({}): check user name, password and client certificate",
                words(code)
            ),
        ),
        ConnectionError::ConnectionRefused(code) => (
            LossKind::Broker,
            format!("{endpoint} refuses the connection: {}", words(code)),
        ),
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code,
            reason_string,
        }) => {
            let detail = reason_string.as_deref().map(|text| format!(" ({text})"));
            let hint = match reason_code {
                DisconnectReasonCode::SessionTakenOver => {
                    ": another client uses the same client id"
                }
                _ => "",
            };
            let code = words(reason_code);
            let detail = detail.unwrap_or_default();
            (
                LossKind::Broker,
                format!("{endpoint} ended the connection: {code}{detail}{hint}"),
            )
        }
        ConnectionError::MqttState(StateError::Io(error)) => (
            LossKind::Network,
            format!("the connection to {endpoint} broke: {error}"),
        ),
        ConnectionError::MqttState(StateError::Deserialization(rumqttc::Error::Io(error))) => (
            LossKind::Network,
            format!("the connection to {endpoint} broke: {error}"),
        ),
        ConnectionError::MqttState(StateError::ConnectionAborted) => (
            LossKind::Network,
            format!("{endpoint} closed the connection without a reason"),
        ),
        ConnectionError::MqttState(StateError::AwaitPingResp) => (
            LossKind::Network,
            format!("the connection to {endpoint} broke: no sign of life"),
        ),
        error => (
            LossKind::Protocol,
            format!("{endpoint} does not keep to MQTT 5: {error}"),
        ),
    };
    Loss { kind, reason }
}

/// The library's reasons have names only as enum variants: `NotAuthorized`
/// becomes "not authorized".
pub(super) fn words(reason: &impl fmt::Debug) -> String {
    let name = format!("{reason:?}");
    let mut text = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_words() {
        assert_eq!(words(&ConnectReturnCode::NotAuthorized), "not authorized");
    }

    #[test]
    fn losses_are_told_apart_and_say_where() -> Result<(), Box<dyn std::error::Error>> {
        let endpoint = Endpoint::parse("mqtt://user:secret@broker.example")?;
        let taken_over = ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            reason_string: Some("bye".to_owned()),
        });
        let cases = [
            (
                taken_over,
                LossKind::Broker,
                "session taken over (bye): another client uses",
            ),
            (
                ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized),
                LossKind::Credentials,
                "does not let us in (not authorized): check",
            ),
            (
                ConnectionError::ConnectionRefused(ConnectReturnCode::ServerBusy),
                LossKind::Broker,
                "refuses the connection: server busy",
            ),
            (
                ConnectionError::Io(std::io::ErrorKind::ConnectionRefused.into()),
                LossKind::Network,
                "connection refused",
            ),
            (
                ConnectionError::MqttState(StateError::AwaitPingResp),
                LossKind::Network,
                "no sign of life",
            ),
            (
                ConnectionError::MqttState(StateError::Unsolicited(7)),
                LossKind::Protocol,
                "does not keep to MQTT 5",
            ),
        ];
        for (error, expected, part) in cases {
            let Loss { kind, reason } = loss(&endpoint, &error);
            assert_eq!(kind, expected, "{reason}");
            assert!(reason.contains(part), "{reason}");
            assert!(reason.contains("mqtt://broker.example:1883"), "{reason}");
            assert!(!reason.contains("secret"), "{reason}");
        }
        Ok(())
    }
}
