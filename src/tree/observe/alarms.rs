//! What is wrong with actors, noticed where it happens: nobody walks through the tree to find it. As many as an operator
//! would read are kept, and for as long as they are news.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::tree::actor_id::ActorId;

/// Alarms that are kept.
const MOST: usize = 256;

/// How long an alarm is kept after it was last raised.
const KEEP: Duration = Duration::from_secs(15 * 60);

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlarmKind {
    /// More messages wait for an actor than should.
    MailboxOverBound,
    /// One turn took too long: all others on its thread waited.
    SlowHandler,
    /// An actor panics again and again.
    RestartLoop,
    /// An actor was given up.
    GivenUp,
}

impl AlarmKind {
    /// Its name in the API.
    pub fn label(self) -> &'static str {
        match self {
            Self::MailboxOverBound => "mailbox_over_bound",
            Self::SlowHandler => "slow_handler",
            Self::RestartLoop => "restart_loop",
            Self::GivenUp => "given_up",
        }
    }
}

/// What is wrong with one actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlarmSnapshot {
    /// What.
    pub kind: &'static str,
    /// The actor's id.
    pub actor: String,
    /// In words, as of the last time.
    pub detail: String,
    /// When it was first raised.
    pub first: Timestamp,
    /// When it was last raised.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
}

/// All that is wrong.
#[derive(Clone, Debug)]
pub struct Alarms {
    log: Arc<Mutex<Log>>,
    clock: Clock,
}

impl Alarms {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { log: Arc::default(), clock }
    }

    /// Something is wrong.
    pub fn raise(&self, kind: AlarmKind, actor: ActorId, detail: String) {
        self.log().raise(kind, actor, detail, self.clock.now());
    }

    /// Something has been wrong for so long, or for nobody knows how long. However often that is said, it is one time.
    pub fn goes_on(&self, kind: AlarmKind, actor: ActorId, detail: String, past: Option<Duration>) {
        let now = self.clock.now();
        self.log().goes_on(kind, actor, detail, past.map(|past| now - past), now);
    }

    /// The last first.
    pub fn snapshots(&self) -> Vec<AlarmSnapshot> {
        self.log().snapshots(self.clock.now())
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is, by the clock that alarms go by.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}

#[derive(Debug)]
struct Alarm {
    detail: String,
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

#[derive(Debug, Default)]
struct Log(HashMap<(AlarmKind, ActorId), Alarm>);

impl Log {
    fn raise(&mut self, kind: AlarmKind, actor: ActorId, detail: String, now: Timestamp) {
        self.forget_old(now);
        if let Some(alarm) = self.0.get_mut(&(kind, actor)) {
            alarm.detail = detail;
            alarm.last = now;
            alarm.count += 1;
            return;
        }
        if self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, alarm)| alarm.last).map(|(which, _)| *which);
            oldest.map(|which| self.0.remove(&which));
        }
        self.0.insert((kind, actor), Alarm { detail, first: now, last: now, count: 1 });
    }

    fn goes_on(
        &mut self,
        kind: AlarmKind,
        actor: ActorId,
        detail: String,
        since: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.forget_old(now);
        let known = self.0.get_mut(&(kind, actor));
        match known.filter(|alarm| since.is_none_or(|since| since < alarm.last)) {
            Some(alarm) => (alarm.detail, alarm.last) = (detail, now),
            None => {
                self.raise(kind, actor, detail, now);
                if let (Some(since), Some(alarm)) = (since, self.0.get_mut(&(kind, actor))) {
                    alarm.first = alarm.first.min(since);
                }
            }
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        self.0.retain(|_, alarm| now.since(alarm.last) <= KEEP);
    }

    fn snapshots(&mut self, now: Timestamp) -> Vec<AlarmSnapshot> {
        self.forget_old(now);
        let snapshot = |((kind, actor), alarm): (&(AlarmKind, ActorId), &Alarm)| AlarmSnapshot {
            kind: kind.label(),
            actor: actor.to_string(),
            detail: alarm.detail.clone(),
            first: alarm.first,
            last: alarm.last,
            count: alarm.count,
        };
        let mut all: Vec<_> = self.0.iter().map(snapshot).collect();
        all.sort_by(|a, b| (b.last, &a.actor, a.kind).cmp(&(a.last, &b.actor, b.kind)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ChannelId;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn raise(log: &mut Log, channel: i64, after: u64) {
        let now = START + Duration::from_secs(after);
        let actor = ActorId::Channel(ChannelId(channel));
        log.raise(AlarmKind::SlowHandler, actor, format!("after {after}"), now);
    }

    #[test]
    fn what_is_raised_again_is_one_alarm_with_its_first_and_last_time() {
        let mut log = Log::default();
        raise(&mut log, 1, 0);
        raise(&mut log, 2, 5);
        raise(&mut log, 1, 9);
        let all = log.snapshots(START + Duration::from_secs(10));
        let first = AlarmSnapshot {
            kind: "slow_handler",
            actor: "channels.1".to_owned(),
            detail: "after 9".to_owned(),
            first: START,
            last: START + Duration::from_secs(9),
            count: 2,
        };
        assert_eq!((all.len(), &all[0]), (2, &first));
    }

    #[test]
    fn what_is_no_news_any_more_is_forgotten() {
        let mut log = Log::default();
        raise(&mut log, 1, 0);
        raise(&mut log, 2, 60);
        assert_eq!(log.snapshots(START + KEEP).len(), 2);
        assert_eq!(log.snapshots(START + KEEP + Duration::from_secs(1)).len(), 1);
    }

    #[test]
    fn what_goes_on_is_one_alarm_that_is_not_forgotten_until_it_is_over() {
        let (kind, actor) = (AlarmKind::SlowHandler, ActorId::Channel(ChannelId(1)));
        let at = |seconds| START + Duration::from_secs(seconds);
        let mut log = Log::default();
        for seconds in (10..4000).step_by(600) {
            log.goes_on(kind, actor, "still".to_owned(), Some(at(5)), at(seconds));
        }
        let all = log.snapshots(at(4000));
        assert_eq!((all[0].first, all[0].last, all[0].count), (at(5), at(3610), 1));
        log.goes_on(kind, actor, "again".to_owned(), Some(at(3700)), at(3800));
        log.goes_on(kind, actor, "for ever".to_owned(), None, at(3900));
        let all = log.snapshots(at(4000));
        assert_eq!((all[0].last, all[0].count, all[0].detail.as_str()), (at(3900), 2, "for ever"));
    }

    #[test]
    fn a_storm_of_alarms_keeps_the_last_two_hundred_and_fifty_six() {
        let mut log = Log::default();
        for channel in 0..300 {
            raise(&mut log, channel, u64::try_from(channel).unwrap());
        }
        let all = log.snapshots(START + Duration::from_secs(300));
        assert_eq!(all.len(), MOST);
        assert_eq!(
            (all[0].actor.as_str(), all[255].actor.as_str()),
            ("channels.299", "channels.44")
        );
    }
}
