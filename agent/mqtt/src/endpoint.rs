//! Where the broker is and what proves who we are.
//!
//! `mqtt://[user[:password]@]host[:1883]` is plain TCP, `mqtts://...[:8883]` is
//! TLS. User and password may hold any byte, percent-encoded (RFC 3986, section
//! 2.1). A password in a URL shows in process lists: a file is better.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The port of MQTT over TCP, as registered with IANA.
pub const DEFAULT_PORT: u16 = 1883;

/// The port of MQTT over TLS, as registered with IANA.
pub const DEFAULT_TLS_PORT: u16 = 8883;

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The text does not begin with `mqtt://` or `mqtts://`.
    #[error("the broker's address must begin with mqtt:// or mqtts://")]
    Scheme,
    /// There is no host.
    #[error("the broker's address names no host: write mqtt://HOST or mqtts://HOST:PORT")]
    Host,
    /// The host is neither a name nor an IP address; IPv6 addresses stand in brackets.
    #[error("{0:?} is not a host name or address: IPv6 addresses are written [::1]")]
    HostForm(String),
    /// The port is not a number from 1 to 65535.
    #[error("{0:?} is not a port: use a number from 1 to 65535")]
    Port(String),
    /// Something follows the host and port.
    #[error("{0:?} follows the broker's host and port: an address of a broker ends there")]
    Trailing(String),
    /// A `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
    #[error(
        "user or password in the broker's address has a bad percent-encoding: write '%' as %25, '@' as %40 and ':' as %3A"
    )]
    Encoding,
    /// A password without a user, which MQTT brokers refuse.
    #[error("there is a password for the broker but no user name: write mqtt://USER@HOST")]
    PasswordWithoutUser,
    /// Certificates were given for a connection without TLS.
    #[error("certificates need TLS: write mqtts:// in place of mqtt://")]
    CertificateWithoutTls,
    /// A file could not be read.
    #[error("cannot read {path}: {source}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The password file is empty or is not text.
    #[error("{path} holds no password: it must be one line of UTF-8 text", path = .0.display())]
    PasswordFile(PathBuf),
    /// The file has no PEM block of the kind that is needed.
    #[error("{path} holds no {what} in PEM form", path = .path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// "certificate" or "private key".
        what: &'static str,
    },
}

/// A broker, and how to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    credentials: Option<Credentials>,
    tls: Option<Tls>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Option<String>,
}

/// What TLS is to trust and to show.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// Authorities in PEM; without them those of the operating system.
    pub(crate) authorities: Option<Vec<u8>>,
    /// Our certificate chain and key, both in PEM.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// One variant per part: [`EndpointError::Scheme`], [`Host`](EndpointError::Host),
    /// [`HostForm`](EndpointError::HostForm), [`Port`](EndpointError::Port),
    /// [`Trailing`](EndpointError::Trailing), [`Encoding`](EndpointError::Encoding),
    /// [`PasswordWithoutUser`](EndpointError::PasswordWithoutUser).
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Scheme)?;
        let tls = match scheme {
            "mqtt" => None,
            "mqtts" => Some(Tls::default()),
            _ => return Err(EndpointError::Scheme),
        };
        let (user_info, rest) = match rest.rsplit_once('@') {
            Some((user_info, rest)) => (Some(user_info), rest),
            None => (None, rest),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(at) = rest.find(['/', '?', '#']) {
            return Err(EndpointError::Trailing(rest[at..].to_owned()));
        }
        let (host, port) = split_host(rest)?;
        let port = match port {
            Some(port) => parse_port(port)?,
            None if tls.is_some() => DEFAULT_TLS_PORT,
            None => DEFAULT_PORT,
        };
        let credentials = user_info.map(parse_credentials).transpose()?;
        Ok(Self {
            host,
            port,
            credentials,
            tls,
        })
    }

    /// The host: a name, an IPv4 address, or an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted and the broker must prove its name.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The same broker, entered as this user with this password.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some(Credentials {
            user: user.to_owned(),
            password: Some(password.to_owned()),
        });
        self
    }

    /// Takes the password from a file; one line end at its end is not part of it.
    ///
    /// # Errors
    /// [`EndpointError::PasswordWithoutUser`] when the address names no user,
    /// [`EndpointError::File`] and [`EndpointError::PasswordFile`].
    pub fn with_password_file(mut self, path: &Path) -> Result<Self, EndpointError> {
        let credentials = self
            .credentials
            .as_mut()
            .ok_or(EndpointError::PasswordWithoutUser)?;
        let password = String::from_utf8(read(path)?)
            .map_err(|_| EndpointError::PasswordFile(path.to_owned()))?;
        let line = password.strip_suffix('\n').unwrap_or(&password);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() || line.contains(['\n', '\r']) {
            return Err(EndpointError::PasswordFile(path.to_owned()));
        }
        credentials.password = Some(line.to_owned());
        Ok(self)
    }

    /// Trusts the authorities of this PEM file, and no others.
    ///
    /// # Errors
    /// [`EndpointError::CertificateWithoutTls`], [`EndpointError::File`] and [`EndpointError::Pem`].
    pub fn with_ca_file(mut self, path: &Path) -> Result<Self, EndpointError> {
        let tls = self
            .tls
            .as_mut()
            .ok_or(EndpointError::CertificateWithoutTls)?;
        tls.authorities = Some(read_pem(path, "certificate", "CERTIFICATE-----")?);
        Ok(self)
    }

    /// Shows this certificate chain to the broker, proved with this key (both PEM files).
    ///
    /// # Errors
    /// [`EndpointError::CertificateWithoutTls`], [`EndpointError::File`] and [`EndpointError::Pem`].
    pub fn with_client_certificate(
        mut self,
        certificate: &Path,
        key: &Path,
    ) -> Result<Self, EndpointError> {
        let tls = self
            .tls
            .as_mut()
            .ok_or(EndpointError::CertificateWithoutTls)?;
        let chain = read_pem(certificate, "certificate", "CERTIFICATE-----")?;
        tls.identity = Some((chain, read_pem(key, "private key", "PRIVATE KEY-----")?));
        Ok(self)
    }

    pub(crate) const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    pub(crate) const fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Host and port as a socket takes them: IPv6 addresses in brackets.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The address without user and password, fit for logs.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// Never shows a password or a key.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

fn split_host(text: &str) -> Result<(String, Option<&str>), EndpointError> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, rest) = bracketed
            .split_once(']')
            .ok_or_else(|| EndpointError::HostForm(text.to_owned()))?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(EndpointError::HostForm(text.to_owned())),
        };
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(EndpointError::HostForm(host.to_owned()));
        }
        (host, port)
    } else {
        match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            Some(_) => return Err(EndpointError::HostForm(text.to_owned())),
            None => (text, None),
        }
    };
    if host.is_empty() {
        return Err(EndpointError::Host);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if !host.bytes().all(plain) {
        return Err(EndpointError::HostForm(host.to_owned()));
    }
    Ok((host.to_owned(), port))
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(EndpointError::Port(text.to_owned())),
    }
}

fn parse_credentials(user_info: &str) -> Result<Credentials, EndpointError> {
    let (user, password) = match user_info.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user_info, None),
    };
    if user.is_empty() {
        return Err(EndpointError::PasswordWithoutUser);
    }
    Ok(Credentials {
        user: percent_decode(user)?,
        password: password.map(percent_decode).transpose()?,
    })
}

fn percent_decode(text: &str) -> Result<String, EndpointError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(EndpointError::Encoding)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(EndpointError::Encoding);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| EndpointError::Encoding)?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).map_err(|_| EndpointError::Encoding)
}

fn read(path: &Path) -> Result<Vec<u8>, EndpointError> {
    fs::read(path).map_err(|source| EndpointError::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads a file that must hold a PEM block whose first line ends in `label`.
/// Whether the block is sound shows when the session starts.
fn read_pem(path: &Path, what: &'static str, label: &str) -> Result<Vec<u8>, EndpointError> {
    let bytes = read(path)?;
    let found = String::from_utf8_lossy(&bytes)
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(label));
    if found {
        Ok(bytes)
    } else {
        Err(EndpointError::Pem {
            path: path.to_owned(),
            what,
        })
    }
}

#[cfg(test)]
mod tests;
