//! RFC 8291's own vectors, `ece`'s suite for backends, and the edges of what fits.

use ece::{Cryptographer, EcKeyComponents};

use super::*;
use crate::webpush::encoding::decode;

/// A browser: what it keeps, and what it gave to us.
struct Browser {
    components: EcKeyComponents,
    keys: Keys,
}

impl Browser {
    fn new() -> Self {
        install();
        let (pair, auth) = ece::generate_keypair_and_auth_secret().unwrap();
        let components = pair.raw_components().unwrap();
        let keys = Keys::from_store(components.public_key(), &auth).unwrap();
        Self { components, keys }
    }

    fn decrypt(&self, body: &[u8]) -> ece::Result<Vec<u8>> {
        ece::decrypt(&self.components, self.keys.auth(), body)
    }
}

#[test]
fn eces_own_suite_for_backends_passes() {
    install();
    // Encrypts RFC 8291 Appendix A with its fixed keys and salt, byte for byte, and decrypts it.
    ece::crypto::test_cryptographer(AwsLc);
}

#[test]
fn the_message_of_rfc_8291_appendix_a_is_decrypted() {
    install();
    let bytes = |text| decode(text).unwrap();
    let components = EcKeyComponents::new(
        bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
        bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        ),
    );
    let body = bytes(concat!(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC",
        "YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXL",
        "WyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    ));
    let text = ece::decrypt(&components, &bytes("BTBZMqHH6r4Tts7J_aSIgg"), &body).unwrap();
    assert_eq!(text, b"When I grow up, I want to be a watermelon");
}

#[test]
fn every_length_that_fits_comes_back_in_one_record_of_at_most_4096_bytes() {
    let browser = Browser::new();
    for len in [1, 127, 128, 3966, MAX_PAYLOAD] {
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let body = encrypt(&browser.keys, &payload).unwrap();
        assert!(body.len() <= 4096, "{len} made {}", body.len());
        assert_eq!(body.len(), 86 + (len + 1).next_multiple_of(128) + 16, "one record");
        assert_eq!(browser.decrypt(&body).unwrap(), payload);
    }
}

#[test]
fn what_does_not_fit_in_one_record_is_refused_with_the_limit() {
    let keys = Browser::new().keys;
    let refused = encrypt(&keys, &[0; MAX_PAYLOAD + 1]).unwrap_err();
    assert_eq!(refused, EncryptError::TooLong(3968));
    assert_eq!(refused.to_string(), "payload has 3968 bytes; at most 3967 fit");
    assert_eq!(encrypt(&keys, b""), Err(EncryptError::Empty));
}

#[test]
fn the_same_message_is_never_encrypted_alike() {
    let browser = Browser::new();
    let (one, two) = (encrypt(&browser.keys, b"x").unwrap(), encrypt(&browser.keys, b"x").unwrap());
    assert_ne!(one[..16], two[..16], "the salt is new");
    assert_ne!(one[21..86], two[21..86], "the ephemeral key is new");
}

#[test]
fn a_key_off_the_curve_is_an_error_and_no_panic() {
    let mut point = *Browser::new().keys.p256dh();
    point[64] ^= 1;
    let keys = Keys::from_store(&point, &[0; 16]).unwrap();
    assert_eq!(encrypt(&keys, b"x"), Err(EncryptError::Crypto));
}

#[test]
fn a_tampered_message_is_not_decrypted() {
    let browser = Browser::new();
    let mut body = encrypt(&browser.keys, b"x").unwrap();
    *body.last_mut().unwrap() ^= 1;
    assert!(browser.decrypt(&body).is_err());
}

#[test]
fn a_key_pair_whose_halves_differ_is_not_imported() {
    let (one, two) = (Browser::new().components, Browser::new().components);
    let mixed = EcKeyComponents::new(one.private_key(), two.public_key());
    assert!(AwsLc.import_key_pair(&mixed).is_err());
}
