//! Subscriptions that leave a channel and come back into it while their worker lives.

use super::*;

#[test]
fn whoever_comes_back_into_a_channel_gets_nothing_of_what_was_accepted_meanwhile() {
    let mut outbox = Outbox::new(false);
    let effect = outbox.on(hand_out(0, stretch(1, 0, 3)), NOW);
    let (sent, _) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent.len(), 3);
    // It leaves, 4 is accepted, it comes back: nothing is open for it.
    assert!(matches!(outbox.on(Event::Changed, NOW), Effect::Load));
    assert!(matches!(outbox.on(loaded(backlog(Vec::new())), NOW), Effect::Rest));
    // 5 is accepted. The sweep goes on where it was, and reads the new cursor.
    let effect = outbox.on(hand_out(4, stretch(1, 3, 5)), NOW);
    let (sent, effect) = deliver_all(&mut outbox, effect, NOW);
    assert_eq!(sent, [(1, 5)]);
    assert!(matches!(effect, Effect::Rest), "{effect:?}");
}
