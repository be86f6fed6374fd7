//! Keys that come back as they went, and tokens as RFC 8292 wants them, signed once.

use std::time::Duration;

use http::HeaderValue;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::id::VapidKeyId;
use crate::webpush::subscription::{Endpoint, Origin};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);
const HOUR: Duration = Duration::from_secs(3600);
const KEY: VapidKeyId = VapidKeyId(1);

fn origin(text: &str) -> Origin {
    Endpoint::parse(text).unwrap().origin().clone()
}

fn signer() -> VapidSigner {
    VapidSigner::new(Some(Subject::parse("mailto:ops@example.org").unwrap()))
}

/// The claims of a header whose signature the key in it verifies.
fn claims(header: &HeaderValue) -> Value {
    let (token, key) = header
        .to_str()
        .unwrap()
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .expect("the form of RFC 8292 §3");
    let point = crate::webpush::encoding::decode(key).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_ec_der(&point);
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a good signature").claims
}

#[test]
fn a_token_says_who_to_whom_and_until_when_and_its_key_verifies_it() {
    let key = VapidKey::generate().unwrap();
    let header =
        signer().authorization(KEY, &key, &origin("https://push.example:8443/x"), NOW).unwrap();
    assert_eq!(
        claims(&header),
        json!({ "aud": "https://push.example:8443", "exp": 1_800_043_200, "sub": "mailto:ops@example.org" })
    );
    assert!(header.to_str().unwrap().ends_with(key.public_base64url()));
    assert!(header.is_sensitive());
}

#[test]
fn without_a_contact_there_is_no_sub() {
    let key = VapidKey::generate().unwrap();
    let signer = VapidSigner::new(None);
    let header = signer.authorization(KEY, &key, &origin("https://push.example/"), NOW).unwrap();
    assert_eq!(claims(&header), json!({ "aud": "https://push.example", "exp": 1_800_043_200 }));
}

#[test]
fn a_token_is_signed_once_per_key_and_origin_until_it_nears_its_end() {
    let (key, signer) = (VapidKey::generate().unwrap(), signer());
    let (here, there) = (origin("https://push.example/"), origin("https://other.example/"));
    let at = |id, origin: &Origin, now| signer.authorization(id, &key, origin, now).unwrap();

    // ECDSA signatures are random: equal tokens are one signature.
    let first = at(KEY, &here, NOW);
    assert_eq!(at(KEY, &here, NOW + HOUR * 11 - Duration::from_millis(1)), first);
    assert_eq!(at(KEY, &here, NOW - HOUR), first, "another thread's clock may be behind");
    assert_ne!(at(KEY, &there, NOW), first);
    assert_ne!(at(VapidKeyId(2), &here, NOW), first);

    let second = at(KEY, &here, NOW + HOUR * 11);
    assert_ne!(second, first, "an hour before its end it is replaced");
    assert_ne!(at(KEY, &here, NOW + HOUR * 9), second, "the clock was set back");
}

#[test]
fn a_token_that_is_refused_is_signed_anew_once_an_hour_at_most() {
    let (key, signer) = (VapidKey::generate().unwrap(), signer());
    let here = origin("https://push.example/");
    let at = |now| signer.authorization(KEY, &key, &here, now).unwrap();
    let first = at(NOW);
    let soon = NOW + HOUR - Duration::from_millis(1);
    assert!(!signer.renew(KEY, &here, &first, soon), "it is as good as a new one");
    assert_eq!(at(soon), first);
    assert!(signer.renew(KEY, &here, &first, NOW + HOUR));
    let second = at(NOW + HOUR);
    assert_ne!(second, first);
    assert!(signer.renew(KEY, &here, &first, NOW + HOUR), "another thread has renewed it");
    assert_eq!(at(NOW + HOUR), second);
    assert!(!signer.renew(KEY, &here, &second, NOW + HOUR));
}

#[test]
fn it_is_known_how_old_each_token_is_and_not_what_it_says() {
    let (signer, key) = (signer(), VapidKey::generate().unwrap());
    let (one, two) = (origin("https://one.example/x"), origin("https://two.example/x"));
    signer.authorization(KEY, &key, &two, NOW).unwrap();
    let header = signer.authorization(KEY, &key, &one, NOW + HOUR).unwrap();
    let tokens = signer.tokens();
    let shown: Vec<_> = tokens.iter().map(|token| (&token.origin, token.issued)).collect();
    assert_eq!(shown, [(&one, NOW + HOUR), (&two, NOW)]);
    assert_eq!(claims(&header)["exp"], tokens[0].expires.as_secs());
    let signature = header.to_str().unwrap().split(['.', ',']).nth(2).unwrap();
    assert!(!format!("{tokens:?}").contains(signature));
    signer.authorization(KEY, &key, &two, NOW + 12 * HOUR).unwrap();
    assert_eq!(signer.tokens()[1].issued, NOW + 12 * HOUR, "it was renewed");
}

#[test]
fn threads_share_one_signature() {
    let (key, signer) = (VapidKey::generate().unwrap(), signer());
    let here = origin("https://push.example/");
    let headers: Vec<_> = std::thread::scope(|scope| {
        let sign = || signer.authorization(KEY, &key, &here, NOW).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(sign)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(headers.iter().all(|header| *header == headers[0]));
}

#[test]
fn strangers_origins_do_not_fill_the_memory() {
    let (key, signer) = (VapidKey::generate().unwrap(), signer());
    let sign = |n: usize, now| {
        let origin = origin(&format!("https://push-{n}.example/"));
        signer.authorization(KEY, &key, &origin, now).unwrap();
    };
    (0..4096).for_each(|n| sign(n, NOW));
    assert_eq!(signer.remembered(), 4096);
    sign(4096, NOW);
    assert_eq!(signer.remembered(), 3073, "a quarter makes room for the next thousand");
    sign(5000, NOW + HOUR * 11);
    assert_eq!(signer.remembered(), 3074, "below the bound nothing is dropped");
    (6000..7023).for_each(|n| sign(n, NOW + HOUR * 11));
    assert_eq!(signer.remembered(), 1024, "what has run out goes first");
}

#[test]
fn a_key_comes_back_from_the_store_and_from_its_export() {
    let key = VapidKey::generate().unwrap();
    let stored = VapidKey::from_store(key.public(), key.scalar()).unwrap();
    let imported = VapidKey::import(&key.export_json()).unwrap();
    for other in [stored, imported] {
        assert_eq!((other.public(), other.scalar()), (key.public(), key.scalar()));
        let header = signer().authorization(KEY, &other, &origin("https://a.example/"), NOW);
        assert_eq!(claims(&header.unwrap())["aud"], "https://a.example");
    }
}

/// `openssl ecparam -name prime256v1 -genkey`: made for this test, and the same key in every form.
const SEC1: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINZcVff8L0JIKnfk2bnSm6hBMOdNJ6MVsmTxPlRES4+OoAoGCCqGSM49
AwEHoUQDQgAEkY7sqxfUE5rcrSC/CpfaS3aCBBHG7f0LlrjZrJWO2eGh/zh1mcch
i0LpUgTPphB5RWRBzgr3Vx7o5GAk5C8MwQ==
-----END EC PRIVATE KEY-----
";

/// `openssl pkcs8 -topk8 -nocrypt`
const PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1lxV9/wvQkgqd+TZ
udKbqEEw500noxWyZPE+VERLj46hRANCAASRjuyrF9QTmtytIL8Kl9pLdoIEEcbt
/QuWuNmslY7Z4aH/OHWZxyGLQulSBM+mEHlFZEHOCvdXHujkYCTkLwzB
-----END PRIVATE KEY-----
";

/// The same as npm web-push writes it.
const EXPORTED: &str = r#"{"publicKey":"BJGO7KsX1BOa3K0gvwqX2kt2ggQRxu39C5a42ayVjtnhof84dZnHIYtC6VIEz6YQeUVkQc4K91ce6ORgJOQvDME","privateKey":"1lxV9_wvQkgqd-TZudKbqEEw500noxWyZPE-VERLj44"}"#;

/// A key of another curve.
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCiusKUK7AY8iS1C/Yu
nP2DeNHz8uqBUPXAQ7qS72ZJ8vMku2SSzfUEdMc1/sD5+0OhZANiAATDCRgwOmfn
+EzLiT/plJLTxzkhMkOj8kKjyDO4ofxPwhqY5JJ0/kFxtIH4xGuujMvwPDrscr78
wCGn3JxPojW0dxtQb6bgJy8P3mN2aFdRwbbkKWNJoZLc00kPLgeFcf4=
-----END PRIVATE KEY-----
";

#[test]
fn what_openssl_writes_is_imported_in_both_of_its_forms() {
    for pem in [SEC1, PKCS8] {
        let key = VapidKey::import(pem).unwrap();
        assert_eq!(key.export_json(), EXPORTED);
    }
}

#[test]
fn what_npm_prints_and_python_keeps_is_the_same_key() {
    let json: Value = serde_json::from_str(EXPORTED).unwrap();
    let (public, private) =
        (json["publicKey"].as_str().unwrap(), json["privateKey"].as_str().unwrap());
    let printed = format!(
        "\n=======================================\n\nPublic Key:\n{public}\n\nPrivate Key:\n{private}\n\n\
         =======================================\n"
    );
    let with_subject = format!(
        r#"{{"subject":"mailto:a@b.example","publicKey":"{public}","privateKey":"{private}="}}"#
    );
    let der: String = PKCS8.lines().filter(|line| !line.starts_with("---")).collect();
    for text in [&printed, &with_subject, private, &format!("{private}=\n"), &der] {
        assert_eq!(VapidKey::import(text).unwrap().export_json(), EXPORTED, "{text}");
    }
    let pem = VapidKey::import(SEC1).unwrap().export_pem().unwrap();
    assert_eq!(pem, PKCS8);
}

#[test]
fn what_is_no_vapid_key_is_refused_with_the_reason() {
    let (one, two) = (VapidKey::generate().unwrap(), VapidKey::generate().unwrap());
    let cases = [
        ("", VapidKeyError::Format),
        ("{}", VapidKeyError::Format),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", VapidKeyError::NotP256),
        (P384, VapidKeyError::NotP256),
        (r#"{"publicKey":"!","privateKey":""}"#, VapidKeyError::Field("publicKey", 65)),
        (&"A".repeat(43), VapidKeyError::NotP256),
        (&"A".repeat(86), VapidKeyError::Format),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", VapidKeyError::Encrypted),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nAAAA\n",
            VapidKeyError::Encrypted,
        ),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", VapidKeyError::OnlyPublic),
    ];
    for (text, error) in cases {
        assert_eq!(VapidKey::import(text).err(), Some(error), "{text}");
    }
    let mixed = VapidKey::from_store(one.public(), two.scalar()).err();
    assert_eq!(mixed, Some(VapidKeyError::Mismatch));
    assert_eq!(VapidKey::from_store(one.public(), &[0; 32]).err(), Some(VapidKeyError::NotP256));
    assert_eq!(VapidKey::from_store(one.public(), &[]).err(), Some(VapidKeyError::NotP256));
}

#[test]
fn a_private_key_is_not_shown() {
    let key = VapidKey::import(SEC1).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains(key.public_base64url()));
    let json: Value = serde_json::from_str(EXPORTED).unwrap();
    let scalar = json["privateKey"].as_str().unwrap();
    assert!(!shown.contains(scalar) && !shown.contains(&format!("{:?}", key.scalar())), "{shown}");
}
