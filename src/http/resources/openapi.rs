//! The API's description, generated from the handlers: what is not there cannot be called, and a test holds that.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    apps, channels, health, keys, metrics, notification, notifications, push_key, subscription,
    subscriptions, tokens,
};
use crate::http::caching;
use crate::http::problem::{MEDIA_TYPE, ProblemDocument};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fanfare",
        description = "Web Push to every device of a channel: one request in, an encrypted push to each browser out.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "notifications", description = "Publish, and see what became of it."),
        (name = "subscriptions", description = "Browsers into channels and out of them."),
        (name = "channels", description = "Which there are, and how they are doing."),
        (name = "apps", description = "Tenants and their keys, for the instance's admin."),
        (name = "operation", description = "For whoever runs it."),
    ),
    paths(
        notifications::publish, notifications::publish_to_many,
        notification::show, notification::failures, notification::cancel,
        push_key::show, subscriptions::subscribe, subscriptions::subscribe_many,
        subscriptions::unsubscribe, subscriptions::unsubscribe_shared,
        subscription::show, subscription::replace, subscription::forget, subscription::test,
        tokens::issue,
        channels::list, channels::show, channels::delete, channels::log, subscriptions::members,
        apps::list, apps::create, apps::show, apps::update, apps::delete, apps::token_secret,
        keys::list, keys::create, keys::revoke,
        health::alive, health::ready, health::version, metrics::show,
    ),
    components(schemas(ProblemDocument)),
    modifiers(&Credentials, &Problems),
)]
struct Api;

/// The three kinds of credential.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        for (name, format, description) in [
            ("api_key", "fk_…", "An API key of a backend or an operator."),
            (
                "subscriber_token",
                "JWT",
                "`aud: \"fanfare:<app>\"`, `exp` at most 24 hours ahead, `channels: [\"user:42\", \"team:*\"]`.",
            ),
            (
                "subscription_secret",
                "ss_…",
                "One subscription's own secret, given when it was made.",
            ),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.bearer_format = Some(format.to_owned());
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// Every operation may answer with a problem document.
struct Problems;

impl Modify for Problems {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let problem = ResponseBuilder::new()
            .description("A problem document (RFC 9457); its `type` names the kind.")
            .content(MEDIA_TYPE, content)
            .build();
        for item in api.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                responses.insert("default".to_owned(), problem.clone().into());
            }
        }
    }
}

/// The description as JSON.
pub static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| Api::openapi().to_pretty_json().expect("a description is always JSON"));

/// The API's description, OpenAPI 3.1.
pub async fn show(req: HttpRequest) -> HttpResponse {
    let tag = caching::of(DOCUMENT.as_bytes());
    if caching::is_known(&req, &tag) {
        return HttpResponse::NotModified().insert_header(header::ETag(tag)).finish();
    }
    HttpResponse::Ok()
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let text = DOCUMENT.as_str();
        for reference in
            text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next())
        {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}
