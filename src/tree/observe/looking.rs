//! Looking at the tree from outside. Root and the supervisors are read without asking them; who is asked about its workers
//! and does not answer in time is named, and the others are shown.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use actix::MailboxError;
use futures_util::future::{join, join_all};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::alarms::AlarmSnapshot;
use super::asking::{ask, select};
use super::kin::{Children, Kin};
use super::meter::Window;
use super::row::{Row, State, Visible};
use super::selection::{Query, Selection};
use super::vital::Vital;
use super::{Look, LookAtChild, Particulars, Seen};
use crate::tree::actor_id::ActorId;
use crate::tree::channel::arbiters::Arbiter;
use crate::tree::postbox::Postbox;
use crate::tree::supervision::kill::{Kill, KillChild};
use crate::tree::{Branches, Tree};

/// How long whoever kills waits until the actor lives again: it is killed in a turn of its own, after those before.
const REVIVAL: Duration = Duration::from_secs(10);

/// Children that are shown with one actor.
const SAMPLE: usize = 50;

/// Actors that are on the screen.
#[derive(Debug, Default)]
pub struct Found {
    /// How many actors are alive.
    pub total: u64,
    /// How many are asked for.
    pub matched: usize,
    /// Those that are shown.
    pub rows: Vec<Row>,
    /// Supervisors that did not answer in time: their workers are missing.
    pub silent: Vec<ActorId>,
}

/// A line of the tree.
#[derive(Debug)]
pub struct Node {
    /// Its actor.
    pub row: Row,
    /// Of a supervisor, how many of its children are not listed.
    pub hidden: Option<u64>,
    /// It was asked for its children and did not answer in time.
    pub silent: bool,
}

/// One actor with whom it supervises.
#[derive(Debug)]
pub struct Portrait {
    /// The actor.
    pub seen: Seen,
    /// Its busiest children, and how many there are.
    pub children: Option<(u64, Vec<Row>)>,
    /// It did not answer in time: what only it knows is missing.
    pub silent: bool,
}

/// A supervisor did not answer in time, so nothing is known of its worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Silent;

/// What became of a kill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Killed {
    /// It lives again, for the so-manieth time.
    Restarted(u32),
    /// There is no such actor.
    NotAlive,
    /// There is, and it is none.
    NotAnActor,
    /// It was told, and has not come to it.
    Hangs,
}

/// The actors of one thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crowd {
    /// `root`, `channels`, or `delivery-0` …
    pub thread: String,
    /// How many there are.
    pub actors: u64,
    /// Messages that they have been sent and have not handled.
    pub waiting: u64,
}

impl Tree {
    /// How many actors live on each thread, and how much waits for them.
    pub fn crowds(&self) -> Vec<Crowd> {
        let Some(branches) = &self.branches else { return Vec::new() };
        let crowd = |vital: &Vital, workers: Option<&Kin>| Crowd {
            thread: vital.id.thread(),
            actors: 1 + workers.map_or(0, |workers| workers.children().alive),
            waiting: u64::from(vital.waiting()) + workers.map_or(0, Kin::waiting),
        };
        let below = branches.supervisors().map(|one| crowd(one.vital(), Some(one.kin)));
        [crowd(branches.root.vital(), None)].into_iter().chain(below).collect()
    }

    /// The tree: Root, the supervisors, and the busiest children of those that are `expanded`, at most `limit` of each.
    pub async fn nodes(&self, expanded: &[ActorId], limit: usize) -> Vec<Node> {
        let Some(branches) = &self.branches else { return Vec::new() };
        let query = Arc::new(Query::busiest(limit));
        let root = Node { row: branches.root_row(), hidden: Some(0), silent: false };
        let supervisors = branches.supervisors().map(|supervisor| {
            let query = Arc::clone(&query);
            async move {
                let row = supervisor.row();
                let found = if expanded.contains(&row.id) {
                    supervisor.select(&query).await
                } else {
                    Some(Selection::default())
                };
                let silent = found.is_none();
                let children = found.unwrap_or_default().into_page(&query);
                let hidden = supervisor.kin.children().alive.saturating_sub(children.len() as u64);
                let children = children.into_iter();
                let children = children.map(|row| Node { row, hidden: None, silent: false });
                let node = Node { row, hidden: Some(hidden), silent };
                [node].into_iter().chain(children).collect::<Vec<_>>()
            }
        });
        let below = join_all(supervisors).await;
        [root].into_iter().chain(below.into_iter().flatten()).collect()
    }

    /// The actors that are on the screen.
    pub async fn actors(&self, query: Query) -> Found {
        let Some(branches) = &self.branches else { return Found::default() };
        let query = Arc::new(query);
        let fixed: Vec<_> = branches.fixed().filter(|one| is_of(one.vital, &query)).collect();
        let mut selection = Selection::of(fixed.iter(), &query);
        let mut found = Found { total: branches.alive(), ..Found::default() };
        let asked: Vec<_> =
            branches.supervisors().filter(|supervisor| query.is_for(supervisor.kin.kind)).collect();
        let answers = asked.iter().map(|supervisor| supervisor.select(&query));
        for (supervisor, answer) in asked.iter().zip(join_all(answers).await) {
            match answer {
                Some(answer) => selection.merge(answer, &query),
                None => found.silent.push(supervisor.vital().id),
            }
        }
        found.matched = selection.matched;
        found.rows = selection.into_page(&query);
        found
    }

    /// One actor; `None`: it is not alive.
    pub async fn actor(&self, id: ActorId) -> Result<Option<Portrait>, Silent> {
        let Some(branches) = &self.branches else { return Ok(None) };
        if id == ActorId::Root {
            let particulars = ask(&branches.root, Look).await;
            let rows: Vec<_> = branches.supervisors().map(|supervisor| supervisor.row()).collect();
            let children = Some((rows.len() as u64, rows));
            return Ok(Some(Portrait {
                silent: particulars.is_none(),
                seen: Seen {
                    row: branches.root_row(),
                    vital: Arc::clone(branches.root.vital()),
                    particulars: particulars.unwrap_or_default(),
                },
                children,
            }));
        }
        let Some(supervisor) = branches.supervisor(id) else { return Ok(None) };
        if supervisor.vital().id != id {
            let seen = supervisor.child(id).await.ok_or(Silent)?;
            return Ok(seen.map(|seen| Portrait { seen, children: None, silent: false }));
        }
        let query = Arc::new(Query::busiest(SAMPLE));
        let (particulars, sample) = join(supervisor.particulars(), supervisor.select(&query)).await;
        let silent = particulars.is_none() || sample.is_none();
        let sample = sample.unwrap_or_default().into_page(&query);
        let (row, vital) = (supervisor.row(), Arc::clone(supervisor.vital()));
        let seen = Seen { row, vital, particulars: particulars.unwrap_or_default() };
        let children = Some((supervisor.kin.children().alive, sample));
        Ok(Some(Portrait { seen, children, silent }))
    }

    /// Kills an actor, and waits until it lives again.
    pub async fn kill(&self, id: ActorId) -> Killed {
        if id.kind().is_none() {
            return Killed::NotAnActor;
        }
        let Some(branches) = &self.branches else { return Killed::NotAlive };
        let (reply, restarted) = oneshot::channel();
        let kill = Kill(reply);
        match branches.supervisor(id) {
            None if id == ActorId::Root => branches.root.post(kill),
            None => return Killed::NotAlive,
            Some(supervisor) if supervisor.vital().id == id => supervisor.kill(kill),
            Some(supervisor) => supervisor.kill_child(KillChild { id, kill }),
        }
        match timeout(REVIVAL, restarted).await {
            Ok(Ok(restarts)) => Killed::Restarted(restarts),
            Ok(Err(_)) => Killed::NotAlive,
            Err(_) => Killed::Hangs,
        }
    }

    /// What is wrong with actors, the last first.
    pub fn alarms(&self) -> Vec<AlarmSnapshot> {
        for supervisor in self.branches.iter().flat_map(Branches::supervisors) {
            supervisor.vital().say_what_goes_on();
            supervisor.kin.say_who_keeps_the_thread(Instant::now());
        }
        self.branches.iter().for_each(|branches| branches.root.vital().say_what_goes_on());
        self.alarms.snapshots()
    }

    /// Whether all actors that others depend on answer. It waits for as long as one of them does not.
    pub async fn answers(&self) -> Result<(), MailboxError> {
        let branches = self.branches.as_ref().ok_or(MailboxError::Closed)?;
        branches.root.ask(Look).await?;
        branches.channels.ask(Look).await?;
        for arbiter in branches.arbiters.iter() {
            arbiter.supervisor.ask(Look).await?;
        }
        Ok(())
    }
}

fn is_of(vital: &Vital, query: &Query) -> bool {
    vital.id.kind().is_some_and(|kind| query.is_for(kind))
}

/// Root or a supervisor: they are there from the start to the end.
struct Fixed<'a> {
    vital: &'a Vital,
    children: Children,
}

impl Visible for Fixed<'_> {
    fn vital(&self) -> &Vital {
        self.vital
    }

    fn doing(&self) -> State {
        ("running", None)
    }

    fn name(&self, to: &mut dyn Write) -> std::fmt::Result {
        write!(to, "{}", self.vital.id)
    }

    fn children(&self) -> Option<Children> {
        Some(self.children)
    }
}

/// A supervisor, and what its workers have in common.
struct Supervisor<'a> {
    who: Who<'a>,
    kin: &'a Kin,
}

enum Who<'a> {
    Channels(&'a Postbox<crate::tree::channel::supervisor::ChannelSupervisor>),
    Subscriptions(&'a Arbiter),
}

impl<'a> Supervisor<'a> {
    fn vital(&self) -> &'a Arc<Vital> {
        match self.who {
            Who::Channels(postbox) => postbox.vital(),
            Who::Subscriptions(arbiter) => arbiter.supervisor.vital(),
        }
    }

    fn fixed(&self) -> Fixed<'a> {
        Fixed { vital: self.vital(), children: self.kin.children() }
    }

    fn row(&self) -> Row {
        Row::of(&self.fixed(), Instant::now(), Window::default())
    }

    /// Those of its children that are on the screen.
    async fn select(&self, query: &Arc<Query>) -> Option<Selection> {
        match self.who {
            Who::Channels(postbox) => select(postbox, query).await,
            Who::Subscriptions(arbiter) => select(&arbiter.supervisor, query).await,
        }
    }

    async fn child(&self, id: ActorId) -> Option<Option<Seen>> {
        match self.who {
            Who::Channels(postbox) => ask(postbox, LookAtChild(id)).await,
            Who::Subscriptions(arbiter) => ask(&arbiter.supervisor, LookAtChild(id)).await,
        }
    }

    async fn particulars(&self) -> Option<Particulars> {
        match self.who {
            Who::Channels(postbox) => ask(postbox, Look).await,
            Who::Subscriptions(arbiter) => ask(&arbiter.supervisor, Look).await,
        }
    }

    fn kill(&self, kill: Kill) {
        match self.who {
            Who::Channels(postbox) => postbox.post(kill),
            Who::Subscriptions(arbiter) => arbiter.supervisor.post(kill),
        }
    }

    fn kill_child(&self, kill: KillChild) {
        match self.who {
            Who::Channels(postbox) => postbox.post(kill),
            Who::Subscriptions(arbiter) => arbiter.supervisor.post(kill),
        }
    }
}

impl Branches {
    fn supervisors(&self) -> impl Iterator<Item = Supervisor<'_>> {
        let channels =
            Supervisor { who: Who::Channels(&self.channels), kin: &self.channel_workers };
        let arbiters = self
            .arbiters
            .iter()
            .map(|arbiter| Supervisor { who: Who::Subscriptions(arbiter), kin: &arbiter.workers });
        [channels].into_iter().chain(arbiters)
    }

    /// The supervisor of that id, or of the worker of that id.
    fn supervisor(&self, id: ActorId) -> Option<Supervisor<'_>> {
        let is_it = |supervisor: &Supervisor<'_>| {
            let its = supervisor.vital().id;
            its == id || id.parent() == Some(its)
        };
        self.supervisors().find(is_it)
    }

    fn root(&self) -> Fixed<'_> {
        let mut children = Children::default();
        for supervisor in self.supervisors() {
            let below = supervisor.kin.children();
            children.given_up += below.given_up;
            children.restarts += u64::from(supervisor.vital().restarts());
            children.alive += 1;
            children.started += 1;
        }
        Fixed { vital: self.root.vital(), children }
    }

    fn root_row(&self) -> Row {
        Row::of(&self.root(), Instant::now(), Window::default())
    }

    fn fixed(&self) -> impl Iterator<Item = Fixed<'_>> {
        [self.root()].into_iter().chain(self.supervisors().map(|supervisor| supervisor.fixed()))
    }

    fn alive(&self) -> u64 {
        let workers = self.supervisors().map(|supervisor| 1 + supervisor.kin.children().alive);
        1 + workers.sum::<u64>()
    }
}
