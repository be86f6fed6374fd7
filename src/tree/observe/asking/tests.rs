//! A supervisor of many is looked at, and has time for others meanwhile.

use std::fmt::Write;

use actix::{AsyncContext, Context, MessageResult};

use super::*;
use crate::clock::Clock;
use crate::id::ChannelId;
use crate::metrics::{ActorKind, Metrics};
use crate::tree::actor_id::ActorId;
use crate::tree::observe::alarms::Alarms;
use crate::tree::observe::kin::Kin;
use crate::tree::observe::row::{State, Visible};
use crate::tree::observe::selection::Sort;
use crate::tree::observe::vital::Vital;

/// Three steps and a bit: more at once would take too long.
const MANY: u64 = 3079;

/// A worker whose name has nothing to do with its place in the registry.
struct Worker(Arc<Vital>, u64);

impl Visible for Worker {
    fn vital(&self) -> &Vital {
        &self.0
    }

    fn doing(&self) -> State {
        if self.1 < 300 { ("sweeping", None) } else { ("resting", None) }
    }

    fn name(&self, to: &mut dyn Write) -> std::fmt::Result {
        write!(to, "{:03}", self.1)
    }
}

/// A supervisor to whom somebody else writes as soon as it is looked at.
struct Supervisor {
    workers: Arc<Vec<Worker>>,
    /// The turns that it has had.
    turns: Vec<&'static str>,
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "Vec<&'static str>")]
struct OfSomebodyElse;

impl Handler<OfSomebodyElse> for Supervisor {
    type Result = MessageResult<OfSomebodyElse>;

    fn handle(&mut self, _: OfSomebodyElse, _: &mut Context<Self>) -> Self::Result {
        self.turns.push("somebody else");
        MessageResult(self.turns.clone())
    }
}

impl Handler<ListChildren> for Supervisor {
    type Result = MessageResult<ListChildren>;

    fn handle(&mut self, _: ListChildren, _: &mut Context<Self>) -> Self::Result {
        self.turns.push("list");
        MessageResult(self.workers.iter().map(|worker| worker.0.id).collect())
    }
}

impl Handler<LookAtChildren> for Supervisor {
    type Result = MessageResult<LookAtChildren>;

    fn handle(&mut self, looked: LookAtChildren, context: &mut Context<Self>) -> Self::Result {
        if self.turns == ["list"] {
            context.address().do_send(OfSomebodyElse);
        }
        self.turns.push("look");
        let at = |id: &ActorId| self.workers.iter().find(|worker| worker.0.id == *id);
        MessageResult(Selection::of(looked.among.iter().filter_map(at), &looked.query))
    }
}

fn workers() -> Arc<Vec<Worker>> {
    let metrics = Metrics::new();
    let alarms = Alarms::new(Clock::System);
    let kin = Arc::new(Kin::new(ActorKind::ChannelWorker, &metrics, alarms));
    let worker = |row: u64| {
        let id = ActorId::Channel(ChannelId(i64::try_from(row).unwrap()));
        // 617 and 1000 have no common factor: each name comes about three times.
        Worker(Vital::new(id, Arc::clone(&kin)), row * 617 % 1000)
    };
    Arc::new((0..MANY).map(worker).collect())
}

fn supervised(workers: &Arc<Vec<Worker>>) -> Postbox<Supervisor> {
    let vital = Arc::clone(&workers[0].0);
    let supervisor = Supervisor { workers: Arc::clone(workers), turns: Vec::new() };
    Postbox::new(supervisor.start(), vital)
}

#[actix::test]
async fn whoever_writes_to_a_supervisor_that_is_looked_at_has_a_turn_after_one_step() {
    let postbox = supervised(&workers());
    select(&postbox, &Arc::new(Query::busiest(10))).await.expect("an answer");
    let turns = postbox.ask(OfSomebodyElse).await.unwrap();
    let looks = ["look", "look", "look"];
    assert_eq!(
        (turns[..3].as_ref(), &turns[3..6]),
        (["list", "look", "somebody else"].as_ref(), &looks[..])
    );
}

#[actix::test]
async fn in_steps_the_same_page_is_found_as_at_once() {
    let workers = workers();
    let postbox = supervised(&workers);
    let all = Query { sort: Sort::Name, limit: 50, ..Query::busiest(50) };
    for query in [
        Query { descending: false, ..all.clone() },
        Query { offset: 1490, ..all.clone() },
        Query { offset: 3050, ..all.clone() },
        Query { offset: 4000, ..all.clone() },
        Query { text: Some("77".to_owned()), offset: 7, ..all.clone() },
        Query { state: Some("sweeping".to_owned()), sort: Sort::State, offset: 600, ..all.clone() },
        Query { text: Some("nobody".to_owned()), ..all },
    ] {
        let page = |selection: Selection| {
            let matched = selection.matched;
            let rows = selection.into_page(&query).into_iter();
            (matched, rows.map(|row| (row.name, row.id)).collect::<Vec<_>>())
        };
        let at_once = page(Selection::of(workers.iter(), &query));
        let in_steps = select(&postbox, &Arc::new(query.clone())).await.expect("an answer");
        assert_eq!(page(in_steps), at_once, "{query:?}");
    }
}
