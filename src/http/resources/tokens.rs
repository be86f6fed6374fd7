//! Subscriber tokens for backends that would rather not sign.

use std::time::Duration;

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::auth::{Caller, token};
use crate::http::body::{self, Body};
use crate::http::channel_name::ChannelName;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::State;
use crate::store::directory::Scope;
use crate::webpush::field::FieldError;

/// An hour: long enough for a page that is open, short enough to leak.
const DEFAULT_LIFE: u64 = 3600;
/// More do not fit into a token's 4 KiB anyway.
const MAX_CHANNELS: usize = 100;

/// What a token is to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Names of channels; a final `*` makes a prefix.
    #[schema(min_items = 1, max_items = 100)]
    channels: Vec<String>,
    /// For how many seconds it holds, at most a day; an hour where it is absent.
    #[schema(minimum = 1, maximum = 86400)]
    expires_in: Option<u64>,
}

/// A subscriber token.
#[derive(Serialize, ToSchema)]
pub struct IssuedToken {
    /// The token, for `Authorization: Bearer`.
    token: String,
    /// When it ends.
    expires: String,
}

/// Makes a subscriber token by the app's secret.
#[utoipa::path(
    post, path = "/v1/tokens", operation_id = "createToken", tag = "subscriptions", request_body = TokenRequest,
    responses((status = 200, body = IssuedToken)),
    security(("api_key" = ["subscribe"])),
)]
pub async fn issue(
    caller: Caller,
    state: web::Data<State>,
    body: Body,
) -> Result<web::Json<IssuedToken>, Problem> {
    caller.require(Scope::Subscribe)?;
    let wanted: TokenRequest = body.read(body::SMALL).await?;
    let life = wanted.checked()?;
    let expires = state.now() + life;
    let token = token::sign(&caller.app, &wanted.channels, expires)
        .filter(|token| token::app_name(token).is_ok());
    let token = token.ok_or_else(|| {
        let detail = "the token would be longer than 4096 bytes; name fewer channels, or prefixes";
        Problem::field(ProblemKind::InvalidField, "#/channels", detail)
    })?;
    Ok(web::Json(IssuedToken { token, expires: expires.to_rfc3339() }))
}

impl TokenRequest {
    /// How long it is to hold, when all is well.
    fn checked(&self) -> Result<Duration, Problem> {
        let mut errors = Vec::new();
        if self.channels.is_empty() || self.channels.len() > MAX_CHANNELS {
            let detail = format!("must name 1 to {MAX_CHANNELS} channels");
            errors.push(FieldError::new("#/channels", detail));
        }
        for (index, pattern) in self.channels.iter().enumerate().take(MAX_CHANNELS) {
            if let Err(error) = ChannelName::parse_pattern(pattern) {
                errors.push(FieldError::new(format!("#/channels/{index}"), error.to_string()));
            }
        }
        let seconds = self.expires_in.unwrap_or(DEFAULT_LIFE);
        if !(1..=token::MAX_LIFE.as_secs()).contains(&seconds) {
            let detail = format!("must be from 1 to {} seconds", token::MAX_LIFE.as_secs());
            errors.push(FieldError::new("#/expires_in", detail));
        }
        if errors.is_empty() {
            Ok(Duration::from_secs(seconds))
        } else {
            Err(Problem::fields(errors))
        }
    }
}
