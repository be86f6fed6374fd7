//! Cross-origin calls. A preflight names no app, so an origin that any app lists gets its headers; the real request
//! is then held against its own app ([`check`]), where a foreign origin is 403.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::app_settings;
use super::problem::{Problem, ProblemKind};
use crate::store::directory::{App, Directory};
use crate::webpush::link;

/// What a page may send.
const ALLOW_HEADERS: &str =
    "authorization, content-type, fanfare-app, idempotency-key, if-none-match";
/// What a page may read.
const EXPOSE_HEADERS: &str = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy";
const ALLOW_METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// Browsers keep a preflight's answer at most two hours; ten minutes bound how long a removed origin lingers.
const MAX_AGE: &str = "600";

/// What an origin must be to be listed.
const UNLISTABLE: &str = "it must be https (http for a loopback host alone)";

/// Headers for an answer.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// The headers of every answer: who may read it, and what it depends on.
pub fn headers(directory: &Directory, public_url: &str, request: &HeaderMap) -> Headers {
    let mut headers = vec![(header::VARY, HeaderValue::from_static("Origin, Fanfare-App"))];
    if let Some(origin) = known_origin(directory, public_url, request) {
        headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
        let exposed = HeaderValue::from_static(EXPOSE_HEADERS);
        headers.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed));
    }
    headers
}

/// What a preflight's answer has besides.
pub fn preflight() -> Headers {
    vec![
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOW_METHODS)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS)),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE)),
    ]
}

/// Refuses a page whose origin the app does not list; the log hears of it if it `may_tell`. No `Origin` is no browser.
pub fn check(
    req: &HttpRequest,
    app: &App,
    public_url: &str,
    may_tell: impl FnOnce() -> bool,
) -> Result<(), Problem> {
    let Some(value) = req.headers().get(header::ORIGIN) else { return Ok(()) };
    let origin = value.to_str().unwrap_or_default();
    if lists(app, origin) || is_own(origin, public_url, req.headers()) {
        return Ok(());
    }
    let remedy = remedy(Some(app), origin);
    if may_tell() {
        tracing::warn!(app = %app.name, "a page of a foreign origin was refused; {remedy}");
    }
    let detail = format!("the app {} does not list this page's origin; {remedy}", app.name);
    Err(Problem::new(ProblemKind::OriginForbidden, detail))
}

/// What would let in the page of a preflight whose origin no app lists. Its browser sends nothing after that, so [`check`]
/// never hears of the page. Which app it is for, a preflight does not say; where there are several, nor do we.
pub fn refused_preflight(
    directory: &Directory,
    public_url: &str,
    request: &HeaderMap,
) -> Option<String> {
    let origin = request.get(header::ORIGIN)?.to_str().ok()?;
    if known_origin(directory, public_url, request).is_some() {
        return None;
    }
    let mut apps = directory.apps.values();
    let only = apps.next().filter(|_| apps.next().is_none());
    Some(remedy(only.map(Arc::as_ref), origin))
}

/// What would let a page in.
fn remedy(app: Option<&App>, origin: &str) -> String {
    match (app_settings::origin(origin), app) {
        (Some(origin), Some(app)) => format!("`{}` would allow it", allowing(app, &origin)),
        (Some(origin), None) => format!(
            "`fanfare app set APP --origin {}`, with those that APP has already, would allow it",
            shown(&origin)
        ),
        // `null` is what a browser says of sandboxed frames and files: whoever listed that would list everybody's.
        (None, _) => format!("no app can list it: {UNLISTABLE}"),
    }
}

fn known_origin(
    directory: &Directory,
    public_url: &str,
    request: &HeaderMap,
) -> Option<HeaderValue> {
    let value = request.get(header::ORIGIN)?;
    let origin = value.to_str().ok()?;
    let known = is_own(origin, public_url, request)
        || directory.apps.values().any(|app| lists(app, origin));
    known.then(|| value.clone())
}

fn lists(app: &App, origin: &str) -> bool {
    app.settings.origins.iter().any(|listed| listed == origin)
}

/// The daemon's own pages: those under `public_url`, and, on this machine, those under whichever of loopback's
/// names the browser used. Another name that merely equals `Host` may have been pointed here by a stranger.
fn is_own(origin: &str, public_url: &str, request: &HeaderMap) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    if Url::parse(public_url).is_ok_and(|own| own.origin() == url.origin()) {
        return true;
    }
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok());
    let called = host.and_then(|host| Url::parse(&format!("{}://{host}", url.scheme())).ok());
    link::is_loopback(&url) && called.is_some_and(|called| called.origin() == url.origin())
}

/// The command that lets the origin in, and those that are in already: it replaces the list.
fn allowing(app: &App, origin: &str) -> String {
    let mut origins: Vec<_> = app.settings.origins.iter().map(String::as_str).collect();
    origins.push(shown(origin));
    format!("fanfare app set {} --origin {}", app.name, origins.join(","))
}

/// An origin as it may stand in a command: a stranger wrote it, and somebody may paste it.
fn shown(origin: &str) -> &str {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:/[]".contains(&byte);
    if origin.len() <= 255 && origin.bytes().all(harmless) { origin } else { "ORIGIN" }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::http::testing;

    const OWN: &str = "https://push.example";

    fn directory() -> Directory {
        let mut app = testing::app("default");
        app.settings.origins = vec!["https://shop.example".into()];
        let mut directory = Directory::default();
        directory.apps.insert("default".into(), Arc::new(app));
        directory.apps.insert("other".into(), Arc::new(testing::app("other")));
        directory
    }

    #[test]
    fn each_origin_gets_what_it_may_have() {
        let directory = directory();
        // origin, host, readable by its pages, may call the app `default`, may call `other`
        let cases = [
            (None, "push.example", false, true, true),
            (Some("https://shop.example"), "push.example", true, true, false),
            (Some("https://evil.example"), "push.example", false, false, false),
            (Some("https://shop.example.evil"), "push.example", false, false, false),
            (Some("http://shop.example"), "push.example", false, false, false),
            (Some("null"), "push.example", false, false, false),
            (Some(OWN), "push.example", true, true, true),
            (Some("http://localhost:8080"), "localhost:8080", true, true, true),
            (Some("http://localhost:3000"), "localhost:8080", false, false, false),
            // DNS rebinding: the page's own name now leads here.
            (Some("http://evil.example:8080"), "evil.example:8080", false, false, false),
        ];
        for (origin, host, readable, default, other) in cases {
            let mut request = TestRequest::default().insert_header((header::HOST, host));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            let request = request.to_http_request();
            let headers = headers(&directory, OWN, request.headers());
            let allowed =
                headers.iter().any(|(name, _)| name == header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed, readable, "{origin:?}");
            for (app, may) in [("default", default), ("other", other)] {
                let checked = check(&request, &directory.apps[app], OWN, || false);
                assert_eq!(checked.is_ok(), may, "{origin:?} {app}");
            }
        }
    }

    #[test]
    fn a_preflight_that_is_refused_is_told_what_lets_the_page_in() {
        let mut directory = directory();
        let told = |directory: &Directory, origin| {
            let request = TestRequest::default()
                .insert_header((header::HOST, "push.example"))
                .insert_header((header::ORIGIN, origin))
                .to_http_request();
            refused_preflight(directory, OWN, request.headers())
        };
        let any = "`fanfare app set APP --origin https://a.example`, with those that APP has already, would allow it";
        assert_eq!(told(&directory, "https://a.example").as_deref(), Some(any));
        directory.apps.remove("other");
        let only = "`fanfare app set default --origin https://shop.example,https://a.example` would allow it";
        assert_eq!(told(&directory, "https://a.example").as_deref(), Some(only));
        let nothing = "no app can list it: it must be https (http for a loopback host alone)";
        for unlistable in ["null", "http://a.example"] {
            assert_eq!(told(&directory, unlistable).as_deref(), Some(nothing));
        }
        assert_eq!(told(&directory, "https://shop.example"), None);
        assert_eq!(told(&directory, OWN), None);
        let request = TestRequest::default().to_http_request();
        assert_eq!(refused_preflight(&directory, OWN, request.headers()), None);
    }

    #[test]
    fn a_refusal_names_the_command_and_never_repeats_what_a_shell_would_run() {
        let directory = directory();
        assert_eq!(
            allowing(&directory.apps["default"], "https://a.example"),
            "fanfare app set default --origin https://shop.example,https://a.example"
        );
        assert_eq!(shown("https://a.example:8443"), "https://a.example:8443");
        assert_eq!(shown("https://a.example;rm -rf"), "ORIGIN");
    }
}
