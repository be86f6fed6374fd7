//! Tokens as backends make them, and as attackers do.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::http::testing;
use crate::store::membership::covers;

const NOW: i64 = 1_790_000_000;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1000)
}

fn claims() -> Value {
    json!({ "aud": "fanfare:default", "exp": NOW + 3600, "channels": ["user:42", "team:*"] })
}

fn hs256(secret: &[u8], claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn own(app: &App, claims: &Value) -> String {
    hs256(&app.token_secret.0, claims)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn a_token_by_the_apps_secret_says_its_channels() {
    let app = testing::app("default");
    let token = verify(&app, &own(&app, &claims()), now()).unwrap();
    assert_eq!(token.channels, ["user:42", "team:*"]);
    let issued = sign(&app, &["news".into()], now() + Duration::from_secs(60)).unwrap();
    assert_eq!(verify(&app, &issued, now()).unwrap().channels, ["news"]);
}

#[test]
fn claims_that_do_not_hold_are_refused_each_for_its_reason() {
    let app = testing::app("default");
    let cases = [
        (with("exp", json!(NOW)), Some(TokenError::Expired)),
        (with("exp", json!(NOW + 1)), None),
        (with("exp", json!(NOW as f64 + 0.5)), None),
        (with("exp", json!(NOW + 86_400)), None),
        (with("exp", json!(NOW + 90_000)), Some(TokenError::TooLong)),
        (with("exp", json!(1e300)), Some(TokenError::TooLong)),
        (with("exp", json!("tomorrow")), Some(TokenError::Claims)),
        (with("exp", json!(null)), Some(TokenError::Claims)),
        (with("nbf", json!(NOW + 3000)), Some(TokenError::NotYet)),
        (with("nbf", json!(NOW + 30)), None),
        (with("channels", json!("user:42")), Some(TokenError::Claims)),
        (with("channels", json!(null)), Some(TokenError::Claims)),
        (with("aud", json!("fanfare:shop")), Some(TokenError::Audience)),
        (with("aud", json!("default")), Some(TokenError::Audience)),
        (with("aud", json!(["elsewhere", "fanfare:default"])), None),
        (with("aud", json!(["fanfare:shop", "fanfare:default"])), Some(TokenError::Audience)),
        (with("aud", json!(7)), Some(TokenError::Claims)),
    ];
    for (claims, error) in cases {
        assert_eq!(verify(&app, &own(&app, &claims), now()).err(), error, "{claims}");
    }
}

#[test]
fn nobody_else_can_make_a_token() {
    let app = testing::app("default");
    let good = own(&app, &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = encode(&with("channels", json!(["*"])));
    let none = encode(&json!({ "alg": "none", "typ": "JWT" }));
    let hs512 = encode(&json!({ "alg": "HS512" }));
    let cases = [
        (hs256(b"another secret that is long enough", &claims()), TokenError::Signature),
        (format!("{header}.{payload}.{signature}"), TokenError::Signature),
        (format!("{none}.{payload}."), TokenError::Algorithm),
        (format!("{none}.{payload}.{signature}"), TokenError::Algorithm),
        (format!("{hs512}.{payload}.{signature}"), TokenError::Algorithm),
        (format!("{message}."), TokenError::Signature),
        (message.to_owned(), TokenError::Malformed),
        (format!("{good}.x"), TokenError::Malformed),
        ("x".repeat(5000), TokenError::Malformed),
        ("...".to_owned(), TokenError::Malformed),
        ("é.é.é".to_owned(), TokenError::Malformed),
    ];
    for (text, error) in cases {
        assert_eq!(verify(&app, &text, now()), Err(error), "{text}");
    }
}

#[test]
fn an_app_without_a_secret_accepts_no_hs256() {
    let mut app = testing::app("default");
    app.token_secret.0.clear();
    assert_eq!(verify(&app, &hs256(b"", &claims()), now()), Err(TokenError::Algorithm));
    assert_eq!(sign(&app, &[], now()), None);
}

#[test]
fn a_registered_public_key_verifies_its_own_algorithm_alone() {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let ed = Ed25519KeyPair::generate().unwrap();
    let spki = ec.public_key().as_der().unwrap();
    let ec_pem = pem("PUBLIC KEY", spki.as_ref());
    // RFC 8410 §4: the fixed head of an Ed25519 SubjectPublicKeyInfo.
    let mut ed_spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    ed_spki.extend_from_slice(ed.public_key().as_ref());
    let ed_pem = pem("PUBLIC KEY", &ed_spki);

    let ec_key = EncodingKey::from_ec_der(ec.to_pkcs8v1().unwrap().as_ref());
    let ed_key = EncodingKey::from_ed_der(ed.to_pkcs8v1().unwrap().as_ref());
    let sign =
        |algorithm, key| jsonwebtoken::encode(&Header::new(algorithm), &claims(), key).unwrap();
    let (by_ec, by_ed) = (sign(Algorithm::ES256, &ec_key), sign(Algorithm::EdDSA, &ed_key));

    let mut app = testing::app("default");
    assert_eq!(verify(&app, &by_ec, now()), Err(TokenError::Algorithm));
    app.settings.token_keys = vec![ec_pem.clone(), "not a key".into()];
    assert!(verify(&app, &by_ec, now()).is_ok());
    assert_eq!(verify(&app, &by_ed, now()), Err(TokenError::Algorithm));
    app.settings.token_keys.push(ed_pem);
    assert!(verify(&app, &by_ed, now()).is_ok());

    // The classic: the public key, which is no secret, used as an HMAC's.
    for secret in [ec_pem.as_bytes(), ec.public_key().as_ref(), spki.as_ref()] {
        let forged = hs256(secret, &claims());
        assert_eq!(verify(&app, &forged, now()), Err(TokenError::Signature));
    }
}

#[test]
fn a_star_at_the_end_covers_what_begins_alike() {
    let patterns = ["user:42".to_owned(), "team:*".to_owned()];
    let cases = [
        ("user:42", true),
        ("user:421", false),
        ("team:7", true),
        ("team:", true),
        ("teams", false),
        ("news", false),
    ];
    for (channel, covered) in cases {
        assert_eq!(covers(&patterns, channel), covered, "{channel}");
    }
    assert!(covers(&["*".to_owned()], "anything"));
}
