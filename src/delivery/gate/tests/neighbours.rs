//! What one key, one stranger or a clock that is put back can do to all the others of an origin.

use super::*;

/// Shuts the gate for an outage; from when on it may be probed.
#[track_caller]
fn break_down(gate: &mut Gate) -> Timestamp {
    requests(gate, 5, SILENT, 0);
    match gate.state() {
        State::Shut { until, .. } => until,
        state @ (State::Open | State::Probing { .. }) => panic!("not shut: {state:?}"),
    }
}

/// Has the key refused until it pauses; until when.
#[track_caller]
fn refuse_key(gate: &mut Gate) -> Timestamp {
    let left = requests(gate, 8, Signal::Refused, 0);
    match left.notices[..] {
        [Notice::KeyPaused(KEY, until)] => until,
        _ => panic!("not paused: {left:?}"),
    }
}

#[test]
fn a_paused_keys_crowd_keeps_no_places_from_those_of_other_keys() {
    let mut gate = gate();
    refuse_key(&mut gate);
    for _ in 0..100_000 {
        shut_until(&mut gate, at(20));
    }
    let again = gate.turn_away(at(20));
    assert_eq!(again.since(at(20)), SECOND, "who found the line full");
    for who in 100..108 {
        let ticket = go(&mut gate, OTHER_KEY, at(20));
        gate.leave(ticket, SubscriptionId(who), Signal::Refused, at(20));
    }
    let Entry::Later(until) = gate.enter(signed_with(OTHER_KEY), at(40)) else {
        panic!("it is paused")
    };
    assert!(until.since(at(40)) <= SECOND, "{until:?}");
}

#[test]
fn whoever_comes_while_the_probes_are_out_is_sent_away_and_holds_no_place_in_line() {
    let mut gate = gate();
    let until = break_down(&mut gate);
    let probes: Vec<_> = (0..PROBES).map(|_| go(&mut gate, KEY, until)).collect();
    assert_eq!(shut_until(&mut gate, until), until + SECOND);
    gate.leave(probes[0], SubscriptionId(1), Signal::Accepted, at(3000));
    assert_eq!(gate.state(), State::Open);
}

#[test]
fn failures_of_those_under_way_do_not_shorten_the_wait_that_was_asked_for() {
    let mut gate = Gate::new(GatePolicy { first: 10, ..gate().policy });
    let mut under_way: Vec<_> = (0..7).map(|_| go(&mut gate, KEY, at(0))).collect();
    request(&mut gate, 9, throttled(Some(900), Scope::Origin), at(0), at(1));
    let good = under_way.pop().expect("seven are under way");
    for (ticket, who) in under_way.into_iter().zip(0..) {
        gate.leave(ticket, SubscriptionId(who), UNREACHABLE, at(2));
    }
    gate.leave(good, SubscriptionId(7), Signal::Accepted, at(3));
    assert!(shut_until(&mut gate, at(5)) >= at(1) + SECOND * 900);
}

#[test]
fn slow_down_that_is_said_of_endpoints_neither_shuts_nor_slows_nor_makes_others_seem_several() {
    let mut gate = Gate::new(GatePolicy { first: 40, ..gate().policy });
    requests(&mut gate, 20, throttled(Some(3600), Scope::Endpoint), 0);
    requests(&mut gate, 1, throttled(Some(30), Scope::Unsaid), 20);
    assert_eq!(gate.state(), State::Open, "one is not several");
    assert!(gate.limit() >= 40, "{}", gate.limit());
}

#[test]
fn strangers_with_another_key_hold_up_nobodys_key_for_long() {
    let mut gate = gate();
    let mut now = refuse_key(&mut gate);
    // Five hundred endpoints that were made with another key stand before everybody else.
    for stranger in 1000..1500 {
        let ticket = loop {
            match gate.enter(signed_with(KEY), now) {
                Entry::Go(ticket) => break ticket,
                Entry::Later(until) => now = until,
                Entry::Full => panic!("nothing is under way"),
            }
        };
        gate.leave(ticket, SubscriptionId(stranger), Signal::Refused, now);
    }
    assert!(
        now.since(NOW) < SECOND * 120,
        "{now:?}: a wait for each of them would be over an hour"
    );
}

#[test]
fn who_was_refused_while_others_were_served_says_nothing_of_the_key() {
    let mut gate = gate();
    for who in 0..20 {
        request(&mut gate, who, Signal::Refused, at(0), at(2));
        request(&mut gate, 99, Signal::Accepted, at(1), at(3));
    }
    for who in 0..20_i64 {
        let begin = at(1000 + 2 * who.unsigned_abs());
        let left = request(&mut gate, who, Signal::Refused, begin, begin + SECOND / 1000);
        assert_eq!(left.notices, [], "{who}");
    }
    request(&mut gate, 99, Signal::Accepted, at(2000), at(2001));
}

#[test]
fn a_stranger_who_was_refused_once_does_not_silence_the_word_on_a_key_that_is_refused_to_all() {
    let mut gate = gate();
    let left = request(&mut gate, 1, Signal::Refused, at(0), at(1));
    assert_eq!(left.notices, [Notice::KeyRefused(KEY)]);
    request(&mut gate, 2, Signal::Accepted, at(2), at(3));
    let left = requests(&mut gate, 8, Signal::Refused, 10);
    assert!(
        matches!(left.notices[..], [Notice::KeyRefused(KEY), Notice::KeyPaused(KEY, _)]),
        "{left:?}"
    );
}

#[test]
fn those_refused_alone_are_forgotten_when_they_do_not_come_any_more() {
    let mut gate = gate();
    let alone = |gate: &mut Gate, who, now| {
        request(gate, 0, Signal::Accepted, now, now);
        request(gate, who, Signal::Refused, now, now).refused_alone
    };
    for who in 1..=5000 {
        alone(&mut gate, who, at(10_000));
    }
    let later = at(10_000) + SECOND * 3600 * 24 * 3;
    alone(&mut gate, 6000, later);
    assert_eq!(alone(&mut gate, 6000, later + SECOND), 1, "there is room to count it");
}

#[test]
fn a_clock_that_is_put_back_keeps_no_gate_shut_and_no_key_paused_for_longer() {
    let hour = SECOND * 3600;
    let mut shut = gate();
    let until = break_down(&mut shut);
    assert_eq!(shut_until(&mut shut, at(9) - hour), until - hour);
    let mut paused = gate();
    let until = refuse_key(&mut paused);
    assert_eq!(shut_until(&mut paused, at(15) - hour), until - hour);
}

#[test]
fn a_clock_that_is_put_back_blinds_no_gate() {
    let hour = Duration::from_secs(3600);
    let mut gate = gate();
    request(&mut gate, 1, Signal::Accepted, at(0) + hour, at(1) + hour);
    requests(&mut gate, 5, SILENT, 0);
    assert!(matches!(gate.state(), State::Shut { cause: Cause::Outage, .. }));

    let mut gate = super::gate();
    request(&mut gate, 1, Signal::Accepted, at(0) + hour, at(1) + hour);
    refuse_key(&mut gate);
}

#[test]
fn what_nobody_asks_for_any_more_can_be_forgotten_whatever_its_state() {
    let day = SECOND * 24 * 3600;
    let mut shut = gate();
    let until = break_down(&mut shut);
    assert!(!shut.is_forgettable(until));
    assert!(shut.is_forgettable(until + day));

    let mut probing = gate();
    let until = break_down(&mut probing);
    let probe = go(&mut probing, KEY, until);
    assert!(!probing.is_forgettable(until + day), "a request is under way");
    probing.cancel(probe);
    assert!(probing.is_forgettable(until + day));

    let mut paused = gate();
    let until = refuse_key(&mut paused);
    assert!(!paused.is_forgettable(until));
    assert!(paused.is_forgettable(until + day));
}

#[test]
fn endpoints_that_break_whatever_they_are_sent_over_keep_a_gate_shut_for_no_longer_than_they_are_many()
 {
    let mut gate = gate();
    let mut now = break_down(&mut gate);
    // A hundred of them have places before everybody else.
    for who in 1000..1100 {
        let ticket = loop {
            match gate.enter(signed_with(KEY), now) {
                Entry::Go(ticket) => break ticket,
                Entry::Later(until) => now = until,
                Entry::Full => panic!("nothing is under way"),
            }
        };
        gate.leave(ticket, SubscriptionId(who), SILENT, now);
    }
    assert!(now.since(NOW) < SECOND * 240, "{now:?}: four at a time, eight seconds between");
}
