//! Apps: tenants with their titles, origins, keys and limits. The instance's to manage.

use actix_web::{HttpRequest, HttpResponse, web};
use rand::{Rng, rng};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::http::app_settings;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::list::{self, PageOf, PageParams, Window};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::store::directory::{App, AppSettings, DirectoryChange, Scope, Secret};
use crate::webpush::field::FieldError;
use crate::webpush::vapid::VapidKey;

/// RFC 7518 §3.2: at least as many bytes as SHA-256 has.
const TOKEN_SECRET: usize = 32;

/// An app as it is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub struct AppView {
    /// Its name, as in `Fanfare-App`.
    pub id: String,
    /// The title of notifications that have none.
    pub title: String,
    /// Where a click leads when the notification does not say; empty: the demo.
    pub home: String,
    /// Origins whose pages may call from a browser.
    pub origins: Vec<String>,
    /// Channels that anyone may subscribe to.
    pub public_channels: Vec<String>,
    /// Prefixes in each of which an endpoint is in at most one channel.
    pub exclusive: Vec<String>,
    /// Public keys (PEM) that subscriber tokens may be signed with, besides the secret.
    pub token_keys: Vec<String>,
    /// Whether devices are asked to say that a notification was shown, clicked and closed.
    pub receipts: bool,
    /// Numbers that bound what the app may do.
    #[schema(value_type = AppLimits)]
    pub limits: BTreeMap<String, i64>,
    /// When it was made.
    pub created: String,
}

/// Numbers that bound what an app may do. One that is absent bounds nothing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes in OpenAPI what `AppSettings::limits` holds")]
pub struct AppLimits {
    /// How many subscriptions the app has at most, those that are gone left out.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    subscriptions: Option<i64>,
    /// How many subscriptions each of its channels has at most.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    subscriptions_per_channel: Option<i64>,
    /// How many requests a second each of its API keys may make.
    #[schema(minimum = 1, maximum = 1_000_000)]
    requests_per_second: Option<i64>,
}

/// What may be set of an app. What is absent stays as it is, or has its default in a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppChange {
    title: Option<String>,
    home: Option<String>,
    origins: Option<Vec<String>>,
    public_channels: Option<Vec<String>>,
    exclusive: Option<Vec<String>>,
    token_keys: Option<Vec<String>>,
    receipts: Option<bool>,
    /// Each limit that is named is set, or lifted by `null`; the others stay.
    #[schema(value_type = Option<AppLimits>)]
    limits: Option<BTreeMap<String, Option<i64>>>,
}

/// A new app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// Its name: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`, and a letter or digit first.
    id: String,
    title: Option<String>,
    home: Option<String>,
    origins: Option<Vec<String>>,
    public_channels: Option<Vec<String>>,
    exclusive: Option<Vec<String>>,
    token_keys: Option<Vec<String>>,
    receipts: Option<bool>,
    /// Each limit that is named is set, or lifted by `null`; the others stay.
    #[schema(value_type = Option<AppLimits>)]
    limits: Option<BTreeMap<String, Option<i64>>>,
}

/// What subscriber tokens are signed with.
#[derive(Serialize, ToSchema)]
pub struct TokenSecret {
    /// The secret (HS256), in unpadded base64url: sign with the bytes of this very text.
    pub token_secret: String,
}

/// All apps, by name.
#[utoipa::path(
    get, path = "/v1/apps", operation_id = "listApps", tag = "apps", params(PageParams),
    responses((status = 200, body = PageOf<AppView>)), security(("api_key" = ["admin"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<AppView>>, Problem> {
    caller.require_instance()?;
    let params: PageParams = list::query(&req)?;
    let window = Window::of(params.limit, params.cursor)?;
    let directory = state.directory();
    let after = |app: &&Arc<App>| window.after.as_ref().is_none_or(|after| app.name > *after);
    let rows = usize::try_from(window.rows()).unwrap_or_default();
    let rows = directory.apps.values().filter(after).take(rows).collect();
    Ok(web::Json(window.page(rows, |app| app.name.clone(), |app| AppView::from(&**app))))
}

/// Makes an app, with a VAPID key of its own.
#[utoipa::path(
    post, path = "/v1/apps", operation_id = "createApp", tag = "apps", request_body = NewApp,
    responses((status = 201, body = AppView)), security(("api_key" = ["admin"])),
)]
pub async fn create(
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let (id, change) = body.read::<NewApp>(body::SMALL).await?.parts();
    if !app_settings::is_app_name(&id) {
        let detail = "must have 1 to 64 of a-z, 0-9, `-`, `_` and `.`, a letter or digit first";
        return Err(Problem::fields(vec![FieldError::new("#/id", detail)]));
    }
    let settings = change.onto(AppSettings::default())?;
    let vapid_key = VapidKey::generate().map_err(Problem::fault)?;
    let token_secret = random_secret();
    let name = id.clone();
    let now = state.now();
    let change = DirectoryChange::CreateApp { name, settings, token_secret, vapid_key, now };
    state.store.change_directory(change).await??;
    let location = format!("/v1/apps/{id}");
    let app = find(&state, &id)?;
    Ok(HttpResponse::Created().insert_header(("Location", location)).json(AppView::from(&*app)))
}

/// One app.
#[utoipa::path(
    get, path = "/v1/apps/{app}", operation_id = "getApp", tag = "apps",
    params(("app" = String, Path, description = "The app's name")),
    responses((status = 200, body = AppView)), security(("api_key" = ["admin"])),
)]
pub async fn show(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<AppView>, Problem> {
    caller.require_instance()?;
    Ok(web::Json(AppView::from(&*find(&state, &path)?)))
}

/// Changes what the body names of an app.
#[utoipa::path(
    patch, path = "/v1/apps/{app}", operation_id = "updateApp", tag = "apps", request_body = AppChange,
    params(("app" = String, Path, description = "The app's name")),
    responses((status = 200, body = AppView)), security(("api_key" = ["admin"])),
)]
pub async fn update(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<AppView>, Problem> {
    caller.require_instance()?;
    let change: AppChange = body.read(body::SMALL).await?;
    // Read behind the body, which may take its time: what somebody else changed meanwhile stays.
    let app = find(&state, &path)?;
    let settings = change.onto(app.settings.clone())?;
    let name = app.name.clone();
    state.store.change_directory(DirectoryChange::UpdateApp { name, settings }).await??;
    Ok(web::Json(AppView::from(&*find(&state, &path)?)))
}

/// Deletes an app with its keys, channels and subscriptions.
#[utoipa::path(
    delete, path = "/v1/apps/{app}", operation_id = "deleteApp", tag = "apps",
    params(("app" = String, Path, description = "The app's name")),
    responses((status = 204, description = "It is deleted.")), security(("api_key" = ["admin"])),
)]
pub async fn delete(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let name = find(&state, &path)?.name.clone();
    let change = DirectoryChange::DeleteApp { name, now: state.now() };
    state.store.change_directory(change).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives an app another secret for subscriber tokens: those that were signed with the old one end.
#[utoipa::path(
    post, path = "/v1/apps/{app}/token-secret", operation_id = "renewTokenSecret", tag = "apps",
    params(("app" = String, Path, description = "The app's name")),
    responses((status = 201, body = TokenSecret)), security(("api_key" = ["admin"])),
)]
pub async fn token_secret(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    if caller.app.name == *path {
        caller.require(Scope::Admin)?;
    } else {
        caller.require_instance()?;
    }
    let name = find(&state, &path)?.name.clone();
    let secret = random_secret();
    let text = String::from_utf8(secret.0.clone()).expect("base64url is ASCII");
    let change = DirectoryChange::SetTokenSecret { name, token_secret: secret };
    state.store.change_directory(change).await??;
    Ok(HttpResponse::Created().json(TokenSecret { token_secret: text }))
}

/// The app of that name.
pub fn find(state: &State, name: &str) -> Result<Arc<App>, Problem> {
    state.directory().apps.get(name).cloned().ok_or_else(|| Problem::not_found("app"))
}

/// Text rather than bytes: every JWT library takes a string as its secret, and none agrees on decoding it.
fn random_secret() -> Secret {
    use base64::Engine;
    let mut bytes = [0; TOKEN_SECRET];
    rng().fill_bytes(&mut bytes);
    Secret(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes).into_bytes())
}

impl NewApp {
    /// Its name, and what it has besides as a change of what every app has at first.
    fn parts(self) -> (String, AppChange) {
        let change = AppChange {
            title: self.title,
            home: self.home,
            origins: self.origins,
            public_channels: self.public_channels,
            exclusive: self.exclusive,
            token_keys: self.token_keys,
            receipts: self.receipts,
            limits: self.limits,
        };
        (self.id, change)
    }
}

impl AppChange {
    fn onto(self, settings: AppSettings) -> Result<AppSettings, Problem> {
        app_settings::checked(AppSettings {
            title: self.title.unwrap_or(settings.title),
            home: self.home.unwrap_or(settings.home),
            origins: self.origins.unwrap_or(settings.origins),
            public_channels: self.public_channels.unwrap_or(settings.public_channels),
            exclusive: self.exclusive.unwrap_or(settings.exclusive),
            token_keys: self.token_keys.unwrap_or(settings.token_keys),
            receipts: self.receipts.unwrap_or(settings.receipts),
            limits: merged(settings.limits, self.limits.unwrap_or_default())?,
        })
        .map_err(Problem::fields)
    }
}

/// The limits as they are after the change; a name that says nothing is refused also where it lifts.
fn merged(
    mut limits: BTreeMap<String, i64>,
    change: BTreeMap<String, Option<i64>>,
) -> Result<BTreeMap<String, i64>, Problem> {
    let unknown = change.keys().filter_map(|name| app_settings::unknown_limit(name));
    let unknown: Vec<_> = unknown.collect();
    if !unknown.is_empty() {
        return Err(Problem::fields(unknown));
    }
    for (name, number) in change {
        match number {
            Some(number) => _ = limits.insert(name, number),
            None => _ = limits.remove(&name),
        }
    }
    Ok(limits)
}

impl From<&App> for AppView {
    fn from(app: &App) -> Self {
        let settings = app.settings.clone();
        Self {
            id: app.name.clone(),
            title: settings.title,
            home: settings.home,
            origins: settings.origins,
            public_channels: settings.public_channels,
            exclusive: settings.exclusive,
            token_keys: settings.token_keys,
            receipts: settings.receipts,
            limits: settings.limits,
            created: app.created.to_rfc3339(),
        }
    }
}
