//! Channels that an operator pauses: nothing of them is sent, they are in nobody's way, and nothing of them is forgotten.

use super::*;

/// An outbox whose oldest delivery is in channel 1, and which has one in channel 2 as well.
fn begun() -> Outbox {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert_eq!(attempted(&effect), (1, 1, 0));
    outbox.on(hand_out(2, stretch(2, 2, 3)), NOW);
    outbox
}

#[test]
fn a_paused_head_holds_up_no_other_channel() {
    let mut outbox = begun();
    let effect = outbox.on(Event::Paused, NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent, [(2, 3)]);
    assert!(matches!(effect, Effect::Rest), "nothing turns in a circle: {effect:?}");
}

#[test]
fn what_was_given_up_is_asked_for_when_it_is_handed_out_again_and_never_begun_with_what_is_old() {
    let mut outbox = begun();
    outbox.on(ended(Outcome::Accepted), NOW);
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert_eq!(attempted(&effect), (1, 2, 0));
    let effect = outbox.on(Event::Paused, NOW);
    let (_, effect) = deliver_all(&mut outbox, effect, NOW);
    assert!(matches!(effect, Effect::Rest), "{effect:?}");
    // Read before the first was settled.
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert!(matches!(effect, Effect::Load), "the store knows how far it is: {effect:?}");
    let effect = outbox.on(loaded(backlog(vec![stretch(1, 1, 2)])), NOW);
    assert_eq!(attempted(&effect), (1, 2, 0));
}

#[test]
fn what_a_load_leaves_out_because_it_pauses_is_not_taken_for_settled() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(2, 0, 1)), NOW);
    assert_eq!(attempted(&effect), (2, 1, 0));
    outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    outbox.on(Event::Changed, NOW);
    outbox.on(ended(Outcome::Accepted), NOW);
    let effect = outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert!(matches!(effect, Effect::Load), "{effect:?}");
    let found = Backlog { paused: vec![ChannelId(1)], ..backlog(Vec::new()) };
    assert!(matches!(outbox.on(loaded(found), NOW), Effect::Rest));
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert!(matches!(effect, Effect::Load), "it was handed out once, and given up: {effect:?}");
}

#[test]
fn a_retry_in_a_paused_channel_gives_way_and_the_store_stops_calling_it_waiting() {
    let mut outbox = begun();
    outbox.on(retry(10, 1), NOW);
    outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert_eq!(attempted(&outbox.on(Event::Due, at(10))), (1, 1, 1));
    let effect = outbox.on(Event::Paused, at(10));
    assert_eq!(attempted(&effect), (2, 3, 0));
    let effect = outbox.on(ended(Outcome::Accepted), at(10));
    assert_eq!(settled(&effect).endpoint, EndpointState::Recovered);

    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, stretch(1, 0, 1)), NOW);
    outbox.on(retry(10, 1), NOW);
    outbox.on(Event::Settled(Settled::Recorded), NOW);
    outbox.on(Event::Due, at(10));
    assert!(matches!(outbox.on(Event::Paused, at(10)), Effect::StopWaiting));
    let effect = outbox.on(Event::StoppedWaiting, at(10));
    assert!(matches!(effect, Effect::Load), "a sweep may have passed it by: {effect:?}");
}
