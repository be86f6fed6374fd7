//! The line before a gate, and whose outage it is.

use std::sync::LazyLock;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::delivery::gate::Fault;
use crate::delivery::retry::RetryPolicy;
use crate::id::{AppId, VapidKeyId};
use crate::webpush::subscription::Endpoint;
use crate::webpush::vapid::VapidKey;

const UNREACHABLE: Signal = Signal::Failed { after: None, fault: Fault::Unreachable };

fn origin(host: &str) -> Origin {
    let endpoint = Endpoint::parse(&format!("https://{host}/push")).expect("a valid endpoint");
    endpoint.origin().clone()
}

/// One request at a time, and so many places before each gate at least.
fn gates(places: u32) -> Arc<Gates> {
    let policy = GatePolicy { retry: RetryPolicy::default(), first: 1, most: 1, places };
    let clock = Clock::tokio(Timestamp::from_millis(1_000_000));
    Arc::new(Gates::new(policy, clock, Arc::new(Metrics::new())))
}

static KEY: LazyLock<Arc<AppVapidKey>> = LazyLock::new(|| {
    Arc::new(AppVapidKey {
        id: VapidKeyId(1),
        app: AppId(1),
        key: VapidKey::generate().expect("a key pair can be made"),
        current: true,
        created: Timestamp::default(),
    })
});

fn caller(origin: &Origin) -> Caller<'_> {
    Caller { origin, key: &KEY, subscription: SubscriptionId(1), is_troubled: false }
}

#[track_caller]
fn pass(entered: Entered) -> Pass {
    match entered {
        Entered::Go(pass) => pass,
        Entered::Later(until) => panic!("not before {until:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn those_in_line_go_one_after_the_other_and_who_left_is_passed_over() {
    let (gates, origin) = (gates(8), origin("push.example"));
    let first = pass(gates.enter(caller(&origin)).await);
    let mut second = Box::pin(gates.enter(caller(&origin)));
    let mut third = Box::pin(gates.enter(caller(&origin)));
    let mut fourth = Box::pin(gates.enter(caller(&origin)));
    for waiting in [&mut second, &mut third, &mut fourth] {
        assert!(waiting.now_or_never().is_none());
    }
    drop(third);
    drop(first);
    let second = pass(second.now_or_never().expect("it was next"));
    assert!((&mut fourth).now_or_never().is_none());
    second.done(Signal::Accepted, None);
    drop(pass(fourth.now_or_never().expect("who left was passed over")));
}

#[tokio::test(start_paused = true)]
async fn who_left_in_the_very_moment_of_its_turn_takes_no_room_along() {
    let (gates, origin) = (gates(8), origin("push.example"));
    let first = pass(gates.enter(caller(&origin)).await);
    let mut second = Box::pin(gates.enter(caller(&origin)));
    assert!((&mut second).now_or_never().is_none());
    // It is its turn, and it goes away without having looked.
    drop(first);
    drop(second);
    let third = gates.enter(caller(&origin)).now_or_never();
    drop(pass(third.expect("the room is free again")));
}

#[tokio::test(start_paused = true)]
async fn a_line_has_an_end() {
    let (gates, origin) = (gates(1), origin("push.example"));
    let first = pass(gates.enter(caller(&origin)).await);
    let mut second = Box::pin(gates.enter(caller(&origin)));
    assert!((&mut second).now_or_never().is_none());
    // Long enough for it to be taken for as slow as it is.
    tokio::time::advance(Duration::from_secs(10)).await;
    let third = gates.enter(caller(&origin)).now_or_never();
    assert!(matches!(third, Some(Entered::Later(_))), "there is one place");
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_shuts_sends_all_its_line_away_and_no_other_gates() {
    let (gates, dead, alive) = (gates(8), origin("dead.example"), origin("alive.example"));
    for _ in 0..4 {
        pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    }
    let last = pass(gates.enter(caller(&dead)).await);
    let mut waiting = Box::pin(gates.enter(caller(&dead)));
    assert!((&mut waiting).now_or_never().is_none());
    last.done(UNREACHABLE, Some("refused"));
    assert!(matches!(waiting.await, Entered::Later(_)));
    drop(pass(gates.enter(caller(&alive)).await));
    let states: Vec<_> = gates.snapshots(&[]).iter().map(|gate| gate.state).collect();
    assert_eq!(states, ["open", "shut"], "by origin");
}

#[tokio::test(start_paused = true)]
async fn the_metrics_show_a_push_services_worst_gate_and_its_paused_keys() {
    let gates = gates(8);
    let (one, two) = (origin("one.push.apple.com"), origin("two.push.apple.com"));
    for _ in 0..5 {
        pass(gates.enter(caller(&one)).await).done(UNREACHABLE, None);
    }
    pass(gates.enter(caller(&two)).await).done(Signal::Accepted, None);
    let text = gates.metrics.encode();
    assert!(text.contains("fanfare_gate_state{push_service=\"apple\"} 2"), "{text}");
    tokio::time::advance(Duration::from_secs(1)).await;
    pass(gates.enter(caller(&one)).await).done(Signal::Accepted, None);
    let text = gates.metrics.encode();
    assert!(text.contains("fanfare_gate_state{push_service=\"apple\"} 0"), "{text}");
    assert!(text.contains("fanfare_paused_keys{push_service=\"apple\"} 0"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn when_several_cannot_be_reached_and_none_answers_it_is_our_network() {
    let gates = gates(8);
    let (one, two) = (origin("one.example"), origin("two.example"));
    pass(gates.enter(caller(&one)).await).done(UNREACHABLE, None);
    pass(gates.enter(caller(&one)).await).done(UNREACHABLE, None);
    assert!(!gates.is_our_network_down(), "one may be down by itself");
    pass(gates.enter(caller(&two)).await).done(UNREACHABLE, None);
    assert!(gates.is_our_network_down());
    pass(gates.enter(caller(&one)).await).done(Signal::Answered, None);
    assert!(!gates.is_our_network_down());
}

#[tokio::test(start_paused = true)]
async fn origins_that_strangers_bring_are_forgotten_when_nobody_uses_them() {
    let gates = gates(8);
    let used = origin("used.example");
    let kept = pass(gates.enter(caller(&used)).await);
    for n in 0..MAX_ORIGINS {
        drop(pass(gates.enter(caller(&origin(&format!("{n}.example")))).await));
    }
    let count = gates.snapshots(&[]).len();
    assert_eq!(count, 2, "the one in use, and the last one");
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn a_dead_origin_that_nobody_asks_for_any_more_is_forgotten_with_its_mark_in_the_metrics() {
    let gates = gates(8);
    let dead = origin("dead.example");
    for _ in 0..5 {
        pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    }
    let state = |value: u8| format!("fanfare_gate_state{{push_service=\"other\"}} {value}");
    assert!(gates.metrics.encode().contains(&state(2)));
    tokio::time::advance(Duration::from_secs(3 * 3600)).await;
    for n in 0..MAX_ORIGINS {
        drop(pass(gates.enter(caller(&origin(&format!("{n}.example")))).await));
    }
    assert_eq!(gates.snapshots(&[]).len(), 1, "the last one");
    assert!(gates.metrics.encode().contains(&state(0)));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_shut_itself_and_that_nobody_asks_any_more_is_no_outage() {
    let (gates, dead) = (gates(8), origin("dead.example"));
    for _ in 0..5 {
        pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    }
    let shown = || {
        gates.show_all();
        let alerts = gates.snapshots(&[])[0].alerts(gates.clock.now());
        let codes: Vec<_> = alerts.into_iter().map(|alert| alert.code).collect();
        let text = gates.metrics.encode();
        let of_it = text
            .lines()
            .find(|line| line.starts_with("fanfare_gate_state{push_service=\"other\"}"));
        (of_it.and_then(|line| line.rsplit(' ').next()).unwrap().to_owned(), codes)
    };
    // Whoever was there had been told to come back within the hour.
    tokio::time::advance(Duration::from_secs(3500)).await;
    assert_eq!(shown(), ("2".to_owned(), vec!["origin_shut"]));
    tokio::time::advance(Duration::from_secs(200)).await;
    assert_eq!(shown(), ("1".to_owned(), vec![]));
    // One comes, finds it dead, and is waited for again.
    pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    assert_eq!(shown().1, ["origin_shut"]);
    tokio::time::advance(Duration::from_secs(3700)).await;
    assert_eq!(shown(), ("1".to_owned(), vec![]), "probing, with nobody under way");
}

fn answer(status: u16) -> Seen {
    Seen::Answer { status, took: Duration::from_millis(20), date: None }
}

fn fares(gates: &Gates, origin: &Origin) -> Fares {
    let snapshots = gates.snapshots(&[]);
    snapshots.iter().find(|gate| gate.origin == origin.as_str()).expect("a gate").fares
}

#[tokio::test(start_paused = true)]
async fn what_a_request_saw_is_counted_once_whether_its_pass_is_given_back_or_dropped() {
    let (gates, origin) = (gates(8), origin("push.example"));
    let mut first = pass(gates.enter(caller(&origin)).await);
    first.saw(answer(403));
    assert_eq!(fares(&gates, &origin).answers, Answers::default(), "when it is over");
    // It is signed anew, and asks once more with a pass of its own.
    drop(first);
    let mut second = pass(gates.enter(caller(&origin)).await);
    second.saw(answer(201));
    second.done(Signal::Accepted, None);
    let mut third = pass(gates.enter(caller(&origin)).await);
    third.saw(Seen::Nothing);
    third.done(UNREACHABLE, None);
    drop(pass(gates.enter(caller(&origin)).await));
    let counted = Answers { ok: 1, client_error: 1, none: 1, ..Answers::default() };
    assert_eq!(fares(&gates, &origin).answers, counted);
}

#[tokio::test(start_paused = true)]
async fn it_is_known_since_when_a_gate_is_not_open_and_what_it_would_do_who_was_asked_for_nothing()
{
    let (gates, dead) = (gates(8), origin("dead.example"));
    for _ in 0..4 {
        pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    }
    assert_eq!(fares(&gates, &dead).not_open_since, None);
    let shut = gates.clock.now();
    pass(gates.enter(caller(&dead)).await).done(UNREACHABLE, None);
    tokio::time::advance(Duration::from_secs(400)).await;
    assert_eq!(fares(&gates, &dead).not_open_since, Some(shut), "shut, or probing");
    let snapshots = gates.snapshots(&["https://rest.example", "https://dead.example", "nonsense"]);
    let states: Vec<_> = snapshots.iter().map(|gate| (gate.origin.as_str(), gate.state)).collect();
    assert_eq!(states, [("https://dead.example", "shut"), ("https://rest.example", "open")]);
    let codes =
        |now| snapshots[0].alerts(now).into_iter().map(|alert| alert.code).collect::<Vec<_>>();
    assert_eq!(codes(gates.clock.now()), ["origin_shut"]);
    pass(gates.enter(caller(&dead)).await).done(Signal::Accepted, None);
    assert_eq!(fares(&gates, &dead).not_open_since, None);
}
