//! The SDK: each of its files under a plain name, which is asked for anew each time, and under one that holds its hash,
//! which is kept for a year.
//!
//! A page may pin a hash and live longer than the version that it names: another hash leads to the plain name. Not so
//! for the worker: browsers refuse a worker's own script that was redirected, at its registration and at each later
//! update, and Chromium refuses what a service worker imports too (neither `importScripts` nor `import` follows).
//! So another hash of it is answered with today's script. Who also pins the `integrity` of an old version gets nothing:
//! that is what was asked for.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use aws_lc_rs::digest::{SHA384, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::content::Content;
use super::{ASKED_ANEW, SCRIPT, source};
use crate::http::problem::Problem;

const TYPES: &str = "text/plain; charset=utf-8";

/// A year; `immutable` (RFC 8246) spares the question at a reload.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// What service workers load.
const WORKER: &str = "fanfare-sw";

/// Longer than any hash of ours was or will be.
const MAX_HASH: usize = 64;

/// One of its files. The hash stands between stem and extension.
struct File {
    stem: &'static str,
    extension: &'static str,
    content: Content,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let script = source!("fanfare.js");
    // What makes a module of the classic script. Once, for as long as the program runs.
    let module: &'static [u8] = Vec::leak([script, source!("exports.mjs")].concat());
    [
        ("fanfare", ".js", SCRIPT, script),
        ("fanfare", ".mjs", SCRIPT, module),
        ("fanfare", ".d.ts", TYPES, source!("fanfare.d.ts")),
        (WORKER, ".js", SCRIPT, source!("fanfare-sw.js")),
    ]
    .into_iter()
    .map(|(stem, extension, media_type, content)| {
        let content = Content::new(media_type, content);
        File { stem, extension, content }
    })
    .collect()
});

/// What is under a name.
enum Found {
    /// A file, whatever its version.
    Plain(&'static File),
    /// This version of it.
    Current(&'static File),
    /// Another version of it.
    Other(&'static File),
}

impl File {
    fn plain(&self) -> String {
        format!("{}{}", self.stem, self.extension)
    }

    fn hashed(&self) -> String {
        format!("{}.{}{}", self.stem, self.content.hash(), self.extension)
    }

    /// For the attribute `integrity` (W3C Subresource Integrity).
    fn integrity(&self) -> String {
        format!("sha384-{}", STANDARD.encode(digest(&SHA384, self.content.plain())))
    }

    fn at(&'static self, name: &str) -> Option<Found> {
        let rest = name.strip_prefix(self.stem)?.strip_suffix(self.extension)?;
        if rest.is_empty() {
            return Some(Found::Plain(self));
        }
        let hash = rest.strip_prefix('.')?;
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if hash.is_empty() || hash.len() > MAX_HASH || !hash.bytes().all(legal) {
            return None;
        }
        let is_current = hash == self.content.hash();
        Some(if is_current { Found::Current(self) } else { Found::Other(self) })
    }

    fn answer(&'static self, req: &HttpRequest, caching: &'static str) -> HttpResponse {
        self.content.answer(req, |response| _ = for_anyone(response, caching))
    }

    fn redirect(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::TemporaryRedirect();
        // Beside it, also where a proxy has put all of this under a path of its own.
        for_anyone(&mut response, ASKED_ANEW).insert_header((header::LOCATION, self.plain()));
        response
    }
}

/// A file, or the way to it.
async fn show(req: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = FILES.iter().find_map(|file| file.at(&name));
    Ok(match found.ok_or_else(|| Problem::not_found("path"))? {
        Found::Plain(file) => file.answer(&req, ASKED_ANEW),
        Found::Current(file) => file.answer(&req, FOR_GOOD),
        Found::Other(file) if file.stem == WORKER => file.answer(&req, ASKED_ANEW),
        Found::Other(file) => file.redirect().finish(),
    })
}

/// Per file its address of today, and its digest for `integrity`.
async fn manifest() -> HttpResponse {
    let entry = |file: &File| {
        let url = format!("/sdk/{}", file.hashed());
        (file.plain(), json!({ "url": url, "integrity": file.integrity() }))
    };
    let files: Map<String, Value> = FILES.iter().map(entry).collect();
    for_anyone(&mut HttpResponse::Ok(), ASKED_ANEW).json(files)
}

/// Pages and workers of any origin may load it.
fn for_anyone<'a>(
    response: &'a mut HttpResponseBuilder,
    caching: &'static str,
) -> &'a mut HttpResponseBuilder {
    response
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        // Module scripts, and scripts with `integrity`, are fetched with CORS.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        // The worker lies in /sdk/ and may serve the whole site.
        .insert_header(("Service-Worker-Allowed", "/"))
}

/// Registers its files.
pub(super) fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/sdk/manifest.json").get(manifest).head(manifest))
        .service(web::resource("/sdk/{file}").get(show).head(show));
}

#[cfg(test)]
mod tests;
