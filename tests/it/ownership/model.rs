//! Any sequence of what may be asked of the store: what must hold after each, written as queries that find nothing.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;
use fanfare::clock::Timestamp;
use fanfare::id::{AppId, Generation, PublicId, VapidKeyId};
use fanfare::model::{EndpointState, Outcome, Settlement};
use fanfare::store::Store;
use fanfare::store::directory::{AppSettings, DEFAULT_APP, DirectoryChange, Secret};
use fanfare::store::membership::{Authority, Leave, Leaver, Replace, Subscribe, SubscribeReply};
use fanfare::store::publish::{Accept, AcceptReply};
use fanfare::store::quarantine::{QuarantineQuery, Quarantines, Resolution, Resolve};
use fanfare::store::sqlite::SqliteStore;
use fanfare::webpush::message::Content;
use fanfare::webpush::request::Urgency;
use fanfare::webpush::subscription::PushSubscription;
use fanfare::webpush::vapid::VapidKey;
use proptest::prelude::*;

use crate::harness::browser::Browser;

mod asked;
mod rules;

use asked::{Ends, Op, ops};
use rules::{Broken, RULES};

const CHANNELS: [&str; 5] = ["user:1", "user:2", "user:3", "team:7", "news"];
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store, and what was seen of it.
struct World {
    store: SqliteStore,
    look: SqliteConnection,
    app: AppId,
    vapid_key: VapidKeyId,
    browsers: Vec<Browser>,
    now: Timestamp,
    known: Vec<PublicId>,
    generations: HashMap<PublicId, Generation>,
    notifications: Vec<PublicId>,
    /// A settlement whose subscription may have changed since it was begun.
    late: Vec<Settlement>,
}

impl World {
    async fn new(directory: &Path) -> Self {
        let file = directory.join("fanfare.db");
        let store = SqliteStore::open(&file).unwrap();
        let now = Timestamp::from_millis(1_800_000_000_000);
        let settings =
            AppSettings { public_channels: vec!["news".to_owned()], ..AppSettings::default() };
        let change = DirectoryChange::CreateApp {
            name: DEFAULT_APP.to_owned(),
            settings,
            token_secret: Secret(vec![7; 32]),
            vapid_key: VapidKey::generate().unwrap(),
            now,
        };
        store.change_directory(change).await.unwrap().unwrap();
        let directory = store.directory();
        let app = directory.apps[DEFAULT_APP].id;
        let vapid_key = directory.current_vapid_key(app).unwrap().id;
        Self {
            look: SqliteConnection::establish(&file.to_string_lossy()).unwrap(),
            store,
            app,
            vapid_key,
            browsers: vec![Browser::new(), Browser::new()],
            now,
            known: Vec::new(),
            generations: HashMap::new(),
            notifications: Vec::new(),
            late: Vec::new(),
        }
    }

    fn who(&self, index: usize) -> Option<PublicId> {
        (!self.known.is_empty()).then(|| self.known[index % self.known.len()].clone())
    }

    fn subscription(&self, endpoint: usize, keys: usize) -> PushSubscription {
        // Two push services.
        let url = format!("https://push-{}.example/{endpoint}", endpoint % 2);
        PushSubscription::parse(&self.browsers[keys].subscription_json(&url), self.now).unwrap()
    }

    async fn perform(&mut self, op: Op) {
        self.now = self.now + Duration::from_secs(1);
        match op {
            Op::Subscribe { endpoint, keys, channels, authority, ends } => {
                let expires = ends.then(|| self.now + DAY);
                self.subscribe(endpoint, keys, channels, authority, expires).await;
            }
            Op::Replace { who, endpoint, keys } => {
                let Some(id) = self.who(who) else { return };
                let with = self.subscription(endpoint, keys);
                let command = Replace {
                    app: self.app,
                    id,
                    endpoint: with.endpoint,
                    keys: with.keys,
                    expires: None,
                    vapid_key: self.vapid_key,
                    now: self.now,
                };
                self.store.replace(command).await.unwrap();
            }
            Op::LeaveChannel { who, channel } => {
                let Some(id) = self.who(who) else { return };
                self.leave(Leaver::Channel(id, name(channel))).await;
            }
            Op::LeaveShared { channel, also_in } => {
                self.leave(Leaver::Shared { channel: name(channel), also_in: name(also_in) }).await;
            }
            Op::Forget { who } => {
                let Some(id) = self.who(who) else { return };
                self.leave(Leaver::Everywhere(id)).await;
            }
            Op::Publish { channel, exclude, topic } => self.publish(channel, exclude, topic).await,
            Op::Settle { who, late, ends } => self.settle(who, late, ends).await,
            Op::Restore { who } => {
                let Some(id) = self.who(who) else { return };
                self.store.restore(self.app, id, self.now).await.unwrap();
            }
            Op::Resolve { which, resolution } => self.resolve(which, resolution).await,
            Op::Cancel { which } => {
                if self.notifications.is_empty() {
                    return;
                }
                let id = self.notifications[which % self.notifications.len()].clone();
                self.store.cancel(self.app, id, self.now).await.unwrap();
            }
            Op::DeleteChannel { channel } => {
                self.store.delete_channel(self.app, name(channel), self.now).await.unwrap();
            }
            Op::Wait { days } => {
                self.now = self.now + DAY * days;
                self.store.upkeep(self.now, 3).await.unwrap();
            }
        }
    }

    async fn subscribe(
        &mut self,
        endpoint: usize,
        keys: usize,
        channels: usize,
        authority: usize,
        expires: Option<Timestamp>,
    ) {
        let with = self.subscription(endpoint, keys);
        let named = CHANNELS.iter().enumerate().filter(|(index, _)| channels >> index & 1 == 1);
        let command = Subscribe {
            app: self.app,
            channels: named.map(|(_, name)| (*name).to_owned()).collect(),
            endpoint: with.endpoint,
            keys: with.keys,
            expires,
            vapid_key: self.vapid_key,
            authority: match authority {
                0 => Authority::ApiKey,
                1 => Authority::Token(vec!["user:*".to_owned()]),
                _ => Authority::Public,
            },
            now: self.now,
        };
        if let SubscribeReply::Subscribed { id, created: true, .. } =
            self.store.subscribe(command).await.unwrap()
        {
            assert!(!self.known.contains(&id), "a name is given once");
            self.known.push(id);
        }
    }

    async fn leave(&self, who: Leaver) {
        self.store.leave(Leave { app: self.app, who, now: self.now }).await.unwrap();
    }

    async fn publish(&mut self, channel: usize, exclude: Option<usize>, topic: bool) {
        let command = Accept {
            app: self.app,
            channels: vec![name(channel)],
            content: Content::Raw("text".to_owned().into()),
            send_at: None,
            ttl: DAY,
            urgency: Urgency::Normal,
            topic: topic.then(|| "topic".to_owned()),
            exclude: exclude.and_then(|index| self.who(index)).into_iter().collect(),
            idempotency: None,
            now: self.now,
        };
        if let AcceptReply::Accepted { items, .. } = self.store.accept(command).await.unwrap() {
            let ids = items.into_iter().map(|item| PublicId::from_store(item.id));
            self.notifications.extend(ids);
        }
    }

    async fn resolve(&self, which: usize, resolution: Resolution) {
        let query = QuarantineQuery { app: self.app, after: 0, limit: 100 };
        let found = self.store.quarantines(query).await.unwrap();
        if found.is_empty() {
            return;
        }
        let id = found[which % found.len()].id.clone();
        let command = Resolve { app: self.app, id, resolution, limit: Some(1), now: self.now };
        self.store.resolve(command).await.unwrap();
    }

    /// Settles the next delivery of a subscription, or one that began some time ago.
    async fn settle(&mut self, who: usize, late: bool, ends: Ends) {
        if late && let Some(settlement) = self.late.pop() {
            self.store.settle(settlement).await.unwrap();
            return;
        }
        let Some(id) = self.who(who) else { return };
        let Some(row) = self.store.subscription_row(self.app, id).await.unwrap() else { return };
        let Some(backlog) = self.store.load(row.id, self.now).await.unwrap() else { return };
        let mut open = backlog.stretches.iter().flat_map(|stretch| &stretch.open);
        let Some(next) = open.find(|next| next.is_open_for(row.id, self.now)) else {
            return;
        };
        let not_before = self.now + Duration::from_secs(60);
        let settlement = Settlement {
            subscription: row.id,
            generation: row.generation,
            channel: next.channel,
            seq: next.seq,
            outcome: match ends {
                Ends::As(outcome) => Some(outcome),
                Ends::Refused => Some(Outcome::Rejected),
                Ends::Not => None,
            },
            endpoint: match ends {
                Ends::Not => EndpointState::Waiting {
                    not_before,
                    failures: 1,
                    attempts: 1,
                    unheard_since: None,
                },
                Ends::As(_) => EndpointState::Recovered,
                Ends::Refused => EndpointState::Refused,
            },
            failure: None,
            now: self.now,
        };
        if late {
            self.late.push(settlement);
        } else {
            self.store.settle(settlement).await.unwrap();
        }
    }

    /// What has expired is closed, and everybody gets what is open for it.
    async fn deliver_all(&mut self) {
        while self.store.upkeep(self.now, 3).await.unwrap() == 3 {}
        for index in 0..self.known.len() {
            while let Some(id) = self.who(index) {
                let Some(row) = self.store.subscription_row(self.app, id).await.unwrap() else {
                    break;
                };
                let backlog = self.store.load(row.id, self.now).await.unwrap().unwrap();
                let mut open = backlog.stretches.iter().flat_map(|stretch| &stretch.open);
                if !open.any(|next| next.is_open_for(row.id, self.now)) {
                    break;
                }
                self.settle(index, false, Ends::As(Outcome::Accepted)).await;
            }
        }
    }

    async fn check(&mut self, after: &str) {
        for (rule, query) in RULES {
            let broken: Vec<Broken> = diesel::sql_query(*query).load(&mut self.look).unwrap();
            assert!(broken.is_empty(), "{rule}, after {after}: {broken:?}");
        }
        for id in &self.known {
            let view = self.store.subscription(self.app, id.clone(), self.now).await.unwrap();
            let Some(view) = view else { continue };
            let before = self.generations.insert(id.clone(), view.generation);
            assert!(before.is_none_or(|before| before <= view.generation), "after {after}");
        }
        let live = "SELECT count(*) || '' AS what FROM subscription WHERE gone IS NULL";
        let counted: Vec<Broken> = diesel::sql_query(live).load(&mut self.look).unwrap();
        let totals = self.store.totals().await.unwrap();
        assert_eq!(totals.subscriptions.to_string(), counted[0].what, "after {after}");
    }
}

fn name(channel: usize) -> String {
    CHANNELS[channel % CHANNELS.len()].to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_asked_in_whatever_order_the_sums_are_exact_and_an_endpoint_has_one_owner(
        ops in ops()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let mut world = World::new(directory.path()).await;
            for op in ops {
                let after = format!("{op:?}");
                world.perform(op).await;
                world.check(&after).await;
            }
            world.deliver_all().await;
            world.check("everything was delivered").await;
            let totals = world.store.totals().await.unwrap();
            assert_eq!(totals.pending, 0);
            world.store.close();
        });
    }
}
