//! Any story at all: whatever happens, the gate keeps its numbers, and good answers open it in the end.

use proptest::prelude::*;

use super::*;

fn signals() -> impl Strategy<Value = Signal> {
    let after = prop::option::of((0_u64..100_000).prop_map(Duration::from_secs));
    let scope = prop_oneof![Just(Scope::Endpoint), Just(Scope::Unsaid), Just(Scope::Origin)];
    let fault = prop_oneof![Just(Fault::Answer), Just(Fault::Silence), Just(Fault::Unreachable)];
    prop_oneof![
        3 => Just(Signal::Accepted),
        1 => Just(Signal::Answered),
        2 => Just(Signal::Refused),
        2 => (after.clone(), scope).prop_map(|(after, scope)| Signal::Throttled { after, scope }),
        2 => (after, fault).prop_map(|(after, fault)| Signal::Failed { after, fault }),
        1 => Just(Signal::Crowded),
        1 => Just(Signal::Nothing),
    ]
}

proptest! {
    /// Whatever happened, and whatever the clock did: nobody is let through beyond the room, nobody is sent away to a time that has passed or beyond all
    /// patience, and in the end good answers open the gate.
    #[test]
    fn no_story_leaves_a_gate_shut_for_ever(
        story in prop::collection::vec((0_u64..5_000, 0_i64..6, 1_i64..4, signals()), 0..200),
    ) {
        let mut gate = gate();
        let mut now = NOW;
        let mut under_way = Vec::new();
        for (wait, who, key, signal) in story {
            // Now and then somebody puts the clock back.
            now = if wait % 50 == 7 { now - SECOND * 3600 } else { now + Duration::from_millis(wait) };
            match gate.enter(signed_with(VapidKeyId(key)), now) {
                Entry::Go(ticket) => under_way.push((ticket, who)),
                Entry::Later(until) => {
                    prop_assert!(until > now);
                    prop_assert!(until.since(now) <= LONGEST_SHUT + SECOND * 600);
                }
                Entry::Full => prop_assert!(!under_way.is_empty()),
            }
            prop_assert!(gate.limit() >= 1 && gate.limit() <= 100);
            prop_assert_eq!(gate.in_flight() as usize, under_way.len());
            if wait % 3 == 0 && let Some((ticket, who)) = under_way.pop() {
                gate.leave(ticket, SubscriptionId(who), signal, now);
            }
        }
        for (ticket, who) in under_way {
            gate.leave(ticket, SubscriptionId(who), Signal::Nothing, now);
        }
        for key in 1..4 {
            now = now + LONGEST_SHUT + SECOND;
            let ticket = match gate.enter(signed_with(VapidKeyId(key)), now) {
                Entry::Go(ticket) => ticket,
                refused @ (Entry::Full | Entry::Later(_)) => {
                    return Err(TestCaseError::fail(format!("{refused:?} in {gate:?}")));
                }
            };
            gate.leave(ticket, SubscriptionId(1), Signal::Accepted, now);
        }
        prop_assert_eq!(gate.state(), State::Open);
        prop_assert!(gate.keys().all(|(_, state)| state == KeyState::Served));
    }
}
