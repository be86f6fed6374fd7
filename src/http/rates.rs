//! Which rates are limited: registrations by whoever has no API key, test pushes, receipts, and an API key's requests
//! where its app says so. What was counted is noted on the request, and every answer to it says where its caller stands.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use ipnet::IpNet;

use super::auth::Caller;
use super::auth::caller::Credential;
use super::connection;
use super::limiter::{Limiter, Policy, Standing};
use super::limits::HttpLimits;
use super::problem::{Problem, ProblemKind};
use crate::id::PublicId;
use crate::store::directory::{ApiKey, App};
use crate::store::limit::Limit;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A device that comes back after a night shows all that waited at once, and somebody clears it away.
const RECEIPTS: u32 = 200;

/// Different `requests_per_second` that are in use at once; those who set them are few.
const MAX_RATES: usize = 1_000;

/// Everything whose rate is limited.
pub struct Rates {
    /// Registrations without an API key, by address.
    addresses: RwLock<Arc<Limiter>>,
    /// Registrations with a subscriber token, by token.
    tokens: RwLock<Arc<Limiter>>,
    /// Test pushes, by subscription.
    tests: Limiter,
    /// Receipts, by subscription.
    receipts: Limiter,
    /// Requests with an API key, by key; a limiter for each number that an app has set.
    keys: Mutex<HashMap<NonZeroU32, Arc<Limiter>>>,
    /// Lines of the log that any stranger can cause, all of them together.
    lines: Limiter,
}

/// What was counted of a request.
struct Counted(Vec<Standing>);

impl Rates {
    /// Nobody has done anything yet.
    pub fn new(limits: &HttpLimits) -> Self {
        Self {
            addresses: RwLock::new(Arc::new(Limiter::new(by_address(limits)))),
            tokens: RwLock::new(Arc::new(Limiter::new(by_token(limits)))),
            tests: Limiter::new(policy("test", 1, SECOND)),
            receipts: Limiter::new(policy("receipt", RECEIPTS, MINUTE)),
            keys: Mutex::default(),
            lines: Limiter::new(policy("log", 60, MINUTE)),
        }
    }

    /// Whether the log has room for one more line that a stranger caused.
    pub fn may_tell(&self) -> bool {
        self.lines.take("").is_ok()
    }

    /// Takes other limits; where one has changed, what was counted is forgotten.
    pub fn heed(&self, limits: &HttpLimits) {
        for (limiter, policy) in
            [(&self.addresses, by_address(limits)), (&self.tokens, by_token(limits))]
        {
            let mut limiter = limiter.write().unwrap_or_else(PoisonError::into_inner);
            if limiter.policy() != policy {
                *limiter = Arc::new(Limiter::new(policy));
            }
        }
    }

    /// Bounds how often strangers and browsers may register; a backend with an API key is not a stranger.
    pub fn registration(
        &self,
        req: &HttpRequest,
        trusted: &[IpNet],
        caller: &Caller,
    ) -> Result<(), Problem> {
        let token = match caller.credential() {
            Credential::Control | Credential::ApiKey(_) | Credential::Secret(_) => return Ok(()),
            Credential::Token(token) => Some(&token.fingerprint),
            Credential::Public => None,
        };
        if let Some(address) = connection::client_address(req, trusted) {
            let bucket = connection::bucket(address);
            count(req, &now(&self.addresses), &bucket, "registrations from this address")?;
        }
        match token {
            Some(token) => count(req, &now(&self.tokens), token, "registrations with this token"),
            None => Ok(()),
        }
    }

    /// Bounds test pushes to one subscription.
    pub fn test(&self, req: &HttpRequest, id: &PublicId) -> Result<(), Problem> {
        count(req, &self.tests, id.as_str(), "test pushes to this subscription")
    }

    /// Bounds what one subscription says became of its notifications.
    pub fn receipt(&self, req: &HttpRequest, id: &PublicId) -> Result<(), Problem> {
        count(req, &self.receipts, id.as_str(), "receipts of this subscription")
    }

    /// Bounds an API key's requests, where its app does.
    pub fn api_key(&self, req: &HttpRequest, app: &App, key: &ApiKey) -> Result<(), Problem> {
        let rate = app.settings.limit(Limit::RequestsPerSecond);
        let rate = rate.and_then(|rate| NonZeroU32::new(u32::try_from(rate).unwrap_or(u32::MAX)));
        let Some(rate) = rate else { return Ok(()) };
        let what = "requests with this API key (the app's limit requests_per_second)";
        count(req, &self.keys_at(rate), key.id.as_str(), what)
    }

    fn keys_at(&self, quota: NonZeroU32) -> Arc<Limiter> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_RATES {
            keys.clear();
        }
        let new = || Arc::new(Limiter::new(Policy { name: "key", quota, window: SECOND }));
        Arc::clone(keys.entry(quota).or_insert_with(new))
    }
}

fn policy(name: &'static str, quota: u32, window: Duration) -> Policy {
    Policy { name, quota: NonZeroU32::new(quota).unwrap_or(NonZeroU32::MIN), window }
}

fn by_address(limits: &HttpLimits) -> Policy {
    policy("address", limits.subscribe_per_address, MINUTE)
}

fn by_token(limits: &HttpLimits) -> Policy {
    policy("token", limits.subscribe_per_token, MINUTE)
}

fn now(limiter: &RwLock<Arc<Limiter>>) -> Arc<Limiter> {
    Arc::clone(&limiter.read().unwrap_or_else(PoisonError::into_inner))
}

fn count(req: &HttpRequest, limiter: &Limiter, key: &str, what: &str) -> Result<(), Problem> {
    let taken = limiter.take(key);
    let (Ok(standing) | Err(standing)) = taken;
    let mut extensions = req.extensions_mut();
    match extensions.get_mut::<Counted>() {
        Some(counted) => counted.0.push(standing),
        None => _ = extensions.insert(Counted(vec![standing])),
    }
    taken.map(drop).map_err(|standing| {
        let Policy { quota, window, .. } = standing.policy;
        let after = standing.after_seconds();
        let detail = format!(
            "too many {what}: at most {quota} in {} s; try again in {after} s",
            window.as_secs()
        );
        Problem::new(ProblemKind::TooManyRequests, detail).retry_after(after)
    })
}

/// Writes where the request's caller stands, if anything was counted of it.
pub fn tell(req: &HttpRequest, headers: &mut HeaderMap) {
    let extensions = req.extensions();
    let Some(Counted(standings)) = extensions.get() else { return };
    let list = |field: fn(&Standing) -> String| {
        let fields: Vec<_> = standings.iter().map(field).collect();
        HeaderValue::from_str(&fields.join(", ")).expect("names and digits are legal in a header")
    };
    headers.insert(RATE_LIMIT, list(|standing| standing.to_field()));
    headers.insert(RATE_LIMIT_POLICY, list(|standing| standing.policy.to_field()));
}
