//! Panics, kills and long turns of an actor that counts what it hears.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Handler, Message};
use tokio::sync::oneshot;

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::id::ChannelId;
use crate::metrics::{ActorKind, Metrics};
use crate::tree::actor_id::ActorId;
use crate::tree::observe::alarms::Alarms;
use crate::tree::observe::kin::Kin;
use crate::tree::observe::meter::Window;
use crate::tree::supervision::kill::Kill;

#[derive(Default)]
struct Counting {
    heard: Rc<RefCell<Vec<&'static str>>>,
}

impl Actor for Counting {
    type Context = Context<Self>;
}

impl Supervised for Counting {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.heard.borrow_mut().push("restarting");
    }
}

impl Handler<Kill> for Counting {
    type Result = ();

    fn handle(&mut self, kill: Kill, _: &mut Context<Self>) {
        kill.unwind()
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Say(&'static str);

impl Handler<Say> for Counting {
    type Result = ();
    fn handle(&mut self, Say(word): Say, context: &mut Context<Self>) {
        use actix::ActorContext;
        match word {
            "panic" => panic!("as asked"),
            "stop" => context.stop(),
            word => self.heard.borrow_mut().push(word),
        }
    }
}

const POLICY: RestartPolicy = RestartPolicy {
    restarts: 2,
    within: Duration::from_secs(60),
    pause: Duration::from_millis(10),
};

/// What became of a child.
struct End {
    exit: Exit,
    heard: Vec<&'static str>,
    vital: Arc<Vital>,
    alarms: Alarms,
}

impl End {
    fn alarms(&self) -> Vec<&'static str> {
        self.alarms.snapshots().into_iter().map(|alarm| alarm.kind).collect()
    }
}

/// Runs one child on a paused clock, feeds it `words`, and answers what became of it.
fn run(words: &[&'static str]) -> End {
    run_by(Instant::now, words)
}

/// The same with another clock for its turns.
fn run_by(clock: fn() -> Instant, words: &[&'static str]) -> End {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let local = tokio::task::LocalSet::new();
    let heard = Rc::new(RefCell::new(Vec::new()));
    local.block_on(&runtime.expect("a runtime of one thread can be built"), async {
        let alarms = Alarms::new(Clock::tokio(Timestamp::from_millis(0)));
        let kin = Kin::new(ActorKind::ChannelWorker, &Metrics::new(), alarms.clone());
        let vital = Vital::new(ActorId::Channel(ChannelId(7)), Arc::new(kin));
        let actor = Counting { heard: Rc::clone(&heard) };
        let (addr, child) = Child::new(POLICY, Arc::clone(&vital), |_| actor);
        for word in words {
            match *word {
                "kill" => addr.do_send(Kill(oneshot::channel().0)),
                word => addr.do_send(Say(word)),
            }
        }
        let exit = Child { clock, ..child }.await;
        End { exit, heard: heard.take(), vital, alarms }
    })
}

#[test]
fn a_panic_restarts_the_actor_with_its_mailbox() {
    let end = run(&["one", "panic", "two", "stop"]);
    assert_eq!(end.heard, ["one", "restarting", "two"]);
    assert_eq!(end.exit, Exit::Stopped);
    assert_eq!((end.vital.restarts(), end.vital.is_restarting()), (1, false));
}

#[test]
fn a_stop_of_its_own_is_final() {
    let end = run(&["stop", "never heard"]);
    assert_eq!((end.exit, end.heard), (Exit::Stopped, vec![]));
}

#[test]
fn an_exhausted_budget_gives_the_child_up_with_the_last_panic() {
    let end = run(&["panic", "panic", "panic", "never heard"]);
    assert_eq!(end.heard, ["restarting", "restarting"]);
    assert_eq!(end.exit, Exit::GivenUp("as asked".to_owned()));
    assert_eq!(end.alarms(), ["given_up"]);
}

#[test]
fn whoever_is_killed_again_and_again_is_restarted_at_once_each_time_and_never_given_up() {
    let mut words = vec!["one"];
    words.extend(["kill"; 30]);
    // Two panics are what the budget allows: no kill has taken anything of it.
    words.extend(["panic", "panic", "two", "stop"]);
    let end = run(&words);
    assert_eq!(end.exit, Exit::Stopped);
    let revivals = end.heard.iter().filter(|word| **word == "restarting").count();
    assert_eq!((revivals, end.vital.restarts()), (32, 32));
    assert_eq!((end.heard[0], end.heard[33]), ("one", "two"));
    let by: Vec<_> = end.vital.history().iter().map(|restart| restart.by).collect();
    assert_eq!(by.len(), 8, "the last eight are remembered");
    assert_eq!(by[..3], [By::Panic, By::Panic, By::Operator]);
    assert!(end.alarms().is_empty(), "an operator's kills are no loop: {:?}", end.alarms());
}

#[test]
fn whoever_kills_is_told_when_the_actor_lives_again() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime.expect("a runtime of one thread can be built"), async {
        let alarms = Alarms::new(Clock::System);
        let kin = Kin::new(ActorKind::ChannelWorker, &Metrics::new(), alarms);
        let vital = Vital::new(ActorId::Channel(ChannelId(7)), Arc::new(kin));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let actor = Counting { heard: Rc::clone(&heard) };
        let (addr, child) = Child::new(POLICY, vital, |_| actor);
        let child = tokio::task::spawn_local(child);
        let begun = Instant::now();
        for times in 1..=3 {
            let (reply, restarts) = oneshot::channel();
            addr.do_send(Kill(reply));
            assert_eq!(restarts.await, Ok(times));
            assert_eq!(heard.borrow().len(), times as usize);
        }
        assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waits before a restart after a kill");
        addr.do_send(Say("stop"));
        assert_eq!(child.await.unwrap(), Exit::Stopped);
    });
}

#[test]
fn three_panics_within_a_minute_are_a_loop() {
    let policy_allows_two = run(&["panic", "panic", "stop"]);
    assert!(policy_allows_two.alarms().is_empty());
    let vital = &policy_allows_two.vital;
    let last = vital.history()[0].at;
    vital.dies(By::Panic, "late", last + Duration::from_secs(90));
    assert!(policy_allows_two.alarms().is_empty(), "three, but not within a minute");
    vital.dies(By::Panic, "again", last + Duration::from_secs(91));
    vital.dies(By::Operator, "killed", last + Duration::from_secs(92));
    assert!(policy_allows_two.alarms().is_empty(), "two within a minute, and a kill");
    vital.dies(By::Panic, "and again", last + Duration::from_secs(93));
    assert_eq!(policy_allows_two.alarms(), ["restart_loop"]);
}

thread_local! {
    /// How far a clock has come that goes on by 600 ms each time somebody looks.
    static LOOKS: std::cell::Cell<(Option<Instant>, u32)> = const { std::cell::Cell::new((None, 0)) };
}

/// Twice as long as that is too long for a turn; once is not.
fn hasty(step: Duration) -> Instant {
    LOOKS.with(|looks| {
        let (start, count) = looks.get();
        let start = start.unwrap_or_else(Instant::now);
        looks.set((Some(start), count + 1));
        start + step * count
    })
}

#[test]
fn a_turn_of_more_than_a_second_is_an_alarm_and_all_turns_are_time_that_was_spent() {
    let quick = run_by(|| hasty(Duration::from_secs(1)), &["one", "stop"]);
    assert!(quick.alarms().is_empty(), "{:?}", quick.alarms());
    LOOKS.set((None, 0));
    let slow = run_by(|| hasty(Duration::from_millis(1001)), &["one", "stop"]);
    assert_eq!(slow.alarms(), ["slow_handler"]);
    let alarm = slow.alarms.snapshots().remove(0);
    assert_eq!(
        (alarm.actor.as_str(), alarm.detail.as_str()),
        ("channels.7", "one turn took 1.0 s")
    );
    let later = Instant::now() + Duration::from_secs(10);
    assert!(slow.vital.busy(later, Window::Start) > 0.09, "{:?}", slow.vital);
}
