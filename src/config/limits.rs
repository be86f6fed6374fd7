//! What callers may take of the daemon: connections, time, and registrations by strangers.

use std::time::Duration;

use super::key::Key;
use super::parse;
use super::settings::Settings;

pub(super) const CONNECTIONS: Key = Key::one("limits.connections");
pub(super) const CONNECTIONS_PER_ADDRESS: Key = Key::one("limits.connections_per_address");
pub(super) const HEAD_TIMEOUT: Key = Key::one("limits.head_timeout");
pub(super) const BODY_TIMEOUT: Key = Key::one("limits.body_timeout");
pub(super) const IDLE_TIMEOUT: Key = Key::one("limits.idle_timeout");
pub(super) const SUBSCRIBE_PER_ADDRESS: Key = Key::one("limits.subscribe_per_address");
pub(super) const SUBSCRIBE_PER_TOKEN: Key = Key::one("limits.subscribe_per_token");

/// More than any system lets one process open; it keeps sums from overflowing.
const MOST: u32 = 1_000_000;

/// actix counts a connection's times from a clock that it reads every 500 ms. What has passed already when it is set never
/// ends (actix-http 3.20: the timer's first poll is not heeded), and the connection with it.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// What callers may take of the daemon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitsConfig {
    /// Connections at once, over all network listeners.
    pub connections: u32,
    /// Connections at once from one address.
    pub connections_per_address: u32,
    /// How long a request's head may take to arrive.
    pub head_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a connection is kept between two requests.
    pub idle_timeout: Duration,
    /// Registrations a minute from one address, by whoever has no API key.
    pub subscribe_per_address: u32,
    /// Registrations a minute with one subscriber token.
    pub subscribe_per_token: u32,
}

impl LimitsConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        let mut number = |key, default| {
            settings.one(key, |text| parse::number(text, 1, MOST)).unwrap_or(default)
        };
        let connections = number(CONNECTIONS, 10_000);
        let connections_per_address = number(CONNECTIONS_PER_ADDRESS, 1_000);
        let subscribe_per_address = number(SUBSCRIBE_PER_ADDRESS, 600);
        let subscribe_per_token = number(SUBSCRIBE_PER_TOKEN, 100);
        let mut time =
            |key, default| settings.one(key, patience).unwrap_or(Duration::from_secs(default));
        Self {
            connections,
            connections_per_address,
            head_timeout: time(HEAD_TIMEOUT, 10),
            body_timeout: time(BODY_TIMEOUT, 30),
            idle_timeout: time(IDLE_TIMEOUT, 75),
            subscribe_per_address,
            subscribe_per_token,
        }
    }

    pub(super) fn entries(&self) -> Vec<(Key, toml::Value)> {
        let number = |number: u32| toml::Value::from(i64::from(number));
        vec![
            (CONNECTIONS, number(self.connections)),
            (CONNECTIONS_PER_ADDRESS, number(self.connections_per_address)),
            (HEAD_TIMEOUT, parse::show_duration(self.head_timeout)),
            (BODY_TIMEOUT, parse::show_duration(self.body_timeout)),
            (IDLE_TIMEOUT, parse::show_duration(self.idle_timeout)),
            (SUBSCRIBE_PER_ADDRESS, number(self.subscribe_per_address)),
            (SUBSCRIBE_PER_TOKEN, number(self.subscribe_per_token)),
        ]
    }
}

fn patience(text: &str) -> Result<Duration, String> {
    let patience = parse::duration(text)?;
    if patience < LEAST_PATIENCE {
        return Err("is shorter than a second; choose a duration that is longer".to_owned());
    }
    Ok(patience)
}
