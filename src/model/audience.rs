//! Whom of a channel's members a notification is for.

use crate::id::SubscriptionId;

/// Whom of its channel's members a notification is for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Audience {
    /// All of them.
    #[default]
    All,
    /// All but these.
    Except(Listed),
    /// These alone.
    Only(Listed),
}

/// Some subscriptions: sorted, each once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed(Box<[SubscriptionId]>);

impl Listed {
    /// Whether it is among them. There may be ten thousand, and each delivery asks.
    pub fn contains(&self, subscription: SubscriptionId) -> bool {
        self.0.binary_search(&subscription).is_ok()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = SubscriptionId> {
        self.0.iter().copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<SubscriptionId> for Listed {
    fn from_iter<I: IntoIterator<Item = SubscriptionId>>(all: I) -> Self {
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all.into())
    }
}

impl Audience {
    /// All but those. Without any, that is all.
    pub fn except(all: impl IntoIterator<Item = SubscriptionId>) -> Self {
        let listed = Listed::from_iter(all);
        if listed.is_empty() { Self::All } else { Self::Except(listed) }
    }

    /// Those alone.
    pub fn only(all: impl IntoIterator<Item = SubscriptionId>) -> Self {
        Self::Only(all.into_iter().collect())
    }

    /// Whether it is for that member.
    pub fn includes(&self, member: SubscriptionId) -> bool {
        match self {
            Self::All => true,
            Self::Except(listed) => !listed.contains(member),
            Self::Only(listed) => listed.contains(member),
        }
    }

    /// Those whom it names, when it is for nobody else.
    pub fn named(&self) -> Option<&Listed> {
        match self {
            Self::Only(listed) => Some(listed),
            Self::All | Self::Except(_) => None,
        }
    }

    /// How many it names.
    pub fn names(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Except(listed) | Self::Only(listed) => listed.len(),
        }
    }

    /// The same when the place of `other` in the channel is `row`'s: what was for `other` is for `row`, and what was not is
    /// not, whatever `row` was before. `None`: nothing changes.
    pub fn with_instead(&self, row: SubscriptionId, other: SubscriptionId) -> Option<Self> {
        let instead = |listed: &Listed| {
            let had = listed.contains(other);
            if !had && !listed.contains(row) {
                return None;
            }
            let others = listed.iter().filter(|id| ![row, other].contains(id));
            Some(others.chain(had.then_some(row)).collect::<Listed>())
        };
        match self {
            Self::All => None,
            Self::Except(listed) => instead(listed).map(|listed| Self::except(listed.iter())),
            Self::Only(listed) => instead(listed).map(Self::Only),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(row: i64) -> SubscriptionId {
        SubscriptionId(row)
    }

    #[test]
    fn an_audience_says_for_whom_it_is_however_it_was_written_down() {
        let ids = [id(9), id(2), id(5), id(2)];
        let (except, only) = (Audience::except(ids), Audience::only(ids));
        for row in 0..12 {
            let is_listed = [2, 5, 9].contains(&row);
            assert!(Audience::All.includes(id(row)));
            assert_eq!((except.includes(id(row)), only.includes(id(row))), (!is_listed, is_listed));
        }
        assert_eq!(Audience::except([]), Audience::All);
        assert!((0..12).all(|row| !Audience::only([]).includes(id(row))), "nobody is not all");
    }

    #[test]
    fn who_takes_anothers_place_is_meant_where_that_one_was() {
        let (row, other) = (id(1), id(2));
        for listed in [&[][..], &[1], &[2], &[1, 2], &[1, 7], &[2, 7], &[1, 2, 7], &[7]] {
            let ids = || listed.iter().copied().map(SubscriptionId);
            for audience in [Audience::All, Audience::except(ids()), Audience::only(ids())] {
                let changed = audience.with_instead(row, other);
                let now = changed.clone().unwrap_or_else(|| audience.clone());
                assert_eq!(now.includes(row), audience.includes(other), "{audience:?}");
                assert_eq!(now.includes(id(7)), audience.includes(id(7)), "{audience:?}");
                assert!(now.named().is_some() == audience.named().is_some(), "{audience:?}");
            }
        }
    }
}
