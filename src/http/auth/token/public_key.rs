//! Public keys that an app registers: what kind each is, which fixes the one algorithm that it verifies, and whether it
//! is good enough to be trusted with it.

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

const BEGIN: &str = "-----BEGIN ";
const LABEL: &str = "-----BEGIN PUBLIC KEY-----";

/// A P-256, Ed25519 or RSA key in PEM, with what it verifies (RFC 8032 and 7518).
pub(super) fn read(pem: &str) -> Option<(Algorithm, DecodingKey)> {
    let algorithm = check(pem).ok()?;
    let decode = if algorithm == Algorithm::ES256 {
        DecodingKey::from_ec_pem
    } else if algorithm == Algorithm::EdDSA {
        DecodingKey::from_ed_pem
    } else {
        DecodingKey::from_rsa_pem
    };
    let key = decode(pem.as_bytes());
    key.ok().map(|key| (algorithm, key))
}

/// What a key in PEM verifies, or why it may not be registered.
pub fn check(pem: &str) -> Result<Algorithm, &'static str> {
    let blocks = pem.matches(BEGIN).count();
    if blocks != 1 || !pem.contains(LABEL) {
        return Err(
            "must be one public key in PEM (BEGIN PUBLIC KEY): no private key, no certificate; \
                    `openssl pkey -pubout` makes it",
        );
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "must be a public key in PEM, and its text cannot be decoded")?;
    if ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &der).is_ok() {
        return Ok(Algorithm::ES256);
    }
    if ParsedPublicKey::new(&ED25519, &der).is_ok() {
        return Ok(Algorithm::EdDSA);
    }
    // 2048 to 8192 bits: a shorter key can be factored (RFC 7518 §3.3), a longer one takes long to verify with.
    if PublicEncryptingKey::from_der(&der).is_ok() {
        return Ok(Algorithm::RS256);
    }
    Err("must be a P-256, an Ed25519, or an RSA key of 2048 to 8192 bits")
}
