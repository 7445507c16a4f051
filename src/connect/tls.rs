//! TLS: rustls on ring, with the platform's roots, and bundled ones where there are none.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};
use rustls_platform_verifier::Verifier;

use super::ConnectError;

/// A minimal container has no roots: then the bundled ones of Mozilla serve. But roots that somebody named and
/// that can't be loaded are an error, because falling back would trust others than were asked for.
pub(super) fn config() -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match Verifier::new(Arc::clone(&provider)) {
        Ok(verifier) => Ok(builder(provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        Err(_) => match named_roots() {
            Some(variable) => Err(ConnectError::Roots { variable }),
            None => Ok(builder(provider)?
                .with_root_certificates(bundled())
                .with_no_client_auth()),
        },
    }
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder(provider: Arc<CryptoProvider>) -> Result<Builder, ConnectError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Runtime(error.to_string()))
}

fn named_roots() -> Option<&'static str> {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn bundled() -> RootCertStore {
    RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    }
}
