//! Around every request: its id, its span and log line, CORS, and the one place where errors become problem
//! documents: a handler's own, actix's bare statuses, and panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use rand::Rng;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use super::problem::{MEDIA_TYPE, Problem};
use super::state::State;
use super::{cors, head, rates};
use crate::metrics::{Served, StatusClass};

const JSON: &str = "application/json";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, for a handler that writes it down.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Headers that an error keeps from the answer it replaces.
const KEPT: [HeaderName; 2] = [header::ALLOW, header::RETRY_AFTER];

/// What an answer needs of its request, taken before the request is handed on.
struct Context {
    id: String,
    public_url: String,
    headers: cors::Headers,
    cacheable: bool,
}

/// The middleware around all routes.
pub async fn answer<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let context = Context::of(&req);
    req.extensions_mut().insert(RequestId(context.id.clone()));
    if let Err(problem) = head::check(&req) {
        let response = context.render(&problem);
        return Ok(req.into_response(response));
    }
    if req.method() == Method::OPTIONS {
        tell_if_refused(&req);
        return Ok(req.into_response(context.preflight()));
    }
    let (start, method) = (Instant::now(), req.method().clone());
    let state = req.app_data::<web::Data<State>>().expect("`configure` has put it there");
    let (under_way, metrics) = (state.requests.begin(), Arc::clone(&state.metrics));
    let span = tracing::info_span!("request", request = %context.id, notification = Empty);
    let call = AssertUnwindSafe(async move { next.call(req).await }).catch_unwind();
    async move {
        let answered = match call.await {
            Ok(Ok(response)) => Ok(context.finish(response)),
            Ok(Err(error)) => Err(context.render(&problem_of(&error))),
            Err(_) => {
                tracing::error!("a handler panicked");
                Err(context.render(&Problem::internal()))
            }
        };
        drop(under_way);
        let took = start.elapsed();
        let ms = took.as_millis();
        let count = |status| {
            let status = StatusClass::of(status);
            let times = &metrics.http_request_seconds;
            times.get_or_create(&Served { status }).observe(took.as_secs_f64());
        };
        match answered {
            Ok(response) => {
                let route = response.request().match_pattern().unwrap_or_default();
                let status = response.status().as_u16();
                count(status);
                tracing::debug!(%method, route, status, ms, "answered");
                Ok(response)
            }
            Err(response) => {
                let status = response.status().as_u16();
                count(status);
                tracing::debug!(%method, status, ms, "answered");
                Err(InternalError::from_response("answered", response).into())
            }
        }
    }
    .instrument(span)
    .await
}

/// A page of a foreign origin gets no further than this, so it is here that its operator must hear of it.
fn tell_if_refused(req: &ServiceRequest) {
    let state = req.app_data::<web::Data<State>>().expect("`configure` has put it there");
    let public_url = &state.options().public_url;
    let refused = cors::refused_preflight(&state.directory(), public_url, req.headers());
    if let Some(remedy) = refused.filter(|_| state.rates.may_tell()) {
        tracing::warn!("a page of a foreign origin was refused; {remedy}");
    }
}

impl Context {
    fn of(req: &ServiceRequest) -> Self {
        let state = req.app_data::<web::Data<State>>().expect("`configure` has put it there");
        let public_url = state.options().public_url.clone();
        let headers = cors::headers(&state.directory(), &public_url, req.headers());
        let cacheable = !req.path().starts_with("/v1/") && !req.path().starts_with("/control/");
        Self { id: request_id(), public_url, headers, cacheable }
    }

    fn preflight(&self) -> HttpResponse {
        let mut response = HttpResponse::NoContent().finish();
        for (name, value) in cors::preflight() {
            response.headers_mut().insert(name, value);
        }
        self.complete(response.headers_mut());
        response
    }

    /// The answer with everything that all answers have; errors as problem documents.
    fn finish<B: MessageBody + 'static>(&self, answered: ServiceResponse<B>) -> ServiceResponse {
        let response = answered.response();
        let problem = match response.error() {
            Some(error) => Some(problem_of(error)),
            None if response.status().as_u16() < 400 || is_report(response.headers()) => None,
            None => Some(Problem::of_status(response.status())),
        };
        let (req, answered) = answered.into_parts();
        let mut response = match problem {
            Some(problem) => {
                let mut response = problem.render(&self.public_url, &self.id);
                keep(answered.headers(), response.headers_mut());
                response
            }
            None => answered.map_body(|_, body| BoxBody::new(body)),
        };
        rates::tell(&req, response.headers_mut());
        self.complete(response.headers_mut());
        ServiceResponse::new(req, response)
    }

    fn render(&self, problem: &Problem) -> HttpResponse {
        let mut response = problem.render(&self.public_url, &self.id);
        self.complete(response.headers_mut());
        response
    }

    fn complete(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            // What an asset allows everyone is not narrowed to one origin.
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if !self.cacheable && !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let id = HeaderValue::from_str(&self.id).expect("hexadecimal digits are legal in a header");
        headers.insert(REQUEST_ID, id);
    }
}

/// A handler's own problem, or what the status of a foreign error means.
fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => match error.as_response_error().status_code() {
            status if status.is_server_error() => Problem::fault(error),
            status => Problem::of_status(status),
        },
    }
}

/// Whether a handler has written what is wrong itself, as readiness is told part by part.
fn is_report(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    media_type.is_some_and(|media_type| {
        [JSON, MEDIA_TYPE].iter().any(|json| json.as_bytes() == media_type)
    })
}

fn keep(from: &HeaderMap, to: &mut HeaderMap) {
    for name in KEPT {
        if let Some(value) = from.get(&name)
            && !to.contains_key(&name)
        {
            to.insert(name, value.clone());
        }
    }
}

/// Random, never the caller's: it is looked up in the log, and nobody else may choose what stands there.
fn request_id() -> String {
    format!("{:016x}", rand::rng().next_u64())
}
