//! Errors as problem documents (RFC 9457): one type that every handler and extractor answers with.
//!
//! A handler only says what is wrong. Where the answer is rendered ([`super::answer`]) it gets the request's id and
//! the daemon's own URL, so nothing here knows of a request.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::StoreError;
use crate::store::directory::Conflict;
use crate::webpush::field::FieldError;

mod kind;

pub use kind::ProblemKind;

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong, to be rendered.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem that no single field is to blame for.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// Fields whose values are wrong.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::of_fields(ProblemKind::InvalidField, errors)
    }

    /// One field that makes a `kind` of problem.
    pub fn field(kind: ProblemKind, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_fields(kind, vec![FieldError::new(pointer, detail)])
    }

    fn of_fields(kind: ProblemKind, errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { kind, detail, errors, headers: Vec::new() }
    }

    /// What a bare status means, when something other than a handler of ours refused.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => {
                Self::new(ProblemKind::NotFound, "there is nothing at this path")
            }
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                ProblemKind::MethodNotAllowed,
                "this path does not take that method; the header Allow names those that it takes",
            ),
            StatusCode::REQUEST_TIMEOUT => {
                Self::new(ProblemKind::RequestTimeout, "the request took too long to arrive")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Self::new(ProblemKind::Unavailable, "the daemon cannot do this now; try again")
            }
            status if status.is_client_error() => {
                Self::new(ProblemKind::BadRequest, "the request cannot be read")
            }
            _ => Self::internal(),
        }
    }

    /// A fault of ours, told to the log alone.
    pub fn fault(error: impl fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::internal()
    }

    /// A fault of ours that is in the log already, under the request's id.
    pub fn internal() -> Self {
        Self::new(ProblemKind::Internal, "the daemon's log has the details, under this instance")
    }

    /// Nothing of that name in the app.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("there is no such {what} in this app"))
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same with a time after which trying again makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// What kind it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What is wrong this time.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields that are in the way, for an answer that lists them itself; a problem that no single field is to blame
    /// for is the whole's.
    pub fn into_fields(self) -> Vec<FieldError> {
        match self.errors.is_empty() {
            true => vec![FieldError::new("#", self.detail)],
            false => self.errors,
        }
    }

    /// The answer: `public_url` makes the type absolute, `instance` is the request's id.
    pub fn render(&self, public_url: &str, instance: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        let challenged = self.headers.iter().any(|(name, _)| name == header::WWW_AUTHENTICATE);
        if self.status_code() == StatusCode::UNAUTHORIZED && !challenged {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"fanfare\""));
        }
        response.content_type(MEDIA_TYPE).body(self.to_json(public_url, instance))
    }

    /// The answer's body.
    pub(super) fn to_json(&self, public_url: &str, instance: &str) -> String {
        let document = ProblemDocument {
            r#type: format!("{public_url}/docs#{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: &self.detail,
            instance,
            errors: self.errors.iter().map(Field::from).collect(),
        };
        serde_json::to_string(&document).expect("strings and numbers always have a JSON form")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.slug(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).expect("the table holds valid statuses")
    }

    fn error_response(&self) -> HttpResponse {
        self.render("", "")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // A line for each request would fill the disk that is full already.
        if error.is_told() {
            tracing::debug!(%error, "the store did not answer a request");
        } else {
            tracing::error!(%error, "the store did not answer a request");
        }
        let detail = "the store cannot take this now, and it is not known whether it was stored; try again \
                      (publishing with the same Idempotency-Key is safe to repeat)";
        Self::new(ProblemKind::StoreUnavailable, detail).retry_after(1)
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let kind = match &conflict {
            Conflict::Exists(_) => ProblemKind::Exists,
            Conflict::Missing(_) => ProblemKind::NotFound,
            Conflict::Needed(_) => ProblemKind::StillNeeded,
        };
        Self::new(kind, conflict.to_string())
    }
}

/// An error, as RFC 9457 writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// A URL that names the kind of problem and explains it.
    #[serde(rename = "type")]
    r#type: String,
    /// The kind of problem in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time: the field, the limit, the remedy.
    detail: &'a str,
    /// The request's id, also in the header `X-Request-Id` and in the daemon's log.
    instance: &'a str,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Field<'a>>,
}

/// One field that is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemField)]
pub struct Field<'a> {
    /// Where: a JSON pointer as a URI fragment (RFC 6901 §6), such as `#/keys/p256dh`.
    pointer: &'a str,
    /// What is wrong with it, and what would be right.
    detail: &'a str,
}

impl<'a> From<&'a FieldError> for Field<'a> {
    fn from(error: &'a FieldError) -> Self {
        Self { pointer: &error.pointer, detail: &error.detail }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    async fn rendered(problem: Problem) -> (HttpResponse<()>, Value) {
        let (response, body) = problem.render("https://push.example", "r1").into_parts();
        (response, serde_json::from_slice(&to_bytes(body).await.unwrap()).unwrap())
    }

    fn header(response: &HttpResponse<()>, name: HeaderName) -> Option<&str> {
        response.headers().get(name)?.to_str().ok()
    }

    #[actix_web::test]
    async fn a_problem_names_its_fields_and_where_it_is_explained() {
        let problem = Problem::fields(vec![FieldError::new("#/keys/p256dh", "is missing")]);
        let (response, body) = rendered(problem).await;
        assert_eq!(response.status(), 422);
        assert_eq!(header(&response, header::CONTENT_TYPE), Some(MEDIA_TYPE));
        assert_eq!(
            body,
            json!({
                "type": "https://push.example/docs#invalid-field",
                "title": "A field's value is not acceptable",
                "status": 422,
                "detail": "#/keys/p256dh: is missing",
                "instance": "r1",
                "errors": [{ "pointer": "#/keys/p256dh", "detail": "is missing" }],
            })
        );
    }

    #[actix_web::test]
    async fn a_401_always_says_how_to_authenticate() {
        let (response, _) = rendered(Problem::new(ProblemKind::CredentialNeeded, "…")).await;
        let challenge = header(&response, header::WWW_AUTHENTICATE);
        assert_eq!(challenge, Some("Bearer realm=\"fanfare\""));
    }

    #[actix_web::test]
    async fn a_store_that_is_down_is_503_with_a_time_to_try_again_and_no_details() {
        let (response, body) = rendered(StoreError::Unavailable("disk full".into()).into()).await;
        assert_eq!(response.status(), 503);
        assert_eq!(header(&response, header::RETRY_AFTER), Some("1"));
        assert!(!body.to_string().contains("disk full"));
    }
}
