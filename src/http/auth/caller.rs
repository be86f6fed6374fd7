//! The caller of a request: the app that is meant, and the credential that speaks for it.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{Ready, ready};

use super::token::{self, Token, TokenError};
use super::{api_key, secret};
use crate::clock::Timestamp;
use crate::http::connection::Connection;
use crate::http::cors;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::id::PublicId;
use crate::store::Authority;
use crate::store::directory::{ApiKey, App, DEFAULT_APP, Directory, Scope};

const APP: HeaderName = HeaderName::from_static("fanfare-app");

/// Who is calling, in which app.
#[derive(Debug)]
pub struct Caller {
    /// The app.
    pub app: Arc<App>,
    credential: Credential,
}

/// What speaks for a caller.
pub enum Credential {
    /// The control socket: whoever can open it owns the data.
    Control,
    /// A backend, or an operator.
    ApiKey(Arc<ApiKey>),
    /// A browser whose backend vouches for it.
    Token(Token),
    /// A browser that speaks for its own subscription. Whether it is that one's is seen once that one is named.
    Secret(String),
    /// Anybody.
    Public,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.described())
    }
}

impl Credential {
    const fn described(&self) -> &'static str {
        match self {
            Self::Control => "the control socket",
            Self::ApiKey(_) => "this API key",
            Self::Token(_) => "a subscriber token",
            Self::Secret(_) => "a subscription's secret",
            Self::Public => "nobody",
        }
    }
}

/// What a request says about its caller.
#[derive(Clone, Copy, Default)]
struct Presented<'a> {
    authorization: Option<&'a str>,
    app: Option<&'a str>,
    control: bool,
}

impl Caller {
    /// What speaks for this caller.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Demands an API key with that scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) {
            Ok(())
        } else {
            Err(self.refuse(&format!("the scope `{}`", scope.label())))
        }
    }

    /// Demands an API key with one of those scopes.
    pub fn require_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.has(*scope)) {
            return Ok(());
        }
        let names: Vec<_> = scopes.iter().map(|scope| format!("`{}`", scope.label())).collect();
        Err(self.refuse(&format!("one of the scopes {}", names.join(", "))))
    }

    /// Demands who may do everything: the scope `admin` of the app `default`, or the control socket.
    pub fn require_instance(&self) -> Result<(), Problem> {
        let may = match &self.credential {
            Credential::Control => true,
            Credential::ApiKey(_) => self.app.name == DEFAULT_APP && self.has(Scope::Admin),
            Credential::Token(_) | Credential::Secret(_) | Credential::Public => false,
        };
        if may { Ok(()) } else { Err(self.refuse("the scope `admin` of the app `default`")) }
    }

    /// Demands the subscription's own secret, or an API key with `subscribe`.
    pub fn require_subscription(
        &self,
        directory: &Directory,
        id: &PublicId,
    ) -> Result<(), Problem> {
        match &self.credential {
            Credential::Secret(presented) => {
                if secret::is_valid(directory, &self.app, id, presented) {
                    return Ok(());
                }
                let detail = "this is not the secret of that subscription in this app";
                Err(Problem::new(ProblemKind::InvalidCredential, detail))
            }
            Credential::Control
            | Credential::ApiKey(_)
            | Credential::Token(_)
            | Credential::Public => {
                if self.has(Scope::Subscribe) {
                    return Ok(());
                }
                Err(self.refuse("the subscription's own secret, or the scope `subscribe`"))
            }
        }
    }

    /// On whose word a browser is put into those channels.
    pub fn authority_over(&self, channels: &[String]) -> Result<Authority, Problem> {
        let is_public = |channel: &String| self.app.settings.public_channels.contains(channel);
        match &self.credential {
            Credential::Control => Ok(Authority::ApiKey),
            Credential::ApiKey(_) => self.require(Scope::Subscribe).map(|()| Authority::ApiKey),
            Credential::Token(token) => {
                let covered = |channel: &String| {
                    token::covers(&token.channels, channel) || is_public(channel)
                };
                match channels.iter().find(|channel| !covered(channel)) {
                    None => Ok(Authority::Token(token.channels.clone())),
                    Some(channel) => Err(Problem::new(
                        ProblemKind::ChannelForbidden,
                        format!("the token does not cover the channel {channel}"),
                    )),
                }
            }
            Credential::Secret(_) => {
                Err(self.refuse("a subscriber token, or the scope `subscribe`"))
            }
            Credential::Public => match channels.iter().find(|channel| !is_public(channel)) {
                None => Ok(Authority::Public),
                Some(channel) => Err(Problem::new(
                    ProblemKind::CredentialNeeded,
                    format!(
                        "the channel {channel} is not public: a subscriber token that covers it is needed"
                    ),
                )),
            },
        }
    }

    fn has(&self, scope: Scope) -> bool {
        match &self.credential {
            Credential::Control => true,
            Credential::ApiKey(key) => {
                key.scopes.contains(&scope) || key.scopes.contains(&Scope::Admin)
            }
            Credential::Token(_) | Credential::Secret(_) | Credential::Public => false,
        }
    }

    fn refuse(&self, needed: &str) -> Problem {
        match &self.credential {
            Credential::Public => {
                Problem::new(ProblemKind::CredentialNeeded, format!("this needs {needed}"))
            }
            Credential::Control
            | Credential::ApiKey(_)
            | Credential::Token(_)
            | Credential::Secret(_) => {
                let detail =
                    format!("this needs {needed}; {} does not do", self.credential.described());
                Problem::new(ProblemKind::ScopeNeeded, detail)
            }
        }
    }

    fn identify(
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
            cors::check(req, &caller.app, &state.options.public_url)?;
            Ok(caller)
        };
        ready(identified())
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

#[cfg(test)]
mod tests;
