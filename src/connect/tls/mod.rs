//! TLS: rustls with the platform's roots, and bundled ones where there are none. The cryptography is ring's, but for
//! P-256 (see [`p256`]).

mod p256;

use std::sync::Arc;

use rustls::{
    ClientConfig, Error, RootCertStore, SignatureScheme,
    crypto::{
        CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
        ring::{DEFAULT_CIPHER_SUITES, kx_group},
    },
    pki_types::PrivateKeyDer,
    sign::SigningKey,
};
use rustls_platform_verifier::Verifier;
use webpki::ring as by_ring;

use super::ConnectError;

/// A minimal container has no roots: then the bundled ones of Mozilla serve. But roots that somebody named and
/// that can't be loaded are an error, because falling back would trust others than were asked for.
pub(super) fn config() -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(provider());
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

/// For a conversation in plain http: no certificate is loaded, and none would be trusted.
pub(super) fn unused() -> Result<ClientConfig, ConnectError> {
    Ok(builder(Arc::new(provider()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
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

/// What ring's own provider offers, in its order.
fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: DEFAULT_CIPHER_SUITES.to_vec(),
        kx_groups: vec![kx_group::X25519, p256::KEY_EXCHANGE, kx_group::SECP384R1],
        signature_verification_algorithms: SIGNATURES,
        secure_random: &System,
        key_provider: &System,
    }
}

static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        p256::ECDSA_SHA256,
        p256::ECDSA_SHA384,
        by_ring::ECDSA_P384_SHA256,
        by_ring::ECDSA_P384_SHA384,
        by_ring::ED25519,
        by_ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        by_ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        by_ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        by_ring::RSA_PKCS1_2048_8192_SHA256,
        by_ring::RSA_PKCS1_2048_8192_SHA384,
        by_ring::RSA_PKCS1_2048_8192_SHA512,
        by_ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        by_ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        by_ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    // In TLS 1.2 a scheme names the hash and not the curve; in 1.3 only the first of each line counts.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[by_ring::ECDSA_P384_SHA384, p256::ECDSA_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[p256::ECDSA_SHA256, by_ring::ECDSA_P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[by_ring::ED25519]),
        (
            SignatureScheme::RSA_PSS_SHA512,
            &[by_ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA384,
            &[by_ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA256,
            &[by_ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            &[by_ring::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            &[by_ring::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            &[by_ring::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

/// The system's random numbers; and no keys, because no client certificate is ever shown.
#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(buffer).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for System {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("client certificates are not supported".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring;

    use super::*;

    #[test]
    fn nothing_is_missing_that_ring_offers() {
        let (ours, rings) = (provider(), ring::default_provider());
        let groups =
            |provider: &CryptoProvider| -> Vec<_> { provider.kx_groups.iter().map(|group| group.name()).collect() };
        assert_eq!(groups(&ours), groups(&rings));
        assert_eq!(ours.cipher_suites, rings.cipher_suites);
        let schemes = |provider: &CryptoProvider| -> Vec<_> {
            let mapping = provider.signature_verification_algorithms.mapping.iter();
            mapping
                .map(|(scheme, algorithms)| {
                    let of_scheme = algorithms
                        .iter()
                        .map(|one| (one.public_key_alg_id(), one.signature_alg_id()));
                    (*scheme, of_scheme.collect::<Vec<_>>())
                })
                .collect()
        };
        assert_eq!(schemes(&ours), schemes(&rings));
        let all = |provider: &CryptoProvider| -> Vec<_> {
            let algorithms = provider.signature_verification_algorithms.all.iter();
            algorithms
                .map(|one| (one.public_key_alg_id(), one.signature_alg_id()))
                .collect()
        };
        assert_eq!(all(&ours), all(&rings));
    }
}
