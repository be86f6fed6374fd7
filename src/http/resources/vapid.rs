//! VAPID key pairs, with their private halves: for the command line on the same machine, through the control
//! socket alone. Over the network these paths do not exist.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::future::{Ready, ready};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

use super::push_key;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::connection::Connection;
use crate::http::list;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::store::directory::{App, AppVapidKey, DirectoryChange};
use crate::webpush::vapid::VapidKey;

/// A caller on the control socket, and the app that is meant.
pub struct Controller(Arc<App>);

impl Controller {
    /// The app that is meant.
    pub fn into_app(self) -> Arc<App> {
        self.0
    }
}

impl FromRequest for Controller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if Connection::behind(req) != Connection::Control {
            return ready(Err(Problem::not_found("path")));
        }
        ready(Caller::from_request(req, payload).into_inner().map(|caller| Self(caller.app)))
    }
}

/// A VAPID key pair, without its private half.
#[derive(Serialize)]
pub struct VapidKeyView {
    /// Its name.
    pub id: String,
    /// Its public half.
    pub key: String,
    /// Whether new subscriptions are made with it.
    pub current: bool,
    /// For how many subscriptions it signs: they were made with it, and no other key does for them.
    pub subscriptions: i64,
    /// When it was made or imported.
    pub created: String,
}

/// An app's pairs.
#[derive(Serialize)]
pub struct VapidKeys {
    /// The oldest first.
    pub items: Vec<VapidKeyView>,
}

/// A pair to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewVapidKey {
    /// Another program's, in any form that [`VapidKey::import`] reads; absent, a new pair is made.
    import: Option<String>,
    /// Whether new subscriptions are made with it from now on. They are in any case when a pair is imported into an app
    /// that has no subscription yet: those that follow it were made with it.
    #[serde(default)]
    current: bool,
}

/// The pair that was added.
#[derive(Serialize)]
pub struct AddedVapidKey {
    /// Its name.
    pub id: String,
    /// Its public half.
    pub key: String,
    /// Whether it is new; else it was there.
    pub added: bool,
    /// Whether new subscriptions are made with it.
    pub current: bool,
}

/// An app's pairs.
pub async fn show_all(
    controller: Controller,
    state: web::Data<State>,
) -> Result<web::Json<VapidKeys>, Problem> {
    let uses: HashMap<_, _> =
        state.store.vapid_key_uses(controller.0.id).await?.into_iter().collect();
    let directory = state.directory();
    let current = directory.current_vapid_key(controller.0.id).map(|key| key.id);
    let mut keys: Vec<_> =
        directory.vapid_keys.values().filter(|key| key.app == controller.0.id).collect();
    keys.sort_by_key(|key| key.id);
    let items = keys.into_iter().map(|key| {
        let public = key.key.public_base64url();
        VapidKeyView {
            id: push_key::name(public),
            key: public.to_owned(),
            current: Some(key.id) == current,
            subscriptions: uses.get(&key.id).copied().unwrap_or(0),
            created: key.created.to_rfc3339(),
        }
    });
    Ok(web::Json(VapidKeys { items: items.collect() }))
}

/// Adds a pair.
pub async fn add(
    controller: Controller,
    state: web::Data<State>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let new: NewVapidKey = body.read(body::SMALL).await?;
    let app = controller.0.id;
    let mut current = new.current;
    let pair = match new.import {
        None => VapidKey::generate().map_err(Problem::fault)?,
        Some(text) => {
            current |= state.store.vapid_key_uses(app).await?.is_empty();
            VapidKey::import(&text).map_err(|error| {
                Problem::field(ProblemKind::InvalidField, "#/import", error.to_string())
            })?
        }
    };
    let key = pair.public_base64url().to_owned();
    let added = state.directory().vapid_key_by_public(app, &key).is_none();
    let change = DirectoryChange::AddVapidKey { app, key: pair, current, now: state.now() };
    state.store.change_directory(change).await??;
    let directory = state.directory();
    let current =
        directory.current_vapid_key(app).is_some_and(|now| now.key.public_base64url() == key);
    let mut response = if added { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(AddedVapidKey { id: push_key::name(&key), key, added, current }))
}

/// How a pair is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {
    /// Whether as a PEM; else it is npm web-push's JSON.
    #[serde(default)]
    pem: bool,
}

/// A pair as a PEM.
#[derive(Serialize)]
pub struct ExportedPem {
    /// PKCS#8.
    pem: String,
}

/// A pair with its private half, as npm web-push writes it, or as a PEM.
pub async fn export(
    req: HttpRequest,
    controller: Controller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let directory = state.directory();
    let is_it = |key: &&Arc<AppVapidKey>| {
        key.app == controller.0.id && push_key::name(key.key.public_base64url()) == *path
    };
    let found = directory.vapid_keys.values().find(is_it);
    let found = found.ok_or_else(|| Problem::not_found("VAPID key"))?;
    let params: ExportParams = list::query(&req)?;
    if params.pem {
        let pem = found.key.export_pem().map_err(Problem::fault)?;
        return Ok(HttpResponse::Ok().json(ExportedPem { pem }));
    }
    Ok(HttpResponse::Ok().content_type("application/json").body(found.key.export_json()))
}
