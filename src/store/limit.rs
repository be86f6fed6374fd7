//! The limits that an app's settings may name, and what is answered where one of them is reached.

/// What an app's `limits` may bound. A limit that is not set bounds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// How many subscriptions the app has, those that are gone left out.
    Subscriptions,
    /// How many members each of its channels has.
    SubscriptionsPerChannel,
    /// How many requests each of its API keys may make.
    RequestsPerSecond,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::Subscriptions, Self::SubscriptionsPerChannel, Self::RequestsPerSecond];

    /// Its name in an app's `limits`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subscriptions => "subscriptions",
            Self::SubscriptionsPerChannel => "subscriptions_per_channel",
            Self::RequestsPerSecond => "requests_per_second",
        }
    }

    /// The limit of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }

    /// The least and the most that it can be set to. None may be subscribed (0) where an app is to take no more; a key
    /// that could make no request could just as well be revoked.
    pub const fn range(self) -> (i64, i64) {
        match self {
            Self::Subscriptions | Self::SubscriptionsPerChannel => (0, 1_000_000_000),
            Self::RequestsPerSecond => (1, 1_000_000),
        }
    }
}

/// There is no room: a limit of the app is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Full {
    /// The app has as many subscriptions as this.
    App(i64),
    /// This channel has as many members as this.
    Channel(String, i64),
}
