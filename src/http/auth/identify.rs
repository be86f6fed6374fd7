//! From a request's headers to its caller. The app is the credential's own; where a credential names none, the
//! header `Fanfare-App` does, or it is `default`.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{Ready, ready};

use super::caller::{Caller, Credential};
use super::token::{self, TokenError};
use super::{api_key, secret};
use crate::clock::Timestamp;
use crate::http::connection::Connection;
use crate::http::cors;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::store::directory::{App, DEFAULT_APP, Directory};

const APP: HeaderName = HeaderName::from_static("fanfare-app");

/// What a request says about its caller.
#[derive(Clone, Copy, Default)]
pub(super) struct Presented<'a> {
    pub(super) authorization: Option<&'a str>,
    pub(super) app: Option<&'a str>,
    pub(super) control: bool,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = req.app_data::<web::Data<State>>().expect("`configure` has put it there");
        let identified = || {
            let presented = Presented {
                authorization: text(req.headers(), &header::AUTHORIZATION)?,
                app: text(req.headers(), &APP)?,
                control: Connection::behind(req) == Connection::Control,
            };
            let caller = Self::identify(&state.directory(), presented, state.now())?;
            let may_tell = || state.rates.may_tell();
            cors::check(req, &caller.app, &state.options().public_url, may_tell)?;
            if let Credential::ApiKey(key) = &caller.credential {
                state.rates.api_key(req, &caller.app, key)?;
            }
            Ok(caller)
        };
        ready(identified())
    }
}

impl Caller {
    pub(super) fn identify(
        directory: &Directory,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let bearer = presented.authorization.map(bearer).transpose()?;
        match bearer {
            _ if presented.control => Self::of_header(directory, presented, Credential::Control),
            None => Self::of_header(directory, presented, Credential::Public),
            Some(bearer) if bearer.starts_with(api_key::PREFIX) => {
                let unknown = || invalid("the API key is not known; it may have been revoked");
                let key = api_key::find(directory, bearer).ok_or_else(unknown)?;
                let app = directory.app(key.app).ok_or_else(unknown)?;
                Self::of_credential(app, presented, Credential::ApiKey(key))
            }
            Some(bearer) if bearer.starts_with(secret::PREFIX) => {
                Self::of_header(directory, presented, Credential::Secret(bearer.to_owned()))
            }
            Some(bearer) => {
                let name = token::app_name(bearer)?;
                let app = directory.apps.get(&name).ok_or(TokenError::Audience)?;
                let token = token::verify(app, bearer, now)?;
                Self::of_credential(app, presented, Credential::Token(token))
            }
        }
    }

    /// A credential that names no app: the header does, or it is `default`.
    fn of_header(
        directory: &Directory,
        presented: Presented<'_>,
        credential: Credential,
    ) -> Result<Self, Problem> {
        let name = presented.app.unwrap_or(DEFAULT_APP);
        let app = directory.apps.get(name).ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, "there is no app of the name that Fanfare-App says")
        })?;
        Ok(Self { app: Arc::clone(app), credential })
    }

    fn of_credential(
        app: &Arc<App>,
        presented: Presented<'_>,
        credential: Credential,
    ) -> Result<Self, Problem> {
        if presented.app.is_some_and(|name| name != app.name) {
            let detail =
                format!("Fanfare-App names another app than the credential's, {}", app.name);
            return Err(Problem::new(ProblemKind::ForeignApp, detail));
        }
        Ok(Self { app: Arc::clone(app), credential })
    }
}

/// A header that may be there once, and is text. Of two credentials nobody could say which one counts.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name);
    let bad = |what| Problem::new(ProblemKind::BadRequest, format!("the header {name} {what}"));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| bad("is not ASCII")),
        (Some(_), Some(_)) => Err(bad("is there more than once")),
    }
}

fn bearer(authorization: &str) -> Result<&str, Problem> {
    let (scheme, credential) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if scheme.eq_ignore_ascii_case("bearer") && !credential.trim().is_empty() {
        return Ok(credential.trim());
    }
    Err(invalid("the header must read `Authorization: Bearer …` with the credential"))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ProblemKind::InvalidCredential, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"fanfare\", error=\"invalid_token\""),
    )
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        // RFC 6750 §3.
        let challenge = format!(
            "Bearer realm=\"fanfare\", error=\"invalid_token\", error_description=\"{error}\""
        );
        let challenge = HeaderValue::from_str(&challenge).expect("the texts are ASCII");
        Self::new(ProblemKind::InvalidCredential, error.to_string())
            .with_header(header::WWW_AUTHENTICATE, challenge)
    }
}
