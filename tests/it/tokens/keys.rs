//! Which public keys an app may register: good ones, of the kinds that tokens are signed with, and nothing private.

use http::Method;
use serde_json::json;

use super::forge::{Keys, pem};
use crate::harness::api::{Api, KEY};

/// Public halves of keys that are too weak, or of a kind that verifies nothing here.
const WEAK: [(&str, &str); 3] = [
    ("RSA of 512 bits", include_str!("rsa-512.pem")),
    ("RSA of 1024 bits", include_str!("rsa-1024.pem")),
    ("P-384", include_str!("p384.pem")),
];

#[actix_web::test]
async fn a_weak_key_a_private_key_and_a_certificate_are_refused_by_name() {
    let api = Api::start().await;
    let keys = Keys::generate();
    let [ec, ed, rsa] = keys.pems();
    let private = pem("PRIVATE KEY", keys.ec.to_pkcs8v1().unwrap().as_ref());
    let certificate = rcgen::generate_simple_self_signed(["push.example.org".to_owned()]).unwrap();
    let rows = [
        ("a private key", private.clone()),
        ("a private key before a public one", format!("{private}{ec}")),
        ("a private key behind a public one", format!("{ec}{private}")),
        ("two public keys", format!("{ec}{rsa}")),
        ("a certificate", certificate.cert.pem()),
        ("PKCS#1", rsa.replace("PUBLIC KEY", "RSA PUBLIC KEY")),
        ("a private RSA key by its old name", rsa.replace("PUBLIC KEY", "RSA PRIVATE KEY")),
        ("cut off", ec[..ec.len() / 2].to_owned()),
        ("no point of the curve", pem("PUBLIC KEY", &off_curve(&keys))),
        ("nothing", String::new()),
        ("a text", "a secret".to_owned()),
        ("the key without its PEM", keys.pems()[1].lines().nth(1).unwrap().to_owned()),
    ];
    let weak = WEAK.map(|(name, pem)| (name, pem.to_owned()));
    for (name, key) in rows.into_iter().chain(weak) {
        let body = json!({ "token_keys": [ed, key] });
        let answer =
            api.call(Method::PATCH, "/v1/apps/default").bearer(KEY).json(&body).send().await;
        assert_eq!(answer.status, 422, "{name}: {:?}", answer.body);
        assert_eq!(answer.json()["errors"][0]["pointer"], "#/token_keys/1", "{name}");
    }
    let body = json!({ "token_keys": [ec, ed, rsa] });
    let answer = api.call(Method::PATCH, "/v1/apps/default").bearer(KEY).json(&body).send().await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    api.stop().await;
}

#[actix_web::test]
async fn a_weak_key_that_is_in_the_database_all_the_same_verifies_nothing() {
    let weak = WEAK.map(|(_, pem)| pem.to_owned());
    let api = Api::with(|app| app.token_keys = weak.to_vec()).await;
    let claims = super::forge::claims(&api).to_string();
    let keys = Keys::generate();
    for token in [
        keys.rs256(&super::forge::alg("RS256"), &claims),
        keys.es256(&super::forge::alg("ES256"), &claims),
    ] {
        let answer = super::forge::try_at(&api, super::forge::PATH, &token).await;
        assert_eq!(answer.status, 401);
        assert!(answer.json()["detail"].as_str().unwrap().contains("alg"), "no key is for it");
    }
    api.stop().await;
}

fn off_curve(keys: &Keys) -> Vec<u8> {
    let [mut der, ..] = keys.ders();
    *der.last_mut().unwrap() ^= 1;
    der
}
