//! The small tables, whole in memory: apps, API keys, VAPID keys and pauses. Every request reads them and few change
//! them, so a change goes through the Journal and then replaces the whole directory by a new one.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AppId, PublicId, VapidKeyId};
use crate::store::audit::AuditEntry;
use crate::store::limit::Limit;
use crate::store::pause::{Pauses, Subject};
use crate::webpush::vapid::VapidKey;

/// The app that a fresh install has; its `admin` key is the instance's.
pub const DEFAULT_APP: &str = "default";

/// Apps and keys as they were at one moment.
#[derive(Debug, Default)]
pub struct Directory {
    /// Apps by name.
    pub apps: BTreeMap<String, Arc<App>>,
    /// API keys by the SHA-256 of the key.
    pub api_keys: HashMap<[u8; 32], Arc<ApiKey>>,
    /// VAPID keys by row.
    pub vapid_keys: HashMap<VapidKeyId, Arc<AppVapidKey>>,
    /// What an operator has paused.
    pub pauses: Pauses,
    /// What subscription secrets are an HMAC with.
    pub subscription_secret: Secret,
}

impl Directory {
    /// The app with that row.
    pub fn app(&self, id: AppId) -> Option<&Arc<App>> {
        self.apps.values().find(|app| app.id == id)
    }

    /// The key that new subscriptions of an app are made with.
    pub fn current_vapid_key(&self, app: AppId) -> Option<&Arc<AppVapidKey>> {
        self.vapid_keys
            .values()
            .filter(|key| key.app == app)
            .max_by_key(|key| (key.current, key.id))
    }

    /// The app's key with that public half (unpadded base64url).
    pub fn vapid_key_by_public(&self, app: AppId, public: &str) -> Option<&Arc<AppVapidKey>> {
        self.vapid_keys.values().find(|key| key.app == app && key.key.public_base64url() == public)
    }
}

/// One tenant.
#[derive(Clone, Debug)]
pub struct App {
    /// Its row.
    pub id: AppId,
    /// Its name, as in `Fanfare-App`.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// What can be changed.
    pub settings: AppSettings,
    /// What subscriber tokens are signed with (HS256).
    pub token_secret: Secret,
}

/// What can be changed of an app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppSettings {
    /// The title of notifications that have none.
    pub title: String,
    /// Where a click leads when the notification does not say; an absolute URL, or empty for the daemon's demo.
    pub home: String,
    /// Origins whose pages may call from a browser.
    pub origins: Vec<String>,
    /// Channels that anyone may subscribe to.
    pub public_channels: Vec<String>,
    /// Prefixes in each of which an endpoint is in at most one channel.
    pub exclusive: Vec<String>,
    /// Public keys (PEM) that subscriber tokens may be signed with, besides the secret.
    pub token_keys: Vec<String>,
    /// Whether its notifications ask the devices to say that they were shown, clicked and closed.
    pub receipts: bool,
    /// Numbers that bound what the app may do, by the names of [`Limit`].
    pub limits: BTreeMap<String, i64>,
}

impl AppSettings {
    /// What a limit is set to.
    pub fn limit(&self, limit: Limit) -> Option<i64> {
        self.limits.get(limit.name()).copied()
    }
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            title: "Fanfare".to_owned(),
            home: String::new(),
            origins: Vec::new(),
            public_channels: Vec::new(),
            exclusive: vec!["user:".to_owned()],
            token_keys: Vec::new(),
            receipts: false,
            limits: BTreeMap::new(),
        }
    }
}

/// What an API key may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Publish.
    Notify,
    /// Put browsers into channels and take them out.
    Subscribe,
    /// See.
    Read,
    /// Everything in its app; of the app `default`: everything.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Notify, Self::Subscribe, Self::Read, Self::Admin];

    /// Its name in the API.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Subscribe => "subscribe",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn parse(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.label() == label)
    }
}

/// An API key, without the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Its name (`key_…`).
    pub id: PublicId,
    /// Its app.
    pub app: AppId,
    /// What somebody called it.
    pub title: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Timestamp,
}

/// A VAPID key of an app.
#[derive(Debug)]
pub struct AppVapidKey {
    /// Its row.
    pub id: VapidKeyId,
    /// Its app.
    pub app: AppId,
    /// Whether new subscriptions are made with it.
    pub current: bool,
    /// When it was made.
    pub created: Timestamp,
    /// The pair.
    pub key: VapidKey,
}

/// Bytes that are never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A change of apps or keys.
#[derive(Debug)]
pub enum DirectoryChange {
    /// A new app, with its first VAPID key.
    CreateApp {
        /// Its name.
        name: String,
        /// How it is set up.
        settings: AppSettings,
        /// What its subscriber tokens are signed with.
        token_secret: Secret,
        /// Its first VAPID key.
        vapid_key: VapidKey,
        /// When it is.
        now: Timestamp,
    },
    /// An app's settings, whole.
    UpdateApp {
        /// Its name.
        name: String,
        /// How it is set up from now on.
        settings: AppSettings,
    },
    /// Another secret for an app's subscriber tokens.
    SetTokenSecret {
        /// Its name.
        name: String,
        /// The secret.
        token_secret: Secret,
    },
    /// An app goes, with its channels and subscriptions.
    DeleteApp {
        /// Its name.
        name: String,
        /// When it is.
        now: Timestamp,
    },
    /// A new API key.
    CreateApiKey {
        /// The key's SHA-256.
        hash: [u8; 32],
        /// All else.
        key: ApiKey,
    },
    /// The key that the environment names: it replaces the one that the environment named before.
    SetBootstrapKey {
        /// The key's SHA-256.
        hash: [u8; 32],
        /// All else.
        key: ApiKey,
    },
    /// An API key goes.
    RevokeApiKey {
        /// Its app.
        app: AppId,
        /// Its name.
        id: PublicId,
    },
    /// A further VAPID key.
    AddVapidKey {
        /// Its app.
        app: AppId,
        /// The pair.
        key: VapidKey,
        /// Whether new subscriptions are made with it from now on.
        current: bool,
        /// When it is.
        now: Timestamp,
    },
    /// A channel or an origin pauses, or goes on, and who said so is written down in the same transaction.
    SetPause {
        /// Which.
        subject: Subject,
        /// Whether it pauses from now on.
        pauses: bool,
        /// Who says so.
        entry: AuditEntry,
    },
}

/// Why a change of the directory was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Conflict {
    /// Something of that name is there.
    #[error("{0} exists already")]
    Exists(String),
    /// Nothing of that name is there.
    #[error("there is no {0}")]
    Missing(String),
    /// It cannot be taken away, for this reason.
    #[error("{0}")]
    Needed(String),
}
