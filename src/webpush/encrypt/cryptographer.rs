//! `ece`'s cryptographic backend on aws-lc-rs, the library that TLS uses here already.

use std::any::Any;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use ece::{Cryptographer, EcKeyComponents, Error, LocalKeyPair, RemotePublicKey, Result};

pub(super) struct AwsLc;

/// The browser's key, its point parsed and checked.
struct Remote(ParsedPublicKey);

/// Our key; its public point is marshalled once, for `ece` asks for it twice a message.
struct Local {
    private: PrivateKey,
    public: Vec<u8>,
}

impl Local {
    fn new(private: PrivateKey) -> Result<Self> {
        let public = private.compute_public_key().map_err(unspecified)?.as_ref().to_vec();
        Ok(Self { private, public })
    }
}

/// An output length, as HKDF's expansion wants it.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl RemotePublicKey for Remote {
    fn as_raw(&self) -> Result<Vec<u8>> {
        Ok(self.0.as_ref().to_vec())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl LocalKeyPair for Local {
    fn pub_as_raw(&self) -> Result<Vec<u8>> {
        Ok(self.public.clone())
    }

    fn raw_components(&self) -> Result<EcKeyComponents> {
        let scalar: EcPrivateKeyBin<'_> = self.private.as_be_bytes().map_err(unspecified)?;
        Ok(EcKeyComponents::new(scalar.as_ref(), self.public.as_slice()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Cryptographer for AwsLc {
    fn generate_ephemeral_keypair(&self) -> Result<Box<dyn LocalKeyPair>> {
        let private = PrivateKey::generate(&ECDH_P256).map_err(unspecified)?;
        Ok(Box::new(Local::new(private)?))
    }

    fn import_key_pair(&self, components: &EcKeyComponents) -> Result<Box<dyn LocalKeyPair>> {
        let private = PrivateKey::from_private_key(&ECDH_P256, components.private_key())
            .map_err(|_| Error::CryptoError)?;
        let local = Local::new(private)?;
        if local.public != components.public_key() {
            return Err(Error::CryptoError);
        }
        Ok(Box::new(local))
    }

    fn import_public_key(&self, raw: &[u8]) -> Result<Box<dyn RemotePublicKey>> {
        let parsed = ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, raw));
        Ok(Box::new(Remote(parsed.map_err(|_| Error::CryptoError)?)))
    }

    fn compute_ecdh_secret(
        &self,
        remote: &dyn RemotePublicKey,
        local: &dyn LocalKeyPair,
    ) -> Result<Vec<u8>> {
        let remote = remote.as_any().downcast_ref::<Remote>().ok_or(Error::CryptoError)?;
        let local = local.as_any().downcast_ref::<Local>().ok_or(Error::CryptoError)?;
        // A clone of a parsed key counts references; it does not parse again.
        agreement::agree(&local.private, remote.0.clone(), Error::CryptoError, |secret| {
            Ok(secret.to_vec())
        })
    }

    fn hkdf_sha256(&self, salt: &[u8], secret: &[u8], info: &[u8], len: usize) -> Result<Vec<u8>> {
        let mut okm = vec![0; len];
        Salt::new(HKDF_SHA256, salt)
            .extract(secret)
            .expand(&[info], Length(len))
            .and_then(|expanded| expanded.fill(&mut okm))
            .map_err(unspecified)?;
        Ok(okm)
    }

    fn aes_gcm_128_encrypt(&self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>> {
        let (key, nonce) = aes_key(key, iv)?;
        let mut sealed = Vec::with_capacity(data.len() + AES_128_GCM.tag_len());
        sealed.extend_from_slice(data);
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).map_err(unspecified)?;
        Ok(sealed)
    }

    fn aes_gcm_128_decrypt(
        &self,
        key: &[u8],
        iv: &[u8],
        ciphertext_and_tag: &[u8],
    ) -> Result<Vec<u8>> {
        let (key, nonce) = aes_key(key, iv)?;
        let mut opened = ciphertext_and_tag.to_vec();
        let len = key.open_in_place(nonce, Aad::empty(), &mut opened).map_err(unspecified)?.len();
        opened.truncate(len);
        Ok(opened)
    }

    fn random_bytes(&self, dest: &mut [u8]) -> Result<()> {
        SystemRandom::new().fill(dest).map_err(unspecified)
    }
}

fn aes_key(key: &[u8], iv: &[u8]) -> Result<(LessSafeKey, Nonce)> {
    let key = UnboundKey::new(&AES_128_GCM, key).map_err(unspecified)?;
    let nonce = Nonce::try_assume_unique_for_key(iv).map_err(unspecified)?;
    Ok((LessSafeKey::new(key), nonce))
}

fn unspecified(_: aws_lc_rs::error::Unspecified) -> Error {
    Error::CryptoError
}
