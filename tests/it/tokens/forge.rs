//! A forger's workshop: tokens of any header, any text of claims and any signature, and a door to try them at.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fanfare::store::Store;
use serde_json::{Value, json};

use crate::harness::api::{Api, KEY, TOKEN_SECRET};
use crate::harness::browser::Browser;
use crate::harness::call::Answer;

/// What the forger is after.
pub(super) const CHANNEL: &str = "user:42";
pub(super) const PATH: &str = "/v1/channels/user:42/subscriptions";

/// A token by name, and the status that it ends in.
pub(super) type Row<'a> = (&'a str, String, u16);

/// Key pairs of a backend; the app has their public halves.
pub(super) struct Keys {
    pub(super) ec: EcdsaKeyPair,
    pub(super) ed: Ed25519KeyPair,
    pub(super) rsa: RsaKeyPair,
}

impl Keys {
    pub(super) fn generate() -> Self {
        Self {
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// The public halves as an app registers them.
    pub(super) fn pems(&self) -> [String; 3] {
        self.ders().map(|der| pem("PUBLIC KEY", &der))
    }

    /// The same as SubjectPublicKeyInfo.
    pub(super) fn ders(&self) -> [Vec<u8>; 3] {
        [
            self.ec.public_key().as_der().unwrap().as_ref().to_vec(),
            self.ed.public_key().as_der().unwrap().as_ref().to_vec(),
            self.rsa.public_key().as_der().unwrap().as_ref().to_vec(),
        ]
    }

    pub(super) fn es256(&self, header: &Value, claims: &str) -> String {
        signed(header, claims, |text| {
            self.ec.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec()
        })
    }

    pub(super) fn eddsa(&self, header: &Value, claims: &str) -> String {
        signed(header, claims, |text| self.ed.sign(text).as_ref().to_vec())
    }

    pub(super) fn rs256(&self, header: &Value, claims: &str) -> String {
        signed(header, claims, |text| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            let rng = SystemRandom::new();
            self.rsa.sign(&RSA_PKCS1_SHA256, &rng, text, &mut signature).unwrap();
            signature
        })
    }
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn alg(name: &str) -> Value {
    json!({ "alg": name, "typ": "JWT" })
}

/// Claims that are good.
pub(super) fn claims(api: &Api) -> Value {
    json!({ "aud": "fanfare:default", "exp": api.state.now().as_secs() + 600, "channels": [CHANNEL] })
}

pub(super) fn signed(
    header: &Value,
    claims: impl AsRef<[u8]>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

pub(super) fn hs256_with(secret: &[u8], header: &Value, claims: impl AsRef<[u8]>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    signed(header, claims, |text| hmac::sign(&key, text).as_ref().to_vec())
}

/// By the app's own secret, whatever the claims.
pub(super) fn hs256(claims: impl AsRef<[u8]>) -> String {
    hs256_with(TOKEN_SECRET, &alg("HS256"), claims)
}

/// Tries a token at the door with a browser that would be let in.
pub(super) async fn try_at(api: &Api, path: &str, token: &str) -> Answer {
    let body = Browser::new().subscription_json("https://push.example.org/one");
    api.post(path).bearer(token).json(&body).send().await
}

/// Tries every row; each ends as it says, in a problem document, and nothing is left behind.
pub(super) async fn assert_refused(api: &Api, rows: &[Row<'_>]) {
    for (name, token, status) in rows {
        let answer = try_at(api, PATH, token).await;
        let problem = answer.json();
        assert_eq!(answer.status, *status, "{name}: {problem}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{name}");
        assert_eq!(answer.header("www-authenticate").is_some(), *status == 401, "{name}");
    }
    assert_nothing_stored(api).await;
}

pub(super) async fn assert_nothing_stored(api: &Api) {
    assert_eq!(api.store.totals().await.unwrap().subscriptions, 0);
    let channels = api.get("/v1/channels").bearer(KEY).send().await.json();
    assert_eq!(channels["items"], json!([]));
}
