//! A certificate authority of our own, as a PEM file for `egress.ca_file`. All services of a process share it, as a
//! daemon under test has one such file.

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;

static SHARED: Mutex<Weak<Ca>> = Mutex::new(Weak::new());

pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Ca {
    /// The process's own, for as long as anyone holds it.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let ca = Arc::new(Self::generate());
            *shared = Arc::downgrade(&ca);
            ca
        })
    }

    fn generate() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Fanfare test CA");
        let key = KeyPair::generate().unwrap();
        let file = NamedTempFile::with_suffix(".pem").unwrap();
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    pub(crate) fn file(&self) -> &Path {
        self.file.path()
    }

    /// A server's configuration for `hosts`, which offers `alpn`.
    pub(crate) fn server_config(&self, hosts: &[String], alpn: &[&[u8]]) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(hosts.to_vec()).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}
