//! Subscription secrets (`ss_…`): an HMAC over the subscription's name, so that nothing is stored for them and one
//! subscription's secret says nothing about another's.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::id::PublicId;
use crate::store::directory::{App, Directory};

/// What every subscription secret begins with.
pub const PREFIX: &str = "ss_";

/// The secret of a subscription.
pub fn mint(directory: &Directory, app: &App, id: &PublicId) -> String {
    let tag = hmac::sign(&key(directory), &message(app, id));
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Whether `presented` is the secret of that subscription.
pub fn is_valid(directory: &Directory, app: &App, id: &PublicId, presented: &str) -> bool {
    let tag = presented.strip_prefix(PREFIX).and_then(|tag| URL_SAFE_NO_PAD.decode(tag).ok());
    // A directory without a secret knows no subscription: an empty key would be anyone's.
    !directory.subscription_secret.0.is_empty()
        && tag.is_some_and(|tag| hmac::verify(&key(directory), &message(app, id), &tag).is_ok())
}

fn key(directory: &Directory) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &directory.subscription_secret.0)
}

fn message(app: &App, id: &PublicId) -> Vec<u8> {
    format!("{}\n{id}", app.name).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing;
    use crate::id::IdKind;

    #[test]
    fn a_secret_opens_its_own_subscription_in_its_own_app_alone() {
        let directory = testing::directory();
        let (app, other) = (&directory.apps["default"], &directory.apps["shop"]);
        let mut rng = rand::rng();
        let id = PublicId::random(IdKind::Subscription, &mut rng);
        let secret = mint(&directory, app, &id);
        assert!(is_valid(&directory, app, &id, &secret));
        assert!(!is_valid(&directory, other, &id, &secret));
        let another = PublicId::random(IdKind::Subscription, &mut rng);
        assert!(!is_valid(&directory, app, &another, &secret));
        for wrong in ["", "ss_", &secret[..secret.len() - 1], &format!("{secret}A"), &secret[3..]] {
            assert!(!is_valid(&directory, app, &id, wrong), "{wrong}");
        }
    }

    #[test]
    fn without_a_key_nothing_is_a_secret() {
        let mut directory = testing::directory();
        directory.subscription_secret.0.clear();
        let app = &directory.apps["default"];
        let id = PublicId::random(IdKind::Subscription, &mut rand::rng());
        let forged = mint(&directory, app, &id);
        assert!(!is_valid(&directory, app, &id, &forged));
    }
}
