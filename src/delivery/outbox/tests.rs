//! The outbox as a table of stories: what happened, and what it then asks for.

mod held;
mod paused;
mod properties;
mod returned;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::id::{AppId, Generation, PublicId, SubscriptionId, VapidKeyId};
use crate::model::Closed;
use crate::model::audience::Audience;
use crate::webpush::request::Urgency;
use crate::webpush::subscription::{Endpoint, Keys};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn subscription(generation: i64) -> Arc<Subscription> {
    let mut point = [0; 65];
    point[0] = 4;
    Arc::new(Subscription {
        id: SubscriptionId(1),
        public_id: PublicId::from_store("sub_one".to_owned()),
        app: AppId(1),
        generation: Generation(generation),
        endpoint: Endpoint::parse("https://push.example.net/one").expect("a valid endpoint"),
        keys: Keys::from_store(&point, &[0; 16]).expect("keys of the right size"),
        vapid_key: VapidKeyId(1),
    })
}

fn notification(channel: i64, seq: i64) -> Arc<Notification> {
    Arc::new(Notification {
        channel: ChannelId(channel),
        seq: Seq(seq),
        id: PublicId::from_store(format!("ntf_{channel}_{seq}")),
        payload: None,
        // Numbers of all channels come one second after the other.
        accepted: at(u64::try_from(seq).expect("a small number")),
        expires: at(3600),
        now_or_never: false,
        urgency: Urgency::Normal,
        topic: None,
        audience: Audience::All,
        closed: Closed::default(),
    })
}

fn stretch(channel: i64, from: i64, to: i64) -> Stretch {
    let open = (from + 1..=to).map(|seq| notification(channel, seq)).collect();
    Stretch {
        channel: ChannelId(channel),
        app: AppId(1),
        name: "news".into(),
        from: Seq(from),
        to: Seq(to),
        open,
    }
}

fn hand_out(done: i64, stretch: Stretch) -> Event {
    let (subscription, stretch) = (subscription(1), Arc::new(stretch));
    Event::HandedOut { subscription, done: Seq(done), stretch, fresh: true }
}

fn backlog(stretches: Vec<Stretch>) -> Backlog {
    Backlog {
        subscription: subscription(1),
        not_before: None,
        failures: 0,
        unheard_since: None,
        trying: None,
        stretches,
        more: false,
        paused: Vec::new(),
    }
}

fn loaded(backlog: Backlog) -> Event {
    Event::Loaded { backlog: Some(backlog), poisoned: None }
}

fn ended(outcome: Outcome) -> Event {
    Event::Attempted(Judgement {
        outcome: Some(outcome),
        wait: None,
        failures: 0,
        attempts: 1,
        unheard_since: None,
        refused: false,
        failure: None,
    })
}

fn retry(wait: u64, attempts: u32) -> Event {
    Event::Attempted(Judgement {
        outcome: None,
        wait: Some(Duration::from_secs(wait)),
        failures: attempts,
        attempts,
        unheard_since: None,
        refused: false,
        failure: None,
    })
}

/// What it asks to attempt: channel, number and attempts so far.
fn attempted(effect: &Effect) -> (i64, i64, u32) {
    match effect {
        Effect::Attempt { notification, attempts, .. } => {
            (notification.channel.0, notification.seq.0, *attempts)
        }
        Effect::Nothing
        | Effect::Load
        | Effect::Settle(_)
        | Effect::StopWaiting
        | Effect::Wait(_)
        | Effect::Hold(_)
        | Effect::Rest
        | Effect::End => panic!("no attempt: {effect:?}"),
    }
}

fn settled(effect: &Effect) -> &Settlement {
    let Effect::Settle(settlement) = effect else { panic!("no settlement: {effect:?}") };
    settlement
}

/// Accepts whatever it attempts until it asks for something else; answers what it sent and what it asks.
fn deliver_all(
    outbox: &mut Outbox,
    mut effect: Effect,
    now: Timestamp,
) -> (Vec<(i64, i64)>, Effect) {
    let mut sent = Vec::new();
    while let Effect::Attempt { notification, .. } = &effect {
        sent.push((notification.channel.0, notification.seq.0));
        let settle = outbox.on(ended(Outcome::Accepted), now);
        assert_eq!(settled(&settle).outcome, Some(Outcome::Accepted));
        effect = outbox.on(Event::Settled(Settled::Recorded), now);
    }
    (sent, effect)
}

#[test]
fn one_delivery_is_in_hand_and_the_next_begins_when_its_result_is_on_disk() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert_eq!(attempted(&effect), (1, 1, 0));
    let effect = outbox.on(hand_out(0, stretch(1, 2, 3)), NOW);
    assert!(matches!(effect, Effect::Nothing), "one is in hand: {effect:?}");
    let effect = outbox.on(ended(Outcome::Accepted), NOW);
    assert_eq!(
        (settled(&effect).seq, settled(&effect).endpoint),
        (Seq(1), EndpointState::Untroubled)
    );
    assert!(matches!(outbox.on(Event::Due, NOW), Effect::Nothing), "it is not on disk yet");
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent, [(1, 2), (1, 3)]);
    assert!(matches!(effect, Effect::Rest));
}

#[test]
fn channels_take_turns_by_the_time_of_acceptance() {
    let mut outbox = Outbox::new(true);
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Load));
    let effect = outbox.on(loaded(backlog(vec![stretch(2, 1, 3), stretch(1, 0, 2)])), NOW);
    let (sent, _) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent, [(1, 1), (1, 2), (2, 2), (2, 3)]);
}

#[test]
fn what_was_handed_out_before_is_not_sent_again() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    let (sent, _) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent.len(), 2);
    // A sweep that read the cursor before the last settlement.
    assert!(matches!(outbox.on(hand_out(1, stretch(1, 0, 2)), NOW), Effect::Rest));
    // Neither after a load that found nothing, nor after a panic.
    outbox.restarted();
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Load));
    assert!(matches!(outbox.on(loaded(backlog(Vec::new())), NOW), Effect::Rest));
    assert!(matches!(outbox.on(hand_out(1, stretch(1, 0, 2)), NOW), Effect::Rest));
}

#[test]
fn a_gap_in_what_it_is_handed_is_filled_from_the_store() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(1, stretch(1, 4, 5)), NOW);
    assert!(matches!(effect, Effect::Load), "2 to 4 are unknown: {effect:?}");
    let effect = outbox.on(loaded(backlog(vec![stretch(1, 1, 5)])), NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent, [(1, 2), (1, 3), (1, 4), (1, 5)]);
    assert!(matches!(effect, Effect::Rest));
}

#[test]
fn what_does_not_fit_is_loaded_when_the_lane_is_empty() {
    let more = i64::try_from(lane::CAPACITY).expect("a small number") + 10;
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, more)), NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent.len(), lane::CAPACITY);
    assert!(matches!(effect, Effect::Load), "{effect:?}");
    let partial = Backlog { more: true, ..backlog(vec![stretch(1, more - 10, more - 5)]) };
    let effect = outbox.on(loaded(partial), NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent.len(), 5);
    assert!(matches!(effect, Effect::Load), "the store said that there is more: {effect:?}");
}

#[test]
fn a_retry_waits_then_goes_before_everything_older() {
    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, stretch(2, 0, 1)), NOW);
    let effect = outbox.on(retry(10, 1), NOW);
    let waiting = EndpointState::Waiting {
        not_before: at(10),
        failures: 1,
        attempts: 1,
        unheard_since: None,
    };
    assert_eq!((settled(&effect).outcome, settled(&effect).endpoint), (None, waiting));
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert!(matches!(effect, Effect::Wait(until) if until == at(10)), "{effect:?}");
    let effect = outbox.on(hand_out(0, stretch(1, 0, 1)), at(5));
    assert!(matches!(effect, Effect::Nothing), "it waits: {effect:?}");
    let effect = outbox.on(Event::Due, at(5));
    assert!(
        matches!(effect, Effect::Wait(until) if until == at(10)),
        "woken too early: {effect:?}"
    );
    let effect = outbox.on(Event::Due, at(10));
    assert_eq!(attempted(&effect), (2, 1, 1), "the one that is being tried goes first");
    let effect = outbox.on(ended(Outcome::Accepted), at(10));
    assert_eq!(settled(&effect).endpoint, EndpointState::Recovered);
    let effect = outbox.on(Event::Settled(Settled::Recorded), at(10));
    assert_eq!(attempted(&effect), (1, 1, 0));
    let (_, effect) = deliver_all(&mut outbox, effect, at(10));
    assert!(matches!(effect, Effect::Load), "sweeps passed it by while it waited: {effect:?}");
}

#[test]
fn a_restart_goes_on_with_the_delivery_that_was_being_tried() {
    let mut outbox = Outbox::new(true);
    let trying = Some(Trying { channel: ChannelId(2), seq: Seq(9), attempts: 4 });
    let found = Backlog {
        not_before: Some(at(10)),
        failures: 4,
        trying,
        ..backlog(vec![stretch(1, 0, 1), stretch(2, 8, 9)])
    };
    outbox.on(Event::Changed, NOW);
    let effect = outbox.on(loaded(found), NOW);
    assert!(matches!(effect, Effect::Wait(until) if until == at(10)), "{effect:?}");
    let effect = outbox.on(Event::Due, at(10));
    assert_eq!(attempted(&effect), (2, 9, 4));
}

#[test]
fn what_was_closed_has_expired_or_is_not_for_it_is_stepped_over() {
    let (closed, mut expired, mut excluded) =
        (notification(1, 1), notification(1, 2), notification(1, 3));
    closed.closed.set();
    Arc::get_mut(&mut expired).expect("nobody else holds it").expires = NOW;
    Arc::get_mut(&mut excluded).expect("nobody else holds it").audience =
        Audience::except([SubscriptionId(1)]);
    let open = vec![closed, expired, excluded, notification(1, 4)];
    let mut outbox = Outbox::new(false);
    let mixed = Stretch { open, ..stretch(1, 0, 4) };
    let effect = outbox.on(hand_out(0, mixed), NOW);
    assert_eq!(attempted(&effect), (1, 4, 0));
}

#[test]
fn a_wait_for_what_was_closed_meanwhile_ends_and_is_cleared() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 1)), NOW);
    let Effect::Attempt { notification, .. } = effect else { panic!("no attempt: {effect:?}") };
    outbox.on(retry(10, 1), NOW);
    outbox.on(Event::Settled(Settled::Recorded), NOW);
    notification.closed.set();
    assert!(matches!(outbox.on(Event::Due, at(10)), Effect::StopWaiting));
    let effect = outbox.on(Event::StoppedWaiting, at(10));
    assert!(matches!(effect, Effect::Load), "sweeps passed it by until then: {effect:?}");
    assert!(matches!(outbox.on(loaded(backlog(Vec::new())), at(10)), Effect::Rest));
}

#[test]
fn whoever_waits_looks_afterwards_for_what_sweeps_have_passed_by() {
    let mut outbox = Outbox::new(true);
    outbox.on(Event::Changed, NOW);
    let waiting = Backlog { not_before: Some(NOW), failures: 3, ..backlog(vec![stretch(1, 8, 9)]) };
    let effect = outbox.on(loaded(waiting), NOW);
    let Effect::Attempt { .. } = &effect else { panic!("its wait is over: {effect:?}") };
    outbox.on(ended(Outcome::Accepted), NOW);
    // 10 was accepted meanwhile, and the sweep saw a subscription that waits.
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert!(matches!(effect, Effect::Load), "{effect:?}");
    let effect = outbox.on(loaded(backlog(vec![stretch(1, 9, 10)])), NOW);
    assert_eq!(attempted(&effect), (1, 10, 0));
}

#[test]
fn what_comes_while_it_loads_is_loaded_too() {
    for meanwhile in [hand_out(9, stretch(1, 9, 10)), Event::Changed] {
        let mut outbox = Outbox::new(true);
        outbox.on(Event::Changed, NOW);
        assert!(matches!(outbox.on(meanwhile, NOW), Effect::Nothing));
        let effect = outbox.on(loaded(backlog(Vec::new())), NOW);
        assert!(matches!(effect, Effect::Load), "that load may be too old: {effect:?}");
        let effect = outbox.on(loaded(backlog(vec![stretch(1, 9, 10)])), NOW);
        assert_eq!(attempted(&effect), (1, 10, 0));
    }
}

#[test]
fn an_old_hand_out_for_a_channel_that_it_does_not_know_is_checked_with_the_store() {
    let mut outbox = Outbox::new(false);
    let (subscription, old) = (subscription(1), Arc::new(stretch(1, 0, 2)));
    let event = Event::HandedOut { subscription, done: Seq(0), stretch: old, fresh: false };
    assert!(matches!(outbox.on(event, NOW), Effect::Load));
    assert!(matches!(outbox.on(loaded(backlog(Vec::new())), NOW), Effect::Rest));
    // Once it has loaded, an unknown channel may be one that is settled altogether.
    assert!(matches!(outbox.on(hand_out(0, stretch(2, 0, 1)), NOW), Effect::Load));
}

#[test]
fn a_poisoned_delivery_is_rejected_without_an_attempt() {
    let mut outbox = Outbox::new(true);
    outbox.on(Event::Changed, NOW);
    let poisoned = Some((ChannelId(1), Seq(1)));
    let event = Event::Loaded { backlog: Some(backlog(vec![stretch(1, 0, 2)])), poisoned };
    let effect = outbox.on(event, NOW);
    assert_eq!((settled(&effect).seq, settled(&effect).outcome), (Seq(1), Some(Outcome::Rejected)));
    assert_eq!(attempted(&outbox.on(Event::Settled(Settled::Recorded), NOW)), (1, 2, 0));
}

#[test]
fn a_gone_subscription_ends_it_and_a_stale_result_loads_it() {
    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    outbox.on(ended(Outcome::Gone), NOW);
    let effect = outbox.on(Event::Settled(Settled::Stale), NOW);
    assert!(matches!(effect, Effect::Load), "somebody renewed it meanwhile: {effect:?}");
    let effect = outbox.on(loaded(backlog(vec![stretch(1, 0, 2)])), NOW);
    assert_eq!(attempted(&effect), (1, 1, 0), "with the new keys");
    outbox.on(ended(Outcome::Gone), NOW);
    assert!(matches!(outbox.on(Event::Settled(Settled::Recorded), NOW), Effect::End));
    assert!(matches!(outbox.on(hand_out(0, stretch(1, 0, 9)), NOW), Effect::End));
}

#[test]
fn new_keys_are_loaded_before_anything_else_is_sent() {
    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Nothing), "one is under way");
    outbox.on(ended(Outcome::Accepted), NOW);
    assert!(matches!(outbox.on(Event::Settled(Settled::Recorded), NOW), Effect::Load));
}

#[test]
fn a_subscription_that_is_refused_alone_ends_with_its_quarantine() {
    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    let refused = Judgement { refused: true, ..Judgement::poisoned(1, 0) };
    let effect = outbox.on(Event::Attempted(refused), NOW);
    let settlement = settled(&effect);
    assert_eq!(settlement.outcome, Some(Outcome::Rejected));
    assert_eq!(settlement.endpoint, EndpointState::Refused);
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert!(matches!(effect, Effect::End), "the second is not sent: {effect:?}");
}

#[test]
fn nobody_listens_is_remembered_over_a_load_and_ends_with_an_answer() {
    let mut outbox = Outbox::new(true);
    outbox.on(Event::Changed, NOW);
    let known = Backlog { unheard_since: Some(NOW), ..backlog(vec![stretch(1, 0, 2)]) };
    let effect = outbox.on(loaded(known), NOW);
    let Effect::Attempt { unheard_since, .. } = effect else { panic!("no attempt: {effect:?}") };
    assert_eq!(unheard_since, Some(NOW));
    let effect = outbox.on(ended(Outcome::Accepted), NOW);
    assert_eq!(settled(&effect).endpoint, EndpointState::Recovered);
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    let Effect::Attempt { unheard_since, .. } = effect else { panic!("no attempt: {effect:?}") };
    assert_eq!(unheard_since, None);
}
