//! API keys of an app: made (and shown once), listed without the key, revoked.

use actix_web::{HttpRequest, HttpResponse, web};
use rand::rng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use super::apps::find;
use crate::http::auth::{Caller, api_key};
use crate::http::body::{self, Body};
use crate::http::list::{self, PageOf, PageParams, Window};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::id::{IdKind, PublicId};
use crate::store::directory::{ApiKey, DirectoryChange, Scope};
use crate::webpush::field::FieldError;

const MAX_TITLE: usize = 200;

/// An API key, without the key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    /// Its name.
    pub id: String,
    /// What somebody called it.
    pub title: String,
    /// What it may do.
    #[schema(value_type = Vec<ScopeName>)]
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: String,
}

/// A new API key, with the key.
#[derive(Serialize, ToSchema)]
pub struct CreatedKey {
    /// The key. It is shown this once and kept nowhere.
    pub key: String,
    /// All else.
    #[serde(flatten)]
    pub view: KeyView,
}

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What to call it, for whoever sees the list later.
    #[serde(default)]
    title: String,
    /// What it may do.
    #[schema(value_type = Vec<ScopeName>, min_items = 1)]
    scopes: Vec<Scope>,
}

/// What an API key may do.
#[derive(ToSchema)]
#[schema(as = Scope, rename_all = "lowercase")]
pub enum ScopeName {
    /// Publish.
    Notify,
    /// Put browsers into channels and take them out.
    Subscribe,
    /// See.
    Read,
    /// Everything in its app; of the app `default`: everything.
    Admin,
}

/// An app's API keys.
#[utoipa::path(
    get, path = "/v1/apps/{app}/keys", operation_id = "listKeys", tag = "apps",
    params(("app" = String, Path, description = "The app's name"), PageParams),
    responses((status = 200, body = PageOf<KeyView>)), security(("api_key" = ["admin"])),
)]
pub async fn list(
    req: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<web::Json<PageOf<KeyView>>, Problem> {
    caller.require_instance()?;
    let app = find(&state, &path)?;
    let params: PageParams = list::query(&req)?;
    let window = Window::of(params.limit, params.cursor)?;
    let directory = state.directory();
    let after =
        |key: &Arc<ApiKey>| window.after.as_deref().is_none_or(|after| key.id.as_str() > after);
    let mut rows: Vec<_> =
        directory.api_keys.values().filter(|key| key.app == app.id && after(key)).collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(web::Json(window.page(rows, |key| key.id.to_string(), |key| KeyView::from(&**key))))
}

/// Makes an API key. It is shown this once.
#[utoipa::path(
    post, path = "/v1/apps/{app}/keys", operation_id = "createKey", tag = "apps", request_body = NewKey,
    params(("app" = String, Path, description = "The app's name")),
    responses((status = 201, body = CreatedKey)), security(("api_key" = ["admin"])),
)]
pub async fn create(
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let app = find(&state, &path)?;
    let new: NewKey = body.read(body::SMALL).await?;
    let (title, scopes) = new.checked()?;
    let key = api_key::generate(&mut rng());
    let id = PublicId::random(IdKind::ApiKey, &mut rng());
    let stored = ApiKey { id, app: app.id, title, scopes, created: state.now() };
    let view = KeyView::from(&stored);
    let change = DirectoryChange::CreateApiKey { hash: api_key::hash(&key), key: stored };
    state.store.change_directory(change).await??;
    Ok(HttpResponse::Created().json(CreatedKey { key, view }))
}

/// Revokes an API key, at once.
#[utoipa::path(
    delete, path = "/v1/apps/{app}/keys/{id}", operation_id = "revokeKey", tag = "apps",
    params(("app" = String, Path, description = "The app's name"), ("id" = String, Path, description = "The key's name, `key_…`")),
    responses((status = 204, description = "It is revoked.")), security(("api_key" = ["admin"])),
)]
pub async fn revoke(
    caller: Caller,
    path: web::Path<(String, String)>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    caller.require_instance()?;
    let (app, id) = path.into_inner();
    let app = find(&state, &app)?.id;
    let id = PublicId::parse(IdKind::ApiKey, &id).ok_or_else(|| Problem::not_found("API key"))?;
    state.store.change_directory(DirectoryChange::RevokeApiKey { app, id }).await??;
    Ok(HttpResponse::NoContent().finish())
}

impl NewKey {
    /// Its title, and its scopes, each once.
    fn checked(mut self) -> Result<(String, Vec<Scope>), Problem> {
        let mut errors = Vec::new();
        if self.title.len() > MAX_TITLE || self.title.chars().any(char::is_control) {
            let detail = format!("must have at most {MAX_TITLE} bytes in one line");
            errors.push(FieldError::new("#/title", detail));
        }
        if self.scopes.is_empty() {
            let detail = "must name at least one of notify, subscribe, read, admin";
            errors.push(FieldError::new("#/scopes", detail));
        }
        self.scopes.sort();
        self.scopes.dedup();
        if errors.is_empty() { Ok((self.title, self.scopes)) } else { Err(Problem::fields(errors)) }
    }
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            title: key.title.clone(),
            scopes: key.scopes.clone(),
            created: key.created.to_rfc3339(),
        }
    }
}
