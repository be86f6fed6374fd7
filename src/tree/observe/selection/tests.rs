//! Which actors a page shows, whoever supervises them.

use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::id::{ChannelId, SubscriptionId};
use crate::metrics::Metrics;
use crate::tree::observe::alarms::Alarms;
use crate::tree::observe::kin::Kin;
use crate::tree::observe::recent::Heard;
use crate::tree::observe::row::State;
use crate::tree::observe::vital::Vital;

struct Actor {
    vital: Arc<Vital>,
    name: String,
    state: &'static str,
}

impl Visible for Actor {
    fn vital(&self) -> &Vital {
        &self.vital
    }

    fn doing(&self) -> State {
        (self.state, None)
    }

    fn name(&self, to: &mut dyn Write) -> std::fmt::Result {
        to.write_str(&self.name)
    }
}

fn actor(id: ActorId, name: &str, state: &'static str, messages: u32) -> Actor {
    let kin = Kin::new(ActorKind::ChannelWorker, &Metrics::new(), Alarms::new(Clock::System));
    let vital = Vital::new(id, Arc::new(kin));
    for _ in 0..messages {
        vital.posted();
        vital.received(Heard::Poke);
    }
    Actor { vital, name: name.to_owned(), state }
}

fn channel(row: i64, name: &str, messages: u32) -> Actor {
    actor(ActorId::Channel(ChannelId(row)), name, "resting", messages)
}

fn all() -> Query {
    Query { sort: Sort::Name, descending: false, ..Query::busiest(100) }
}

fn names(actors: &[Actor], query: &Query) -> (usize, Vec<String>) {
    let selection = Selection::of(actors.iter(), query);
    (selection.matched, selection.into_page(query).into_iter().map(|row| row.name).collect())
}

#[test]
fn a_page_begins_at_its_offset_and_says_how_many_there_are_in_all() {
    let actors: Vec<_> = (0..20).map(|row| channel(row, &format!("c{row:02}"), 0)).collect();
    let page = |offset, limit| names(&actors, &Query { offset, limit, ..all() });
    assert_eq!(page(0, 3), (20, vec!["c00".into(), "c01".into(), "c02".into()]));
    assert_eq!(page(18, 3), (20, vec!["c18".into(), "c19".into()]));
    assert_eq!(page(20, 3), (20, vec![]));
    let descending = Query { descending: true, limit: 2, ..all() };
    assert_eq!(names(&actors, &descending).1, ["c19", "c18"]);
}

#[test]
fn pages_of_two_supervisors_are_one_list_without_gaps_or_doubles() {
    let of = |arbiter: u64, names: &[&str]| -> Vec<Actor> {
        let ids = (1..).map(|row| ActorId::Subscription(arbiter, SubscriptionId(row)));
        ids.zip(names).map(|(id, name)| actor(id, name, "working", 0)).collect()
    };
    let (one, two) = (of(0, &["d", "a", "c", "c"]), of(1, &["b", "c", "e"]));
    let mut listed = Vec::new();
    for offset in 0..7 {
        let query = Query { offset, limit: 1, ..all() };
        let mut selection = Selection::of(one.iter(), &query);
        selection.merge(Selection::of(two.iter(), &query), &query);
        assert_eq!(selection.matched, 7);
        listed.extend(selection.into_page(&query).into_iter().map(|row| (row.name, row.id)));
    }
    let order: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(order, ["a", "b", "c", "c", "c", "d", "e"]);
    listed.dedup();
    assert_eq!(listed.len(), 7, "{listed:?}");
}

#[test]
fn who_is_searched_is_found_by_name_or_id_in_whatever_case() {
    let actors = [channel(71, "User:42", 0), channel(2, "news", 0), channel(3, "Ärger", 0)];
    let find = |text: &str| names(&actors, &Query { text: Some(text.to_owned()), ..all() }).1;
    assert_eq!(find("user:"), ["User:42"]);
    assert_eq!(find("channels.7"), ["User:42"]);
    assert_eq!(find("NEWS"), ["news"]);
    assert_eq!(find("ärg"), ["Ärger"]);
    assert_eq!(find("4271"), Vec::<String>::new());
    assert_eq!(find("").len(), 3);
}

#[test]
fn who_is_busiest_comes_first_and_states_are_told_apart() {
    let actors = [
        channel(1, "quiet", 1),
        channel(2, "loud", 9),
        actor(ActorId::Channel(ChannelId(3)), "middling", "sweeping", 5),
    ];
    for sort in [Sort::Messages, Sort::MessagesPerSecond] {
        let query = Query { sort, ..Query::busiest(2) };
        assert_eq!(names(&actors, &query), (3, vec!["loud".into(), "middling".into()]), "{sort:?}");
    }
    let peak = Query { sort: Sort::MailboxPeak, ..Query::busiest(9) };
    assert_eq!(names(&actors, &peak).1, ["quiet", "loud", "middling"], "all had one at a time");
    let sweeping = Query { state: Some("sweeping".to_owned()), ..all() };
    assert_eq!(names(&actors, &sweeping), (1, vec!["middling".into()]));
    let by_state = Query { sort: Sort::State, descending: true, ..all() };
    assert_eq!(names(&actors, &by_state).1, ["middling", "quiet", "loud"]);
}
