//! The browser's half: pages, the SDK and its worker, compiled into the program.

use std::sync::LazyLock;

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::caching;
use crate::http::problem::Problem;

/// What makes a module of the classic script.
const MODULE: &str = "\nexport default globalThis.Fanfare;\n\
                      export const { init, support, FanfareError } = globalThis.Fanfare;\n";

/// What a page may load: its own scripts, styles and images, and this daemon's API. Nothing inline, nothing foreign.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                           manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TYPES: &str = "text/plain; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Who may load an asset.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// A page of ours.
    Page,
    /// What our pages load.
    Own,
    /// The SDK, which pages anywhere load.
    Anyone,
}

struct Asset {
    path: &'static str,
    media_type: &'static str,
    reach: Reach,
    content: &'static [u8],
    tag: EntityTag,
}

macro_rules! web {
    ($name:literal) => {
        include_bytes!(concat!("../../web/", $name)).as_slice()
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let sdk = web!("fanfare.js");
    // Once, for as long as the program runs.
    let module: &'static [u8] = Vec::leak([sdk, MODULE.as_bytes()].concat());
    [
        ("/demo", HTML, Reach::Page, web!("demo.html")),
        ("/web/base.css", CSS, Reach::Own, web!("base.css")),
        ("/web/form.css", CSS, Reach::Own, web!("form.css")),
        ("/web/demo.css", CSS, Reach::Own, web!("demo.css")),
        ("/web/demo.js", SCRIPT, Reach::Own, web!("demo.js")),
        ("/web/demo/actions.js", SCRIPT, Reach::Own, web!("demo/actions.js")),
        ("/web/demo/agreement.js", SCRIPT, Reach::Own, web!("demo/agreement.js")),
        ("/web/demo/api.js", SCRIPT, Reach::Own, web!("demo/api.js")),
        ("/web/demo/arrivals.js", SCRIPT, Reach::Own, web!("demo/arrivals.js")),
        ("/web/demo/client.js", SCRIPT, Reach::Own, web!("demo/client.js")),
        ("/web/demo/command.js", SCRIPT, Reach::Own, web!("demo/command.js")),
        ("/web/demo/dom.js", SCRIPT, Reach::Own, web!("demo/dom.js")),
        ("/web/demo/failures.js", SCRIPT, Reach::Own, web!("demo/failures.js")),
        ("/web/demo/field.js", SCRIPT, Reach::Own, web!("demo/field.js")),
        ("/web/demo/fields.js", SCRIPT, Reach::Own, web!("demo/fields.js")),
        ("/web/demo/form.js", SCRIPT, Reach::Own, web!("demo/form.js")),
        ("/web/demo/keys.js", SCRIPT, Reach::Own, web!("demo/keys.js")),
        ("/web/demo/progress.css", CSS, Reach::Own, web!("demo/progress.css")),
        ("/web/demo/progress.js", SCRIPT, Reach::Own, web!("demo/progress.js")),
        ("/web/demo/send.js", SCRIPT, Reach::Own, web!("demo/send.js")),
        ("/web/demo/subscription.js", SCRIPT, Reach::Own, web!("demo/subscription.js")),
        ("/web/demo/support.js", SCRIPT, Reach::Own, web!("demo/support.js")),
        ("/web/demo/words.js", SCRIPT, Reach::Own, web!("demo/words.js")),
        (
            "/web/demo.webmanifest",
            "application/manifest+json",
            Reach::Own,
            web!("demo.webmanifest"),
        ),
        ("/web/icon.svg", SVG, Reach::Own, web!("icon.svg")),
        ("/web/icon-192.png", "image/png", Reach::Own, web!("icon-192.png")),
        ("/web/docs.css", CSS, Reach::Own, include_bytes!("docs/docs.css").as_slice()),
        ("/sdk/fanfare.js", SCRIPT, Reach::Anyone, sdk),
        ("/sdk/fanfare.mjs", SCRIPT, Reach::Anyone, module),
        ("/sdk/fanfare.d.ts", TYPES, Reach::Anyone, web!("fanfare.d.ts")),
        ("/sdk/fanfare-sw.js", SCRIPT, Reach::Anyone, web!("fanfare-sw.js")),
    ]
    .into_iter()
    .map(|(path, media_type, reach, content)| Asset {
        path,
        media_type,
        reach,
        content,
        tag: caching::of(content),
    })
    .collect()
});

/// Whatever is at the request's path.
pub async fn show(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.path == req.path());
    let asset = asset.ok_or_else(|| Problem::not_found("path"))?;
    let mut response = if caching::is_known(&req, &asset.tag) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(header::ETag(asset.tag.clone()))
        // Asked for anew each time, and answered 304: a new version is there as soon as the daemon is.
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    match asset.reach {
        Reach::Page => as_page(&mut response),
        Reach::Own => {}
        Reach::Anyone => {
            response
                .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
                // Module scripts are fetched with CORS.
                .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
                // The worker lies in /sdk/ and may serve the whole site.
                .insert_header(("Service-Worker-Allowed", "/"));
        }
    }
    Ok(response.content_type(asset.media_type).body(asset.content))
}

/// `/` leads to what there is to see.
pub async fn home() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/demo")).finish()
}

/// Headers of a page.
pub fn as_page(response: &mut actix_web::HttpResponseBuilder) {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"));
}

/// Registers every asset.
pub fn configure(cfg: &mut web::ServiceConfig) {
    for asset in ASSETS.iter() {
        cfg.service(web::resource(asset.path).get(show).head(show));
    }
    cfg.service(web::resource("/").get(home).head(home));
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test as requests};

    use super::*;

    #[actix_web::test]
    async fn assets_have_tags_and_the_sdk_is_everyones() {
        let app = requests::init_service(App::new().configure(configure)).await;
        for asset in ASSETS.iter() {
            let request = requests::TestRequest::with_uri(asset.path).to_request();
            let response = requests::call_service(&app, request).await;
            assert_eq!(response.status(), 200, "{}", asset.path);
            let tag = response.headers().get(header::ETAG).unwrap().clone();
            let shared = response.headers().get(header::CROSS_ORIGIN_RESOURCE_POLICY);
            assert_eq!(shared.is_some(), asset.path.starts_with("/sdk/"), "{}", asset.path);
            let page = response.headers().get(header::CONTENT_SECURITY_POLICY).is_some();
            assert_eq!(page, asset.media_type == HTML, "{}", asset.path);
            assert!(!requests::read_body(response).await.is_empty());

            let again = requests::TestRequest::with_uri(asset.path)
                .insert_header((header::IF_NONE_MATCH, tag))
                .to_request();
            assert_eq!(requests::call_service(&app, again).await.status(), 304, "{}", asset.path);
        }
    }

    #[test]
    fn pages_have_nothing_inline_that_their_policy_forbids() {
        for asset in ASSETS.iter().filter(|asset| asset.media_type == HTML) {
            let text = std::str::from_utf8(asset.content).unwrap();
            for forbidden in ["<style", "style=\"", "<script>", " onclick=", "javascript:", "//cdn"]
            {
                assert!(!text.contains(forbidden), "{}: {forbidden}", asset.path);
            }
        }
    }
}
