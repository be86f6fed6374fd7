//! What must hold of what is sent, and in the end.

use super::*;

impl Shelf {
    /// What is sent, and what must be true of it.
    pub(super) fn attempt(&mut self, one: &Arc<Notification>, attempts: u32, ends: Ends) -> Event {
        let index = usize::try_from(one.channel.0).expect("a small number");
        if self.channels[index].pauses {
            return Event::Paused;
        }
        let event = match ends {
            Ends::As(outcome) => ended(outcome),
            Ends::Again { wait } => retry(wait, attempts + 1),
            Ends::Held { wait } => return Event::Held(self.now + Duration::from_secs(wait)),
            Ends::Skipped => return Event::Skipped,
        };
        // It is looked at once more before it is sent.
        if !one.is_open_for(SubscriptionId(1), self.now) {
            return Event::Skipped;
        }
        let number = (index, one.seq.0);
        assert!(is_open(one, self.now), "{number:?} is sent and is not open: {one:?}");
        assert!(!self.ended.contains_key(&number), "{number:?} is sent again after its end");
        let known = self.outbox.subscription().expect("it is sent to somebody");
        let is_told = !self.outbox.load_first && known.generation.0 == self.generation;
        let Some(done) = self.channels[index].done.filter(|_| is_told) else {
            assert!(!is_told, "{number:?} is sent to one who has left");
            return event;
        };
        let between = (done + 1..one.seq.0).map(|seq| (seq - 1, seq));
        for (place, seq) in between {
            let earlier = &self.channels[index].log[usize::try_from(place).expect("in the log")];
            assert!(!is_open(earlier, self.now), "{number:?} is sent before {seq}");
        }
        assert!(done < one.seq.0, "{number:?} is behind the cursor");
        assert!(self.not_before.is_none_or(|until| until <= self.now), "{number:?} does not wait");
        match self.trying {
            Some(trying) if (trying.channel, trying.seq) == (one.channel, one.seq) => {
                assert_eq!(attempts, trying.attempts, "the attempts at {number:?}");
            }
            Some(trying) => {
                let tried = &self.channels[usize::try_from(trying.channel.0).expect("small")];
                let place = usize::try_from(trying.seq.0 - 1).expect("in the log");
                assert!(
                    self.excused || !is_open(&tried.log[place], self.now),
                    "{number:?} is sent before {trying:?}"
                );
            }
            None => assert_eq!(attempts, 0, "the attempts at {number:?}"),
        }
        event
    }

    /// From now on everything is accepted. In the end it has sent what it was handed, and what it could have loaded.
    pub(in super::super) fn come_to_rest(&mut self) {
        for channel in 0..CHANNELS {
            if self.channels[channel].pauses {
                self.pause(channel);
            }
        }
        while !self.pages.is_empty() {
            self.hand_out(0, false);
            while self.step(Ends::As(Outcome::Accepted)) {}
        }
        loop {
            while self.step(Ends::As(Outcome::Accepted)) {}
            let Some(next) = self.timers.iter().min().copied() else { break };
            self.now = self.now.max(next);
            self.fire();
        }
        let handed = std::mem::take(&mut self.handed);
        handed.into_iter().for_each(|number| self.is_not_forgotten(number));
        self.hear(Event::Changed);
        while self.step(Ends::As(Outcome::Accepted)) {}
        for index in 0..CHANNELS {
            let seqs: Vec<_> = self.channels[index].log.iter().map(|one| one.seq.0).collect();
            seqs.into_iter().for_each(|seq| self.is_not_forgotten((index, seq)));
        }
        assert!(self.outbox.is_empty());
        let is_clean = self.not_before.is_none() && self.trying.is_none();
        assert!(
            is_clean,
            "it is called waiting for ever: {:?}, {:?}",
            self.not_before, self.trying
        );
    }

    fn is_not_forgotten(&self, (index, seq): (usize, i64)) {
        let channel = &self.channels[index];
        let one = &channel.log[usize::try_from(seq - 1).expect("a number of the log")];
        let is_behind = channel.done.is_some_and(|done| done < seq);
        assert!(!is_open(one, self.now) || !is_behind, "{index}: {seq} is forgotten");
    }
}
