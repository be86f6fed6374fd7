//! Apps and keys for the tests of this module.

use std::sync::Arc;

use super::auth::api_key;
use crate::clock::Timestamp;
use crate::id::{AppId, IdKind, PublicId};
use crate::store::directory::{ApiKey, App, AppSettings, Directory, Scope, Secret};

/// The API key that [`directory`] knows.
pub(super) const KEY: &str = "fk_a-key-that-only-tests-know-0123456789";

/// An app with a subscriber secret and the public channel `demo`.
pub(super) fn app(name: &str) -> App {
    App {
        id: AppId(if name == "default" { 1 } else { 2 }),
        name: name.to_owned(),
        created: Timestamp::default(),
        settings: AppSettings { public_channels: vec!["demo".into()], ..AppSettings::default() },
        token_secret: Secret(name.bytes().cycle().take(32).collect()),
    }
}

/// The apps `default` and `shop`, and [`KEY`] with all scopes of `default`.
pub(super) fn directory() -> Directory {
    directory_with_key("default", &Scope::ALL)
}

/// The same, with [`KEY`] as wanted.
pub(super) fn directory_with_key(owner: &str, scopes: &[Scope]) -> Directory {
    let mut directory =
        Directory { subscription_secret: Secret(vec![7; 32]), ..Directory::default() };
    for name in ["default", "shop"] {
        directory.apps.insert(name.to_owned(), Arc::new(app(name)));
    }
    let key = ApiKey {
        id: PublicId::random(IdKind::ApiKey, &mut rand::rng()),
        app: directory.apps[owner].id,
        title: "a test".into(),
        scopes: scopes.to_vec(),
        created: Timestamp::default(),
    };
    directory.api_keys.insert(api_key::hash(KEY), Arc::new(key));
    directory
}
