//! Deliveries that are held before their push service's gate: for so short a time that the store is not told.

use super::*;

/// An outbox that has begun the first of two deliveries.
fn begun() -> Outbox {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 2)), NOW);
    assert_eq!(attempted(&effect), (1, 1, 0));
    outbox
}

fn assert_held(effect: &Effect, until: Timestamp) {
    assert!(matches!(effect, Effect::Hold(held) if *held == until), "{effect:?}");
}

#[test]
fn what_is_held_is_attempted_anew_and_in_order_whatever_is_handed_out_meanwhile() {
    let mut outbox = begun();
    assert_held(&outbox.on(Event::Held(at(1)), NOW), at(1));
    for stretch in [stretch(1, 0, 2), stretch(1, 2, 3)] {
        let effect = outbox.on(hand_out(0, stretch), NOW);
        assert!(matches!(effect, Effect::Nothing), "{effect:?}");
    }
    let effect = outbox.on(Event::Due, at(1));
    let (sent, effect) = deliver_all(&mut outbox, effect, at(1));
    assert_eq!(sent, [(1, 1), (1, 2), (1, 3)]);
    assert!(matches!(effect, Effect::Rest), "{effect:?}");
}

#[test]
fn what_is_held_before_its_retry_keeps_its_attempts_and_its_turn() {
    let mut outbox = begun();
    outbox.on(retry(10, 3), NOW);
    outbox.on(Event::Settled(Settled::Recorded), NOW);
    assert_eq!(attempted(&outbox.on(Event::Due, at(10))), (1, 1, 3));
    assert_held(&outbox.on(Event::Held(at(11)), at(10)), at(11));
    assert_eq!(attempted(&outbox.on(Event::Due, at(11))), (1, 1, 3));
}

#[test]
fn what_is_closed_while_it_is_held_is_stepped_over() {
    let first = notification(1, 1);
    let open = vec![Arc::clone(&first), notification(1, 2)];
    let both = Stretch { open, ..stretch(1, 0, 2) };
    let mut outbox = Outbox::new(false);
    outbox.on(hand_out(0, both), NOW);
    outbox.on(Event::Held(at(1)), NOW);
    first.closed.set();
    assert_eq!(attempted(&outbox.on(Event::Due, at(1))), (1, 2, 0));
}

#[test]
fn a_change_does_not_wait_for_the_gate_whether_it_comes_before_or_after_the_hold() {
    let mut outbox = begun();
    outbox.on(Event::Held(at(1)), NOW);
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Load));

    let mut outbox = begun();
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Nothing), "an attempt is under way");
    let effect = outbox.on(Event::Held(at(1)), NOW);
    assert!(matches!(effect, Effect::Load), "{effect:?}");
}
