//! A VAPID key pair (RFC 8292 §3.2): P-256, as browsers, the store and other senders of Web Push write it.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::EncodingKey;
use serde::Serialize;

use crate::webpush::encoding::BASE64URL;

/// RFC 7468 §2: lines of 64 characters.
const PEM_LINE: usize = 64;

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
    /// None of the forms.
    #[error(
        "key is neither web-push's JSON {{\"publicKey\", \"privateKey\"}} nor a PEM private key nor one in base64url"
    )]
    Format,
    /// A PEM with a passphrase.
    #[error(
        "key is encrypted: write it without its passphrase first, with `openssl pkcs8 -topk8 -nocrypt -in key.pem`"
    )]
    Encrypted,
    /// The half that signs nothing.
    #[error("key is a public key, and the private one is needed to sign with")]
    OnlyPublic,
    /// One half of the JSON is not base64url of the right length.
    #[error("{0} is not base64url of {1} bytes")]
    Field(&'static str, usize),
    /// Another curve, or no key at all.
    #[error("key is not a P-256 private key (prime256v1), the only curve that VAPID has")]
    NotP256,
    /// Two halves of different pairs.
    #[error("public key does not belong to the private key")]
    Mismatch,
    /// aws-lc-rs could not make a key.
    #[error("key could not be generated")]
    Generate,
}

/// What `web-push generate-vapid-keys --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebPushJson<'a> {
    public_key: &'a str,
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
        if *point_of(scalar)? != *public {
            return Err(VapidKeyError::Mismatch);
        }
        Self::from_pair(&pair_of(public, scalar)?)
    }

    /// The pair of a private scalar.
    pub(super) fn from_scalar(scalar: &[u8]) -> Result<Self, VapidKeyError> {
        Self::from_pair(&pair_of(&point_of(scalar)?, scalar)?)
    }

    /// A private key in DER, SEC 1 or PKCS#8.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, VapidKeyError> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        Self::from_pair(&pair.map_err(|_| VapidKeyError::NotP256)?)
    }

    /// The pair as npm web-push's JSON. A secret.
    pub fn export_json(&self) -> String {
        let json = WebPushJson {
            public_key: &self.public_base64url,
            private_key: BASE64URL.encode(self.scalar),
        };
        serde_json::to_string(&json).expect("two strings are serializable")
    }

    /// The pair as a PEM of PKCS#8, which OpenSSL and py-vapid read. A secret.
    pub fn export_pem(&self) -> Result<String, VapidKeyError> {
        let pair = pair_of(&self.public, &self.scalar)?;
        let der = pair.to_pkcs8v1().map_err(|_| VapidKeyError::NotP256)?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for line in text.as_bytes().chunks(PEM_LINE) {
            pem.extend(line.iter().map(|byte| char::from(*byte)));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(pem)
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

/// The public point of a private scalar.
fn point_of(scalar: &[u8]) -> Result<Vec<u8>, VapidKeyError> {
    let point = PrivateKey::from_private_key(&ECDH_P256, scalar)
        .and_then(|private| private.compute_public_key().map_err(Into::into));
    point.map(|point| point.as_ref().to_vec()).map_err(|_| VapidKeyError::NotP256)
}

fn pair_of(public: &[u8], scalar: &[u8]) -> Result<EcdsaKeyPair, VapidKeyError> {
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar, public)
        .map_err(|_| VapidKeyError::NotP256)
}
