//! Ids as types. Row ids (`AppId`, `ChannelId`, …) are the store's, small and never reused, and stay inside;
//! [`PublicId`]s are random and are what users see. An id opens nothing: it is a name, not a credential.

use std::fmt;

use rand::{Rng, RngExt};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub i64);
    };
}

row_id!(
    /// An app's row.
    AppId
);
row_id!(
    /// A channel's row; the registry key of its ChannelWorker.
    ChannelId
);
row_id!(
    /// A subscription's row; the registry key of its SubscriptionWorker.
    SubscriptionId
);
row_id!(
    /// A VAPID key pair's row.
    VapidKeyId
);
row_id!(
    /// A notification's number in its channel's log: 1, 2, 3 …
    Seq
);
row_id!(
    /// A counter of a subscription's keys and endpoint: a result of an older generation changes nothing.
    Generation
);

impl SubscriptionId {
    /// How many partitions subscriptions are spread over; a partition is the unit that is placed.
    pub const PARTITIONS: u64 = 256;

    /// The subscription's partition: a hash of its id, so that a rotated endpoint stays where it is.
    pub fn partition(self) -> u64 {
        // SplitMix64's finaliser: row ids are consecutive, and neighbours must spread evenly.
        let mut hash = self.0.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (hash ^ (hash >> 31)) % Self::PARTITIONS
    }
}

/// What a [`PublicId`] names; its prefix says so to whoever reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdKind {
    /// `sub_…`
    Subscription,
    /// `ntf_…`
    Notification,
    /// `grp_…`: the notifications of one call to several channels
    Group,
    /// `key_…`: an API key's name (the key itself is `fk_…`)
    ApiKey,
    /// `qua_…`: an incident that holds subscriptions back
    Quarantine,
}

impl IdKind {
    /// The prefix with its underscore.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Subscription => "sub_",
            Self::Notification => "ntf_",
            Self::Group => "grp_",
            Self::ApiKey => "key_",
            Self::Quarantine => "qua_",
        }
    }
}

/// A random name such as `sub_6mX…`: a prefix and 128 bits in base62.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicId(Box<str>);

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 62^22 is a little more than 2^130, so 22 characters hold 128 bits.
const BASE62_LEN: usize = 22;

impl PublicId {
    /// A new random id.
    pub fn random(kind: IdKind, rng: &mut impl Rng) -> Self {
        let mut text = String::with_capacity(kind.prefix().len() + BASE62_LEN);
        text.push_str(kind.prefix());
        for _ in 0..BASE62_LEN {
            text.push(char::from(BASE62[rng.random_range(0..BASE62.len())]));
        }
        Self(text.into())
    }

    /// Reads an id of `kind`; `None` when it cannot be one.
    pub fn parse(kind: IdKind, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(kind.prefix())?;
        (rest.len() == BASE62_LEN && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then(|| Self(text.into()))
    }

    /// An id that was read from the store, where it was checked when it was written.
    pub fn from_store(text: String) -> Self {
        Self(text.into())
    }

    /// The id as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_id_reads_back_as_its_own_kind_only() {
        let id = PublicId::random(IdKind::Subscription, &mut rand::rng());
        assert_eq!(PublicId::parse(IdKind::Subscription, id.as_str()), Some(id.clone()));
        assert_eq!(PublicId::parse(IdKind::Notification, id.as_str()), None);
        assert_eq!(PublicId::parse(IdKind::Subscription, "sub_../../etc/passwd12345"), None);
    }

    #[test]
    fn consecutive_subscriptions_spread_over_the_partitions() {
        let mut counts = [0_u32; SubscriptionId::PARTITIONS as usize];
        for id in 1..=25_600 {
            counts[SubscriptionId(id).partition() as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (50..=160).contains(&count)), "{counts:?}");
    }
}
