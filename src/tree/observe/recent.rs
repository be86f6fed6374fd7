//! The last messages of an actor: which, and when.

use std::time::Duration;

/// How many are kept.
const KEPT: usize = 16;

/// What an actor can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are those of the messages")]
pub enum Heard {
    ChildExited,
    ChildGivenUp,
    Changed,
    Deliver,
    End,
    Grown,
    HandOut,
    Kill,
    KillChild,
    Poke,
    Refresh,
    Resumed,
    SendTest,
}

impl Heard {
    const ALL: [Self; 13] = [
        Self::ChildExited,
        Self::ChildGivenUp,
        Self::Changed,
        Self::Deliver,
        Self::End,
        Self::Grown,
        Self::HandOut,
        Self::Kill,
        Self::KillChild,
        Self::Poke,
        Self::Refresh,
        Self::Resumed,
        Self::SendTest,
    ];

    /// The message's name.
    pub fn label(self) -> &'static str {
        match self {
            Self::ChildExited => "ChildExited",
            Self::ChildGivenUp => "ChildGivenUp",
            Self::Changed => "Changed",
            Self::Deliver => "Deliver",
            Self::End => "End",
            Self::Grown => "Grown",
            Self::HandOut => "HandOut",
            Self::Kill => "Kill",
            Self::KillChild => "KillChild",
            Self::Poke => "Poke",
            Self::Refresh => "Refresh",
            Self::Resumed => "Resumed",
            Self::SendTest => "SendTest",
        }
    }
}

/// The last messages. One word each: four bits for which, the others for when, in microseconds (thirty thousand years).
#[derive(Clone, Debug, Default)]
pub struct Recent {
    words: [u64; KEPT],
    count: u32,
}

impl Recent {
    /// Notes a message that came so long after the actor's start.
    pub fn note(&mut self, heard: Heard, at: Duration) {
        let micros = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        self.words[self.count as usize % KEPT] = micros << 4 | heard as u64;
        self.count = self.count.wrapping_add(1);
    }

    /// The newest first.
    pub fn iter(&self) -> impl Iterator<Item = (Duration, Heard)> {
        let kept = (self.count as usize).min(KEPT);
        (1..=kept).filter_map(move |back| {
            let word = self.words[(self.count as usize).wrapping_sub(back) % KEPT];
            let heard = Heard::ALL.get((word & 0xF) as usize)?;
            Some((Duration::from_micros(word >> 4), *heard))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sixteen_are_kept_and_the_newest_comes_first() {
        let mut recent = Recent::default();
        assert_eq!(recent.iter().count(), 0);
        recent.note(Heard::Grown, Duration::from_millis(1));
        assert_eq!(recent.iter().collect::<Vec<_>>(), [(Duration::from_millis(1), Heard::Grown)]);
        for second in 0..40 {
            let heard = if second % 2 == 0 { Heard::Deliver } else { Heard::SendTest };
            recent.note(heard, Duration::from_secs(second));
        }
        let kept: Vec<_> = recent.iter().collect();
        assert_eq!(kept.len(), 16);
        assert_eq!(kept[0], (Duration::from_secs(39), Heard::SendTest));
        assert_eq!(kept[15], (Duration::from_secs(24), Heard::Deliver));
    }

    #[test]
    fn every_message_is_at_its_own_place_and_fits_four_bits() {
        for (place, heard) in Heard::ALL.into_iter().enumerate() {
            assert_eq!(heard as usize, place, "{heard:?}");
        }
        assert!(Heard::ALL.len() <= 16);
    }
}
