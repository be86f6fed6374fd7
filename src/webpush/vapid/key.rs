//! A VAPID key pair (RFC 8292 §3.2): P-256, as browsers, the store and other senders of Web Push write it.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use jsonwebtoken::EncodingKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use crate::webpush::encoding::{self, BASE64URL};

/// A key pair, made ready for signing. Its private half is never shown.
#[derive(Clone)]
pub struct VapidKey {
    public: [u8; 65],
    public_base64url: Box<str>,
    scalar: [u8; 32],
    signing: EncodingKey,
}

/// Why something is no VAPID key. Never holds the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VapidKeyError {
    /// Neither JSON nor PEM.
    #[error(
        "key is neither web-push's JSON {{\"publicKey\", \"privateKey\"}} nor a PEM private key"
    )]
    Format,
    /// One half of the JSON is not base64url of the right length.
    #[error("{0} is not base64url of {1} bytes")]
    Field(&'static str, usize),
    /// Another curve, or no key at all.
    #[error("key is not a P-256 private key")]
    NotP256,
    /// Two halves of different pairs.
    #[error("public key does not belong to the private key")]
    Mismatch,
    /// aws-lc-rs could not make a key.
    #[error("key could not be generated")]
    Generate,
}

/// What `web-push generate-vapid-keys --json` prints.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebPushJson {
    public_key: String,
    private_key: String,
}

impl VapidKey {
    /// A new key pair.
    pub fn generate() -> Result<Self, VapidKeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| VapidKeyError::Generate)?;
        Self::from_pair(&pair)
    }

    /// A key pair that was stored: the point that [`VapidKey::public`] gave and the scalar.
    pub fn from_store(public: &[u8], scalar: &[u8]) -> Result<Self, VapidKeyError> {
        let own = PrivateKey::from_private_key(&ECDH_P256, scalar)
            .and_then(|private| private.compute_public_key().map_err(Into::into))
            .map_err(|_| VapidKeyError::NotP256)?;
        if own.as_ref() != public {
            return Err(VapidKeyError::Mismatch);
        }
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar,
            public,
        );
        Self::from_pair(&pair.map_err(|_| VapidKeyError::NotP256)?)
    }

    /// Reads another sender's key: npm web-push's JSON, or PEM (SEC 1 or PKCS#8) as OpenSSL and pywebpush
    /// write it.
    pub fn import(text: &str) -> Result<Self, VapidKeyError> {
        if text.trim_start().starts_with('{') {
            let json: WebPushJson =
                serde_json::from_str(text).map_err(|_| VapidKeyError::Format)?;
            let public = field("publicKey", &json.public_key, 65)?;
            return Self::from_store(&public, &field("privateKey", &json.private_key, 32)?);
        }
        let der =
            PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| VapidKeyError::Format)?;
        let pair =
            EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_der());
        Self::from_pair(&pair.map_err(|_| VapidKeyError::NotP256)?)
    }

    /// The pair as npm web-push's JSON. A secret.
    pub fn export_json(&self) -> String {
        let json = WebPushJson {
            public_key: self.public_base64url.to_string(),
            private_key: BASE64URL.encode(self.scalar),
        };
        serde_json::to_string(&json).expect("two strings are serializable")
    }

    /// The public point, uncompressed.
    pub fn public(&self) -> &[u8; 65] {
        &self.public
    }

    /// The public point as browsers take it in `applicationServerKey`.
    pub fn public_base64url(&self) -> &str {
        &self.public_base64url
    }

    /// The private scalar, for the store. A secret.
    pub fn scalar(&self) -> &[u8; 32] {
        &self.scalar
    }

    /// The key as `jsonwebtoken` signs with it.
    pub(super) fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    fn from_pair(pair: &EcdsaKeyPair) -> Result<Self, VapidKeyError> {
        let bytes: EcPrivateKeyBin<'_> =
            pair.private_key().as_be_bytes().map_err(|_| VapidKeyError::NotP256)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| VapidKeyError::NotP256)?;
        let public: [u8; 65] =
            pair.public_key().as_ref().try_into().map_err(|_| VapidKeyError::NotP256)?;
        Ok(Self {
            public,
            public_base64url: BASE64URL.encode(public).into(),
            scalar: bytes.as_ref().try_into().map_err(|_| VapidKeyError::NotP256)?,
            signing: EncodingKey::from_ec_der(pkcs8.as_ref()),
        })
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").field("public", &self.public_base64url).finish_non_exhaustive()
    }
}

fn field(name: &'static str, text: &str, len: usize) -> Result<Vec<u8>, VapidKeyError> {
    encoding::decode(text).filter(|bytes| bytes.len() == len).ok_or(VapidKeyError::Field(name, len))
}
