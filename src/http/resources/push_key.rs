//! The key that browsers subscribe with.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::Caller;
use crate::http::caching;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::id::VapidKeyId;
use crate::store::directory::Directory;

/// A VAPID public key.
#[derive(Serialize, ToSchema)]
pub struct PushKey {
    /// The key's name, derived from the key.
    pub id: String,
    /// The public key, unpadded base64url of 65 bytes: what `applicationServerKey` takes.
    pub key: String,
}

/// A name for a key pair that is the same wherever the pair is imported.
pub fn name(public: &str) -> String {
    let hash = digest(&SHA256, public.as_bytes());
    format!("vpk_{}", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]))
}

/// The name of a key, and its app's; `None`: it is no longer there.
pub fn with_app(key: VapidKeyId, directory: &Directory) -> Option<(String, String)> {
    let pair = directory.vapid_keys.get(&key)?;
    let app = directory.app(pair.app)?;
    Some((name(pair.key.public_base64url()), app.name.clone()))
}

/// The app's current VAPID public key, with which browsers subscribe.
#[utoipa::path(
    get, path = "/v1/push-key", operation_id = "getPushKey", tag = "subscriptions", security(()),
    responses((status = 200, body = PushKey), (status = 304, description = "It is the one that If-None-Match names.")),
)]
pub async fn show(
    req: HttpRequest,
    caller: Caller,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let directory = state.directory();
    let current = directory
        .current_vapid_key(caller.app.id)
        .ok_or_else(|| Problem::not_found("VAPID key"))?;
    let key = current.key.public_base64url().to_owned();
    let id = name(&key);
    let tag = caching::strong(id.clone());
    let known = caching::is_known(&req, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(header::ETag(tag)).insert_header((header::CACHE_CONTROL, "no-cache"));
    Ok(if known { response.finish() } else { response.json(PushKey { id, key }) })
}
