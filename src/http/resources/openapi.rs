//! The API's description, generated from the handlers: what is not there cannot be called, and a test holds that.

use std::sync::LazyLock;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};
use utoipa::{Modify, OpenApi};

use super::{
    apps, channels, events, health, keys, metrics, notification, notifications, observe, push_key,
    quarantines, receipts, resend, subscription, subscriptions, tokens,
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
        notification::show, notification::failures, notification::cancel, resend::resend, events::watch,
        push_key::show, subscriptions::subscribe, subscriptions::subscribe_many,
        subscriptions::unsubscribe, subscriptions::unsubscribe_shared,
        subscription::show, subscription::replace, subscription::forget, subscription::test,
        subscription::restore, receipts::report, quarantines::list, quarantines::show, quarantines::undo, quarantines::apply,
        tokens::issue,
        channels::list, channels::show, channels::delete, channels::log, subscriptions::members,
        apps::list, apps::create, apps::show, apps::update, apps::delete, apps::token_secret,
        keys::list, keys::create, keys::revoke,
        health::alive, health::ready, health::version, metrics::show,
        observe::tree::show, observe::actors::list, observe::actor::show, observe::actor::kill,
        observe::overview::show,
        observe::push_services::list,
        observe::pauses::pause_origin,
        observe::pauses::resume_origin,
        observe::channels::list,
        observe::subscriptions::list,
        observe::notifications::list,
        observe::audit::list,
        observe::pauses::pause_channel,
        observe::pauses::resume_channel,
        observe::drain::drain,
        observe::drain::resume,
        observe::log::show,
        observe::log_level::show,
        observe::log_level::set,
        observe::warnings::list,
        observe::charts::show,
        observe::system::show,
    ),
    components(schemas(ProblemDocument, observe::charts::ChartPoint)),
    modifiers(&Credentials, &Common),
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

/// What holds for every operation: it may answer with a problem document, and it may be told which app is meant.
struct Common;

impl Modify for Common {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut api.paths.paths {
            let methods =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in methods.into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                for (status, response) in responses.iter_mut() {
                    describe(status, response);
                }
                responses.insert("default".to_owned(), problem().into());
                if path.starts_with("/v1/") {
                    operation.parameters.get_or_insert_default().push(RefOr::T(app()));
                }
            }
        }
    }
}

/// OpenAPI demands a description of each answer; where nobody wrote one, the status says enough.
fn describe(status: &str, response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response
        && response.description.is_empty()
    {
        let status = StatusCode::from_bytes(status.as_bytes()).ok();
        let reason = status.and_then(|status| status.canonical_reason());
        response.description = reason.unwrap_or("An answer").to_owned();
    }
}

fn problem() -> Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description("A problem document (RFC 9457); its `type` names the kind.")
        .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn app() -> Parameter {
    ParameterBuilder::new()
        .name("Fanfare-App")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The app that is meant: where there is no credential, or it names none. Absent: `default`.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
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
    fn every_operation_has_a_name_of_its_own_and_says_what_it_answers() {
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let mut names = std::collections::BTreeSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name), "{name}");
                assert!(operation["security"].is_array(), "{name}");
                assert!(
                    operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                    "{name}"
                );
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let described = response["description"].as_str();
                    assert!(described.is_some_and(|text| !text.is_empty()), "{name} {status}");
                }
            }
        }
        assert!(names.len() >= 38);
    }

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
