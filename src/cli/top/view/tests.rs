//! What stands on the screen, in letters.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::*;

/// The screen of a daemon that answers so, after these keys.
fn screen(keys: &[KeyCode], answer: impl Fn(&str) -> Value, size: (u16, u16)) -> String {
    let mut top = Top::default();
    let listen = |top: &mut Top| {
        while let Some(question) = top.question() {
            let request = question.call().into_request("", "here").unwrap();
            top.hear(&question, Ok(answer(request.uri().path())));
        }
    };
    top.tick();
    listen(&mut top);
    for key in keys {
        top.press(KeyEvent::new(*key, KeyModifiers::NONE));
        listen(&mut top);
    }
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, &top)).unwrap();
    let buffer = terminal.backend().buffer();
    let cells: Vec<_> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    let lines = cells.chunks(usize::from(size.0)).map(|line| line.concat().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn worker() -> Value {
    json!({
        "id": "subscriptions.0.7", "parent": "subscriptions.0", "kind": "SubscriptionWorker",
        "name": "sub_abc\u{1b}[2J", "state": "waiting", "arbiter": "delivery-0", "killable": true,
        "mailbox": {"now": 2, "peak": 31}, "messages": 812, "messages_per_second": 12.5,
        "busy": 0.125, "restarts": 3, "age_seconds": 65.0, "children": null,
        "details": [{"name": "settled", "value": 17, "unit": null}],
        "recent_messages": [{"at": "2026-11-22T10:00:00Z", "message": "Deliver"}],
        "restart_history": [{"at": "2026-11-22T10:00:01Z", "panic": "as asked", "by": "operator"}],
    })
}

fn answers(path: &str) -> Value {
    match path {
        "/v1/observe/system" => json!({
            "version": "9.9.9", "uptime_seconds": 3700.0, "machine": {"cores": 2, "memory_bytes": 4e9},
            "process": {"cpu": 1.5, "resident_bytes": 5e8},
            "arbiters": [{"name": "delivery-0", "utilisation": 0.9, "actors": 4, "mailbox": 2}],
            "limits": [{"name": "open files", "used": 90.0, "limit": 100.0, "share": 0.9}],
        }),
        "/v1/observe/tree" => json!({"nodes": [
            {"id": "root", "kind": "Root", "name": "root", "state": "running"},
            {"id": "subscriptions.0", "parent": "root", "kind": "SubscriptionSupervisor", "name": "0",
             "state": "running", "children": {"alive": 1, "started": 5, "given_up": 1}},
            worker(),
            {"id": "journal", "parent": "root", "kind": "Journal", "name": "journal", "arbiter": "journal",
             "state": "running", "mailbox": {"now": 0, "peak": null, "bound": null}, "messages": 7,
             "messages_per_second": null, "busy": null, "killable": false},
        ]}),
        "/v1/observe/actors" => json!({"total": 100_000, "matched": 1, "items": [worker()]}),
        "/v1/observe/actors/subscriptions.0.7" => worker(),
        "/v1/observe/push-services" => json!({"items": [{
            "push_service": "fcm", "origin": "https://fcm.googleapis.com", "state": "shut",
            "until": "2026-11-22T10:00:00Z", "limit": 64, "in_flight": 3, "waiting": 12,
            "answers": {"ok": 12_345, "client_error": 5, "throttled": 7, "server_error": 2, "none": 1},
            "latency": {"p50_seconds": 0.012, "p99_seconds": null}, "alerts": [{"detail": "mostly 429"}],
        }]}),
        "/v1/observe/charts" => json!({"step_seconds": 1, "at": [100, 101, 102], "series": [
            {"name": "accepts_per_second", "labels": {}, "values": [1.0, null, 42.0]},
            {"name": "delivery_seconds", "labels": {"quantile": "0.99"}, "values": [0.1, 0.2, 0.25]},
        ]}),
        other => panic!("{other} is asked for"),
    }
}

fn holds(screen: &str, texts: &[&str]) {
    for text in texts {
        assert!(screen.contains(text), "{text}\nis not on\n{screen}");
    }
}

#[test]
fn the_tree_shows_who_is_below_whom_and_how_each_is_doing() {
    let screen = screen(&[], answers, (160, 20));
    holds(&screen, &["Root", "├─ SubscriptionSupervisor 0  1 alive, 5 started, 1 given up  [+]"]);
    holds(
        &screen,
        &["│  └─ SubscriptionWorker sub_abc", "└─ Journal", "waiting", "31", "12.5%", "1m05s"],
    );
    assert!(!screen.contains('\u{1b}'), "nothing that a terminal would obey");
}

#[test]
fn the_meters_show_what_is_used_and_what_is_nearly_used_up() {
    let screen = screen(&[], answers, (130, 20));
    holds(
        &screen,
        &["CPU[", "150.0% of 2 cores]", "delivery-0[|||", "90.0%]", "fanfare 9.9.9   up 1h01m"],
    );
    holds(&screen, &["open files: 90.0%", "476.8M/3.7G]"]);
}

#[test]
fn where_there_is_little_room_the_meters_show_who_is_busiest_and_what_is_nearest_to_its_end() {
    let many = |path: &str| match path {
        "/v1/observe/system" => {
            let shares = [0.01, 0.02, 0.3, 0.1, 0.2, 0.4];
            let arbiter =
                |(at, share)| json!({"name": format!("arbiter-{at}"), "utilisation": share});
            let limit = |(at, share)| json!({"name": format!("limit-{at}"), "share": share});
            json!({
                "arbiters": shares.iter().enumerate().map(arbiter).collect::<Vec<_>>(),
                "limits": shares.iter().enumerate().map(limit).collect::<Vec<_>>(),
            })
        }
        other => answers(other),
    };
    let screen = screen(&[], many, (130, 20));
    let shown = |name: &str| {
        let words = screen.split(|letter: char| letter.is_whitespace() || "[:".contains(letter));
        words.filter(|word| word.starts_with(name)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown("arbiter-"), ["arbiter-2", "arbiter-3", "arbiter-4", "arbiter-5"]);
    assert_eq!(shown("limit-"), ["limit-5", "limit-2", "limit-4", "limit-3"]);
}

#[test]
fn the_table_says_how_many_there_are_and_how_they_are_sorted() {
    let screen = screen(&[KeyCode::Char('2')], answers, (130, 20));
    holds(&screen, &["1 of 100k actors, by busy, over 10s", "SubscriptionWorker sub_abc"]);
}

#[test]
fn a_supervisor_that_does_not_answer_is_named_wherever_its_workers_are_missing() {
    let hung = |path: &str| match path {
        "/v1/observe/tree" => json!({"nodes": [
            {"id": "channels", "kind": "ChannelSupervisor", "name": "channels", "silent": true},
        ]}),
        "/v1/observe/actors" => {
            json!({"total": 9, "matched": 1, "items": [worker()], "silent": ["channels"]})
        }
        "/v1/observe/actors/subscriptions.0.7" => {
            let mut actor = worker();
            actor["silent"] = json!(true);
            actor
        }
        other => answers(other),
    };
    holds(&screen(&[], hung, (130, 20)), &["ChannelSupervisor channels  does not answer"]);
    let table = screen(&[KeyCode::Char('2')], hung, (130, 20));
    holds(&table, &["without the workers of channels, silent"]);
    let actor = screen(&[KeyCode::Char('2'), KeyCode::Enter], hung, (100, 30));
    holds(&actor, &["does not answer", "settled  17"]);
}

#[test]
fn a_narrow_terminal_leaves_out_columns_and_keeps_the_names() {
    let screen = screen(&[KeyCode::Char('2')], answers, (80, 20));
    holds(&screen, &["BUSY%", "SubscriptionWorker sub_abc"]);
    assert!(!screen.contains("RESTARTS") && !screen.contains("ARBITER"), "{screen}");
}

#[test]
fn one_actor_tells_its_story() {
    let screen = screen(&[KeyCode::Char('2'), KeyCode::Enter], answers, (100, 30));
    holds(&screen, &["settled  17", "2026-11-22T10:00:00Z  Deliver", "by operator: as asked"]);
}

#[test]
fn push_services_show_their_gates_and_what_is_wrong() {
    let screen = screen(&[KeyCode::Char('3')], answers, (160, 20));
    holds(&screen, &["fcm       shut", "12.3k", "12ms", "mostly 429", "2026-11-22T10:00:00Z"]);
}

#[test]
fn charts_show_the_latest_figures_and_pass_over_what_is_not_known() {
    let screen = screen(&[KeyCode::Char('4')], answers, (120, 40));
    holds(&screen, &["accepts 42", "p99 250ms", "2s ago", "From accept to accepted"]);
}

#[test]
fn a_small_terminal_is_drawn_on_without_a_panic() {
    for size in [(1, 1), (20, 5), (40, 10)] {
        for keys in [
            vec![],
            vec![KeyCode::Char('2'), KeyCode::Enter],
            vec![KeyCode::Char('3'), KeyCode::Char('p')],
            vec![KeyCode::Char('4'), KeyCode::F(1)],
            vec![KeyCode::F(6)],
        ] {
            screen(&keys, answers, size);
        }
    }
}

#[test]
fn the_help_lists_every_key() {
    let screen = screen(&[KeyCode::F(1)], answers, (120, 30));
    let keys = crate::cli::top::keys::HELP.map(|(keys, _)| keys);
    holds(&screen, &keys);
}
