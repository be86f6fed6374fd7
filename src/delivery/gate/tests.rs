//! Stories of one origin: who enters, how it ends, and whom the gate lets through then.

mod neighbours;
mod stories;

use super::*;
use crate::delivery::retry::RetryPolicy;

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);
const KEY: VapidKeyId = VapidKeyId(1);
const OTHER_KEY: VapidKeyId = VapidKeyId(2);
const SECOND: Duration = Duration::from_secs(1);
const UNREACHABLE: Signal = Signal::Failed { after: None, fault: Fault::Unreachable };
const SILENT: Signal = Signal::Failed { after: None, fault: Fault::Silence };
const BROKEN: Signal = Signal::Failed { after: None, fault: Fault::Answer };

/// From one second to eight; four requests at first, a hundred at most.
fn gate() -> Gate {
    let retry = RetryPolicy::try_new(SECOND, SECOND * 8, None).expect("a valid policy");
    Gate::new(GatePolicy { retry, first: 4, most: 100, places: 8 })
}

fn at(ms: u64) -> Timestamp {
    NOW + Duration::from_millis(ms)
}

fn throttled(after: Option<u64>, scope: Scope) -> Signal {
    Signal::Throttled { after: after.map(Duration::from_secs), scope }
}

fn signed_with(key: VapidKeyId) -> Caller {
    Caller { key, is_troubled: false }
}

const TROUBLED: Caller = Caller { key: KEY, is_troubled: true };

#[track_caller]
fn go(gate: &mut Gate, key: VapidKeyId, now: Timestamp) -> Ticket {
    match gate.enter(signed_with(key), now) {
        Entry::Go(ticket) => ticket,
        refused @ (Entry::Full | Entry::Later(_)) => panic!("not let through: {refused:?}"),
    }
}

/// One request from `begin` to `end`.
#[track_caller]
fn request(gate: &mut Gate, who: i64, signal: Signal, begin: Timestamp, end: Timestamp) -> Left {
    let ticket = go(gate, KEY, begin);
    gate.leave(ticket, SubscriptionId(who), signal, end)
}

/// Requests of as many subscriptions, one after the other, each of which takes a millisecond.
#[track_caller]
fn requests(gate: &mut Gate, count: u64, signal: Signal, from: u64) -> Left {
    let mut left = Left::default();
    for n in from..from + count {
        let who = i64::try_from(n).expect("a small number");
        left = request(gate, who, signal, at(n * 2), at(n * 2 + 1));
    }
    left
}

#[track_caller]
fn shut_until(gate: &mut Gate, now: Timestamp) -> Timestamp {
    match gate.enter(signed_with(KEY), now) {
        Entry::Later(until) => until,
        entered @ (Entry::Full | Entry::Go(_)) => panic!("the gate is not shut: {entered:?}"),
    }
}

#[test]
fn room_doubles_while_answers_are_good_and_more_is_asked_for() {
    let mut gate = gate();
    let mut limits = Vec::new();
    for round in 0..6 {
        let tickets: Vec<_> = (0..gate.limit()).map(|_| go(&mut gate, KEY, at(round))).collect();
        assert_eq!(gate.enter(signed_with(KEY), at(round)), Entry::Full);
        limits.push(tickets.len());
        for ticket in tickets {
            gate.leave(ticket, SubscriptionId(1), Signal::Accepted, at(round + 1));
        }
    }
    assert_eq!(limits, [4, 8, 16, 32, 64, 100]);
}

#[test]
fn room_that_is_not_used_does_not_grow() {
    let mut gate = gate();
    requests(&mut gate, 100, Signal::Accepted, 0);
    assert_eq!(gate.limit(), 4);
}

/// A full round of requests, of which every `nth` ends badly.
fn round(gate: &mut Gate, nth: usize, begin: u64) {
    let tickets: Vec<_> = (0..gate.limit()).map(|_| go(gate, KEY, at(begin))).collect();
    assert_eq!(gate.enter(signed_with(KEY), at(begin)), Entry::Full);
    for (n, ticket) in tickets.into_iter().enumerate() {
        let signal = if n % nth == nth - 1 { BROKEN } else { Signal::Accepted };
        gate.leave(ticket, SubscriptionId(1), signal, at(begin + 1));
    }
}

#[test]
fn bad_answers_halve_the_room_once_for_all_that_were_under_way_together() {
    let mut gate = Gate::new(GatePolicy { first: 40, ..gate().policy });
    let mut limits = vec![gate.limit()];
    for n in 0..3 {
        round(&mut gate, 2, n * 10);
        limits.push(gate.limit());
    }
    assert!(limits.windows(2).all(|pair| pair[1] <= pair[0] * 2 / 3), "{limits:?}");
    assert!(limits[3] >= 5, "{limits:?}");
}

#[test]
fn a_bad_answer_in_fifty_is_a_push_services_ordinary_life() {
    let mut gate = Gate::new(GatePolicy { first: 50, ..gate().policy });
    for n in 0..20 {
        round(&mut gate, 50, n * 10);
    }
    assert_eq!(gate.limit(), 100);
}

#[test]
fn several_who_fail_in_a_row_shut_the_gate_and_probes_open_it_slowly() {
    let mut gate = gate();
    let left = requests(&mut gate, 4, SILENT, 0);
    assert_eq!(left.notices, [], "four are not five");
    let left = requests(&mut gate, 1, SILENT, 4);
    let until = at(9) + SECOND;
    assert_eq!(left.notices, [Notice::Shut { until, cause: Cause::Outage, is_new: true }]);
    assert!(shut_until(&mut gate, at(10)) >= until);

    let probe = go(&mut gate, KEY, until);
    let others: Vec<_> = (1..4).map(|_| go(&mut gate, KEY, until)).collect();
    assert!(shut_until(&mut gate, until) > until, "four requests find out");
    gate.leave(others[0], SubscriptionId(2), SILENT, until);
    let left = gate.leave(probe, SubscriptionId(1), Signal::Accepted, until);
    assert_eq!(left.notices, [Notice::Opened], "one good answer will do");
    assert_eq!((gate.state(), gate.limit()), (State::Open, 2));
}

#[test]
fn probes_that_all_fail_shut_the_gate_for_twice_as_long() {
    let mut gate = gate();
    requests(&mut gate, 5, SILENT, 0);
    let mut waits = Vec::new();
    let mut now = at(9) + SECOND;
    for _ in 0..5 {
        for who in 0..3 {
            assert_eq!(request(&mut gate, who, SILENT, now, now).notices, []);
        }
        let left = request(&mut gate, 3, SILENT, now, now);
        let [Notice::Shut { until, is_new: false, .. }] = left.notices[..] else {
            panic!("not shut again: {left:?}");
        };
        waits.push(until.since(now).as_secs());
        now = until;
    }
    assert_eq!(waits, [2, 4, 8, 8, 8]);
}

#[test]
fn one_subscription_that_never_answers_shuts_no_gate() {
    let mut gate = gate();
    for n in 0..50 {
        request(&mut gate, 1, SILENT, at(n * 2), at(n * 2 + 1));
    }
    assert_eq!(gate.state(), State::Open);
}

#[test]
fn who_cannot_even_be_connected_to_fails_for_everybody() {
    let mut gate = gate();
    for n in 0..5 {
        request(&mut gate, 1, UNREACHABLE, at(n * 2), at(n * 2 + 1));
    }
    assert!(matches!(gate.state(), State::Shut { cause: Cause::Outage, .. }));
}

#[test]
fn endpoints_that_time_out_while_others_are_answered_neither_shut_nor_slow() {
    let mut gate = Gate::new(GatePolicy { first: 40, ..gate().policy });
    let silent: Vec<_> = (0..30).map(|_| go(&mut gate, KEY, at(0))).collect();
    request(&mut gate, 99, Signal::Accepted, at(1), at(2));
    for (ticket, who) in silent.into_iter().zip(0..) {
        let left = gate.leave(ticket, SubscriptionId(who), SILENT, at(10_000));
        assert_eq!(left.notices, []);
    }
    assert_eq!(gate.state(), State::Open);
    assert!(gate.limit() >= 40, "{}", gate.limit());
}

/// One request of a troubled endpoint.
#[track_caller]
fn troubled(gate: &mut Gate, who: i64, signal: Signal, begin: Timestamp) -> Left {
    let Entry::Go(ticket) = gate.enter(TROUBLED, begin) else { panic!("not let through") };
    gate.leave(ticket, SubscriptionId(who), signal, begin + Duration::from_millis(1))
}

#[test]
fn endpoints_that_failed_before_are_no_witnesses_while_good_answers_come() {
    let mut gate = gate();
    request(&mut gate, 99, Signal::Accepted, at(0), at(1));
    for n in 0..50 {
        let who = i64::try_from(n).expect("a small number");
        troubled(&mut gate, who, SILENT, at(10 + n * 10));
    }
    assert_eq!(gate.state(), State::Open);
    for n in 0..5 {
        let who = i64::try_from(n).expect("a small number");
        troubled(&mut gate, who, SILENT, at(70_000 + n * 10));
    }
    assert!(matches!(gate.state(), State::Shut { .. }), "nothing good came for a minute");
}

#[test]
fn who_has_not_failed_before_goes_first_when_a_gate_is_probed() {
    let mut gate = gate();
    requests(&mut gate, 5, SILENT, 0);
    let until = at(9) + SECOND;
    let Entry::Later(later) = gate.enter(TROUBLED, until) else { panic!("it is let through") };
    assert!(later >= until + SECOND);
    let probe = go(&mut gate, KEY, until);
    gate.leave(probe, SubscriptionId(7), Signal::Accepted, until);
    assert_eq!(gate.state(), State::Open);

    let mut gate = self::gate();
    requests(&mut gate, 5, SILENT, 0);
    assert!(matches!(gate.enter(TROUBLED, until + SECOND), Entry::Go(_)), "nobody else came");
}

#[test]
fn what_a_push_service_says_of_its_outage_is_heeded() {
    let mut gate = gate();
    let broken = Signal::Failed { after: Some(SECOND * 120), fault: Fault::Answer };
    let left = requests(&mut gate, 5, broken, 0);
    let [Notice::Shut { until, .. }] = left.notices[..] else { panic!("not shut: {left:?}") };
    assert_eq!(until.since(at(9)), SECOND * 120);
}

#[test]
fn slow_down_for_everybody_shuts_the_gate_for_as_long_as_it_says() {
    let mut gate = gate();
    let left = request(&mut gate, 1, throttled(Some(900), Scope::Origin), at(0), at(1));
    let [Notice::Shut { until, cause: Cause::Throttled, .. }] = left.notices[..] else {
        panic!("not shut: {left:?}");
    };
    assert_eq!(until.since(at(1)), SECOND * 900);
}

#[test]
fn good_answers_of_those_under_way_do_not_open_a_gate_that_was_asked_to_wait() {
    let mut gate = gate();
    let other = go(&mut gate, KEY, at(0));
    request(&mut gate, 1, throttled(Some(900), Scope::Origin), at(0), at(1));
    gate.leave(other, SubscriptionId(2), Signal::Accepted, at(2));
    assert!(matches!(gate.state(), State::Shut { cause: Cause::Throttled, .. }));
}

#[test]
fn slow_down_to_three_endpoints_in_a_short_time_is_meant_for_all() {
    let mut gate = gate();
    requests(&mut gate, 2, throttled(Some(30), Scope::Unsaid), 0);
    assert_eq!(gate.state(), State::Open);
    requests(&mut gate, 1, throttled(Some(30), Scope::Unsaid), 2);
    assert!(matches!(gate.state(), State::Shut { until, .. } if until.since(at(5)) == SECOND * 30));
}

#[test]
fn slow_down_to_few_of_many_or_to_one_alone_is_theirs() {
    let mut gate = gate();
    requests(&mut gate, 50, Signal::Accepted, 0);
    requests(&mut gate, 3, throttled(Some(30), Scope::Unsaid), 50);
    assert_eq!(gate.state(), State::Open, "three of fifty-three");
    requests(&mut gate, 20, throttled(Some(30), Scope::Endpoint), 60);
    assert_eq!(gate.state(), State::Open, "it was said of the endpoint");
    for n in 0..9 {
        request(&mut gate, 7, throttled(None, Scope::Unsaid), at(20_000 + n), at(20_001 + n));
    }
    assert_eq!(gate.state(), State::Open, "one subscription, nine times");
}

#[test]
fn those_who_are_turned_away_come_back_one_after_the_other() {
    let mut gate = gate();
    requests(&mut gate, 5, UNREACHABLE, 0);
    let until = at(9) + SECOND;
    let places: Vec<_> = (0..4000).map(|_| shut_until(&mut gate, at(20))).collect();
    assert_eq!(places[0], until);
    assert!(places.is_sorted());
    assert_eq!(places[3999].since(until).as_secs(), 1, "two thousand a second");
    let far = (0..2_000_000).map(|_| shut_until(&mut gate, at(20))).max();
    assert!(far.is_some_and(|far| far.since(until) <= SECOND * 600), "{far:?}");
}

#[test]
fn a_key_that_is_refused_pauses_alone_and_a_probe_resumes_it() {
    let mut gate = gate();
    let left = requests(&mut gate, 1, Signal::Refused, 0);
    assert_eq!(left.notices, [Notice::KeyRefused(KEY)], "said at the first refusal");
    let left = requests(&mut gate, 6, Signal::Refused, 1);
    assert_eq!(left.notices, [], "and only once");
    let left = requests(&mut gate, 1, Signal::Refused, 7);
    let until = at(15) + SECOND;
    assert_eq!(left.notices, [Notice::KeyPaused(KEY, until)]);
    assert!(shut_until(&mut gate, at(16)) >= until);
    let other = go(&mut gate, OTHER_KEY, at(16));
    gate.leave(other, SubscriptionId(50), Signal::Accepted, at(17));
    assert!(shut_until(&mut gate, at(18)) >= until, "another key's success is another key's");

    let probe = go(&mut gate, KEY, until);
    assert!(shut_until(&mut gate, until) > until, "one at a time");
    let left = gate.leave(probe, SubscriptionId(1), Signal::Refused, until);
    assert_eq!(left.notices, [Notice::KeyPaused(KEY, until + SECOND * 2)], "twice as long");
    let later = until + SECOND * 2;
    let left = request(&mut gate, 2, Signal::Accepted, later, later);
    assert_eq!(left.notices, [Notice::KeyServed(KEY)]);
    assert_eq!(gate.keys().find(|(key, _)| *key == KEY), Some((KEY, KeyState::Served)));
}

#[test]
fn one_subscription_that_is_refused_while_others_are_served_pauses_nobody_and_is_counted() {
    let mut gate = gate();
    let mut alone = Vec::new();
    for n in 0..30 {
        let begin = at(n * 10);
        alone.push(request(&mut gate, 1, Signal::Refused, begin, at(n * 10 + 1)).refused_alone);
        request(&mut gate, 2, Signal::Accepted, at(n * 10 + 2), at(n * 10 + 3));
    }
    assert_eq!(alone, (0..30).collect::<Vec<_>>());
    request(&mut gate, 1, Signal::Accepted, at(1000), at(1001));
    let left = request(&mut gate, 1, Signal::Refused, at(1002), at(1003));
    assert_eq!(left.refused_alone, 0, "it was served in between");
}

#[test]
fn a_key_that_nobody_is_served_with_leaves_nobody_alone() {
    let mut gate = gate();
    for n in 0..7 {
        let left = request(&mut gate, 1, Signal::Refused, at(n * 2), at(n * 2 + 1));
        assert_eq!(left.refused_alone, 0);
    }
}

#[test]
fn a_ticket_that_nobody_used_leaves_no_trace() {
    let mut gate = gate();
    requests(&mut gate, 5, UNREACHABLE, 0);
    let until = at(9) + SECOND;
    let probe = go(&mut gate, KEY, until);
    gate.cancel(probe);
    let probe = go(&mut gate, KEY, until);
    gate.leave(probe, SubscriptionId(1), Signal::Nothing, until);
    let probe = go(&mut gate, KEY, until);
    assert_eq!(gate.in_flight(), 1);
    gate.leave(probe, SubscriptionId(1), Signal::Answered, until);
    assert_eq!((gate.state(), gate.in_flight()), (State::Open, 0));
}

#[test]
fn a_calm_time_makes_the_next_outage_a_new_one() {
    let mut gate = gate();
    requests(&mut gate, 5, UNREACHABLE, 0);
    let open = at(9) + SECOND;
    request(&mut gate, 1, Signal::Accepted, open, open);
    request(&mut gate, 1, Signal::Accepted, open + SECOND, open + SECOND);
    let again = open + SECOND * 2;
    let mut left = Left::default();
    for n in 0..5 {
        let begin = again + Duration::from_millis(n);
        left = request(&mut gate, 1, UNREACHABLE, begin, begin);
    }
    assert!(matches!(left.notices[..], [Notice::Shut { is_new: true, .. }]), "{left:?}");
}
