//! A certificate authority that nobody trusts until a test says so, and server certificates of
//! it, good and expired.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::ring::{self, ALL_KX_GROUPS, kx_group::SECP256R1};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, ServerConfig, SupportedProtocolVersion};

use super::ids::random_key_id;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

static TLS12_ALONE: &[&SupportedProtocolVersion] = &[&TLS12];

/// A root of its own.
pub struct CertificateAuthority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and its private key.
pub struct ServerIdentity {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key: KeyPair,
    versions: &'static [&'static SupportedProtocolVersion],
    groups: Vec<&'static dyn SupportedKxGroup>,
}

impl CertificateAuthority {
    /// A new root, valid from yesterday for a year.
    pub fn generate() -> Self {
        let mut params = params(Vec::new(), &format!("Simulator root {}", random_key_id()));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key is generated");
        let certificate = params.self_signed(&key).expect("the root is signed");
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// The root certificate, for `SSL_CERT_FILE` and the like.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// An identity for `host`, a DNS name or an IP address, valid from yesterday for a year.
    pub fn issue(&self, host: &str) -> ServerIdentity {
        self.sign(params(vec![host.to_owned()], host))
    }

    /// An identity for `host` that expired a day ago.
    pub fn issue_expired(&self, host: &str) -> ServerIdentity {
        let mut params = params(vec![host.to_owned()], host);
        params.not_before = (SystemTime::now() - 30 * DAY).into();
        params.not_after = (SystemTime::now() - DAY).into();
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> ServerIdentity {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key is generated");
        let certificate = params.signed_by(&key, &self.issuer).expect("the root signs");
        ServerIdentity {
            certificate: certificate.der().clone(),
            certificate_pem: certificate.pem(),
            key,
            versions: ALL_VERSIONS,
            groups: ALL_KX_GROUPS.to_vec(),
        }
    }
}

impl ServerIdentity {
    /// A server that agrees on keys over P-256 alone.
    #[must_use]
    pub fn with_p256_alone(mut self) -> Self {
        self.groups = vec![SECP256R1];
        self
    }

    /// A server that speaks TLS 1.2 alone.
    #[must_use]
    pub fn with_tls12_alone(mut self) -> Self {
        self.versions = TLS12_ALONE;
        self
    }

    /// The certificate, for another server than the simulator.
    pub fn certificate_pem(&self) -> String {
        self.certificate_pem.clone()
    }

    /// Its private key, PKCS#8.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let provider = CryptoProvider {
            kx_groups: self.groups.clone(),
            ..ring::default_provider()
        };
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(self.versions)
            .expect("ring does TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key.into())
            .expect("the key fits the certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn params(names: Vec<String>, common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(names).expect("a DNS name or an IP address");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 365 * DAY).into();
    params
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CertificateAuthority").finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ServerIdentity").finish_non_exhaustive()
    }
}
