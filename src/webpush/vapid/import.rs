//! Another sender's VAPID key, in whichever form its program keeps it.

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

use super::key::{VapidKey, VapidKeyError};
use crate::webpush::encoding;

/// What `web-push generate-vapid-keys --json` prints; a `subject` beside them is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebPushJson {
    public_key: String,
    private_key: String,
}

/// DER begins with a SEQUENCE; the scalar of a raw key is told apart by its length.
const SEQUENCE: u8 = 0x30;

impl VapidKey {
    /// Reads another sender's key: npm web-push's JSON or text; PEM (SEC 1 or PKCS#8) as OpenSSL and py-vapid write
    /// it; or one line of base64url, the private key alone as pywebpush takes it (raw or DER).
    pub fn import(text: &str) -> Result<Self, VapidKeyError> {
        let text = text.trim();
        if text.starts_with('{') {
            let json: WebPushJson =
                serde_json::from_str(text).map_err(|_| VapidKeyError::Format)?;
            return of_halves(&json.public_key, &json.private_key);
        }
        if let Some((public, private)) = labelled(text) {
            return of_halves(public, private);
        }
        if text.contains("-----BEGIN") {
            return of_pem(text);
        }
        match encoding::decode(text) {
            Some(scalar) if scalar.len() == 32 => Self::from_scalar(&scalar),
            Some(der) if der.first() == Some(&SEQUENCE) => Self::from_der(&der),
            Some(_) | None => Err(VapidKeyError::Format),
        }
    }
}

fn of_halves(public: &str, private: &str) -> Result<VapidKey, VapidKeyError> {
    let public = field("publicKey", public, 65)?;
    VapidKey::from_store(&public, &field("privateKey", private, 32)?)
}

fn field(name: &'static str, text: &str, len: usize) -> Result<Vec<u8>, VapidKeyError> {
    encoding::decode(text.trim())
        .filter(|bytes| bytes.len() == len)
        .ok_or(VapidKeyError::Field(name, len))
}

/// What `web-push generate-vapid-keys` prints without `--json`: each half on the line below its label.
fn labelled(text: &str) -> Option<(&str, &str)> {
    let below = |label: &str| text.split_once(label)?.1.split_whitespace().next();
    Some((below("Public Key:")?, below("Private Key:")?))
}

fn of_pem(text: &str) -> Result<VapidKey, VapidKeyError> {
    let is_encrypted =
        text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
    if is_encrypted {
        return Err(VapidKeyError::Encrypted);
    }
    if !text.contains("PRIVATE KEY-----") && text.contains("PUBLIC KEY-----") {
        return Err(VapidKeyError::OnlyPublic);
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| VapidKeyError::Format)?;
    VapidKey::from_der(der.secret_der())
}
