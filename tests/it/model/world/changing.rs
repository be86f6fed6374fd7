//! Changes: what is asked of the store, and what it must answer.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use fanfare::id::{Generation, IdKind, PublicId};
use fanfare::store::audit::{Act, AuditEntry};
use fanfare::store::directory::{Conflict, DirectoryChange};
use fanfare::store::membership::{
    Authority, Leave, Leaver, Replace, ReplaceReply, Subscribe, SubscribeReply,
};
use fanfare::store::pause::Subject;
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::quarantine::{Quarantines, RestoreReply};
use fanfare::store::view::NotificationView;
use fanfare::store::{Store, StoreFuture};
use fanfare::webpush::message::Content;
use fanfare::webpush::request::Urgency;
use fanfare::webpush::subscription::PushSubscription;
use futures_util::FutureExt;

use super::{World, keys};
use crate::model::asked::{CHANNELS, Change};
use crate::model::reference::{Later, Replaced, Words};
use crate::model::tree::Doing;

/// More rows than upkeep ever finds here: what it does in one go.
const ALL: i64 = 1000;

/// What was asked, and what must be answered.
enum Asked {
    Publish(StoreFuture<AcceptReply>, Vec<usize>),
    Join(StoreFuture<SubscribeReply>, usize, bool, i64, Vec<&'static str>),
    Leave(StoreFuture<u64>, u64),
    Replace(StoreFuture<ReplaceReply>, Replaced, i64),
    Return(StoreFuture<RestoreReply>, bool),
    Schedule(StoreFuture<AcceptReply>, Vec<usize>),
    /// How many were to get it: nobody, if it was not due.
    Cancel(StoreFuture<Option<NotificationView>>, i64),
    Delete(StoreFuture<bool>, bool),
    Pause(StoreFuture<Result<(), Conflict>>, bool),
    Upkeep(StoreFuture<usize>),
}

impl World {
    pub(super) async fn change(&mut self, change: Change) {
        for asked in self.ask(change) {
            self.expect(asked).await;
        }
    }

    /// Keeps the Journal from beginning its next transaction, so that what is asked meanwhile shares it.
    fn hold_up(&mut self, held: bool) {
        let statement = if held { "BEGIN IMMEDIATE" } else { "ROLLBACK" };
        self.look.batch_execute(statement).unwrap();
    }

    pub(super) async fn together(&mut self, changes: Vec<Change>) {
        self.count("together");
        self.hold_up(true);
        // The Journal takes what it finds before it begins: this one alone.
        let id = PublicId::random(IdKind::Notification, &mut self.rng);
        let first = self.store.cancel(self.app, id, self.now());
        let asked: Vec<_> = changes.into_iter().flat_map(|change| self.ask(change)).collect();
        self.hold_up(false);
        assert!(first.await.unwrap().is_none());
        for asked in asked {
            self.expect(asked).await;
        }
    }

    pub(super) async fn with_results(&mut self, change: Change) {
        // Of several changes, results might come between.
        if matches!(change, Change::Burst { .. }) {
            return self.change(change).await;
        }
        self.count("with results");
        self.hold_up(true);
        let asked = self.ask(change);
        let mut results = Vec::new();
        for (id, worker) in &mut self.tree.workers {
            if let Doing::Settle(settlement) = &worker.doing {
                results.push((*id, settlement.clone(), self.store.settle(settlement.clone())));
            }
        }
        self.hold_up(false);
        for asked in asked {
            self.expect(asked).await;
        }
        self.look_up_rows();
        for (id, settlement, settled) in results {
            let expected = self.reference.settle(&settlement);
            let settled = settled.await.unwrap();
            assert_eq!(settled, expected, "{settlement:?}");
            self.count_outcome(&settlement, settled);
            self.count("result with a change");
            self.tree.workers.get_mut(&id).unwrap().doing = Doing::Settled(settled);
        }
    }

    fn someone(&self, who: usize) -> Option<(usize, PublicId)> {
        let known = self.reference.subscriptions.iter().enumerate();
        let known: Vec<_> =
            known.filter_map(|(key, known)| Some((key, known.id.clone()?))).collect();
        (!known.is_empty()).then(|| known[who % known.len()].clone())
    }

    /// The store is asked, and the reference says what must come of it.
    fn ask(&mut self, change: Change) -> Vec<Asked> {
        let (kind, asked) = match change {
            Change::Publish { channels, topic, ttl, exclude } => {
                ("publish", Some(self.publish(&named(channels), topic, ttl, &exclude)))
            }
            Change::Schedule { channels, topic, ttl, exclude, wait } => {
                let (command, words) = self.words(&named(channels), topic, ttl, &exclude);
                let send_at = self.now() + wait;
                let accepted = self.store.accept(Accept { send_at: Some(send_at), ..command });
                let laters = self.reference.schedule(&named(channels), &words, send_at);
                ("schedule", Some(Asked::Schedule(accepted, laters)))
            }
            Change::Burst { channel, count } => {
                self.count("burst");
                let name = [channel % CHANNELS.len()];
                let hour = Duration::from_secs(3600);
                return (0..count).map(|_| self.publish(&name, None, hour, &[])).collect();
            }
            Change::Join { endpoint, keys, channels, ends } => {
                ("join", Some(self.join((endpoint, keys), &named(channels), ends)))
            }
            Change::Leave { who, channel } => ("leave", self.leave(who, channel % CHANNELS.len())),
            Change::Forget { who } => ("forget", self.forget(who)),
            Change::Replace { who, endpoint, keys } => {
                ("replace", self.replace(who, (endpoint, keys)))
            }
            Change::Return { who } => ("return", self.restore(who)),
            Change::Cancel { which } => ("cancel", self.cancel(which)),
            Change::DeleteChannel { channel } => {
                let name = channel % CHANNELS.len();
                let deleted =
                    self.store.delete_channel(self.app, CHANNELS[name].to_owned(), self.now());
                let expected = self.reference.delete_channel(name);
                ("delete channel", Some(Asked::Delete(deleted, expected)))
            }
            Change::Pause { channel, pauses } => {
                let what = if pauses { "pause" } else { "resume" };
                (what, Some(self.pause(channel % CHANNELS.len(), pauses)))
            }
            Change::Upkeep => {
                let done = self.store.upkeep(self.now(), ALL);
                self.reference.upkeep();
                ("upkeep", Some(Asked::Upkeep(done)))
            }
        };
        if asked.is_some() {
            self.count(kind);
        }
        asked.into_iter().collect()
    }

    fn publish(
        &mut self,
        names: &[usize],
        topic: Option<u8>,
        ttl: Duration,
        exclude: &[usize],
    ) -> Asked {
        let (command, words) = self.words(names, topic, ttl, exclude);
        let accepted = self.store.accept(command);
        Asked::Publish(accepted, self.reference.publish(names, &words))
    }

    /// A publish, for the store and for the reference.
    fn words(
        &self,
        names: &[usize],
        topic: Option<u8>,
        ttl: Duration,
        exclude: &[usize],
    ) -> (Accept, Words) {
        let excluded: Vec<_> = exclude.iter().filter_map(|who| self.someone(*who)).collect();
        let command = Accept {
            app: self.app,
            channels: names.iter().map(|name| CHANNELS[*name].to_owned()).collect(),
            content: Content::Raw("text".to_owned().into()),
            send_at: None,
            ttl,
            urgency: Urgency::Normal,
            topic: topic.map(|topic| topic.to_string()),
            exclude: excluded.iter().map(|(_, id)| id.clone()).collect(),
            idempotency: None,
            now: self.now(),
        };
        // Of one that is forgotten there is no row to exclude, and there never will be.
        let exclude = excluded.into_iter().map(|(key, _)| key).collect();
        (command, Words { topic, ttl, exclude })
    }

    fn subscription(&self, (endpoint, index): (usize, usize)) -> PushSubscription {
        let url = format!("https://push.example/{endpoint}");
        PushSubscription::parse(&keys(index).subscription_json(&url), self.now()).unwrap()
    }

    fn join(&mut self, with: (usize, usize), names: &[usize], ends: bool) -> Asked {
        let ends = ends.then(|| self.now() + Duration::from_secs(3000));
        let parsed = self.subscription(with);
        let command = Subscribe {
            app: self.app,
            channels: names.iter().map(|name| CHANNELS[*name].to_owned()).collect(),
            endpoint: parsed.endpoint,
            keys: parsed.keys,
            expires: ends,
            vapid_key: self.vapid_key,
            authority: Authority::ApiKey,
            now: self.now(),
        };
        let subscribed = self.store.subscribe(command);
        let (who, created) = self.reference.subscribe(with, names, ends);
        let generation = self.reference.subscriptions[who].generation;
        Asked::Join(subscribed, who, created, generation, self.reference.names_of(who))
    }

    fn take_out(&self, who: Leaver) -> StoreFuture<u64> {
        let mut left = self.store.leave(Leave { app: self.app, who, now: self.now() });
        // It is asked when it is polled, and must be asked before what comes next.
        let first = left.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match first {
            Poll::Ready(left) => async { left }.boxed(),
            Poll::Pending => left,
        }
    }

    fn leave(&mut self, who: usize, name: usize) -> Option<Asked> {
        let (key, id) = self.someone(who)?;
        let left = self.take_out(Leaver::Channel(id, CHANNELS[name].to_owned()));
        Some(Asked::Leave(left, self.reference.leave(key, name)))
    }

    fn forget(&mut self, who: usize) -> Option<Asked> {
        let (key, id) = self.someone(who)?;
        let left = self.take_out(Leaver::Everywhere(id));
        Some(Asked::Leave(left, self.reference.forget(key)))
    }

    fn replace(&mut self, who: usize, with: (usize, usize)) -> Option<Asked> {
        let (key, id) = self.someone(who)?;
        let parsed = self.subscription(with);
        let command = Replace {
            app: self.app,
            id,
            endpoint: parsed.endpoint,
            keys: parsed.keys,
            expires: None,
            vapid_key: self.vapid_key,
            now: self.now(),
        };
        let replaced = self.store.replace(command);
        let expected = self.reference.replace(key, with);
        let generation = self.reference.subscriptions[key].generation;
        Some(Asked::Replace(replaced, expected, generation))
    }

    fn restore(&mut self, who: usize) -> Option<Asked> {
        let (key, id) = self.someone(who)?;
        let restored = self.store.restore(self.app, id, self.now());
        Some(Asked::Return(restored, self.reference.restore(key)))
    }

    fn pause(&mut self, name: usize, pauses: bool) -> Asked {
        let subject = Subject::Channel { app: self.app, name: CHANNELS[name].to_owned() };
        let entry = AuditEntry {
            at: self.now(),
            key: "control socket".to_owned(),
            title: String::new(),
            address: None,
            act: if pauses { Act::PauseChannel } else { Act::ResumeChannel },
            target: CHANNELS[name].to_owned(),
            request: String::new(),
        };
        let change = DirectoryChange::SetPause { subject, pauses, entry };
        let paused = self.store.change_directory(change);
        Asked::Pause(paused, self.reference.pause(name, pauses))
    }

    /// What has not been resumed is.
    pub(super) async fn resume_all(&mut self) {
        for channel in 0..CHANNELS.len() {
            self.change(Change::Pause { channel, pauses: false }).await;
        }
        self.hear();
    }

    fn cancel(&mut self, which: usize) -> Option<Asked> {
        let now = self.now();
        let reference = &mut self.reference;
        let open = reference.notifications.iter().filter_map(|entry| entry.id.clone());
        let waits = reference.schedule.iter().filter_map(|later| later.id.clone());
        // The latest are the most likely to be open.
        let known: Vec<_> = waits.chain(open).collect();
        let id = known.iter().rev().nth(which % known.len().max(1))?.clone();
        let cancelled = self.store.cancel(self.app, id.clone(), now);
        let entry = reference.notifications.iter().position(|entry| entry.id.as_ref() == Some(&id));
        if let Some(key) = entry {
            reference.close(key, fanfare::model::Outcome::Cancelled);
        } else {
            let later = reference.schedule.iter_mut();
            later.filter(|later| later.id.as_ref() == Some(&id)).for_each(Later::cancel);
        }
        let recipients = entry.map_or(0, |key| reference.notifications[key].recipients.len());
        Some(Asked::Cancel(cancelled, recipients as i64))
    }

    async fn expect(&mut self, asked: Asked) {
        match asked {
            Asked::Publish(accepted, entries) => {
                let AcceptReply::Accepted { items, replayed: false } = accepted.await.unwrap()
                else {
                    panic!("not accepted");
                };
                assert_eq!(items.len(), entries.len());
                for (item, key) in items.into_iter().zip(entries) {
                    let entry = &mut self.reference.notifications[key];
                    let recipients = entry.recipients.len() as i64;
                    assert_eq!((item.seq, item.recipients), (Some(entry.seq), Some(recipients)));
                    entry.id = Some(PublicId::from_store(item.id));
                }
            }
            Asked::Join(subscribed, who, is_new, counted, names) => {
                let SubscribeReply::Subscribed { id, generation, channels, created } =
                    subscribed.await.unwrap()
                else {
                    panic!("not subscribed");
                };
                assert_eq!((generation, created), (Generation(counted), is_new));
                assert_eq!(channels, names);
                let known = &mut self.reference.subscriptions[who];
                let before = known.id.replace(id.clone());
                assert!(before.is_none_or(|before| before == id));
            }
            Asked::Leave(left, expected) => assert_eq!(left.await.unwrap(), expected),
            Asked::Replace(replaced, expected, generation) => match replaced.await.unwrap() {
                ReplaceReply::Replaced(view) => {
                    assert_eq!(expected, Replaced::Yes);
                    assert_eq!(view.generation, Generation(generation));
                }
                ReplaceReply::Unknown => assert_eq!(expected, Replaced::Unknown),
                ReplaceReply::EndpointInUse => assert_eq!(expected, Replaced::InUse),
                ReplaceReply::Full(full) => panic!("{full:?}"),
            },
            Asked::Return(restored, expected) => match restored.await.unwrap() {
                RestoreReply::Restored(_) => assert!(expected),
                RestoreReply::Unknown => assert!(!expected),
                RestoreReply::Full(full) => panic!("{full:?}"),
            },
            Asked::Schedule(accepted, laters) => {
                let AcceptReply::Accepted { items, .. } = accepted.await.unwrap() else {
                    panic!("not scheduled");
                };
                for (item, key) in items.into_iter().zip(laters) {
                    assert_eq!((item.seq, item.recipients), (None, None));
                    self.reference.schedule[key].id = Some(PublicId::from_store(item.id));
                }
            }
            Asked::Cancel(cancelled, recipients) => {
                let view = cancelled.await.unwrap().expect("a notification that was accepted");
                assert_eq!((view.recipients, view.pending()), (Some(recipients), 0));
            }
            Asked::Delete(deleted, expected) => assert_eq!(deleted.await.unwrap(), expected),
            Asked::Pause(paused, expected) => assert_eq!(paused.await.unwrap().is_ok(), expected),
            Asked::Upkeep(done) => drop(done.await.unwrap()),
        }
    }
}

/// The channels whose bits are set.
fn named(bits: usize) -> Vec<usize> {
    (0..CHANNELS.len()).filter(|channel| bits >> channel & 1 == 1).collect()
}
