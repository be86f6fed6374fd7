//! What a first start makes: the app `default` with its VAPID key, and an admin key for whoever started it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{DaemonError, system};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::config::secret::Secret as ConfigSecret;
use crate::http::auth::api_key;
use crate::id::{AppId, IdKind, PublicId};
use crate::store::Store;
use crate::store::directory::{
    ApiKey, App, AppSettings, DEFAULT_APP, Directory, DirectoryChange, Scope, Secret,
};
use crate::webpush::vapid::VapidKey;

/// The channel of the demo page.
const DEMO: &str = "demo";

/// What a start made that its user must be told.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The admin key, if one was made: it is stored hashed, so this is the only time it can be told.
    pub(super) admin_key: Option<ConfigSecret>,
    /// Whether anybody may subscribe to `demo`.
    pub(super) has_demo: bool,
}

/// Makes what is missing, and an admin key when there is no key at all: it can be told only now, and is before it is made.
pub(super) async fn prepare_to_serve(
    store: &dyn Store,
    config: &Config,
    listen: SocketAddr,
    clock: Clock,
    tell_key: impl FnOnce(&ConfigSecret) -> io::Result<()>,
) -> Result<News, DaemonError> {
    let app = prepare(store, config, listen, clock).await?;
    replace_lost_keys(store, clock.now()).await?;
    let admin_key = match store.directory().api_keys.is_empty() {
        true => Some(create_admin_key(store, app.id, clock.now(), tell_key).await?),
        false => None,
    };
    let has_demo = app.settings.public_channels.iter().any(|channel| channel == DEMO);
    Ok(News { admin_key, has_demo })
}

/// Makes what must be there for any request, and heeds what the configuration says of it; answers the app `default`.
pub(super) async fn prepare(
    store: &dyn Store,
    config: &Config,
    listen: SocketAddr,
    clock: Clock,
) -> Result<App, DaemonError> {
    let now = clock.now();
    if !store.directory().apps.contains_key(DEFAULT_APP) {
        let has_demo = config.demo.unwrap_or(listen.ip().is_loopback());
        create_default_app(store, has_demo, now).await?;
    }
    let app = default_app(&store.directory()).ok_or(DaemonError::Tree)?;
    if let Some(wanted) = config.demo {
        set_demo(store, &app, wanted).await?;
    }
    if let Some(key) = &config.bootstrap_key {
        set_bootstrap_key(store, app.id, key, now).await?;
    }
    default_app(&store.directory()).ok_or(DaemonError::Tree)
}

/// An app that has lost its VAPID key gets another: whoever had subscribed with it would have stopped the start.
async fn replace_lost_keys(store: &dyn Store, now: Timestamp) -> Result<(), DaemonError> {
    let directory = store.directory();
    let without = |app: &&Arc<App>| directory.current_vapid_key(app.id).is_none();
    for app in directory.apps.values().filter(without) {
        let key = VapidKey::generate()?;
        let change = DirectoryChange::AddVapidKey { app: app.id, key, current: true, now };
        store.change_directory(change).await??;
        tracing::warn!(app = app.name, "the app had no VAPID key: it has a new one");
    }
    Ok(())
}

fn default_app(directory: &Directory) -> Option<App> {
    directory.apps.get(DEFAULT_APP).map(|app| (**app).clone())
}

async fn create_default_app(
    store: &dyn Store,
    has_demo: bool,
    now: Timestamp,
) -> Result<(), DaemonError> {
    let settings = AppSettings {
        public_channels: if has_demo { vec![DEMO.to_owned()] } else { Vec::new() },
        ..AppSettings::default()
    };
    let change = DirectoryChange::CreateApp {
        name: DEFAULT_APP.to_owned(),
        settings,
        token_secret: Secret(rand::RngExt::random::<[u8; 32]>(&mut rand::rng()).to_vec()),
        vapid_key: VapidKey::generate()?,
        now,
    };
    Ok(store.change_directory(change).await??)
}

async fn set_demo(store: &dyn Store, app: &App, wanted: bool) -> Result<(), DaemonError> {
    let mut settings = app.settings.clone();
    settings.public_channels.retain(|channel| channel != DEMO);
    if wanted {
        settings.public_channels.push(DEMO.to_owned());
    }
    if settings.public_channels.len() == app.settings.public_channels.len() {
        return Ok(());
    }
    let change = DirectoryChange::UpdateApp { name: app.name.clone(), settings };
    Ok(store.change_directory(change).await??)
}

async fn create_admin_key(
    store: &dyn Store,
    app: AppId,
    now: Timestamp,
    tell_key: impl FnOnce(&ConfigSecret) -> io::Result<()>,
) -> Result<ConfigSecret, DaemonError> {
    let key = ConfigSecret::new(api_key::generate(&mut rand::rng()));
    tell_key(&key).map_err(system("telling the admin key (admin-key in the data directory)"))?;
    let change = DirectoryChange::CreateApiKey {
        hash: api_key::hash(key.expose()),
        key: entry(app, "made at the first start", vec![Scope::Admin], now),
    };
    store.change_directory(change).await??;
    Ok(key)
}

/// The environment's key, with every scope: a changed value replaces the earlier one, the same value changes nothing.
async fn set_bootstrap_key(
    store: &dyn Store,
    app: AppId,
    key: &ConfigSecret,
    now: Timestamp,
) -> Result<(), DaemonError> {
    let hash = api_key::hash(key.expose());
    if store.directory().api_keys.contains_key(&hash) {
        return Ok(());
    }
    let change = DirectoryChange::SetBootstrapKey {
        hash,
        key: entry(app, "FANFARE_BOOTSTRAP_KEY", Scope::ALL.to_vec(), now),
    };
    Ok(store.change_directory(change).await??)
}

fn entry(app: AppId, title: &str, scopes: Vec<Scope>, now: Timestamp) -> ApiKey {
    ApiKey {
        id: PublicId::random(IdKind::ApiKey, &mut rand::rng()),
        app,
        title: title.to_owned(),
        scopes,
        created: now,
    }
}
