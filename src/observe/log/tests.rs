//! The tail and the level: what is kept of a line, which lines are read, and who speaks last.

use tracing::field::Empty;
use tracing::{Level, debug, error, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, registry};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What is kept of what `logged` logs, behind a filter that lets `info` through.
fn kept(logged: impl FnOnce()) -> Vec<Arc<Line>> {
    let tail = LogTail::default();
    let subscriber = registry().with(EnvFilter::new("info")).with(tail.layer(Clock::System));
    tracing::subscriber::with_default(subscriber, logged);
    tail.read(&everything(), None, KEPT).lines
}

fn everything() -> Wanted {
    Wanted { level: Level::TRACE, ids: Ids::default(), text: None }
}

fn ids(all: [&str; 4]) -> Ids {
    let [actor, request, notification, subscription] =
        all.map(|id| Some(id.to_owned()).filter(|id| !id.is_empty()));
    Ids { actor, request, notification, subscription }
}

fn line(level: Level, message: &str, of: [&str; 4]) -> Line {
    let message = message.to_owned();
    Line { message, ids: ids(of), ..Line::new(NOW, level, "fanfare::a") }
}

fn numbers(excerpt: &Excerpt) -> Vec<u64> {
    excerpt.lines.iter().map(|line| line.number).collect()
}

#[test]
fn a_line_carries_its_own_ids_and_those_of_the_spans_around_it() {
    let lines = kept(|| {
        let request = info_span!("request", request = "r1", notification = Empty, other = 7);
        let _request = request.enter();
        info!(actor = %"channels.1", "early");
        request.record("notification", "ntf_1");
        let inner = info_span!("attempt", subscription = %"sub_1", notification = ?17);
        inner.in_scope(|| warn!(subscription = "sub_2", "inside"));
        info_span!("nothing of interest", name = "x").in_scope(|| error!("late"));
        debug!("not let through");
    });
    let found: Vec<_> =
        lines.iter().map(|line| (line.message.as_str(), line.level, line.ids.clone())).collect();
    assert_eq!(
        found,
        [
            ("early", Level::INFO, ids(["channels.1", "r1", "", ""])),
            ("inside", Level::WARN, ids(["", "r1", "17", "sub_2"])),
            ("late", Level::ERROR, ids(["", "r1", "ntf_1", ""])),
        ]
    );
    assert!(lines.iter().all(|line| line.fields.is_empty()), "ids have places of their own");
    assert!(lines.iter().all(|line| line.target == module_path!()));
}

#[test]
fn fields_keep_their_kind_and_another_librarys_line_is_its_own() {
    let lines = kept(|| {
        let absent: Option<&str> = None;
        info!(text = "a \"b\"", number = -7, count = 7_u64, share = 0.5, is = true, absent, "m");
        // As `tracing-log` passes a line of the crate `log` on.
        info!(
            log.target = "rustls::x",
            log.module_path = "rustls",
            log.file = "x.rs",
            log.line = 7,
            "foreign"
        );
    });
    let expected: [(&str, Value); 5] = [
        ("text", "a \"b\"".into()),
        ("number", (-7).into()),
        ("count", 7.into()),
        ("share", 0.5.into()),
        ("is", true.into()),
    ];
    assert_eq!(lines[0].fields, expected);
    assert_eq!((lines[1].target.as_str(), lines[1].fields.len()), ("rustls::x", 0));
}

#[test]
fn a_long_line_is_cut_where_a_character_ends_and_a_long_id_too() {
    let text = "ä".repeat(3000);
    let lines = kept(|| info!(before = "short", notification = %text, after = "more", "{text}"));
    let line = &lines[0];
    let bytes = line.message.len()
        + line.fields.iter().map(|(_, it)| it.as_str().unwrap().len()).sum::<usize>();
    assert!(line.size() < 4096 + 200, "{}", line.size());
    assert!(bytes <= 4096 + 3 * '…'.len_utf8(), "{bytes}");
    assert!(line.message.starts_with("ää") && line.message.ends_with("ä…"));
    assert_eq!(line.ids.notification, Some("ä".repeat(32)));
}

#[test]
fn the_oldest_lines_go_by_number_and_by_size_and_a_reader_is_told_how_many() {
    let tail = LogTail::default();
    for number in 1..=2500 {
        tail.push(line(Level::INFO, &number.to_string(), [""; 4]));
    }
    let all = tail.read(&everything(), Some(0), KEPT);
    assert_eq!((all.lines.len(), all.lines[0].number, all.dropped), (2000, 501, 500));
    assert_eq!(all.lines[0].message, "501");
    assert_eq!(tail.read(&everything(), Some(500), 1).dropped, 0, "that is what comes next");
    assert_eq!(tail.read(&everything(), Some(499), 1).dropped, 1);

    for _ in 0..2000 {
        tail.push(line(Level::INFO, &"x".repeat(4096), [""; 4]));
    }
    let all = tail.read(&everything(), Some(2500), KEPT);
    let bytes: usize = all.lines.iter().map(|line| line.size() + OVERHEAD).sum();
    assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES - 8192, "{bytes}");
    assert_eq!(all.lines.len() as u64 + all.dropped, 2000);
}

#[test]
fn a_reader_goes_on_after_what_it_has_seen_and_skips_what_it_does_not_want() {
    let tail = LogTail::default();
    for (level, message) in [
        (Level::INFO, "one"),
        (Level::DEBUG, "two"),
        (Level::WARN, "three"),
        (Level::INFO, "four"),
        (Level::DEBUG, "five"),
    ] {
        tail.push(line(level, message, [""; 4]));
    }
    let wanted = Wanted { level: Level::INFO, ..everything() };
    let read = |after, limit| {
        let excerpt = tail.read(&wanted, after, limit);
        (numbers(&excerpt), excerpt.next_after, excerpt.dropped)
    };
    assert_eq!(read(None, 2), (vec![3, 4], 5, 0), "the last ones");
    assert_eq!(read(Some(0), 2), (vec![1, 3], 3, 0), "the first ones, and not a line beyond");
    assert_eq!(read(Some(3), 2), (vec![4], 5, 0));
    assert_eq!(read(Some(5), 2), (vec![], 5, 0));
    assert_eq!(read(Some(6), 2), (vec![3, 4], 5, 0), "a number of an earlier daemon's");
}

#[test]
fn lines_are_found_by_level_ids_and_text() {
    let tail = LogTail::default();
    tail.push(line(Level::ERROR, "An Attempt ended", ["subscriptions.0.1", "", "ntf_1", "sub_1"]));
    tail.push(line(Level::INFO, "answered", ["", "r1", "ntf_1", ""]));
    let mut third = line(Level::DEBUG, "swept", ["subscriptions.0.11", "", "", "sub_2"]);
    third.fields = vec![("reason", "Timed OUT".into()), ("count", 4711.into())];
    tail.push(third);
    let of = |ids| Wanted { ids, ..everything() };
    let text = |text: &str| Wanted { text: Some(text.to_owned()), ..everything() };
    for (wanted, expected) in [
        (everything(), vec![1, 2, 3]),
        (Wanted { level: Level::ERROR, ..everything() }, vec![1]),
        (Wanted { level: Level::INFO, ..everything() }, vec![1, 2]),
        (of(ids(["subscriptions.0.1", "", "", ""])), vec![1]),
        (of(ids(["", "r1", "", ""])), vec![2]),
        (of(ids(["", "", "ntf_1", ""])), vec![1, 2]),
        (of(ids(["", "r1", "ntf_1", ""])), vec![2]),
        (of(ids(["", "", "", "sub_2"])), vec![3]),
        (text("ATTEMPT"), vec![1]),
        (text("timed out"), vec![3]),
        (text("471"), vec![3]),
        (text("fanfare::A"), vec![1, 2, 3]),
        (text("reason"), vec![]),
    ] {
        assert_eq!(numbers(&tail.read(&wanted, None, KEPT)), expected, "{wanted:?}");
    }
}

/// A log that notes what it is told.
struct Noted(Arc<Mutex<Vec<String>>>);

impl level::Heeds for Noted {
    fn check(&self, filter: &str) -> Result<(), String> {
        if filter == "nonsense" { Err("is nonsense".to_owned()) } else { Ok(()) }
    }

    fn heed(&self, filter: &str) -> Result<(), String> {
        self.0.lock().unwrap().push(filter.to_owned());
        Ok(())
    }
}

#[test]
fn the_last_word_on_the_level_holds_and_one_that_is_refused_changes_nothing() {
    let heeded = Arc::new(Mutex::new(Vec::new()));
    let level = LogLevel::new("info", Box::new(Noted(Arc::clone(&heeded))));
    let shown = || {
        let level::Filters { filter, configured } = level.filters();
        (filter, configured)
    };
    let pair = |filter: &str, configured: &str| (filter.to_owned(), configured.to_owned());
    assert_eq!(shown(), pair("info", "info"));
    level.set("debug").unwrap();
    assert_eq!(shown(), pair("debug", "info"));
    assert_eq!(level.set("nonsense"), Err("is nonsense".to_owned()));
    assert_eq!(shown(), pair("debug", "info"));
    level.configure("warn").unwrap();
    assert_eq!(shown(), pair("warn", "warn"));
    assert_eq!(*heeded.lock().unwrap(), ["debug", "warn"]);
    assert!(LogLevel::default().set("info").is_err(), "there is no log to change");
}
