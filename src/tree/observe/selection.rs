//! Which actors are on the screen, and in which order. Each supervisor picks the first of its own, so lines are made for
//! as many as are shown and not for all; then those of all supervisors are merged.

use std::cmp::Ordering;
use std::fmt::Write;

use tokio::time::Instant;

use super::meter::Window;
use super::row::{Row, Visible};
use crate::metrics::ActorKind;
use crate::tree::actor_id::ActorId;

/// By what actors are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// Its name.
    #[default]
    Name,
    /// What it is doing.
    State,
    /// How much waits for it.
    Mailbox,
    /// The most that ever waited for it.
    MailboxPeak,
    /// Messages handled.
    Messages,
    /// Messages handled in a second.
    MessagesPerSecond,
    /// The share of its time in which it kept its thread.
    Busy,
    /// Restarts.
    Restarts,
    /// How old it is.
    Age,
}

/// What is on the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// Of one kind only.
    pub kind: Option<ActorKind>,
    /// Only those whose name or id has this in it, in whatever case.
    pub text: Option<String>,
    /// Only those that are doing this.
    pub state: Option<String>,
    /// The order.
    pub sort: Sort,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Over what time rates are taken.
    pub window: Window,
    /// How many come before those that are shown.
    pub offset: usize,
    /// How many are shown.
    pub limit: usize,
}

impl Query {
    /// The busiest of all.
    pub fn busiest(limit: usize) -> Self {
        Self {
            kind: None,
            text: None,
            state: None,
            sort: Sort::Busy,
            descending: true,
            window: Window::TenSeconds,
            offset: 0,
            limit,
        }
    }

    /// Whether actors of a kind are asked for.
    pub fn is_for(&self, kind: ActorKind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }

    /// How far into the list it reaches.
    fn reach(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    fn order(&self, (a, a_id): (&Key, ActorId), (b, b_id): (&Key, ActorId)) -> Ordering {
        let order = a.cmp(b);
        // Who is equal stays in one order, so that nothing jumps from one page to the next.
        if self.descending { order.reverse() } else { order }.then(a_id.cmp(&b_id))
    }
}

/// By what one actor is sorted.
#[derive(Clone, PartialEq, Debug)]
enum Key {
    Number(f64),
    Text(String),
    State(&'static str),
}

impl Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::State(a), Self::State(b)) => a.cmp(b),
            // One query has one kind of key.
            (Self::Number(_) | Self::Text(_) | Self::State(_), _) => Ordering::Equal,
        }
    }

    fn of(actor: &impl Visible, query: &Query, now: Instant) -> Self {
        let vital = actor.vital();
        Self::Number(match query.sort {
            Sort::Name => {
                let mut name = String::new();
                actor.name(&mut name).expect("a string takes all that is written to it");
                return Self::Text(name);
            }
            Sort::State => return Self::State(actor.state().0),
            Sort::Mailbox => f64::from(vital.waiting()),
            Sort::MailboxPeak => f64::from(vital.peak()),
            #[expect(
                clippy::cast_precision_loss,
                reason = "an order; 2^53 messages are never reached"
            )]
            Sort::Messages => vital.messages(now, query.window).0 as f64,
            Sort::MessagesPerSecond => vital.messages(now, query.window).1,
            Sort::Busy => vital.busy(now, query.window),
            Sort::Restarts => f64::from(vital.restarts()),
            Sort::Age => vital.age(now).as_secs_f64(),
        })
    }
}

/// The first of some actors in the order of a query.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Selection {
    /// How many are asked for.
    pub matched: usize,
    rows: Vec<(Key, Row)>,
}

impl Selection {
    /// Of actors that one supervisor knows: those that the screen could need if there were no other supervisor.
    pub fn of<'a, A: Visible + 'a>(actors: impl Iterator<Item = &'a A>, query: &Query) -> Self {
        let now = Instant::now();
        let mut needle = Needle::new(query.text.as_deref());
        let mut chosen = Vec::new();
        for actor in actors {
            let is_in_state = query.state.as_deref().is_none_or(|state| state == actor.state().0);
            if is_in_state && needle.is_in(actor) {
                chosen.push((Key::of(actor, query, now), actor));
            }
        }
        let matched = chosen.len();
        let order = |(a, a_actor): &(Key, &A), (b, b_actor): &(Key, &A)| {
            query.order((a, a_actor.vital().id), (b, b_actor.vital().id))
        };
        let wanted = query.reach();
        if wanted < matched {
            chosen.select_nth_unstable_by(wanted, order);
            chosen.truncate(wanted);
        }
        chosen.sort_unstable_by(order);
        let row = |(key, actor): (Key, &A)| (key, Row::of(actor, now, query.window));
        Self { matched, rows: chosen.into_iter().map(row).collect() }
    }

    /// Adds others: of another supervisor, or of its next children.
    pub fn merge(&mut self, other: Self, query: &Query) {
        self.matched += other.matched;
        self.rows.extend(other.rows);
        let wanted = query.reach();
        if wanted < self.rows.len() {
            let order = |(a, a_row): &(Key, Row), (b, b_row): &(Key, Row)| {
                query.order((a, a_row.id), (b, b_row.id))
            };
            self.rows.select_nth_unstable_by(wanted, order);
            self.rows.truncate(wanted);
        }
    }

    /// What is on the screen.
    pub fn into_page(mut self, query: &Query) -> Vec<Row> {
        self.rows.sort_by(|(a, a_row), (b, b_row)| query.order((a, a_row.id), (b, b_row.id)));
        let rows = self.rows.into_iter().map(|(_, row)| row);
        rows.skip(query.offset).take(query.limit).collect()
    }
}

/// What is searched for, with room to write a name into.
struct Needle {
    text: Option<String>,
    room: String,
}

impl Needle {
    fn new(text: Option<&str>) -> Self {
        let text = text.filter(|text| !text.is_empty()).map(str::to_lowercase);
        Self { text, room: String::new() }
    }

    fn is_in(&mut self, actor: &impl Visible) -> bool {
        let Some(text) = &self.text else { return true };
        self.room.clear();
        // A line's end between the two is in no name, so nothing is found across them.
        let written =
            actor.name(&mut self.room).and_then(|()| write!(self.room, "\n{}", actor.vital().id));
        written.expect("a string takes all that is written to it");
        if self.room.is_ascii() {
            self.room.make_ascii_lowercase();
            return self.room.contains(text.as_str());
        }
        self.room.to_lowercase().contains(text.as_str())
    }
}

#[cfg(test)]
mod tests;
