//! What goes wrong before there is an answer, told apart by type and never by text.

use std::{error::Error, io, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::CertificateError;
use thiserror::Error;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    #[error("the name could not be looked up")]
    Dns,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("the server's certificate is from an unknown authority")]
    UnknownAuthority,
    #[error("the server's certificate has expired")]
    CertificateExpired,
    #[error("the server's certificate is for another name")]
    CertificateName,
    #[error("the TLS handshake failed")]
    Tls,
    #[error("it took too long")]
    TimedOut,
    #[error("the connection was closed in the middle")]
    Closed,
    #[error("the proxy refused or failed")]
    Proxy,
    #[error("the connection failed")]
    Other,
}

impl Failure {
    /// Whether another attempt may do better: a certificate does not change by trying again.
    pub(super) fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::UnknownAuthority | Self::CertificateExpired | Self::CertificateName
        )
    }

    /// Whether it came before any of the request was sent, so that the request did nothing.
    pub(super) fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::ConnectionRefused
                | Self::UnknownAuthority
                | Self::CertificateExpired
                | Self::CertificateName
                | Self::Proxy
        )
    }

    /// What to do; `variable` names the root of the side that was asked.
    pub(super) fn advice(&self, variable: &str) -> String {
        match self {
            Self::Dns => format!(
                "Check the network and the name's spelling in {variable}, if it is set. Behind a proxy, set HTTPS_PROXY."
            ),
            Self::ConnectionRefused => {
                format!("Check the network, {variable} and HTTPS_PROXY, if they are set. Nothing was wrong with the key.")
            }
            Self::UnknownAuthority => {
                "A proxy that opens TLS needs its own authority installed on this machine, or named in SSL_CERT_FILE. \
                 If there should be no such proxy, somebody is in between: do not go on."
                    .to_owned()
            }
            Self::CertificateExpired => {
                "Check this machine's clock. If it is right, the server or a proxy in between uses an expired certificate."
                    .to_owned()
            }
            Self::CertificateName => {
                format!("Something else answers under this name: check {variable}, DNS and proxies.")
            }
            Self::Tls => format!("Check {variable} and proxies in between."),
            Self::TimedOut => {
                "Try again, or give more time with --timeout. Behind a proxy, set HTTPS_PROXY.".to_owned()
            }
            Self::Closed | Self::Other => {
                "Try again. If it persists, check the network and proxies in between.".to_owned()
            }
            Self::Proxy => "Check HTTPS_PROXY: its address, and whether it lets this machine through.".to_owned(),
        }
    }

    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = Self::Other;
        while let Some(error) = cause {
            if error.is::<DnsFailure>() {
                return Self::Dns;
            }
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls);
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                found = Self::of_io(io.kind()).unwrap_or(found);
            }
            cause = inner(error);
        }
        match found {
            Self::Other if error.is_connect() && chain_mentions(error, "tunnel") => Self::Proxy,
            Self::Other if error.is_request() || error.is_body() || error.is_decode() => Self::Closed,
            found => found,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(reason) => match reason {
                CertificateError::UnknownIssuer => Self::UnknownAuthority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::CertificateExpired,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Self::CertificateName
                }
                _ => Self::Tls,
            },
            _ => Self::Tls,
        }
    }

    fn of_io(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::ConnectionRefused => Some(Self::ConnectionRefused),
            io::ErrorKind::TimedOut => Some(Self::TimedOut),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Self::Closed),
            _ => None,
        }
    }
}

/// The next error of the chain. An I/O error's own `source` leaves out the error that it holds, and hyper-rustls wraps
/// one I/O error in another.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// reqwest keeps its tunnel's errors private, so their text is all there is to tell a proxy's refusal by.
fn chain_mentions(error: &(dyn Error + 'static), word: &str) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains(word) {
            return true;
        }
        cause = inner(error);
    }
    false
}

/// The system's resolver, with an error that can be recognised.
#[derive(Debug)]
pub(super) struct SystemResolver;

#[derive(Debug, Error)]
#[error("the name could not be looked up")]
struct DnsFailure;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|_| DnsFailure)?
                // Plain http is spoken to this name, whatever a resolver takes it for.
                .filter(|address| name.as_str() != "localhost" || address.ip().is_loopback())
                .collect();
            if found.is_empty() {
                return Err(DnsFailure.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
