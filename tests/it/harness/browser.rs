//! A browser as far as push goes: it holds the keys, and it really decrypts. On `aws-lc-rs` alone, so that what our
//! encryption writes is read by another hand (RFC 8188, RFC 8291).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{self, HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Salt, record size and the length of the key id (RFC 8188 §2.1).
const HEADER: usize = 16 + 4 + 1;
/// An uncompressed point.
const POINT: usize = 65;

pub(crate) struct Browser {
    private: PrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

impl Browser {
    pub(crate) fn new() -> Self {
        let mut auth = [0; 16];
        aws_lc_rs::rand::fill(&mut auth).unwrap();
        Self::with_keys(PrivateKey::generate(&ECDH_P256).unwrap(), auth)
    }

    pub(crate) fn with_keys(private: PrivateKey, auth: [u8; 16]) -> Self {
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        Self { private, public, auth }
    }

    /// The public key as `PushSubscription.toJSON()` shows it.
    pub(crate) fn p256dh(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.public)
    }

    /// The secret as `PushSubscription.toJSON()` shows it.
    pub(crate) fn auth(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.auth)
    }

    /// What `PushSubscription.toJSON()` gives for `endpoint`.
    pub(crate) fn subscription_json(&self, endpoint: &str) -> serde_json::Value {
        serde_json::json!({
            "endpoint": endpoint,
            "expirationTime": null,
            "keys": { "p256dh": self.p256dh(), "auth": self.auth() },
        })
    }

    /// What a request's body says.
    pub(crate) fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        self.try_decrypt(body).expect("a body that this browser can decrypt")
    }

    /// The same, as JSON.
    pub(crate) fn decrypt_json(&self, body: &[u8]) -> serde_json::Value {
        serde_json::from_slice(&self.decrypt(body)).expect("a body of JSON")
    }

    /// `None` for what is not meant for this browser, or is no single aes128gcm record.
    pub(crate) fn try_decrypt(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (header, rest) = body.split_at_checked(HEADER)?;
        let (salt, sizes) = header.split_at_checked(16)?;
        let record_size = u32::from_be_bytes(sizes.get(..4)?.try_into().ok()?);
        let (sender, record) = rest.split_at_checked(POINT)?;
        if usize::from(sizes[4]) != POINT || record.len() > usize::try_from(record_size).ok()? {
            return None;
        }
        let (key, nonce) = self.content_key(sender, salt)?;
        let mut record = record.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).ok()?;
        // RFC 8188 §2: the text ends at the last octet that is not zero, and the last record's is 2.
        let end = plain.iter().rposition(|&octet| octet != 0)?;
        (plain[end] == 2).then(|| plain[..end].to_vec())
    }

    /// RFC 8291 §3.4.
    fn content_key(&self, sender: &[u8], salt: &[u8]) -> Option<(LessSafeKey, Nonce)> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let shared = agree(&self.private, peer, Unspecified, |shared| Ok(shared.to_vec())).ok()?;
        let info = [b"WebPush: info\0", self.public.as_slice(), sender].concat();
        let ikm = derive::<32>(&self.auth, &shared, &info);
        let key = derive::<16>(salt, &ikm, b"Content-Encoding: aes128gcm\0");
        let nonce = derive::<12>(salt, &ikm, b"Content-Encoding: nonce\0");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
        Some((key, Nonce::assume_unique_for_key(nonce)))
    }
}

fn derive<const LEN: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; LEN] {
    struct Len(usize);
    impl KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = [0; LEN];
    let prk: hkdf::Prk = Salt::new(HKDF_SHA256, salt).extract(secret);
    prk.expand(&[info], Len(LEN)).unwrap().fill(&mut out).unwrap();
    out
}
