//! Who signed: algorithms that are none, keys that are taken for others, headers that bring keys of their own.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::forge::{
    Keys, PATH, Row, alg, assert_refused, claims, encode, hs256, hs256_with, signed, try_at,
};
use crate::harness::api::{Api, KEY, TOKEN_SECRET};

async fn api_with(keys: &Keys) -> Api {
    Api::with(|app| app.token_keys = keys.pems().to_vec()).await
}

fn header_with(name: &str, value: Value) -> Value {
    let mut header = alg("HS256");
    header[name] = value;
    header
}

#[actix_web::test]
async fn each_algorithm_opens_with_its_own_key() {
    let keys = Keys::generate();
    let api = api_with(&keys).await;
    let claims = claims(&api).to_string();
    let (rsa, ec, ed) = (alg("RS256"), alg("ES256"), alg("EdDSA"));
    for (name, token) in [
        ("HS256", hs256(&claims)),
        ("ES256", keys.es256(&ec, &claims)),
        ("EdDSA", keys.eddsa(&ed, &claims)),
        ("RS256", keys.rs256(&rsa, &claims)),
    ] {
        let body = crate::harness::browser::Browser::new()
            .subscription_json(&format!("https://push.example.org/{name}"));
        let answer = api.post(PATH).bearer(&token).json(&body).send().await;
        assert_eq!(answer.status, 201, "{name}: {:?}", answer.body);
    }
    api.stop().await;
}

#[actix_web::test]
async fn no_algorithm_is_none_and_no_key_verifies_anothers() {
    let keys = Keys::generate();
    let api = api_with(&keys).await;
    let claims = claims(&api).to_string();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "nonE", "", " none", "none\u{0}", "HS256 "] {
        rows.push(("none, unsigned", signed(&alg(none), &claims, |_| Vec::new()), 401));
        rows.push(("none, signed", hs256_with(TOKEN_SECRET, &alg(none), &claims), 401));
    }
    for other in
        ["HS384", "HS512", "hs256", "ES384", "ES512", "PS256", "RS384", "RS512", "RS1", "ES256K"]
    {
        rows.push(("an algorithm of no key", hs256_with(TOKEN_SECRET, &alg(other), &claims), 401));
    }
    for (header, name) in [
        (json!({}), "no alg"),
        (json!({ "alg": null }), "alg null"),
        (json!({ "alg": ["HS256"] }), "alg a list"),
        (json!({ "alg": 256 }), "alg a number"),
        (json!([]), "a header that is a list"),
    ] {
        rows.push((name, hs256_with(TOKEN_SECRET, &header, &claims), 401));
    }
    // What anybody may know of the public keys, in all the forms that somebody might have fed to an HMAC.
    let raw = [
        keys.ec.public_key().as_ref().to_vec(),
        keys.ed.public_key().as_ref().to_vec(),
        keys.rsa.public_key().as_ref().to_vec(),
    ];
    let pems = keys.pems().map(String::into_bytes);
    let bare = keys.pems().map(|pem| pem.trim().as_bytes().to_vec());
    for public in raw.iter().chain(&keys.ders()).chain(&pems).chain(&bare) {
        rows.push(("a public key as an HMAC's", hs256_with(public, &alg("HS256"), &claims), 401));
    }
    for header in ["HS256", "ES256", "EdDSA", "RS256"] {
        let all = [
            ("HS256", hs256_with(TOKEN_SECRET, &alg(header), &claims)),
            ("ES256", keys.es256(&alg(header), &claims)),
            ("EdDSA", keys.eddsa(&alg(header), &claims)),
            ("RS256", keys.rs256(&alg(header), &claims)),
        ];
        let others = all.into_iter().filter(|(own, _)| *own != header);
        rows.extend(others.map(|(_, token)| ("another kind's signature", token, 401)));
    }
    let strangers = Keys::generate();
    rows.push(("a stranger's ES256", strangers.es256(&alg("ES256"), &claims), 401));
    rows.push(("a stranger's EdDSA", strangers.eddsa(&alg("EdDSA"), &claims), 401));
    rows.push(("a stranger's RS256", strangers.rs256(&alg("RS256"), &claims), 401));
    assert_refused(&api, &rows).await;
    api.stop().await;
}

#[actix_web::test]
async fn a_signature_is_the_one_that_the_key_makes_in_the_one_form_that_jws_has() {
    let keys = Keys::generate();
    let api = api_with(&keys).await;
    let claims = claims(&api).to_string();
    let pkcs8 = keys.ec.to_pkcs8v1().unwrap();
    let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
    let rng = aws_lc_rs::rand::SystemRandom::new();
    let es256 = |signature: Vec<u8>| signed(&alg("ES256"), &claims, |_| signature);
    // The order of P-256's group: r and s are 1 to n − 1 (FIPS 186-5 §6.4.2).
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
        0x51_u8,
    ];
    let good = hs256(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut last = signature.as_bytes().to_vec();
    // The last of 43 characters has two bits of no meaning; only one spelling of them is the signature.
    let end = last.last_mut().unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.iter().position(|byte| byte == end).unwrap();
    *end = alphabet[place + 1];
    let respelled = String::from_utf8(last).unwrap();
    let rs256 = keys.rs256(&alg("RS256"), &claims);
    let rows: Vec<Row<'_>> = vec![
        ("ES256 with r = s = 0", es256(vec![0; 64]), 401),
        ("ES256 with r = s = n", es256([order, order].concat()), 401),
        ("ES256 with r = s = 1", es256([[0; 31].as_slice(), &[1], &[0; 31], &[1]].concat()), 401),
        (
            "ES256 in DER",
            signed(&alg("ES256"), &claims, |text| der.sign(&rng, text).unwrap().as_ref().to_vec()),
            401,
        ),
        ("ES256 too short", es256(vec![1; 63]), 401),
        ("ES256 empty", es256(Vec::new()), 401),
        ("EdDSA of zeros", signed(&alg("EdDSA"), &claims, |_| vec![0; 64]), 401),
        ("RS256 of zeros", signed(&alg("RS256"), &claims, |_| vec![0; 256]), 401),
        ("RS256 cut off", rs256[..rs256.len() - 4].to_owned(), 401),
        ("HS256 cut off", format!("{message}.{}", &signature[..20]), 401),
        ("HS256 without its signature", format!("{message}."), 401),
        ("HS256 spelled otherwise", format!("{message}.{respelled}"), 401),
        ("HS256 with padding", format!("{good}="), 401),
        ("HS256 with more behind it", format!("{good}AAAA"), 401),
        ("HS256 and a fourth part", format!("{good}.x"), 401),
        ("HS256 and an empty fourth part", format!("{good}."), 401),
        ("HS256 and a word", format!("{good} {good}"), 401),
        ("HS256 and a comma", format!("{good}, Bearer {KEY}"), 401),
        ("HS256 in quotation marks", format!("\"{good}\""), 401),
        ("HS256 in upper case", good.to_uppercase(), 401),
        ("an empty secret", hs256_with(b"", &alg("HS256"), &claims), 401),
        ("the name of the app as its secret", hs256_with(b"default", &alg("HS256"), &claims), 401),
        ("an API key as the secret", hs256_with(KEY.as_bytes(), &alg("HS256"), &claims), 401),
    ];
    assert_refused(&api, &rows).await;
    api.stop().await;
}

#[actix_web::test]
async fn a_header_names_no_key_and_brings_none() {
    let keys = Keys::generate();
    let api = Api::start().await;
    let claims = claims(&api).to_string();
    let point = keys.ec.public_key().as_ref().to_vec();
    let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
    let mut es256 = alg("ES256");
    es256["jwk"] = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    let oct = json!({ "kty": "oct", "k": encode(b"a secret that the attacker chose, 32 bytes") });
    let chosen = header_with("jwk", oct);
    let rows: Vec<Row<'_>> = vec![
        ("its own public key in jwk", keys.es256(&es256, &claims), 401),
        (
            "its own secret in jwk",
            hs256_with(b"a secret that the attacker chose, 32 bytes", &chosen, &claims),
            401,
        ),
        ("kid of a file", hs256_with(b"", &header_with("kid", json!("/dev/null")), &claims), 401),
        (
            "kid of a query",
            hs256_with(b"x", &header_with("kid", json!("' UNION SELECT 'x")), &claims),
            401,
        ),
        ("kid no text", hs256_with(TOKEN_SECRET, &header_with("kid", json!({})), &claims), 401),
        ("crit", hs256_with(TOKEN_SECRET, &header_with("crit", json!(["exp"])), &claims), 401),
        (
            "crit of nothing",
            hs256_with(TOKEN_SECRET, &header_with("crit", json!([])), &claims),
            401,
        ),
        (
            "crit no list",
            hs256_with(TOKEN_SECRET, &header_with("crit", json!("b64")), &claims),
            401,
        ),
    ];
    assert_refused(&api, &rows).await;

    // By the right key they open, because nobody looks at what else the header says; nothing is fetched.
    for (name, value) in [
        ("kid", json!("../../etc/passwd")),
        ("jku", json!("https://push.example.org/jwks.json")),
        ("x5u", json!("https://push.example.org/chain.pem")),
        ("typ", json!("at+jwt")),
        ("cty", json!("JWT")),
        ("b64", json!(false)),
    ] {
        let token = hs256_with(TOKEN_SECRET, &header_with(name, value), &claims);
        let answer = try_at(&api, "/v1/channels/news/subscriptions", &token).await;
        assert_eq!(answer.status, 403, "{name}: {:?}", answer.body);
    }
    api.stop().await;
}
