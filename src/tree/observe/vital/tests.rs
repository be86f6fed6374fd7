//! What an actor knows of itself, at given times.

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::id::{ChannelId, SubscriptionId};
use crate::metrics::{Kind, Metrics};
use crate::tree::observe::alarms::Alarms;
use crate::tree::observe::kin::Children;

struct World {
    metrics: Metrics,
    alarms: Alarms,
    kin: Arc<Kin>,
    kind: ActorKind,
}

impl World {
    fn of(kind: ActorKind) -> Self {
        let metrics = Metrics::new();
        let alarms = Alarms::new(Clock::tokio(Timestamp::from_millis(0)));
        let kin = Arc::new(Kin::new(kind, &metrics, alarms.clone()));
        Self { metrics, alarms, kin, kind }
    }

    fn actor(&self, row: i64) -> Arc<Vital> {
        Vital::new(ActorId::Subscription(0, SubscriptionId(row)), Arc::clone(&self.kin))
    }

    /// How many are alive, and how much waits for them, as `/metrics` shows it.
    fn shown(&self) -> (i64, i64) {
        let of = Kind { kind: self.kind };
        let alive = self.metrics.actors.get_or_create(&of).get();
        (alive, self.metrics.actor_mailbox.get_or_create(&of).get())
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_counted_from_the_post_to_the_handler() {
    let world = World::of(ActorKind::SubscriptionWorker);
    let (one, two) = (world.actor(1), world.actor(2));
    for _ in 0..3 {
        one.posted();
    }
    two.posted();
    one.received(Heard::Deliver);
    tokio::time::advance(Duration::from_secs(4)).await;
    one.received(Heard::Refresh);
    let reading = one.read(Instant::now(), Window::Start);
    assert_eq!((reading.waiting, reading.peak, reading.messages), (1, 3, 2));
    assert!((reading.messages_per_second - 0.5).abs() < 1e-9, "{reading:?}");
    assert_eq!(reading.age, Duration::from_secs(4));
    let recent = one.recent(Instant::now());
    assert_eq!(
        recent,
        [(Duration::ZERO, Heard::Refresh), (Duration::from_secs(4), Heard::Deliver)]
    );
    assert_eq!((world.shown(), world.kin.waiting()), ((2, 2), 2));
    drop(one);
    assert_eq!(world.shown(), (1, 1), "what waited for it waits no more");
    two.received(Heard::Deliver);
    two.received(Heard::Deliver);
    assert_eq!((two.waiting(), world.shown()), (0, (1, 0)), "one came that nobody had counted");
    drop(two);
    let gone = Children { started: 2, ..Children::default() };
    assert_eq!((world.shown(), world.kin.children()), ((0, 0), gone));
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_over_its_bound_is_an_alarm_once_each_time_that_it_passes_it() {
    let world = World::of(ActorKind::SubscriptionWorker);
    let actor = world.actor(1);
    for _ in 0..actor.bound() {
        actor.posted();
    }
    assert!(world.alarms.snapshots().is_empty());
    for _ in 0..50 {
        actor.posted();
    }
    for _ in 0..50 {
        actor.received(Heard::Deliver);
    }
    actor.posted();
    let alarms = world.alarms.snapshots();
    assert_eq!((alarms.len(), alarms[0].kind, alarms[0].count), (1, "mailbox_over_bound", 2));
    assert_eq!(alarms[0].actor, "subscriptions.0.1");
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_grows_and_grows_is_told_of_at_each_multiple_and_while_it_lasts() {
    let world = World::of(ActorKind::ChannelSupervisor);
    let actor = world.actor(1);
    for _ in 0..3 * actor.bound() + 1 {
        actor.posted();
    }
    let alarm = world.alarms.snapshots().remove(0);
    assert_eq!((alarm.count, &*alarm.detail), (3, "more than 12288 messages wait for it"));
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert!(world.alarms.snapshots().is_empty(), "nothing new was heard of it");
    actor.say_what_goes_on();
    let alarm = world.alarms.snapshots().remove(0);
    assert_eq!((alarm.kind, &*alarm.detail), ("mailbox_over_bound", "12289 messages wait for it"));
    for _ in 0..3 * actor.bound() {
        actor.received(Heard::Grown);
    }
    tokio::time::advance(Duration::from_secs(3600)).await;
    actor.say_what_goes_on();
    assert!(world.alarms.snapshots().is_empty(), "it is over");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_does_not_end_is_an_alarm_and_the_same_one_when_it_does() {
    let world = World::of(ActorKind::SubscriptionWorker);
    let (actor, begun) = (world.actor(1), Instant::now());
    actor.takes_thread(begun);
    tokio::time::advance(Duration::from_secs(1)).await;
    world.kin.say_who_keeps_the_thread(Instant::now());
    assert!(world.alarms.snapshots().is_empty());
    for seconds in [2, 3] {
        tokio::time::advance(Duration::from_secs(1)).await;
        world.kin.say_who_keeps_the_thread(Instant::now());
        let alarm = world.alarms.snapshots().remove(0);
        let detail = format!("one turn has taken {seconds}.0 s and goes on");
        assert_eq!((alarm.kind, alarm.count, alarm.detail), ("slow_handler", 1, detail));
        assert_eq!((&*alarm.actor, alarm.first), ("subscriptions.0.1", Timestamp::from_millis(0)));
    }
    actor.kept_thread(begun, Instant::now());
    world.kin.say_who_keeps_the_thread(Instant::now());
    let alarm = world.alarms.snapshots().remove(0);
    assert_eq!((alarm.count, &*alarm.detail), (1, "one turn took 3.0 s"));
}

#[tokio::test(start_paused = true)]
async fn the_last_eight_restarts_are_remembered_with_as_much_of_each_panic_as_fits() {
    let world = World::of(ActorKind::ChannelWorker);
    let vital = Vital::new(ActorId::Channel(ChannelId(1)), Arc::clone(&world.kin));
    assert!(vital.history().is_empty() && vital.last_death().is_none());
    for number in 0..10 {
        let now = Instant::now() + Duration::from_secs(number * 100);
        vital.dies(By::Panic, &format!("{number}{}", "ü".repeat(600)), now);
        assert!(vital.is_restarting());
        assert_eq!(u64::from(vital.lives_again()), number + 1);
    }
    vital.dies(By::Operator, "killed", Instant::now() + Duration::from_secs(1000));
    assert_eq!(vital.last_death(), Some(By::Operator));
    let history = vital.history();
    assert_eq!(history.len(), 8);
    assert_eq!((history[0].panic.as_str(), history[0].by.label()), ("killed", "operator"));
    assert!(history[1].panic.starts_with('9') && history[7].panic.starts_with('3'));
    assert_eq!(history[1].panic.chars().count(), 500);
    assert_eq!(world.kin.children().restarts, 11);
}

#[tokio::test(start_paused = true)]
async fn what_a_message_takes_is_observed_when_its_turn_ends() {
    let world = World::of(ActorKind::ChannelSupervisor);
    let vital = Vital::new(ActorId::Channels, Arc::clone(&world.kin));
    let turn = vital.handling(Heard::Grown);
    tokio::time::advance(Duration::from_millis(2)).await;
    assert_eq!(vital.latency().total(), 0);
    drop(turn);
    let latency = vital.latency();
    let bucket: Vec<_> = latency.buckets().filter(|(_, count)| *count > 0).collect();
    assert_eq!(bucket, [(Some(Duration::from_millis(3)), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_second_is_not_too_long_for_a_turn() {
    let world = World::of(ActorKind::SubscriptionWorker);
    let actor = world.actor(1);
    let begun = Instant::now();
    tokio::time::advance(Duration::from_secs(10)).await;
    actor.kept_thread(begun, begun + Duration::from_secs(1));
    assert!((actor.busy(Instant::now(), Window::Start) - 0.1).abs() < 1e-6);
    assert!(world.alarms.snapshots().is_empty());
}

/// There may be a hundred thousand of them: what is looked at of each costs 40 MB then, and no more.
#[test]
fn what_an_actor_knows_of_itself_is_small() {
    assert!(size_of::<Vital>() <= 400, "{}", size_of::<Vital>());
}
