//! What we encrypt, a browser reads.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare::clock::Timestamp;
use fanfare::webpush::encrypt::encrypt;
use fanfare::webpush::subscription::PushSubscription;

use crate::harness::browser::Browser;

/// The two ends meet: what is encrypted for a subscription as it is registered, its browser reads.
#[test]
fn a_browser_reads_what_is_encrypted_for_its_subscription() {
    let browser = Browser::new();
    let json = browser.subscription_json("https://push.example/x");
    let subscription = PushSubscription::parse(&json, Timestamp::default()).unwrap();
    let body = encrypt(&subscription.keys, br#"{"tea":"ready"}"#).unwrap();
    assert_eq!(browser.decrypt_json(&body), serde_json::json!({ "tea": "ready" }));
    assert_eq!(Browser::new().try_decrypt(&body), None);
}

/// RFC 8291 §5.
#[test]
fn a_browser_reads_the_example_of_the_standard() {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let private = PrivateKey::from_private_key(
        &ECDH_P256,
        &decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
    );
    let auth = decode("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap();
    let browser = Browser::with_keys(private.unwrap(), auth);
    let body = decode(concat!(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml",
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT",
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    ));
    assert_eq!(browser.decrypt(&body), b"When I grow up, I want to be a watermelon");
    assert_eq!(Browser::new().try_decrypt(&body), None);
}
