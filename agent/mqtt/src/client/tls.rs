//! Endpoint to transport: what a TLS connection trusts and shows.

use std::sync::Arc;

use rumqttc::tokio_rustls::rustls::crypto::ring;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use rumqttc::tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rumqttc::tokio_rustls::rustls::{ClientConfig, RootCertStore};
use rumqttc::{TlsConfiguration, Transport};

use crate::endpoint::{Endpoint, Tls};
use crate::session::StartError;

/// The transport for an endpoint. Certificates and keys are read here, once, so
/// that a wrong file is found before the first connection.
pub(super) fn transport(endpoint: &Endpoint) -> Result<Transport, StartError> {
    let Some(tls) = endpoint.tls() else {
        return Ok(Transport::tcp());
    };
    let config = match tls {
        Tls {
            authorities: None,
            identity: None,
        } => TlsConfiguration::try_default_rustls()
            .map_err(|error| StartError::Authorities(error.to_string()))?,
        _ => TlsConfiguration::Rustls(Arc::new(config(tls)?)),
    };
    Ok(Transport::tls_with_config(config))
}

fn config(tls: &Tls) -> Result<ClientConfig, StartError> {
    let authorities = |error: &dyn std::fmt::Display| StartError::Authorities(error.to_string());
    let identity = |error: &dyn std::fmt::Display| StartError::Identity(error.to_string());

    let mut roots = RootCertStore::empty();
    match &tls.authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| authorities(&error))?;
                roots
                    .add(certificate)
                    .map_err(|error| authorities(&error))?;
            }
        }
        None => return Err(authorities(&"a client certificate needs a CA file too")),
    }
    if roots.is_empty() {
        return Err(authorities(&"the file holds no certificate"));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::Library(error.to_string()))?
        .with_root_certificates(roots);
    let Some((chain, key)) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| identity(&error))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| identity(&error))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| identity(&error))
}
