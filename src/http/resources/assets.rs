//! The browser's half: pages, the SDK and its worker, compiled into the program.

mod content;
mod dashboard;
mod demo;
mod sdk;

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use content::Content;

use crate::http::problem::Problem;
use crate::http::state::State;
use crate::store::directory::DEFAULT_APP;

/// What a page may load: its own scripts, styles and images, and this daemon's API. Nothing inline, nothing foreign.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                           manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";

/// And answered 304: a new version is there as soon as the daemon is.
const ASKED_ANEW: &str = "no-cache";

/// The channel of the demo page.
const DEMO: &str = "demo";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Who may load an asset.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// A page of ours.
    Page,
    /// What our pages load.
    Own,
}

struct Asset {
    path: &'static str,
    reach: Reach,
    content: Content,
}

/// A file: its path, its media type, who may load it, and what is in it.
type File = (&'static str, &'static str, Reach, &'static [u8]);

/// A file of src/web.
macro_rules! source {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/", $name)).as_slice()
    };
}
use source;

/// A script of src/web that our pages load.
macro_rules! script {
    ($name:literal) => {
        (concat!("/web/", $name), SCRIPT, Reach::Own, source!($name))
    };
}
use script;

/// A style sheet of src/web.
macro_rules! style {
    ($name:literal) => {
        (concat!("/web/", $name), CSS, Reach::Own, source!($name))
    };
}
use style;

/// What all pages load.
const COMMON: &[File] = &[
    style!("base.css"),
    style!("form.css"),
    script!("common/api.js"),
    script!("common/dom.js"),
    ("/web/icon.svg", SVG, Reach::Own, source!("icon.svg")),
    ("/web/icon-192.png", "image/png", Reach::Own, source!("icon-192.png")),
    ("/web/docs.css", CSS, Reach::Own, include_bytes!("docs/docs.css").as_slice()),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    [COMMON, demo::FILES, dashboard::FILES]
        .concat()
        .into_iter()
        .map(|(path, media_type, reach, content)| {
            let content = Content::new(media_type, content);
            Asset { path, reach, content }
        })
        .collect()
});

/// Whatever is at the request's path.
pub async fn show(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.path == req.path());
    let asset = asset.ok_or_else(|| Problem::not_found("path"))?;
    Ok(asset.content.answer(&req, |response| {
        response.insert_header((header::CACHE_CONTROL, ASKED_ANEW));
        match asset.reach {
            Reach::Page => as_page(response),
            Reach::Own => {}
        }
    }))
}

/// `/` leads to what there is to see: the demo, where anybody may subscribe to it, else the dashboard.
pub async fn home(state: web::Data<State>) -> HttpResponse {
    let directory = state.directory();
    let has_demo = directory
        .apps
        .get(DEFAULT_APP)
        .is_some_and(|app| app.settings.public_channels.iter().any(|channel| channel == DEMO));
    let place = if has_demo { "/demo" } else { "/dashboard" };
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, place))
        .insert_header((header::CACHE_CONTROL, ASKED_ANEW))
        .finish()
}

/// Headers of a page.
pub fn as_page(response: &mut actix_web::HttpResponseBuilder) {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"));
}

/// Registers every asset, and the SDK.
pub fn configure(cfg: &mut web::ServiceConfig) {
    for asset in ASSETS.iter() {
        cfg.service(web::resource(asset.path).get(show).head(show));
    }
    cfg.configure(sdk::configure);
    cfg.service(web::resource("/").get(home).head(home));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use actix_web::{App, test as requests};

    use super::*;

    #[actix_web::test]
    async fn assets_have_tags_and_are_for_our_own_pages() {
        let app = requests::init_service(App::new().configure(configure)).await;
        for asset in ASSETS.iter() {
            let request = requests::TestRequest::with_uri(asset.path).to_request();
            let response = requests::call_service(&app, request).await;
            assert_eq!(response.status(), 200, "{}", asset.path);
            let tag = response.headers().get(header::ETAG).unwrap().clone();
            let shared = response.headers().get(header::CROSS_ORIGIN_RESOURCE_POLICY);
            assert!(shared.is_none(), "{}", asset.path);
            let page = response.headers().get(header::CONTENT_SECURITY_POLICY).is_some();
            assert_eq!(page, asset.reach == Reach::Page, "{}", asset.path);
            assert!(!requests::read_body(response).await.is_empty());

            let again = requests::TestRequest::with_uri(asset.path)
                .insert_header((header::IF_NONE_MATCH, tag))
                .to_request();
            assert_eq!(requests::call_service(&app, again).await.status(), 304, "{}", asset.path);
        }
    }

    #[test]
    fn every_script_and_style_of_our_pages_is_served() {
        let web = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web"));
        let mut folders = ["common", "demo", "dashboard"].map(|name| web.join(name)).to_vec();
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let file = entry.unwrap().path();
                if file.is_dir() {
                    folders.push(file);
                    continue;
                }
                let name = file.strip_prefix(web).unwrap().to_str().unwrap();
                let path = format!("/web/{name}");
                let is_ours = name.ends_with(".js") || name.ends_with(".css");
                assert!(!is_ours || ASSETS.iter().any(|asset| asset.path == path), "{path}");
                files += 1;
            }
        }
        assert!(files > 50, "{files} files were found");
    }

    #[test]
    fn pages_have_nothing_inline_that_their_policy_forbids() {
        for asset in ASSETS.iter().filter(|asset| asset.reach == Reach::Page) {
            let text = std::str::from_utf8(asset.content.plain()).unwrap();
            for forbidden in ["<style", "style=\"", "<script>", " onclick=", "javascript:", "//cdn"]
            {
                assert!(!text.contains(forbidden), "{}: {forbidden}", asset.path);
            }
        }
    }
}
