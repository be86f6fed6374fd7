//! How soon a message should wake the device (RFC 8030 §5.3).

/// Always sent; the default is normal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Urgency {
    /// On power and Wi-Fi: advertisements.
    VeryLow,
    /// On power or Wi-Fi: topic updates.
    Low,
    /// On neither: chat, calendar.
    #[default]
    Normal,
    /// On low battery: calls, time-critical alerts.
    High,
}

impl Urgency {
    /// From the least to the most urgent.
    pub const ALL: [Self; 4] = [Self::VeryLow, Self::Low, Self::Normal, Self::High];

    /// As the header and the API write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// Reads what [`Urgency::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|urgency| urgency.as_str() == text)
    }

    /// Its number in the store.
    pub const fn code(self) -> i16 {
        match self {
            Self::VeryLow => 0,
            Self::Low => 1,
            Self::Normal => 2,
            Self::High => 3,
        }
    }

    /// Reads what [`Urgency::code`] stored.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|urgency| urgency.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_urgency_reads_back_from_its_name_and_its_code() {
        for urgency in Urgency::ALL {
            assert_eq!(Urgency::parse(urgency.as_str()), Some(urgency));
            assert_eq!(Urgency::from_code(urgency.code()), Some(urgency));
        }
        assert_eq!((Urgency::parse("High"), Urgency::from_code(4)), (None, None));
    }
}
